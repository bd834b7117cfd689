// SPDX-License-Identifier: Apache-2.0
/* Finds the attack or report, and runs an attack in a child so that a deadly answer (SIGSYS) can be told as well. */
#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_LIMIT_SECONDS = 60 };

/* Shared with the child that tries. */
struct answer {
	enum outcome outcome;
	int errnum;
	char detail[3584];
};
static struct answer *answer;

static const struct attack *const attack_tables[] = {
	files_attacks,   mounts_attacks, namespaces_attacks, processes_attacks, privileges_attacks,
	sockets_attacks, kernel_attacks, terminal_attacks,   newcomer_attacks,
};
static const struct report *const report_tables[] = {reports, more_reports};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ANSWER(kind)                                                                                                   \
	int saved = errno;                                                                                             \
	va_list args;                                                                                                  \
	va_start(args, fmt);                                                                                           \
	vsnprintf(answer->detail, sizeof(answer->detail), fmt, args);                                                  \
	va_end(args);                                                                                                  \
	answer->errnum = saved;                                                                                        \
	answer->outcome = (kind);                                                                                      \
	return (kind)

enum outcome denied(const char *fmt, ...)
{
	ANSWER(OUTCOME_DENIED);
}

enum outcome allowed(const char *fmt, ...)
{
	ANSWER(OUTCOME_ALLOWED);
}

enum outcome absent(const char *fmt, ...)
{
	ANSWER(OUTCOME_ABSENT);
}

enum outcome broken(const char *fmt, ...)
{
	ANSWER(OUTCOME_ERROR);
}

enum outcome judge(long ret)
{
	return ret < 0 ? denied("%s", "") : allowed("the call returned %ld", ret);
}

enum outcome judge_reached(long ret)
{
	if (ret >= 0)
		return allowed("the call returned %ld", ret);
	if (errno == EPERM || errno == EACCES || errno == ENOSYS || errno == EROFS)
		return denied("%s", "");
	return allowed("the call was carried out: %s", strerrorname_np(errno));
}

const char *argument(int argc, char **argv, int index, const char *fallback)
{
	return index < argc ? argv[index] : fallback;
}

long number_argument(int argc, char **argv, int index, long fallback)
{
	return index < argc ? strtol(argv[index], NULL, 10) : fallback;
}

static int print_answer(void)
{
	const char *name = strerrorname_np(answer->errnum);

	switch (answer->outcome) {
	case OUTCOME_DENIED:
		printf("denied %s%s%s\n", name ? name : "?", answer->detail[0] ? " " : "", answer->detail);
		return 0;
	case OUTCOME_ALLOWED:
		printf("allowed %s\n", answer->detail);
		return 1;
	case OUTCOME_ABSENT:
		printf("absent %s\n", answer->detail);
		return 0;
	default:
		printf("error %s: %s\n", answer->detail, strerror(answer->errnum));
		return 2;
	}
}

static int run_attack(const struct attack *attack, int argc, char **argv)
{
	int status;
	pid_t child;

	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED) {
		perror("error mmap");
		return 2;
	}
	answer->outcome = OUTCOME_ERROR;
	strcpy(answer->detail, "the attempt ended without an answer");
	child = fork();
	if (child < 0) {
		perror("error fork");
		return 2;
	}
	if (child == 0) {
		alarm(TIME_LIMIT_SECONDS);
		attack->attempt(argc, argv);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		printf("denied SIG%s\n", sigabbrev_np(WTERMSIG(status)));
		return WTERMSIG(status) == SIGALRM ? 2 : 0;
	}
	return print_answer();
}

static int list_names(void)
{
	for (size_t t = 0; t < COUNT(attack_tables); t++)
		for (const struct attack *a = attack_tables[t]; a->name; a++)
			printf("attack %s\n", a->name);
	for (size_t t = 0; t < COUNT(report_tables); t++)
		for (const struct report *r = report_tables[t]; r->name; r++)
			printf("report %s\n", r->name);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(name, "list") == 0)
		return list_names();
	for (size_t t = 0; t < COUNT(report_tables); t++)
		for (const struct report *r = report_tables[t]; r->name; r++)
			if (strcmp(r->name, name) == 0)
				return r->print(argc - 2, argv + 2);
	for (size_t t = 0; t < COUNT(attack_tables); t++)
		for (const struct attack *a = attack_tables[t]; a->name; a++)
			if (strcmp(a->name, name) == 0)
				return run_attack(a, argc - 2, argv + 2);
	fprintf(stderr, "usage: probe NAME [ARGS]; probe list\n");
	return 2;
}
