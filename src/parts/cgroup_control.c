// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_limits.h"
#include "parts/cgroup_tree.h"
#include "parts/cgroup_walk.h"

enum {
	PATIENCE_MS = 10000, /* until everything is frozen */
	AGAIN = 100,         /* v1: so many looks, then the freeze is begun anew */
	ROUNDS = 100,        /* of killing without a freezer */
	STATE_TEXT = 1024,
};

/* ---- the container's cgroup */

static int find_hierarchy(const struct plan_cgroup *plan, const char *controller, size_t *ret)
{
	for (size_t i = 0; i < plan->hierarchies.count; i++)
		if (plan->driver == CGROUP_V2 || cgroup_is_word_of(plan->hierarchies.at[i].name, controller)) {
			*ret = i;
			return 0;
		}
	return -1;
}

int cgroup_control_none(struct error *err)
{
	error_set(err, ERROR_HOST, 0, "the container has no cgroup");
	return error_hint(err, "launch it as root, or in a cgroup that is delegated to you: "
			       "systemd-run --user --scope -p Delegate=yes");
}

int cgroup_control_open(const struct plan_cgroup *plan, const char *controller, struct error *err)
{
	size_t hierarchy;

	if (plan->driver == CGROUP_NONE || plan->hierarchies.count == 0 || plan->components.count == 0)
		return cgroup_control_none(err);
	if (find_hierarchy(plan, controller, &hierarchy) < 0) {
		error_set(err, ERROR_HOST, 0, "the container has no cgroup with the controller '%s'", controller);
		return error_hint(err, "it must be mounted below /sys/fs/cgroup when the container is launched");
	}
	int dir = cgroup_tree_open(plan, hierarchy, plan->components.count, err);
	if (dir < 0 && err->errnum == ENOENT)
		return error_set(err, ERROR_HOST, ENOENT, "the container's cgroup '%s%s' is gone",
				 plan->hierarchies.at[hierarchy].directory, plan->path);
	return dir;
}

/* ---- freeze */

/* Every change of cgroup.events is POLLPRI; the file must have been read before (cgroups(7)). */
static int await_v2(int dir, bool frozen)
{
	AUTOCLOSE int events = sys_openat(dir, "cgroup.events", O_RDONLY | O_NOFOLLOW, 0);
	uint64_t deadline = clock_ms() + PATIENCE_MS;
	char text[STATE_TEXT];

	if (events < 0)
		return -1;
	for (;;) {
		ssize_t length = pread(events, text, sizeof(text) - 1, 0);
		int left = clock_left(deadline);

		if (length < 0)
			return -1;
		text[length] = '\0';
		if ((cgroup_tree_number(text, "frozen") == 1) == frozen)
			return 0;
		if (left == 0) {
			errno = EBUSY;
			return -1;
		}
		(void)poll(&(struct pollfd){.fd = events, .events = POLLPRI}, 1, left);
	}
}

static int freeze_v2(int dir, bool frozen)
{
	return fd_write_file(dir, "cgroup.freeze", frozen ? "1" : "0") < 0 ? -1 : await_v2(dir, frozen);
}

/* A process that is being made or stopped can hold up v1's freezer for ever: a new attempt gets past it. */
static int freeze_v1(int dir, bool frozen)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	const char *wanted = frozen ? "FROZEN" : "THAWED";
	uint64_t deadline = clock_ms() + PATIENCE_MS;
	char text[STATE_TEXT];

	for (int i = 0; !clock_passed(deadline); i++) {
		if (i % AGAIN == AGAIN - 1)
			(void)fd_write_file(dir, "freezer.state", "THAWED");
		if (fd_write_file(dir, "freezer.state", wanted) < 0 ||
		    cgroup_tree_read(dir, "freezer.state", text, sizeof(text)) < 0)
			return -1;
		if (strcmp(text, wanted) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	errno = EBUSY;
	return -1;
}

static int freeze_dir(const struct plan_cgroup *plan, int dir, bool frozen, struct error *err)
{
	int (*change)(int, bool) = plan->driver == CGROUP_V2 ? freeze_v2 : freeze_v1;

	if (change(dir, frozen) == 0)
		return 0;
	error_set(err, ERROR_SYSTEM, errno, "cannot %s the cgroup '%s'", frozen ? "freeze" : "thaw", plan->path);
	if (frozen)
		(void)fd_write_file(dir, plan->driver == CGROUP_V2 ? "cgroup.freeze" : "freezer.state",
				    plan->driver == CGROUP_V2 ? "0" : "THAWED");
	return err->errnum == EBUSY && !frozen ? error_hint(err, "is a cgroup above it frozen?") : -1;
}

int cgroup_freeze(const struct plan_cgroup *plan, bool frozen, struct error *err)
{
	AUTOCLOSE int dir = cgroup_control_open(plan, "freezer", err);

	return dir < 0 ? -1 : freeze_dir(plan, dir, frozen, err);
}

static int is_frozen_dir(const struct plan_cgroup *plan, int dir, struct error *err)
{
	const char *name = plan->driver == CGROUP_V2 ? "cgroup.freeze" : "freezer.self_freezing";
	char text[STATE_TEXT];

	if (cgroup_tree_read(dir, name, text, sizeof(text)) < 0)
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : error_set(err, ERROR_SYSTEM, errno, "cannot read '%s' of the cgroup", name);
	return strcmp(text, "1") == 0;
}

int cgroup_is_frozen(const struct plan_cgroup *plan, struct error *err)
{
	AUTOCLOSE int dir = cgroup_control_open(plan, "freezer", err);

	if (dir < 0)
		return err->kind == ERROR_HOST ? 0 : -1;
	return is_frozen_dir(plan, dir, err);
}

/* ---- processes */

static int unreadable(struct error *err)
{
	/* It ended while we looked, or is a threaded one, whose processes are listed above (cgroups(7)). */
	if (errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP)
		return 0;
	return error_set(err, ERROR_SYSTEM, errno, "cannot read the processes of the cgroup");
}

struct listing {
	struct arena *arena;
	pid_list *list;
};

/* Those of other pid namespaces are listed as 0. */
static int add_pids(int dir, void *context, struct error *err)
{
	const struct listing *listing = context;
	int fd = sys_openat(dir, "cgroup.procs", O_RDONLY | O_NOFOLLOW, 0);
	AUTOCLOSE_FILE FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[32];

	if (file == NULL) {
		int result = unreadable(err);
		fd_close(&fd);
		return result;
	}
	errno = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		long pid = strtol(line, NULL, 10);

		if (pid > 0)
			*LIST_ADD(listing->arena, listing->list) = (pid_t)pid;
	}
	return ferror(file) ? unreadable(err) : 0;
}

struct visit {
	int (*each)(int dir, void *context, struct error *err);
	void *context;
};

static int visit_one(int parent, const char *name, void *context, struct error *err)
{
	const struct visit *visit = context;
	AUTOCLOSE int dir = sys_openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	if (dir < 0)
		return unreadable(err);
	return visit->each(dir, visit->context, err) < 0 ? -1 : 1;
}

/* Calls @visit for @dir and all cgroups below it. */
static int visit_all(int dir, struct visit visit, struct error *err)
{
	static const struct cgroup_walker visitor = {.enter = visit_one};

	TRY(visit.each(dir, visit.context, err));
	return cgroup_walk(dir, &visitor, &visit, err);
}

static int compare(const void *one, const void *other)
{
	pid_t left = *(const pid_t *)one, right = *(const pid_t *)other;

	return left < right ? -1 : left > right;
}

static int pids_of(int dir, struct arena *arena, pid_list *ret, struct error *err)
{
	struct listing listing = {arena, ret};
	size_t kept = 0;

	*ret = (pid_list){0};
	TRY(visit_all(dir, (struct visit){add_pids, &listing}, err));
	if (ret->count > 1)
		qsort(ret->at, ret->count, sizeof(*ret->at), compare);
	/* One that moved while we looked was seen twice. */
	for (size_t i = 0; i < ret->count; i++)
		if (kept == 0 || ret->at[kept - 1] != ret->at[i])
			ret->at[kept++] = ret->at[i];
	ret->count = kept;
	return 0;
}

/* v1: in whatever hierarchy there is, the freezer's before others: nothing below moves between those. */
static int open_any(const struct plan_cgroup *plan, struct error *err)
{
	static const char *const controllers[] = {"freezer", "pids", "memory", "devices"};
	int dir = -1;

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]) && dir < 0; i++)
		dir = cgroup_control_open(plan, controllers[i], err);
	return dir;
}

int cgroup_pids(const struct plan_cgroup *plan, struct arena *arena, pid_list *ret, struct error *err)
{
	AUTOCLOSE int dir = open_any(plan, err);

	*ret = (pid_list){0};
	if (dir < 0)
		return err->kind == ERROR_HOST ? 0 : -1;
	return pids_of(dir, arena, ret, err);
}

/* ---- kill */

static int thaw_one(int dir, void *context, struct error *err)
{
	(void)context;
	(void)err;
	(void)fd_write_file(dir, "freezer.state", "THAWED");
	return 0;
}

void cgroup_let_die(const struct plan_cgroup *plan)
{
	struct error ignored;
	AUTOCLOSE int dir = plan->driver == CGROUP_V1 ? cgroup_control_open(plan, "freezer", &ignored) : -1;

	if (dir >= 0)
		(void)visit_all(dir, (struct visit){thaw_one, NULL}, &ignored);
}

/* *@ret_found is how many there were. */
static int signal_each(int dir, int signal, size_t *ret_found, struct error *err)
{
	struct arena arena;
	pid_list pids = {0};

	TRY(arena_create(&arena, err));
	int result = pids_of(dir, &arena, &pids, err);
	for (size_t i = 0; result == 0 && i < pids.count; i++)
		/* A caller in the container's own cgroup does not mean itself. */
		if (pids.at[i] != getpid() && sys_kill(pids.at[i], signal) < 0 && errno != ESRCH)
			result = error_set(err, ERROR_SYSTEM, errno, "cannot send signal %d to process %d", signal,
					   (int)pids.at[i]);
	*ret_found = result == 0 ? pids.count : 0;
	arena_destroy(&arena);
	return result;
}

/* Another command deletes the container: nothing is left to be signalled. */
static bool is_deleted(int dir)
{
	return faccessat(dir, "cgroup.procs", F_OK, 0) < 0 && (errno == ENOENT || errno == ENODEV);
}

static int kill_frozen(const struct plan_cgroup *plan, int dir, int signal, struct error *err)
{
	int before = is_frozen_dir(plan, dir, err);
	struct error later;
	size_t found;

	if (before < 0 || (before == 0 && freeze_dir(plan, dir, true, err) < 0))
		return -1;
	int result = signal_each(dir, signal, &found, err);
	if ((before == 0 || signal == SIGKILL) && freeze_dir(plan, dir, false, result == 0 ? err : &later) < 0)
		return -1;
	if (signal == SIGKILL)
		cgroup_let_die(plan);
	return result;
}

/* Without a freezer: what forked in between is found in the next round. */
static int kill_rounds(const struct plan_cgroup *plan, int signal, struct error *err)
{
	static const struct timespec pause = {.tv_nsec = 2000000};
	AUTOCLOSE int dir = open_any(plan, err);
	size_t found = 1;

	if (dir < 0)
		return err->kind == ERROR_HOST ? 0 : -1;
	for (int i = 0; i < (signal == SIGKILL ? ROUNDS : 1) && found > 0; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		TRY(signal_each(dir, signal, &found, err));
	}
	return 0;
}

int cgroup_kill_all(const struct plan_cgroup *plan, int signal, struct error *err)
{
	AUTOCLOSE int dir = cgroup_control_open(plan, "freezer", err);

	if (dir < 0)
		return err->kind == ERROR_HOST ? kill_rounds(plan, signal, err) : -1;
	/* Since Linux 5.14, v2 only; no fork escapes it. */
	if (signal == SIGKILL && plan->driver == CGROUP_V2 && fd_write_file(dir, "cgroup.kill", "1") == 0)
		return 0;
	int result = kill_frozen(plan, dir, signal, err);
	return result < 0 && is_deleted(dir) ? 0 : result;
}
