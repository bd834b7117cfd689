// SPDX-License-Identifier: Apache-2.0
/* Attacks that make or enter namespaces. Without an argument each kind is tried; one success is enough. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct kind {
	const char *name;
	const char *link;
	unsigned long flag;
} kinds[] = {
	{"user", "user", CLONE_NEWUSER},       {"mount", "mnt", CLONE_NEWNS},   {"pid", "pid", CLONE_NEWPID},
	{"network", "net", CLONE_NEWNET},      {"ipc", "ipc", CLONE_NEWIPC},    {"uts", "uts", CLONE_NEWUTS},
	{"cgroup", "cgroup", CLONE_NEWCGROUP}, {"time", "time", CLONE_NEWTIME},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

typedef long attempt_function(const struct kind *kind);

/* Each try in a child: the first success must not change the next. */
static long in_child(attempt_function *attempt, const struct kind *kind)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(attempt(kind) < 0 ? errno : 0);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	if (WIFSIGNALED(status)) {
		errno = EPERM;
		return -1;
	}
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static enum outcome each_kind(int argc, char **argv, attempt_function *attempt)
{
	const char *only = argument(argc, argv, 0, "");
	int refusal = EPERM;
	int tried = 0;

	for (int i = 0; i < KIND_COUNT; i++) {
		if (only[0] && strcmp(only, kinds[i].name) != 0)
			continue;
		tried++;
		if (in_child(attempt, &kinds[i]) == 0)
			return allowed("%s", kinds[i].name);
		if (errno != EPERM)
			refusal = errno;
	}
	errno = refusal;
	return tried ? denied("%d kinds", tried) : broken("no such kind '%s'", only);
}

static long do_unshare(const struct kind *kind)
{
	return syscall(SYS_unshare, kind->flag);
}

static long clone_with(unsigned long flags)
{
	long child = syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid((pid_t)child, NULL, __WALL);
	return child;
}

/* clone(2) takes the exit signal in the same word, so CLONE_NEWTIME (0x80) cannot be asked for. */
static long do_clone(const struct kind *kind)
{
	if (kind->flag == CLONE_NEWTIME) {
		errno = EPERM;
		return -1;
	}
	return clone_with(kind->flag | SIGCHLD);
}

/* The kernel ignores the upper half of the flags; a filter must not be confused by it. */
static long do_clone_high(const struct kind *kind)
{
	if (kind->flag == CLONE_NEWTIME) {
		errno = EPERM;
		return -1;
	}
	return clone_with((1UL << 40) | kind->flag | SIGCHLD);
}

static long do_clone3(const struct kind *kind)
{
	struct clone_args args = {.flags = kind->flag, .exit_signal = SIGCHLD};
	long child = syscall(SYS_clone3, &args, sizeof(args));

	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid((pid_t)child, NULL, __WALL);
	return child;
}

static long do_setns(const struct kind *kind)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->link);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	return syscall(SYS_setns, fd, (int)kind->flag);
}

static enum outcome unshare_kinds(int argc, char **argv)
{
	return each_kind(argc, argv, do_unshare);
}

static enum outcome clone_kinds(int argc, char **argv)
{
	return each_kind(argc, argv, do_clone);
}

static enum outcome clone_high_kinds(int argc, char **argv)
{
	return each_kind(argc, argv, do_clone_high);
}

static enum outcome clone3_kinds(int argc, char **argv)
{
	return each_kind(argc, argv, do_clone3);
}

/* Entering one's own user or time namespace is an error of its own, so a kind is named or the first of the others
 * counts. */
static enum outcome setns_kinds(int argc, char **argv)
{
	return each_kind(argc, argv, do_setns);
}

static enum outcome clone3_plain(int argc, char **argv)
{
	static const struct kind none = {"none", "", 0};

	(void)argc;
	(void)argv;
	return judge(do_clone3(&none));
}

static enum outcome setns_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/proc/1/ns/mnt");
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? absent("%s", path) : judge(fd);
	return judge_reached(syscall(SYS_setns, fd, 0));
}

const struct attack namespaces_attacks[] = {
	{"unshare", unshare_kinds},     {"clone", clone_kinds}, {"clone-high-half", clone_high_kinds},
	{"clone3", clone3_kinds},       {"setns", setns_kinds}, {"setns-path", setns_path},
	{"clone3-plain", clone3_plain}, {NULL, NULL},
};
