// SPDX-License-Identifier: Apache-2.0
#include "run/alive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

static int read_about(pid_t pid, const char *file, char *text, size_t size)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return pid > 0 && file_read_once(path, text, size) > 0 ? 0 : -1;
}

/* A number of /proc/PID/stat, counted as in proc_pid_stat(5); 0 where the process is not there, or has ended. */
static uint64_t read_stat(pid_t pid, int wanted)
{
	char text[1024];

	if (read_about(pid, "stat", text, sizeof(text)) < 0)
		return 0;
	/* The second field is the name, in brackets, and may hold anything. */
	char *at = strrchr(text, ')');
	if (at == NULL || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	at += 2;
	for (int field = 3; field < wanted && at != NULL; field++)
		at = strchr(at, ' ') == NULL ? NULL : strchr(at, ' ') + 1;
	return at == NULL ? 0 : strtoull(at, NULL, 10);
}

uint64_t alive_since(pid_t pid)
{
	return read_stat(pid, 22);
}

bool alive_is_ending(pid_t pid)
{
	enum { FLAGS = 9, EXITING = 4 /* PF_EXITING */ };

	return (read_stat(pid, FLAGS) & EXITING) != 0;
}

bool alive_is_first(pid_t pid)
{
	char text[4096];

	if (read_about(pid, "status", text, sizeof(text)) < 0)
		return false;
	/* Its pids, the one in its own namespace last; a line feed in its name is escaped. */
	const char *pids = strstr(text, "\nNSpid:");
	if (pids == NULL)
		return false;
	pids++;
	size_t length = strcspn(pids, "\n");
	return length > 2 && strncmp(pids + length - 2, "\t1", 2) == 0;
}
