// SPDX-License-Identifier: Apache-2.0
/*
 * The attacker inside: one static program that is copied into a rootfs. `probe NAME [ARGS]` tries one thing and prints
 * one line: "denied ERRNO", "allowed DETAIL", "absent WHAT" or "error TEXT". The exit status is 0 for denied and
 * absent, 1 for allowed, 2 for error. `probe list` prints all names. Other names are reports: what the program sees of
 * itself.
 */
#ifndef CASEMATE_TESTS_PROBE_H
#define CASEMATE_TESTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum outcome { OUTCOME_DENIED, OUTCOME_ALLOWED, OUTCOME_ABSENT, OUTCOME_ERROR };

/*
 * One thing to try. @attempt runs in a child process of its own, gets the arguments behind the name (argv[-1] is the
 * name) and ends with one of the functions below.
 */
struct attack {
	const char *name;
	enum outcome (*attempt)(int argc, char **argv);
};

/* One thing to print. Returns the exit status. */
struct report {
	const char *name;
	int (*print)(int argc, char **argv);
};

/* Tables that end with a NULL name, one a file. */
extern const struct attack files_attacks[];
extern const struct attack mounts_attacks[];
extern const struct attack namespaces_attacks[];
extern const struct attack processes_attacks[];
extern const struct attack privileges_attacks[];
extern const struct attack sockets_attacks[];
extern const struct attack kernel_attacks[];
extern const struct attack terminal_attacks[];
extern const struct attack newcomer_attacks[];
extern const struct report reports[];
extern const struct report more_reports[];

/* Denied for the reason in errno; @fmt adds detail and may be empty. */
enum outcome denied(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
enum outcome allowed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
enum outcome absent(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
enum outcome broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A failed call (@ret below 0) was denied, whatever the errno. */
enum outcome judge(long ret);

/* The same, but an errno that only the call's own code can give (EINVAL, EFAULT ...) means that nothing held it back.
 */
enum outcome judge_reached(long ret);

/* argv[index] or @fallback. */
const char *argument(int argc, char **argv, int index, const char *fallback);
long number_argument(int argc, char **argv, int index, long fallback);

#endif
