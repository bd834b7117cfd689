// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_oom.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_control.h"
#include "parts/cgroup_tree.h"

enum { EVENTS_TEXT = 1024 };

static uint64_t kills_of(int file)
{
	char text[EVENTS_TEXT];
	ssize_t length = file < 0 ? -1 : pread(file, text, sizeof(text) - 1, 0);

	text[length < 0 ? 0 : length] = '\0';
	return cgroup_tree_number(text, "oom_kill");
}

static int open_file(const struct plan_cgroup *plan, int dir)
{
	return sys_openat(dir, plan->driver == CGROUP_V2 ? "memory.events" : "memory.oom_control",
			  O_RDONLY | O_NOFOLLOW, 0);
}

bool cgroup_oom_killed(const struct plan_cgroup *plan, const struct run *run)
{
	struct error ignored;
	bool born_there = run != NULL && run->cgroup >= 0;
	AUTOCLOSE int dir = born_there ? -1 : cgroup_control_open(plan, "memory", &ignored);
	AUTOCLOSE int file = born_there || dir >= 0 ? open_file(plan, born_there ? run->cgroup : dir) : -1;

	return kills_of(file) > 0;
}

/* v1 writes into an eventfd when there is no memory left, whether it then kills or not (cgroup-v1/memory.rst). */
static int watch_v1(int dir)
{
	AUTOCLOSE int control = open_file(&(struct plan_cgroup){.driver = CGROUP_V1}, dir);
	AUTOCLOSE int events = control < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char text[64];

	if (events < 0)
		return -1;
	snprintf(text, sizeof(text), "%d %d", events, control);
	return fd_write_file(dir, "cgroup.event_control", text) < 0 ? -1 : fd_take(&events);
}

int cgroup_oom_watch(const struct plan_cgroup *plan, struct cgroup_oom_watch *ret, struct error *err)
{
	AUTOCLOSE int dir = cgroup_control_open(plan, "memory", err);
	bool v2 = plan->driver == CGROUP_V2;

	*ret = (struct cgroup_oom_watch){.fd = -1, .events = v2 ? POLLPRI : POLLIN};
	if (dir < 0)
		return err->kind == ERROR_HOST ? 0 : -1;
	ret->fd = v2 ? open_file(plan, dir) : watch_v1(dir);
	if (ret->fd < 0 && errno != ENOENT)
		return error_set(err, ERROR_SYSTEM, errno, "cannot watch the memory of the cgroup '%s'", plan->path);
	/* Only what changes after the file was read wakes up poll(2). */
	ret->seen = v2 ? kills_of(ret->fd) : 0;
	return 0;
}

bool cgroup_oom_struck(const struct plan_cgroup *plan, struct cgroup_oom_watch *watch)
{
	struct error ignored;
	uint64_t count;

	if (watch->fd < 0)
		return false;
	if (plan->driver == CGROUP_V1) {
		/* The end of the cgroup is told in the same way. */
		AUTOCLOSE int dir = cgroup_control_open(plan, "memory", &ignored);
		return read(watch->fd, &count, sizeof(count)) == sizeof(count) && dir >= 0;
	}
	count = kills_of(watch->fd);
	bool more = count > watch->seen;
	watch->seen = count;
	return more;
}

void cgroup_oom_unwatch(struct cgroup_oom_watch *watch)
{
	fd_close(&watch->fd);
}
