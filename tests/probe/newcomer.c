// SPDX-License-Identifier: Apache-2.0
/* Whoever joins the container by `exec` is visible to it before its program runs: what can be had of it until then? */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

enum { CLOSER_LOOKS = 400, LAUNCHER_FDS = 128, NEIGHBOURS = 32 };

/* Whether what /proc/@pid/@name says, up to a NUL, has the launcher's name in it. */
static bool names_launcher(long pid, const char *name)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	int fd = open(path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return strstr(text, "casemate") != NULL;
}

/* Older kernels call what execveat(2) executed by a descriptor after its number. */
static bool is_launcher(long pid)
{
	return names_launcher(pid, "comm") || names_launcher(pid, "cmdline");
}

/* Whether the mount that the program of process @pid is on could be made writable. Errno says why not. */
static const char *unlock_program(long pid)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	int fd = open(path, O_PATH);
	long ret = fd < 0 ? -1 : syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
	if (fd >= 0)
		close(fd);
	return ret < 0 ? NULL : "the mount of the program";
}

/* In the middle of execve(2) who has CAP_SYS_PTRACE in the user namespace sees what it has given to the program itself.
 */
static bool is_given(int fd)
{
	static const char *const given[] = {"/", "/bin/true", "/bin/touch", "/proc/self/fd/0"};
	struct stat had, own;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (fstat(fd, &had) == 0 && stat(given[i], &own) == 0 && had.st_dev == own.st_dev &&
		    had.st_ino == own.st_ino)
			return true;
	return false;
}

/* The name of what could be had of process @pid, or NULL. */
static const char *take(long pid)
{
	static const char *const files[] = {"mem",  "environ", "maps", "fd/0", "fd/3", "fd/4",
					    "fd/5", "exe",     "root", "cwd",  "auxv"};
	char path[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%ld/%s", pid, files[i]);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		bool given = fd < 0 || is_given(fd);
		if (fd >= 0)
			close(fd);
		if (!given)
			return files[i];
	}
	if (ptrace(PTRACE_SEIZE, (pid_t)pid, NULL, NULL) == 0)
		return "ptrace";
	return NULL;
}

/* No program of these tests has a directory open: each is the launcher's. */
static const char *reach_directory(long pid, bool *open)
{
	static char name[256];
	struct stat status;
	char path[64];

	for (int fd = 0; fd < LAUNCHER_FDS; fd++) {
		snprintf(path, sizeof(path), "/proc/%ld/fd/%d", pid, fd);
		if (stat(path, &status) < 0)
			continue;
		*open = true;
		if (!S_ISDIR(status.st_mode))
			continue;
		ssize_t length = readlink(path, name, sizeof(name) - 1);
		name[length < 0 ? 0 : length] = '\0';
		return name;
	}
	return NULL;
}

/* Of every other process in the namespace, which are few. */
static enum outcome open_directories(int argc, char **argv)
{
	bool open = false;

	(void)argc, (void)argv;
	for (long pid = 1; pid < NEIGHBOURS; pid++) {
		const char *had = pid == getpid() ? NULL : reach_directory(pid, &open);

		if (had != NULL)
			return allowed("a directory of process %ld: %s", pid, had);
	}
	if (!open)
		return broken("no process could be looked into");
	errno = EACCES;
	return denied("what others have open");
}

typedef const char *attempt_on(long pid);

static const char *watch(long pid, attempt_on *attempt, unsigned *seen)
{
	for (int i = 0; i < CLOSER_LOOKS && is_launcher(pid); i++) {
		const char *had = attempt(pid);

		*seen += i == 0;
		/* Still the launcher afterwards: it was not the program that it became. */
		if (had != NULL && is_launcher(pid))
			return had;
	}
	return NULL;
}

static const char *look_around(attempt_on *attempt, unsigned *seen)
{
	const char *had = NULL;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc != NULL && had == NULL && (entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0])) {
			long pid = strtol(entry->d_name, NULL, 10);

			had = pid > 1 && pid != getpid() ? watch(pid, attempt, seen) : NULL;
		}
	if (proc != NULL)
		closedir(proc);
	return had;
}

static enum outcome catch_by(attempt_on *attempt, int argc, char **argv)
{
	enum { AFTERWARDS = 30 };
	long seconds = number_argument(argc, argv, 0, 5);
	time_t end = time(NULL) + seconds;
	unsigned seen = 0;

	/* The probe gives an attack a minute. */
	alarm((unsigned)seconds + AFTERWARDS);
	while (time(NULL) < end && access("/tmp/enough", F_OK) != 0) {
		const char *had = look_around(attempt, &seen);

		if (had != NULL)
			return allowed("%s of a newcomer", had);
	}
	if (seen == 0)
		return broken("nobody was seen");
	errno = EACCES;
	return denied("%u newcomers", seen);
}

static enum outcome catch_newcomers(int argc, char **argv)
{
	return catch_by(take, argc, argv);
}

static enum outcome catch_programs(int argc, char **argv)
{
	return catch_by(unlock_program, argc, argv);
}

const struct attack newcomer_attacks[] = {
	{"newcomers", catch_newcomers},
	{"neighbours-directories", open_directories},
	{"newcomers-program", catch_programs},
	{NULL, NULL},
};
