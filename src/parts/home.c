// SPDX-License-Identifier: Apache-2.0
#include "parts/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

/* A file of the image is no reason to read for ever. */
enum { MOST_BYTES = 16 << 20 };

/* The plan points to it, and is frozen when the child knows what to write. */
static char variable[sizeof("HOME=") + PATH_MAX] = "HOME=/";

/* An empty one is no answer either, as runc has it. */
static bool is_given(const string_list *env)
{
	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->at[i], "HOME=", 5) == 0)
			return env->at[i][5] != '\0';
	return false;
}

int home_plan(struct planner *p, struct error *err)
{
	(void)err;
	if (!p->request->sandbox.given && !is_given(&p->request->process.env))
		p->plan->process.home = variable;
	return 0;
}

bool home_find_wanted(const struct plan *plan)
{
	return plan->process.home != NULL;
}

void home_find_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, "default", "HOME is what the container's /etc/passwd says of user %u, or /",
		    plan->user.uid);
}

/* The directory in a @line "name:password:uid:gid:comment:directory:shell", which it changes, if it is that of @uid. */
static const char *directory_of(char *line, uint32_t uid)
{
	enum { UID = 2, DIRECTORY = 5, FIELDS };
	char *fields[FIELDS], *end;

	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&line, ":");
		if (fields[i] == NULL)
			return NULL;
	}
	if (fields[UID][0] < '0' || fields[UID][0] > '9')
		return NULL;
	errno = 0;
	unsigned long found = strtoul(fields[UID], &end, 10);
	return *end == '\0' && errno == 0 && found == uid ? fields[DIRECTORY] : NULL;
}

/* What is longer than a path is none; neither is an empty one. */
static void set(const char *directory)
{
	if (directory[0] != '\0' && strlen(directory) < PATH_MAX)
		memcpy(variable + 5, directory, strlen(directory) + 1);
}

/* The first line that is of @uid counts. Returns -1 and errno. */
static int search(FILE *file, uint32_t uid)
{
	char line[4 * PATH_MAX];
	bool begins = true;

	while (fgets(line, sizeof(line), file) != NULL && ftello(file) < MOST_BYTES) {
		bool whole = begins;
		begins = strchr(line, '\n') != NULL;
		line[strcspn(line, "\n")] = '\0';
		const char *directory = whole ? directory_of(line, uid) : NULL;
		if (directory != NULL) {
			set(directory);
			return 0;
		}
	}
	return ferror(file) ? -1 : 0;
}

int home_find(const struct plan *plan, struct run *run, struct error *err)
{
	struct stat status;

	(void)run;
	int fd = sys_openat2(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_MAGICLINKS);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == EPERM || errno == ELOOP ||
		       errno == ENXIO))
		return 0;
	AUTOCLOSE_FILE FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL || fstat(fd, &status) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot open the container's /etc/passwd");
		if (file == NULL)
			fd_close(&fd);
		return -1;
	}
	if (S_ISREG(status.st_mode) && search(file, plan->user.uid) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the container's /etc/passwd");
	return 0;
}
