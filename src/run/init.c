// SPDX-License-Identifier: Apache-2.0
#include "run/init.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/self.h"
#include "base/sys.h"
#include "run/sync.h"

bool init_apply_wanted(const struct plan *plan)
{
	return plan->process.init;
}

void init_apply_explain(const struct plan *plan, struct explain *out)
{
	if (plan->without_userns)
		explain_say(
			out, EXPLAIN_DOES, "default",
			"an init of casemate's reaps, forwards signals, and ends all that the program leaves behind");
	else
		explain_say(out, EXPLAIN_DOES, "default",
			    "pid 1 is an init of casemate's: it reaps, forwards signals and ends with the program");
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * The workload stopped itself or was stopped from its terminal. Its launcher stops as well, so that the caller's shell
 * has the terminal back, and says when to go on. Without a terminal there is nobody to tell.
 */
static void workload_stopped(pid_t workload, int control)
{
	struct error ignored;

	if (control < 0)
		return;
	if (sync_tell(control, SYNC_STOPPED, -1, &ignored) == 0 &&
	    sync_await(control, SYNC_CONTINUE, NULL, &ignored) == 0) {
		(void)tcsetpgrp(STDIN_FILENO, workload);
		(void)sys_kill(-workload, SIGCONT);
	}
}

/* Reaps everything that is there to reap. Returns the workload's exit status when it was among it, else -1. */
static int reap(pid_t workload, int control)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | (control >= 0 ? WUNTRACED : 0))) > 0) {
		if (pid != workload)
			continue;
		if (WIFSTOPPED(status))
			workload_stopped(workload, control);
		else
			return exit_status(status);
	}
	return -1;
}

/*
 * Without a pid namespace nobody ends what is left: all processes of init's Landlock domain are what it may signal, and
 * whoever is orphaned in it becomes init's child. keep_apart() has tried that this is so.
 */
static void end_all(void)
{
	do
		(void)sys_kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

static _Noreturn void init_loop(pid_t workload, int control, bool alone)
{
	sigset_t all;
	int status = -1;

	sigfillset(&all);
	while (status < 0) {
		int signal = sigwaitinfo(&all, NULL);

		if (signal == SIGCHLD) {
			status = reap(workload, control);
		} else if (alone && signal == INIT_END) {
			end_all();
			(void)sys_kill(getpid(), SIGKILL);
		} else if (signal > 0) {
			(void)sys_kill(workload, signal);
		}
	}
	/* The kernel kills what is left of a pid namespace. */
	if (alone)
		end_all();
	_exit(status);
}

/* Before there is anybody to end. The launcher has the same user, and must be out of reach. */
static int keep_apart(pid_t launcher, struct error *err)
{
	if (sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot become the parent of orphans");
	if (sys_kill(launcher, 0) == 0 || errno != EPERM)
		return error_set(err, ERROR_HOST, 0, "Landlock does not keep signals in the sandbox");
	return 0;
}

/* Killed with the launcher it could end nobody: it is told instead. */
static void outlive(pid_t launcher)
{
	(void)sys_prctl(PR_SET_PDEATHSIG, INIT_END, 0, 0, 0);
	if (getppid() != launcher)
		(void)sys_kill(getpid(), INIT_END);
}

/* An init that is killed from outside takes the program along. */
static int follow_init(pid_t init, struct error *err)
{
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != init)
		return error_set(err, ERROR_SYSTEM, errno, "cannot tie the program to its init");
	return 0;
}

static void become_init(const struct run *run)
{
	/* The end of file on the conversation must come from the workload; streams of the caller are not init's to
	 * keep. */
	(void)sys_prctl(PR_SET_NAME, (unsigned long)"casemate:[init]", 0, 0, 0);
	(void)fd_close_others(run->control >= 0 ? 3 : 0, &run->control, 1);
}

int init_apply(const struct plan *plan, struct run *run, struct error *err)
{
	pid_t launcher = getppid(), init = getpid();
	bool alone = plan->without_userns;
	sigset_t all;

	if (alone)
		TRY(keep_apart(launcher, err));
	/* Init waits for signals rather than being interrupted; a background group may not take the terminal
	 * (tcsetpgrp(3)). */
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot block signals");
	/* Before there is anybody to read them; what is executed was copied (config/options.c). */
	self_rename("casemate:[init]");
	pid_t workload = sys_clone(0, -1, NULL);

	if (workload < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot start the program beside its init");
		return errno == EAGAIN
			       ? error_hint(err, "raise the limit of processes: --pids, --rlimit NPROC, or `ulimit -u`")
			       : -1;
	}
	if (workload > 0) {
		/* Done on both sides: whoever is first, nobody sees a group that is not there yet. */
		(void)setpgid(workload, workload);
		become_init(run);
		if (alone && plan->process.die_with_parent)
			outlive(launcher);
		init_loop(workload, run->control, alone);
	}
	if (alone)
		TRY(follow_init(init, err));
	if (setpgid(0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a process group");
	if (plan->terminal.pty && tcsetpgrp(STDIN_FILENO, getpid()) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot give the terminal to the program");
	return 0;
}
