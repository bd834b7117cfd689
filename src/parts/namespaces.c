// SPDX-License-Identifier: Apache-2.0
#include "parts/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/nsfs.h"
#include "base/sys.h"

static const struct {
	const char *name;
	uint64_t flag;
	bool own; /* a ceiling wants the container to have its own */
	const char *stops;
	const char *flags; /* what the user of an engine leaves out, so that it has its own */
} kinds[NAMESPACE_COUNT] = {
	[NAMESPACE_USER] = {"user", CLONE_NEWUSER, false, "its capabilities mean nothing on the host", NULL},
	[NAMESPACE_PID] = {"pid", CLONE_NEWPID, true, "it cannot see or signal processes of the host",
			   " (docker: no --pid=host; Kubernetes: no hostPID)"},
	[NAMESPACE_NETWORK] = {"network", CLONE_NEWNET, true, "it cannot use the host's network or abstract sockets",
			       " (sandbox: --net none; docker: no --net=host; Kubernetes: no hostNetwork)"},
	[NAMESPACE_MOUNT] = {"mount", CLONE_NEWNS, true, "it sees only the mounts of this plan", NULL},
	[NAMESPACE_IPC] = {"ipc", CLONE_NEWIPC, true, "it cannot reach System V IPC or message queues of the host",
			   " (docker: no --ipc=host; Kubernetes: no hostIPC)"},
	[NAMESPACE_UTS] = {"uts", CLONE_NEWUTS, true, "it cannot change the host's name", " (docker: no --uts=host)"},
	[NAMESPACE_CGROUP] = {"cgroup", CLONE_NEWCGROUP, true, "it cannot see the host's cgroups", NULL},
	[NAMESPACE_TIME] = {"time", CLONE_NEWTIME, false, "its clocks are its own", NULL},
};

/* A namespace that the config leaves out is the host's (config-linux.md, "Namespaces"). */
static void judge_host(struct planner *p, enum namespace_kind kind)
{
	const char *what = arena_printf(p->arena, "the container shares the host's %s namespace", kinds[kind].name);
	const char *remedy = arena_printf(p->arena, "add {\"type\": \"%s\"} to linux.namespaces%s", kinds[kind].name,
					  kinds[kind].flags == NULL ? "" : kinds[kind].flags);

	/* A cgroup namespace costs nothing and older configs leave it out, so it is added rather than asked for. */
	if (kind == NAMESPACE_CGROUP && p->profile->host_namespaces == VERDICT_REFUSE) {
		planner_judge(p, VERDICT_TIGHTEN, "namespaces", planner_origin(p, "/linux/namespaces"),
			      "a cgroup namespace of its own is added", NULL);
		p->plan->namespaces.fresh |= CLONE_NEWCGROUP;
		return;
	}
	if (planner_judge(p, p->profile->host_namespaces, "namespaces", planner_origin(p, "/linux/namespaces"), what,
			  remedy))
		p->plan->namespaces.fresh |= kinds[kind].flag;
}

static bool same(const struct host_identity *a, const struct host_identity *b)
{
	return a->inode != 0 && a->device == b->device && a->inode == b->inode;
}

/* Joining is how engines share a network; joining the launcher's or the init's namespace is the same as having the
 * host's. */
static void plan_join(struct planner *p, enum namespace_kind kind, const struct request_namespace *wanted)
{
	struct plan_namespaces *plan = &p->plan->namespaces;
	const struct host_identity *joined = &p->host->joined[kind];
	bool hosts = same(joined, &p->host->own_namespaces[kind]) || same(joined, &p->host->init_namespaces[kind]);
	bool judges = p->profile->host_namespaces != VERDICT_ALLOW;

	/* The kernel lets nobody join the namespace that he is in (setns(2)). */
	if (kind == NAMESPACE_USER && p->host->userns.own && !judges) {
		planner_note(p, "namespaces", wanted->from, "the container stays in the launcher's user namespace");
		return;
	}
	plan->join[kind].path = wanted->path;
	plan->join[kind].from = wanted->from;
	plan->joins = true;
	if (hosts)
		plan->hosts |= kinds[kind].flag;
	/* The plan goes by what a user namespace maps, and by whose sysctls are set. */
	plan->join[kind].judged = judges || kind == NAMESPACE_USER || p->request->linux_.sysctl.count > 0;
	if (!plan->join[kind].judged)
		return;
	plan->join[kind].device = joined->device;
	plan->join[kind].inode = joined->inode;
	if (!judges)
		return;
	/* What is mounted there was decided by somebody else, and is not this plan's to keep. */
	if (kind == NAMESPACE_MOUNT)
		planner_judge(p, VERDICT_REFUSE, "namespaces", wanted->from,
			      arena_printf(p->arena, "the mounts of %s were judged by nobody", wanted->path),
			      "remove its path: a mount namespace of its own");
	else if (hosts)
		planner_judge(p, VERDICT_REFUSE, "namespaces", wanted->from,
			      arena_printf(p->arena, "%s is the host's %s namespace", wanted->path, kinds[kind].name),
			      arena_printf(p->arena, "join the namespace of another container, or none%s",
					   kinds[kind].flags == NULL ? "" : kinds[kind].flags));
}

static int plan_time(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	struct plan_namespaces *plan = &p->plan->namespaces;

	if (linux_->time_offsets.count == 0)
		return 0;
	if ((plan->fresh & CLONE_NEWTIME) == 0)
		return error_set(err, ERROR_CONFIG, 0, "config.json:/linux/timeOffsets needs a new time namespace");
	for (size_t i = 0; i < linux_->time_offsets.count; i++)
		*LIST_ADD(p->arena, &plan->time_offsets) = linux_->time_offsets.at[i];
	return 0;
}

int namespaces_plan(struct planner *p, struct error *err)
{
	struct plan_namespaces *plan = &p->plan->namespaces;

	/* bare_plan() judges; a network that is used is the host's all the same. */
	if (p->plan->without_userns) {
		if (p->request->sandbox.host_network)
			judge_host(p, NAMESPACE_NETWORK);
		return 0;
	}
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++) {
		const struct request_namespace *wanted = &p->request->linux_.namespaces[kind];

		if (wanted->path != NULL)
			plan_join(p, kind, wanted);
		else if (wanted->given)
			plan->fresh |= kinds[kind].flag;
		else if (kinds[kind].own)
			judge_host(p, kind);
	}
	if ((plan->fresh & CLONE_NEWNS) == 0 && plan->join[NAMESPACE_MOUNT].path == NULL)
		return error_set(err, ERROR_CONFIG, 0,
				 "config.json:/linux/namespaces: a mount namespace is needed for the root file system");
	TRY(plan_time(p, err));
	/*
	 * A process enters a pid or time namespace only by being born there, a user namespace owns those made after it,
	 * and from a new user namespace no other can be joined any more.
	 */
	plan->stage = plan->join[NAMESPACE_PID].path != NULL || plan->join[NAMESPACE_TIME].path != NULL ||
		      plan->join[NAMESPACE_USER].path != NULL || plan->time_offsets.count > 0 ||
		      (plan->joins && (plan->fresh & CLONE_NEWUSER) != 0);
	plan->user_first = (p->host->capabilities & 1ULL << CAP_SYS_ADMIN) == 0;
	return 0;
}

bool namespaces_enter_wanted(const struct plan *plan)
{
	return plan->namespaces.fresh != 0 || plan->namespaces.joins;
}

void namespaces_enter_explain(const struct plan *plan, struct explain *out)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++) {
		const char *path = plan->namespaces.join[kind].path;

		if (path != NULL)
			explain_say(out, EXPLAIN_DOES, plan->namespaces.join[kind].from, "joins the %s namespace %s",
				    kinds[kind].name, path);
		else if ((plan->namespaces.fresh & kinds[kind].flag) != 0)
			explain_say(out, EXPLAIN_STOPS, NULL, "new %s namespace: %s", kinds[kind].name,
				    kinds[kind].stops);
		else if (kinds[kind].own)
			explain_say(out, EXPLAIN_GRANTS, NULL, "the host's %s namespace", kinds[kind].name);
	}
	for (size_t i = 0; i < plan->namespaces.time_offsets.count; i++) {
		const struct request_time_offset *offset = &plan->namespaces.time_offsets.at[i];

		explain_say(out, EXPLAIN_DOES, NULL, "clock %s is moved by %lld.%09u s", offset->clock,
			    (long long)offset->secs, offset->nanosecs);
	}
}

int namespaces_open(const struct plan_namespaces *plan, enum namespace_kind kind, struct error *err)
{
	const char *path = plan->join[kind].path;
	struct stat status;
	AUTOCLOSE int fd = nsfs_open(path);

	if (fd < 0 && errno == EXDEV)
		return error_set(err, ERROR_CONFIG, 0, "'%s' is not a namespace", path);
	if (fd < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the %s namespace '%s'", kinds[kind].name, path);
	if (fstat(fd, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", path);
	if (plan->join[kind].judged &&
	    (status.st_dev != plan->join[kind].device || status.st_ino != plan->join[kind].inode))
		return error_set(err, ERROR_REFUSED, 0, "'%s' is no longer what the profile judged", path);
	return fd_take(&fd);
}

/* @offsets takes "CLOCK SECS NANOSECS" lines and only before the first process is born there (time_namespaces(7)). */
static int new_clocks(const struct plan_namespaces *plan, int offsets, struct error *err)
{
	char line[96];

	if (sys_unshare(CLONE_NEWTIME) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a time namespace");
	for (size_t i = 0; i < plan->time_offsets.count; i++) {
		const struct request_time_offset *offset = &plan->time_offsets.at[i];

		int length = snprintf(line, sizeof(line), "%s %lld %u\n", offset->clock, (long long)offset->secs,
				      offset->nanosecs);

		if (fd_write_all(offsets, line, (size_t)length) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot move the clock '%s'", offset->clock);
	}
	return 0;
}

/* Whoever is root in a user namespace may look into all that is dumpable there: this one has the host's mounts. */
static int join_one(const struct plan_namespaces *plan, enum namespace_kind kind, int fd, struct error *err)
{
	if (kind == NAMESPACE_USER && sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	if (sys_setns(fd, kinds[kind].flag) == 0)
		return 0;
	int reason = errno;
	error_set(err, ERROR_SYSTEM, reason, "cannot join the %s namespace '%s'", kinds[kind].name,
		  plan->join[kind].path);
	return reason == EINVAL ? error_hint(err, "it must be a %s namespace", kinds[kind].name) : -1;
}

static int join_all(const struct plan_namespaces *plan, const int *fds, struct error *err)
{
	/*
	 * With privilege, whoever's, the user namespace comes last: after it the right to enter what the launcher's
	 * owns is gone. Without, it comes first: only in it there is a right to enter anything.
	 */
	static const enum namespace_kind order[NAMESPACE_COUNT] = {
		NAMESPACE_PID,    NAMESPACE_NETWORK, NAMESPACE_IPC,   NAMESPACE_UTS,
		NAMESPACE_CGROUP, NAMESPACE_TIME,    NAMESPACE_MOUNT, NAMESPACE_USER,
	};

	for (size_t i = 0; i < NAMESPACE_COUNT; i++) {
		enum namespace_kind kind = order[plan->user_first ? NAMESPACE_COUNT - 1 - i : i];

		if (fds[kind] >= 0)
			TRY(join_one(plan, kind, fds[kind], err));
	}
	return 0;
}

/* All are opened before any is joined: in another mount namespace their paths mean something else. */
static int open_all(const struct plan_namespaces *plan, int *fds, struct error *err)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++) {
		fds[kind] = plan->join[kind].path == NULL ? -1 : namespaces_open(plan, kind, err);
		if (fds[kind] < 0 && plan->join[kind].path != NULL)
			return -1;
	}
	return 0;
}

int namespaces_enter(const struct plan *plan, struct run *run, struct error *err)
{
	int fds[NAMESPACE_COUNT] = {-1, -1, -1, -1, -1, -1, -1, -1};
	bool clocks = plan->namespaces.time_offsets.count > 0;
	/* Before all: in another mount namespace it is another procfs, and of a process that protects itself, root's.
	 */
	AUTOCLOSE int offsets = clocks ? sys_openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY, 0) : -1;

	(void)run;
	if (clocks && offsets < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '/proc/self/timens_offsets'");
	int result = open_all(&plan->namespaces, fds, err);
	if (result == 0)
		result = join_all(&plan->namespaces, fds, err);
	/* No program runs as somebody whom nobody has looked at. */
	if (result == 0 && plan->ids.unknown != NULL)
		result = error_set(err, ERROR_HOST, 0, "whom the user namespace maps is not known: %s",
				   plan->ids.unknown);
	for (size_t i = 0; i < NAMESPACE_COUNT; i++)
		fd_close(&fds[i]);
	return result == 0 && clocks ? new_clocks(&plan->namespaces, offsets, err) : result;
}
