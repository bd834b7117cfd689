// SPDX-License-Identifier: Apache-2.0
/* The processes that a launch makes: the child, which becomes the container, and the stage before it where it needs
 * one. */
#include "run/launch_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pages.h"
#include "base/sys.h"
#include "parts/oom_score.h"
#include "parts/pasta.h"
#include "run/doctor.h"
#include "run/steps.h"
#include "run/sync.h"
#include "run/wait.h"

/* A process that ends has no memory first, which kept others from its descriptors, and then no descriptors. */
static _Noreturn void leave(int status)
{
	(void)sys_close_range(3, UINT_MAX, 0);
	_exit(status);
}

/* ---- the child */

/* The namespaces of a process that is not dumpable are for root alone to open: it hands its network out itself. */
static int tell_isolated(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int netns = pasta_start_wanted(plan) ? sys_openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY, 0) : -1;

	if (pasta_start_wanted(plan) && netns < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the sandbox's network namespace");
	return sync_tell(run->sync, SYNC_ISOLATED, netns, err);
}

static int child_steps(const struct plan *plan, struct run *run, struct error *err)
{
	int gone;

	if (!plan->namespaces.stage)
		TRY(steps_apply(STEP_ENTER, plan, run, err));
	if (steps_wanted(STEP_ATTACH, plan)) {
		TRY(tell_isolated(plan, run, err));
		gone = sync_await(run->sync, SYNC_ATTACHED, NULL, err);
		if (gone != 0)
			return gone < 0 ? -1 : error_set(err, ERROR_SYSTEM, 0, "the launcher gave up");
	}
	TRY(steps_apply(STEP_BUILD, plan, run, err));
	if (run->master >= 0) {
		TRY(sync_tell(run->sync, SYNC_TERMINAL, run->master, err));
		fd_close(&run->master);
	}
	TRY(steps_apply(STEP_CONFINE, plan, run, err));
	if (plan->listener.path != NULL)
		TRY(sync_tell(run->sync, SYNC_LISTENING, -1, err));
	return steps_apply(STEP_EXEC, plan, run, err);
}

/* The error stands in shared memory when this process ends: nothing needs to be sent, whatever the filter forbids. */
static _Noreturn void child_side(const struct plan *plan, struct run *run)
{
	struct error *err = &run->shared->error;

	pages_own_stack();
	/* The lock on the state is the launcher's alone, and so is the hold on the scope. */
	fd_close(&run->state);
	fd_close(&run->scope_input);
	fd_close(&run->notify);
	fd_close(&run->dbus.hold);
	fd_close(&run->dbus_report);
	fd_close(&run->dbus_log);
	/* Nothing of the host's user may look into the set-up, and modes of what is made are final. */
	sys_umask(0);
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	else
		child_steps(plan, run, err);
	leave(error_exit_status(err));
}

/* ---- the stage: between launcher and child where namespaces have to be entered first */

static _Noreturn void stage_side(const struct plan *plan, struct run *run, uint64_t flags)
{
	struct error *err = &run->shared->error;

	fd_close(&run->state);
	fd_close(&run->scope_input);
	fd_close(&run->dbus.hold);
	fd_close(&run->dbus_report);
	fd_close(&run->dbus_log);
	if (steps_apply(STEP_ENTER, plan, run, err) < 0)
		leave(125);
	/* Others in these namespaces see the child from its first moment on; a user namespace may have undone it. */
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
		leave(125);
	}
	/* The child is the launcher's, not ours: it is waited for and killed like any other. */
	pid_t child = sys_clone_told(flags | CLONE_PARENT, run->cgroup, &run->shared->child);
	if (child == 0)
		child_side(plan, run);
	if (child < 0)
		error_set(err, ERROR_SYSTEM, errno, "cannot make the container's namespaces");
	leave(child < 0 ? 125 : 0);
}

/* ---- how they are made */

/* Chosen by nobody but the caller, and not for root. */
static int name_other_way(const struct plan *plan, struct error *err)
{
	size_t length = strlen(err->hint);

	if (plan->bundle == NULL && geteuid() != 0)
		snprintf(err->hint + length, sizeof(err->hint) - length,
			 "; without them, on Linux 6.12 and newer, and weaker: casemate sandbox --without userns");
	return -1;
}

static int clone_error(const struct plan *plan, struct error *err)
{
	int reason = errno;

	error_set(err, ERROR_SYSTEM, reason, "cannot make the container's namespaces");
	if ((plan->namespaces.fresh & CLONE_NEWUSER) != 0 &&
	    (reason == EPERM || reason == EACCES || reason == ENOSYS)) {
		doctor_advise(err);
		error_advise(err, "user namespaces are restricted here: `casemate doctor` says by what");
		return name_other_way(plan, err);
	}
	if (reason == ENOSPC || reason == EUSERS) {
		error_advise(err, "raise user.max_user_namespaces and its neighbours, or nest less deeply");
		return name_other_way(plan, err);
	}
	if (reason == EAGAIN)
		return error_hint(err, "raise the limit of processes: `ulimit -u`, or pids.max of the caller's cgroup");
	return reason == EPERM ? error_hint(err, "run it as root, or with a user namespace") : -1;
}

/* From inside a cgroup namespace nobody gets into a cgroup whom it does not show already (cgroups(7), nsdelegate). */
static bool joins_cgroups(const struct plan *plan)
{
	return (plan->join.wanted && (plan->join.namespaces & CLONE_NEWCGROUP) != 0) ||
	       plan->namespaces.join[NAMESPACE_CGROUP].path != NULL;
}

static uint64_t fresh_namespaces(const struct plan *plan)
{
	uint64_t flags = plan->namespaces.fresh;

	if (plan->namespaces.time_offsets.count > 0)
		flags &= ~(uint64_t)CLONE_NEWTIME;
	if (plan->cgroup.unshare_namespace)
		flags &= ~(uint64_t)CLONE_NEWCGROUP;
	return flags;
}

/* In the new process: its end of the conversation in the place of the launcher's. */
static _Noreturn void begin(const struct plan *plan, struct run *run, int peer)
{
	fd_close(&run->sync);
	run->sync = peer;
	if (plan->namespaces.stage)
		stage_side(plan, run, fresh_namespaces(plan));
	child_side(plan, run);
}

/*
 * Joining takes a moment: the stage of an exec borrows the launcher's memory, and the exec takes a tenth less time.
 * Where it would come under the root of another user namespace it has a copy, and who joins a time namespace must
 * (setns(2)).
 */
static bool borrows(const struct plan *plan)
{
	return plan->join.wanted && (plan->join.namespaces & (CLONE_NEWUSER | CLONE_NEWTIME)) == 0;
}

struct borrowed {
	const struct plan *plan;
	const struct run *run;
	int peer;
};

static void begin_borrowed(void *data)
{
	const struct borrowed *borrowed = data;
	/* What it closes the launcher has open, and shall not forget. */
	struct run run = *borrowed->run;

	begin(borrowed->plan, &run, borrowed->peer);
}

static pid_t start_borrowed(const struct plan *plan, const struct run *run, int cgroup, int peer)
{
	struct borrowed borrowed = {plan, run, peer};
	/* The stage makes the memory undumpable, and the launcher's own files in /proc would be root's alone. */
	int dumpable = sys_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	pid_t pid = sys_vfork(cgroup, begin_borrowed, &borrowed);

	if (pid > 0)
		(void)sys_prctl(PR_SET_DUMPABLE, (unsigned long)dumpable, 0, 0, 0);
	return pid;
}

static pid_t start(const struct plan *plan, struct run *run, int peer)
{
	bool stage = plan->namespaces.stage;
	int cgroup = !stage || joins_cgroups(plan) ? run->cgroup : -1;

	if (borrows(plan))
		return start_borrowed(plan, run, cgroup, peer);
	pid_t pid = stage ? sys_clone(0, cgroup, NULL)
			  : sys_clone_told(fresh_namespaces(plan), cgroup, &run->shared->child);
	if (pid == 0)
		begin(plan, run, peer);
	return pid;
}

int launch_child(const struct plan *plan, struct run *run, int *peer, struct error *err)
{
	bool stage = plan->namespaces.stage;
	pid_t pid = start(plan, run, *peer);

	if (pid < 0)
		return clone_error(plan, err);
	fd_close(peer);
	if (!stage)
		run->child = pid;
	if (oom_score_restore(plan, run, err) < 0) {
		if (stage)
			wait_end_stage(pid, run);
		return -1;
	}
	return stage ? wait_for_stage(pid, run, err) : 0;
}
