// SPDX-License-Identifier: Apache-2.0
#include "run/launch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_oom.h"
#include "parts/cgroup_scope.h"
#include "parts/dbus.h"
#include "run/doctor.h"
#include "run/hand_over.h"
#include "run/join.h"
#include "run/launch_child.h"
#include "run/listener.h"
#include "run/notify.h"
#include "run/plan.h"
#include "run/report.h"
#include "run/runtime_hooks.h"
#include "run/start.h"
#include "run/state.h"
#include "run/steps.h"
#include "run/sync.h"
#include "run/wait.h"

static const char *last_step(const struct plan *plan, const struct run_shared *shared)
{
	int32_t count = shared->applied_count;

	return count > 0 ? steps_of(plan)[shared->applied[count - 1]].name : "start";
}

/* The conversation ended before execve(2): by an error that the child left, or by its death. */
static int child_failed(const struct plan *plan, struct run *run, struct error *err)
{
	int status = 0;

	(void)waitpid(run->child, &status, 0);
	run->child = 0;
	if (run->shared->error.kind != ERROR_NONE) {
		*err = run->shared->error;
		return -1;
	}
	if (!WIFSIGNALED(status))
		return error_set(err, ERROR_SYSTEM, 0, "step '%s': the container ended early",
				 last_step(plan, run->shared));
	if (WTERMSIG(status) == SIGKILL && cgroup_oom_killed(&plan->cgroup, run)) {
		error_set(err, ERROR_SYSTEM, 0, "step '%s': killed by the memory limit during set-up",
			  last_step(plan, run->shared));
		return error_hint(err, "raise linux.resources.memory.limit (docker: --memory; sandbox: --mem)");
	}
	return error_set(err, ERROR_SYSTEM, 0, "step '%s': the container was killed by signal %d",
			 last_step(plan, run->shared), WTERMSIG(status));
}

/* As sync_await(), but a signal ends it as well. */
static int hear(struct run *run, enum sync_message message, int *ret_fd, struct error *err)
{
	TRY(wait_for_child(run, err));
	return sync_await(run->sync, message, ret_fd, err);
}

/* Waits for @message; the child's end is its failure. */
static int await_child(const struct plan *plan, struct run *run, enum sync_message message, int *ret_fd,
		       struct error *err)
{
	int gone = hear(run, message, ret_fd, err);

	return gone > 0 ? child_failed(plan, run, err) : gone;
}

/* From SYNC_RECORDED on it may live without the launcher: what can fail must have been done before. */
static int let_go(const struct plan *plan, const struct launch_options *options, struct run *run, struct error *err)
{
	TRY(await_child(plan, run, SYNC_CREATED, NULL, err));
	TRY(state_record(plan, run, err));
	TRY(hand_over_pidfd(plan, run, err));
	TRY(wait_write_pid(options->pid_file, run->child, err));
	return sync_tell(run->sync, SYNC_RECORDED, -1, err);
}

static int hand_over_listener(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int process = sys_pidfd_open(run->child);
	const struct listener_side side = {plan->id, run->child, process, run->sync, run->shared};

	TRY(await_child(plan, run, SYNC_LISTENING, NULL, err));
	int gone = listener_hand_over(&plan->listener, &side, err);
	return gone > 0 ? child_failed(plan, run, err) : gone;
}

static int await_exec(const struct plan *plan, struct run *run, struct error *err)
{
	int gone = hear(run, SYNC_END, NULL, err);

	if (gone <= 0)
		return gone < 0 ? -1 : error_set(err, ERROR_BUG, 0, "the container spoke out of turn");
	if (run->shared->error.kind != ERROR_NONE || !run->shared->executing)
		return child_failed(plan, run, err);
	return 0;
}

/* Until the child has said that it need not die with the launcher, the launcher may not end. */
static int await_parting(const struct plan *plan, struct run *run, struct error *err)
{
	int gone = hear(run, SYNC_END, NULL, err);

	if (gone <= 0)
		return gone < 0 ? -1 : error_set(err, ERROR_BUG, 0, "the container spoke out of turn");
	return run->shared->error.kind == ERROR_NONE ? 0 : child_failed(plan, run, err);
}

/* Until its caller says so. A signal, and the child's end, end that as well. */
static int hold_back(const struct plan *plan, const struct launch_options *options, struct run *run, struct error *err)
{
	if (!plan->process.held)
		return 0;
	TRY(await_child(plan, run, SYNC_READY, NULL, err));
	TRY(wait_announce_ready(options, run, err));
	int gone = wait_for_word(run, options->block_fd, err);
	if (gone != 0)
		return gone < 0 ? -1 : child_failed(plan, run, err);
	return sync_tell(run->sync, SYNC_RELEASED, -1, err);
}

static int launcher_side(const struct plan *plan, const struct launch_options *options, struct run *run,
			 struct error *err)
{
	if (steps_wanted(STEP_ATTACH, plan)) {
		TRY(await_child(plan, run, SYNC_ISOLATED, &run->netns, err));
		TRY(steps_apply(STEP_ATTACH, plan, run, err));
		TRY(sync_tell(run->sync, SYNC_ATTACHED, -1, err));
	}
	if (runtime_hooks_create_wanted(plan)) {
		TRY(await_child(plan, run, SYNC_HOOKS, NULL, err));
		TRY(runtime_hooks_launcher(plan, run, err));
		TRY(sync_tell(run->sync, SYNC_HOOKED, -1, err));
	}
	if (plan->terminal.pty) {
		TRY(await_child(plan, run, SYNC_TERMINAL, &run->terminal, err));
		TRY(hand_over_terminal(plan, run, err));
	}
	if (start_created_wanted(plan))
		TRY(let_go(plan, options, run, err));
	if (plan->lifecycle.waits)
		return await_parting(plan, run, err);
	TRY(hold_back(plan, options, run, err));
	if (plan->listener.path != NULL)
		TRY(hand_over_listener(plan, run, err));
	if (plan->reports) {
		TRY(await_child(plan, run, SYNC_LISTENING, &run->reporter, err));
		TRY(report_start(plan, run, options->report_fd, err));
	}
	TRY(await_exec(plan, run, err));
	dbus_hide(plan);
	/* Who waits for the end of a pipe waits for the program alone. */
	for (size_t i = 0; i < plan->process.kept.count; i++)
		(void)close((int)plan->process.kept.at[i]);
	if (!start_created_wanted(plan))
		TRY(state_record(plan, run, err));
	if (!plan->lifecycle.detached)
		TRY(state_unlock(run, err));
	TRY(wait_announce(plan, options, run, err));
	TRY(runtime_hooks_started(plan, run, err));
	if (plan->lifecycle.notify != NULL && plan->lifecycle.detached)
		TRY(state_unlock(run, err));
	return notify_launched(plan, run, err);
}

/* ---- both sides together */

static int launch(const struct plan *plan, const struct launch_options *options, struct run *run, int *ret_status,
		  struct error *err)
{
	int pair[2], control[2] = {-1, -1};
	struct wait wait;

	TRY(steps_apply(STEP_OPEN, plan, run, err));
	TRY(wait_prepare(&wait, run, err));
	if (sys_socketpair(pair) < 0 || (plan->terminal.pty && plan->process.init && sys_socketpair(control) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the sockets of the launch");
	run->sync = pair[0];
	TRY(steps_apply(STEP_PREPARE, plan, run, err));
	/* The child has control[1] at this number; the launcher takes the other end after the clone. */
	run->control = control[1];
	int started = launch_child(plan, run, &pair[1], err);
	fd_close(&run->control);
	run->control = control[0];
	/* The container is in the scope, or never will be. */
	cgroup_scope_let_go(run);
	TRY(started);
	TRY(launcher_side(plan, options, run, err));
	fd_close(&run->interrupts);
	if (plan->lifecycle.detached)
		return 0;
	int result = wait_for_exit(&wait, plan, run, ret_status, err);
	notify_end(run);
	if (result == 0 && options->oom != NULL)
		*options->oom = cgroup_oom_killed(&plan->cgroup, run);
	return result;
}

int launch_undo(const struct plan *plan, struct run *run, struct error *err)
{
	if (run->child > 0) {
		(void)sys_kill(run->child, run->shared->executing ? run->ending : SIGKILL);
		(void)waitpid(run->child, NULL, 0);
	}
	TRY(state_take_back(run, err));
	return steps_undo(plan, run, err);
}

static void advise(const struct plan *plan, struct error *err)
{
	/* Whoever makes a user namespace is often in a container itself. */
	if ((plan->namespaces.fresh & CLONE_NEWUSER) != 0)
		doctor_advise(err);
	if (err->errnum == ENOSYS)
		error_advise(err, "this kernel is too old, or a filter around casemate hides a system call from it");
	/* pid_namespaces(7): nothing can be forked there any more. */
	if (plan->namespaces.join[NAMESPACE_PID].path != NULL && err->errnum == ENOMEM)
		error_advise(err, "the first process of the pid namespace that is joined may have ended");
	if (plan->remounts && err->errnum == EBUSY)
		error_advise(err, "before Linux 5.12 no mount that is bound may be covered by another one");
}

int launch_run(const struct plan *plan, const struct launch_options *options, int *ret_status, struct error *err)
{
	struct run run;
	struct error later;

	TRY(plan_check_refusals(plan, err));
	if (launch_open(plan, &run, err) < 0 || arena_freeze(plan->arena, err) < 0) {
		launch_close(plan, &run);
		return -1;
	}
	int result = launch(plan, options, &run, ret_status, err);
	if (result < 0 && !join_ended(plan, &run, err))
		advise(plan, err);
	bool lives = result == 0 && (plan->lifecycle.detached || plan->lifecycle.keep);
	if (!lives && launch_undo(plan, &run, result == 0 ? err : &later) < 0)
		result = -1;
	if (plan->reports) {
		wait_let_go();
		report_end(&run, result == 0 ? stderr : NULL);
	}
	launch_close(plan, &run);
	if (!lives && runtime_hooks_ended(plan, &run, result == 0 ? err : &later) < 0)
		result = -1;
	wait_let_go();
	wait_conclude(options, result == 0 ? "exited" : "failed", result == 0 ? *ret_status : error_exit_status(err));
	return result;
}
