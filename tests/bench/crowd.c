// SPDX-License-Identifier: Apache-2.0
/*
 * A host that is not empty: launchers whose cost grows with what already runs or is mounted are seen by it.
 *
 *	crowd tasks N		N sleeping processes; prints "ready", ends them all when stdin ends
 *	crowd mounts N DIR	mounts something on DIR/0 to DIR/N-1, and leaves them to the mount namespace
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void sleep_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (;;)
		pause();
}

static int tasks(long count)
{
	pid_t self = getpid();
	char byte;

	/* They are ended as a process group of their own. */
	setpgid(0, 0);
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "cannot fork number %ld", i);
		if (pid == 0)
			sleep_with_parent(self);
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		continue;
	return 0;
}

static int mounts(long count, const char *dir)
{
	char path[512];

	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%ld", dir, i);
		if (mkdir(path, 0755) < 0 || mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
			err(1, "cannot mount on '%s'", path);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "tasks") == 0)
		return tasks(strtol(argv[2], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "mounts") == 0)
		return mounts(strtol(argv[2], NULL, 10), argv[3]);
	errx(1, "see the head of crowd.c");
}
