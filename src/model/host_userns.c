// SPDX-License-Identifier: Apache-2.0
/* Whom the user namespace that a request joins maps: for parts/ids.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/nsfs.h"
#include "base/sys.h"
#include "model/host.h"

enum { MAP_TEXT = 65536 };

static bool is_own(const struct stat *status)
{
	struct stat own;

	return stat("/proc/self/ns/user", &own) == 0 && own.st_dev == status->st_dev && own.st_ino == status->st_ino;
}

static int read_text(pid_t pid, const char *name, struct arena *arena, char **ret, struct error *err)
{
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, MAP_TEXT, arena, ret, &length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s'", path);
	return 0;
}

static int read_map(pid_t pid, const char *name, struct arena *arena, id_map_list *ret, struct error *err)
{
	char *at;

	TRY(read_text(pid, name, arena, &at, err));
	while (*(at += strspn(at, " \n")) != '\0') {
		uint64_t inside = strtoul(at, &at, 10), outside = strtoul(at, &at, 10), size = strtoul(at, &at, 10);

		if (size == 0)
			return error_set(err, ERROR_HOST, 0, "cannot understand the %s of process %d", name, pid);
		*LIST_ADD(arena, ret) = (struct request_id_map){
			.container = (uint32_t)inside, .host = (uint32_t)outside, .size = (uint32_t)size};
	}
	return 0;
}

/* The maps of the namespace that @pid is in, as this process, which opens them, sees them. */
static int read_maps(struct host_userns *ret, pid_t pid, struct arena *arena, struct error *err)
{
	char *setgroups;

	TRY(read_map(pid, "uid_map", arena, &ret->uid, err));
	TRY(read_map(pid, "gid_map", arena, &ret->gid, err));
	TRY(read_text(pid, "setgroups", arena, &setgroups, err));
	ret->deny_setgroups = strncmp(setgroups, "deny", strlen("deny")) == 0;
	return 0;
}

/* Where /proc is another pid namespace's, the number of a child is that of somebody else there. */
static int check_procfs(struct error *err)
{
	char self[32];
	ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);

	if (length < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '/proc/self'");
	self[length] = '\0';
	if (strtol(self, NULL, 10) != getpid())
		return error_set(err, ERROR_HOST, 0, "/proc is that of another pid namespace");
	return 0;
}

/* Whoever is root in there may look into a process that is dumpable: this one is a copy of the launcher. */
static _Noreturn void stay_in(int userns, int own, int other)
{
	int reason = 0;
	char word;

	(void)close(other);
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || sys_setns(userns, CLONE_NEWUSER) < 0 ||
	    sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || write(own, "", 1) < 0)
		reason = errno;
	/* Until the launcher has read, or has ended. */
	else if (read(own, &word, 1) < 0)
		reason = errno;
	/* A process that ends has no memory first, which kept others from its descriptors, and then no descriptors. */
	(void)sys_close_range(3, UINT_MAX, 0);
	_exit(reason);
}

static int read_from_inside(struct host_userns *ret, const char *path, int userns, struct arena *arena,
			    struct error *err)
{
	char word;
	int pair[2], status;

	if (sys_socketpair(pair) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a pair of sockets");
	AUTOCLOSE int own = pair[0], its = pair[1];
	pid_t child = sys_clone(0, -1, NULL);
	if (child == 0)
		stay_in(userns, its, own);
	if (child < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start a process");
	fd_close(&its);
	int result = read(own, &word, 1) == 1 ? read_maps(ret, child, arena, err) : 1;
	fd_close(&own);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return error_set(err, ERROR_SYSTEM, 0, "the process that joins '%s' was killed", path);
	return result <= 0
		       ? result
		       : error_set(err, ERROR_SYSTEM, WEXITSTATUS(status), "cannot join the user namespace '%s'", path);
}

static int look_at(struct host *host, const char *path, struct arena *arena, struct error *err)
{
	struct stat status;
	AUTOCLOSE int userns = nsfs_open(path);

	if (userns < 0 && errno == EXDEV)
		return error_set(err, ERROR_CONFIG, 0, "'%s' is not a namespace", path);
	if (userns < 0 || fstat(userns, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the user namespace '%s'", path);
	host->joined[NAMESPACE_USER] = (struct host_identity){.device = status.st_dev, .inode = status.st_ino};
	host->userns.own = is_own(&status);
	if (host->userns.own)
		return 0;
	TRY(check_procfs(err));
	return read_from_inside(&host->userns, path, userns, arena, err);
}

static int look_at_process(struct host *host, pid_t pid, struct arena *arena, struct error *err)
{
	struct stat status;
	char path[64];

	/* Whoever may not look at it has not made it: it is not in the namespace of such a caller. */
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	host->userns.own = stat(path, &status) == 0 && is_own(&status);
	return host->userns.own ? 0 : read_maps(&host->userns, pid, arena, err);
}

static void say_why(struct host *host, const struct error *err, struct arena *arena)
{
	char text[sizeof(err->what)];

	error_text(err, text, sizeof(text));
	host->userns = (struct host_userns){.unknown = arena_strdup(arena, text)};
}

void host_probe_userns(struct host *host, const struct request *request, struct arena *arena)
{
	const char *path = request->linux_.namespaces[NAMESPACE_USER].path;
	struct error err = {0};

	if (path != NULL && look_at(host, path, arena, &err) < 0)
		say_why(host, &err, arena);
}

void host_probe_userns_of(struct host *host, const struct request *request, pid_t pid, struct arena *arena)
{
	struct error err = {0};

	if (request->linux_.namespaces[NAMESPACE_USER].path != NULL && look_at_process(host, pid, arena, &err) < 0)
		say_why(host, &err, arena);
}
