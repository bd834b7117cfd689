// SPDX-License-Identifier: Apache-2.0
/*
 * What failed, on what, why, and what to do about it.
 *
 * An error is a plain value of fixed size: nobody allocates or frees it, and it may live in memory that the launcher
 * and the container's first process share. A function that can fail takes `struct error *err` last, returns 0 (or a
 * descriptor, or another value that is not negative) and on failure -1; `err` is filled exactly when -1 is returned.
 * Nothing prints an error but main().
 *
 *	if (sys_move_mount(tree, target) < 0)
 *		return error_set(err, ERROR_SYSTEM, errno, "cannot mount '%s'", mount->target);
 *	...
 *	if (mount_one(mount, err) < 0)
 *		return error_wrap(err, "%s", mount->from);
 */
#ifndef CASEMATE_BASE_ERROR_H
#define CASEMATE_BASE_ERROR_H

#include <stdint.h>

enum error_kind {
	ERROR_NONE = 0,
	ERROR_USAGE,          /* the command line is wrong */
	ERROR_CONFIG,         /* config.json, a profile or another file we read is wrong */
	ERROR_REFUSED,        /* the profile refuses what was asked for */
	ERROR_UNSUPPORTED,    /* casemate does not carry this out */
	ERROR_HOST,           /* this host or kernel cannot give what the plan needs */
	ERROR_SYSTEM,         /* a system call failed */
	ERROR_NOT_FOUND,      /* the program, or an interpreter of it, does not exist: status 127 */
	ERROR_NOT_EXECUTABLE, /* the program exists but cannot be executed: status 126 */
	ERROR_GONE,           /* the container, or its process, does not exist (any more) */
	ERROR_BUG,            /* an internal check failed */
};

struct error {
	int32_t kind;    /* enum error_kind */
	int32_t errnum;  /* errno, or 0 */
	char what[3072]; /* "step 'mounts': config.json:/mounts/3: cannot open '/srv/x'", may have several lines */
	char hint[1024]; /* what to do about it, or empty */
	char lacks[512]; /* the file that is not there, for whoever can say more about it; or empty */
};

/* Passes a failure on; the only macro here that changes the flow of control. */
#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		if ((call) < 0)                                                                                        \
			return -1;                                                                                     \
	} while (0)

/* Fills @err. @errnum is an errno value or 0. Text that does not fit is cut, and line breaks in it become blanks.
 * Written error_set(), which is -1. */
void error_fill(struct error *err, enum error_kind kind, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds a line of its own to what @err says, indented; cut where it does not fit. */
void error_add_line(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "CONTEXT: " before what @err says. Written error_wrap(), which is -1. */
void error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds the remedy; a remedy that is there already stays, because it was nearer to the cause. Written error_hint(),
 * which is -1. */
void error_advise(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says which file @err is about: what is missing in a container may be there on the host. Cut where it is too long. */
void error_lacks(struct error *err, const char *path);

/*
 * Writes the whole error into @text (@size bytes, always terminated): what, the system's reason, and the hint on a line
 * of its own. What is no printable character (base/printable.h) is escaped as \xNN, but for the line breaks that we
 * wrote: paths come from others, and terminals obey.
 */
void error_text(const struct error *err, char *text, unsigned long size);

/* What callers write: the value is a constant, so that compilers and analysers see that a failure leaves the function.
 */
#define error_set(...)                                                                                                 \
	__extension__({                                                                                                \
		error_fill(__VA_ARGS__);                                                                               \
		-1;                                                                                                    \
	})
#define error_wrap(...)                                                                                                \
	__extension__({                                                                                                \
		error_prefix(__VA_ARGS__);                                                                             \
		-1;                                                                                                    \
	})
#define error_hint(...)                                                                                                \
	__extension__({                                                                                                \
		error_advise(__VA_ARGS__);                                                                             \
		-1;                                                                                                    \
	})

/* The exit status for @err: 127 and 126 for a program that cannot be executed, else 125 (env(1), timeout(1)). */
int error_exit_status(const struct error *err);

#endif
