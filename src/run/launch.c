// SPDX-License-Identifier: Apache-2.0
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "run/plan.h"
#include "run/steps.h"
#include "run/sync.h"
#include "run/wait.h"

enum { SPARE_FDS = 64 };

/* ---- the child */

static int child_steps(const struct plan *plan, struct run *run, struct error *err)
{
	int gone;

	if (!plan->namespaces.stage)
		TRY(steps_apply(STEP_ENTER, plan, run, err));
	if (steps_wanted(STEP_ATTACH, plan)) {
		TRY(sync_tell(run->sync, SYNC_ISOLATED, -1, err));
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
	return steps_apply(STEP_EXEC, plan, run, err);
}

/* The error stands in shared memory when this process ends: nothing needs to be sent, whatever the filter forbids. */
static _Noreturn void child_side(const struct plan *plan, struct run *run)
{
	struct error *err = &run->shared->error;

	/* Nothing of the host's user may look into the set-up, and modes of what is made are final. */
	sys_umask(0);
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	else
		child_steps(plan, run, err);
	_exit(error_exit_status(err));
}

/* ---- the stage: between launcher and child where namespaces have to be entered first */

static _Noreturn void stage_side(const struct plan *plan, struct run *run, uint64_t flags)
{
	struct error *err = &run->shared->error;

	if (steps_apply(STEP_ENTER, plan, run, err) < 0)
		_exit(125);
	/* The child is the launcher's, not ours: it is waited for and killed like any other. */
	pid_t child = sys_clone(flags | CLONE_PARENT, run->cgroup, NULL);
	if (child == 0)
		child_side(plan, run);
	if (child < 0)
		error_set(err, ERROR_SYSTEM, errno, "cannot make the container's namespaces");
	run->shared->child = child;
	_exit(child < 0 ? 125 : 0);
}

static int wait_for_stage(pid_t stage, struct run *run, struct error *err)
{
	int status;

	if (waitpid(stage, &status, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the stage process");
	if (run->shared->error.kind != ERROR_NONE) {
		*err = run->shared->error;
		return -1;
	}
	if (status != 0 || run->shared->child <= 0)
		return error_set(err, ERROR_SYSTEM, 0, "the stage process died");
	run->child = run->shared->child;
	return 0;
}

/* ---- the launcher */

static int clone_error(const struct plan *plan, struct error *err)
{
	int reason = errno;

	error_set(err, ERROR_SYSTEM, reason, "cannot make the container's namespaces");
	if ((plan->namespaces.fresh & CLONE_NEWUSER) != 0 && (reason == EPERM || reason == EACCES))
		return error_hint(
			err,
			"user namespaces are restricted here: see kernel.unprivileged_userns_clone, "
			"kernel.apparmor_restrict_unprivileged_userns, or the seccomp profile around this process");
	if (reason == ENOSPC || reason == EUSERS)
		return error_hint(err, "raise user.max_user_namespaces and its neighbours, or nest less deeply");
	return reason == EPERM ? error_hint(err, "run it as root, or with a user namespace") : -1;
}

/* @peer is the child's end of the conversation, which the launcher closes, so that its end of file means the child's.
 */
static int start_child(const struct plan *plan, struct run *run, int *peer, struct error *err)
{
	uint64_t flags = plan->namespaces.fresh;
	bool stage = plan->namespaces.stage;
	int own = run->sync;

	if (plan->namespaces.time_offsets.count > 0)
		flags &= ~(uint64_t)CLONE_NEWTIME;
	if (plan->cgroup.unshare_namespace)
		flags &= ~(uint64_t)CLONE_NEWCGROUP;
	pid_t pid = sys_clone(stage ? 0 : flags, stage ? -1 : run->cgroup, NULL);
	if (pid == 0) {
		run->sync = fd_take(peer);
		fd_close(&own);
		if (stage)
			stage_side(plan, run, flags);
		child_side(plan, run);
	}
	if (pid < 0)
		return clone_error(plan, err);
	fd_close(peer);
	if (stage)
		return wait_for_stage(pid, run, err);
	run->child = pid;
	return 0;
}

static const char *last_step(const struct run_shared *shared)
{
	int32_t count = shared->applied_count;

	return count > 0 ? steps[shared->applied[count - 1]].name : "start";
}

/* The conversation ended before execve(2): by an error that the child left, or by its death. */
static int child_failed(struct run *run, struct error *err)
{
	int status = 0;

	(void)waitpid(run->child, &status, 0);
	run->child = 0;
	if (run->shared->error.kind != ERROR_NONE) {
		*err = run->shared->error;
		return -1;
	}
	if (WIFSIGNALED(status))
		error_set(err, ERROR_SYSTEM, 0, "step '%s': the container was killed by signal %d",
			  last_step(run->shared), WTERMSIG(status));
	else
		error_set(err, ERROR_SYSTEM, 0, "step '%s': the container ended early", last_step(run->shared));
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? error_hint(err, "was it the memory limit?") : -1;
}

/* Waits for @message; the child's end is its failure. */
static int await_child(struct run *run, enum sync_message message, int *ret_fd, struct error *err)
{
	int gone = sync_await(run->sync, message, ret_fd, err);

	return gone > 0 ? child_failed(run, err) : gone;
}

static int launcher_side(const struct plan *plan, struct run *run, struct error *err)
{
	int gone;

	if (steps_wanted(STEP_ATTACH, plan)) {
		TRY(await_child(run, SYNC_ISOLATED, NULL, err));
		TRY(steps_apply(STEP_ATTACH, plan, run, err));
		TRY(sync_tell(run->sync, SYNC_ATTACHED, -1, err));
	}
	if (plan->terminal.pty)
		TRY(await_child(run, SYNC_TERMINAL, &run->terminal, err));
	gone = sync_await(run->sync, 0, NULL, err);
	if (gone <= 0)
		return gone < 0 ? -1 : error_set(err, ERROR_BUG, 0, "the container spoke out of turn");
	if (run->shared->error.kind != ERROR_NONE || !run->shared->executing)
		return child_failed(run, err);
	return 0;
}

/* ---- memory and descriptors of one launch */

static int *no_fds(size_t count)
{
	int *fds = malloc((count + 1) * sizeof(*fds));

	if (fds == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	return fds;
}

static size_t hierarchies(const struct plan *plan)
{
	size_t most = 0;

	for (size_t i = 0; i < plan->mounts.count; i++)
		most = plan->mounts.at[i].hierarchies.count > most ? plan->mounts.at[i].hierarchies.count : most;
	return most;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; fds != NULL && i < count; i++)
		fd_close(&fds[i]);
	free(fds);
}

static void run_close(const struct plan *plan, struct run *run)
{
	close_all(run->mounts, plan->mounts.count);
	close_all(run->devices, plan->devices.nodes.count);
	close_all(run->cgroups, hierarchies(plan));
	fd_close(&run->sync);
	fd_close(&run->root);
	fd_close(&run->terminal);
	fd_close(&run->control);
	fd_close(&run->cgroup);
	for (size_t i = 0; i < RUN_CGROUPS; i++)
		fd_close(&run->cgroup_join[i]);
	if (run->shared != NULL)
		munmap(run->shared, sizeof(*run->shared));
}

/* Every mount is a descriptor for a while, and a config may have thousands. */
static int raise_nofile(size_t wanted, struct run *run, struct error *err)
{
	struct rlimit64 raised;

	if (sys_prlimit(RLIMIT_NOFILE, NULL, &run->nofile) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the limit of open files");
	if (run->nofile.rlim_cur >= wanted + SPARE_FDS)
		return 0;
	raised = (struct rlimit64){.rlim_cur = run->nofile.rlim_max, .rlim_max = run->nofile.rlim_max};
	if (sys_prlimit(RLIMIT_NOFILE, &raised, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot raise the limit of open files");
	run->nofile_raised = true;
	return 0;
}

static int run_open(const struct plan *plan, struct run *run, struct error *err)
{
	void *shared = mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*run = (struct run){.sync = -1,
			    .proc = -1,
			    .root = -1,
			    .terminal = -1,
			    .master = -1,
			    .program = -1,
			    .control = -1,
			    .cgroup = -1};
	for (size_t i = 0; i < RUN_CGROUPS; i++)
		run->cgroup_join[i] = -1;
	if (shared == MAP_FAILED)
		return error_set(err, ERROR_SYSTEM, errno, "cannot get memory for the launch");
	run->shared = shared;
	run->mounts = no_fds(plan->mounts.count);
	run->devices = no_fds(plan->devices.nodes.count);
	run->cgroups = no_fds(hierarchies(plan));
	if (run->mounts == NULL || run->devices == NULL || run->cgroups == NULL)
		return error_set(err, ERROR_SYSTEM, ENOMEM, "cannot get memory for the launch");
	return raise_nofile(plan->mounts.count + plan->devices.nodes.count + plan->masks.masked.count, run, err);
}

/* ---- both sides together */

static int launch(const struct plan *plan, const struct launch_options *options, struct run *run, int *ret_status,
		  struct error *err)
{
	int pair[2], control[2] = {-1, -1};
	struct wait wait;

	TRY(wait_prepare(&wait, err));
	if (sys_socketpair(pair) < 0 || (plan->terminal.pty && plan->process.init && sys_socketpair(control) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the sockets of the launch");
	run->sync = pair[0];
	TRY(steps_apply(STEP_PREPARE, plan, run, err));
	/* The child has control[1] at this number; the launcher takes the other end after the clone. */
	run->control = control[1];
	int started = start_child(plan, run, &pair[1], err);
	fd_close(&run->control);
	run->control = control[0];
	TRY(started);
	TRY(launcher_side(plan, run, err));
	TRY(wait_announce(plan, options, run, err));
	return wait_for_exit(&wait, plan, run, ret_status, err);
}

int launch_run(const struct plan *plan, const struct launch_options *options, int *ret_status, struct error *err)
{
	struct run run;
	struct error later;

	TRY(plan_check_refusals(plan, err));
	if (run_open(plan, &run, err) < 0 || arena_freeze(plan->arena, err) < 0) {
		run_close(plan, &run);
		return -1;
	}
	int result = launch(plan, options, &run, ret_status, err);
	if (result < 0 && run.child > 0) {
		(void)sys_kill(run.child, SIGKILL);
		(void)waitpid(run.child, NULL, 0);
	}
	if (steps_undo(plan, &run, result == 0 ? err : &later) < 0)
		result = -1;
	run_close(plan, &run);
	wait_conclude(options, result == 0 ? "exited" : "failed", result == 0 ? *ret_status : error_exit_status(err));
	return result;
}
