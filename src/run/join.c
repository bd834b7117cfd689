// SPDX-License-Identifier: Apache-2.0
#include "run/join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/fd.h"
#include "base/sys.h"
#include "run/alive.h"

enum { PROC_ROOT_INODE = 1 };

static uint64_t own_namespaces(const struct plan_namespaces *namespaces)
{
	static const uint64_t flags[NAMESPACE_COUNT] = {
		[NAMESPACE_USER] = CLONE_NEWUSER,     [NAMESPACE_PID] = CLONE_NEWPID,
		[NAMESPACE_NETWORK] = CLONE_NEWNET,   [NAMESPACE_MOUNT] = CLONE_NEWNS,
		[NAMESPACE_IPC] = CLONE_NEWIPC,       [NAMESPACE_UTS] = CLONE_NEWUTS,
		[NAMESPACE_CGROUP] = CLONE_NEWCGROUP, [NAMESPACE_TIME] = CLONE_NEWTIME,
	};
	uint64_t own = namespaces->fresh;

	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++)
		if (namespaces->join[kind].path != NULL)
			own |= flags[kind];
	return own;
}

void join_plan(struct plan *plan, const struct state *state)
{
	plan->join = (struct plan_join){
		.wanted = true,
		.pid = state->process.pid,
		.started = state->process.started,
		.namespaces = own_namespaces(&plan->namespaces),
	};
	/* All that was made for the container is there already. */
	plan->namespaces = (struct plan_namespaces){.stage = true};
	plan->cgroup = state->cgroup;
	for (enum hook_kind kind = 0; kind < HOOK_COUNT; kind++)
		plan->hooks[kind].count = 0;
	plan->user.make_cwd = false;
	/* Both would end at the Landlock domain of the process that made it: the container's namespaces hold these. */
	plan->landlock.scoped = 0;
}

int join_below(struct plan *plan, const char *path, struct error *err)
{
	struct plan_cgroup *cgroup = &plan->cgroup;

	for (const char *at = path + strspn(path, "/"); *at != '\0'; at += strspn(at, "/")) {
		size_t length = strcspn(at, "/");
		const char *name = arena_strndup(plan->arena, at, length);

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, ':') != NULL)
			return error_set(err, ERROR_USAGE, 0, "--cgroup: '%s' is no path below the container's cgroup",
					 path);
		*LIST_ADD(plan->arena, &cgroup->components) = name;
		cgroup->path = arena_printf(plan->arena, "%s/%s", cgroup->path, name);
		at += length;
	}
	if (!cgroup->wanted)
		return error_set(err, ERROR_USAGE, 0, "--cgroup: the container has no cgroup of its own");
	return 0;
}

bool join_find_wanted(const struct plan *plan)
{
	return plan->join.wanted;
}

void join_find_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "finds the container's first process, %d", plan->join.pid);
}

int join_find(const struct plan *plan, struct run *run, struct error *err)
{
	run->container = sys_pidfd_open(plan->join.pid);
	if (run->container < 0 || plan->join.started == 0 || alive_since(plan->join.pid) != plan->join.started)
		return error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", plan->id);
	return 0;
}

bool join_ended(const struct plan *plan, const struct run *run, struct error *err)
{
	struct pollfd container = {.fd = run->container, .events = POLLIN};

	if (run->container < 0 || err->kind != ERROR_SYSTEM ||
	    !(alive_is_ending(plan->join.pid) || poll(&container, 1, 0) > 0))
		return false;
	error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", plan->id);
	return true;
}

bool join_enter_wanted(const struct plan *plan)
{
	return plan->join.wanted;
}

void join_enter_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, NULL, "joins the container's namespaces");
}

/* A container that joined a mount namespace has its root by chroot(2), which setns(2) does not take over. */
static int open_root(const struct plan *plan, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", plan->join.pid);
	AUTOCLOSE int root = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (root < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the root of the container \"%s\"", plan->id);
	if (alive_since(plan->join.pid) != plan->join.started)
		return error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", plan->id);
	return fd_take(&root);
}

int join_enter(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int root = plan->rootfs.joined ? open_root(plan, err) : -1;

	if (plan->rootfs.joined && root < 0)
		return -1;
	/* Whoever is root in there may look into all that is dumpable: this one has the host's mounts. */
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	if (sys_setns(run->container, plan->join.namespaces) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot join the container \"%s\"", plan->id);
	if (root >= 0 && (sys_fchdir(root) < 0 || sys_chroot(".") < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot enter the root of the container \"%s\"", plan->id);
	fd_close(&run->container);
	return 0;
}

bool join_proc_wanted(const struct plan *plan)
{
	return plan->labels.apparmor != NULL || plan->labels.selinux != NULL;
}

void join_proc_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, NULL,
		    "opens a procfs of its own, where nothing of the container can lie over it");
}

/* Without the right to mount one, the container's is good when it is a procfs and nothing but its root. */
static int mounted_proc(void)
{
	struct stat status;
	struct statfs fs;
	AUTOCLOSE int proc =
		sys_openat2(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	if (proc < 0 || fstatfs(proc, &fs) < 0 || fstat(proc, &status) < 0)
		return -1;
	if (fs.f_type == PROC_SUPER_MAGIC && status.st_ino == PROC_ROOT_INODE)
		return fd_take(&proc);
	errno = EXDEV;
	return -1;
}

int join_proc(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("proc");

	(void)plan;
	if (fs >= 0 && sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		run->proc = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (run->proc < 0)
		run->proc = mounted_proc();
	if (run->proc < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open a procfs in the container");
	return 0;
}
