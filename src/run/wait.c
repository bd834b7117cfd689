// SPDX-License-Identifier: Apache-2.0
#include "run/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "run/relay.h"
#include "run/steps.h"

/* What people and service managers send when something shall end. */
static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void stopping_signals(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++)
		sigaddset(set, stopping[i]);
}

int wait_prepare(struct wait *wait, struct run *run, struct error *err)
{
	/* These mean something to this process, or cannot be blocked sensibly. */
	static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t interrupts;

	sigfillset(&wait->signals);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&wait->signals, own[i]);
	/* A caller that ignores SIGCHLD would leave nothing to wait for. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || sigprocmask(SIG_BLOCK, &wait->signals, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot block signals");
	stopping_signals(&interrupts);
	run->interrupts = signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->interrupts < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot take signals");
	return 0;
}

/*
 * A child in the middle of a hanging file system may not even die at once: the next signal need not wait for that, and
 * leaves everything to `delete`. timeout(1) sends one to the process and one to its group, which are the same signal.
 */
static int interrupted(const struct run *run, struct error *err)
{
	static const struct timespec moment = {.tv_nsec = 200000000};
	struct signalfd_siginfo info = {0}, same;
	sigset_t again;

	if (read(run->interrupts, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return error_set(err, ERROR_SYSTEM, errno, "cannot take signals");
	nanosleep(&moment, NULL);
	while (read(run->interrupts, &same, sizeof(same)) == (ssize_t)sizeof(same))
		continue;
	stopping_signals(&again);
	(void)sigprocmask(SIG_UNBLOCK, &again, NULL);
	return error_set(err, ERROR_SYSTEM, 0, "the launch was interrupted by signal %u", info.ssi_signo);
}

int wait_interrupted(const struct run *run, struct error *err)
{
	struct pollfd interrupts = {.fd = run->interrupts, .events = POLLIN};

	return poll(&interrupts, 1, 0) > 0 ? interrupted(run, err) : -1;
}

int wait_for_child(const struct run *run, struct error *err)
{
	struct pollfd fds[] = {{.fd = run->sync, .events = POLLIN}, {.fd = run->interrupts, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the container");
	return fds[0].revents == 0 ? interrupted(run, err) : 0;
}

int wait_for_word(const struct run *run, int fd, struct error *err)
{
	struct pollfd fds[] = {{.fd = run->sync, .events = POLLIN},
			       {.fd = run->interrupts, .events = POLLIN},
			       {.fd = fd, .events = POLLIN}};

	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return error_set(err, ERROR_USAGE, 0, "--block-fd %d: it is open for writing alone", fd);
	while (poll(fds, 3, -1) < 0)
		if (errno != EINTR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the caller");
	if (fds[1].revents != 0)
		return interrupted(run, err);
	if (fds[0].revents != 0)
		return 1;
	return (fds[2].revents & (POLLIN | POLLHUP)) != 0
		       ? 0
		       : error_set(err, ERROR_USAGE, 0, "--block-fd %d: there is nothing to wait for", fd);
}

static int wait_for_process(const struct run *run, pid_t pid, int *ret_status, struct error *err)
{
	sigset_t signals;
	pid_t ended;

	stopping_signals(&signals);
	sigaddset(&signals, SIGCHLD);
	while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0) {
		int number = sigwaitinfo(&signals, NULL);

		if (number > 0 && number != SIGCHLD) {
			(void)sys_kill(getpid(), number);
			return interrupted(run, err);
		}
	}
	return ended < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot wait for the stage process") : 0;
}

/* The kernel has written the child down before either of them went on. */
void wait_end_stage(pid_t stage, struct run *run)
{
	(void)sys_kill(stage, SIGKILL);
	(void)waitpid(stage, NULL, 0);
	run->child = run->shared->child;
}

int wait_for_stage(pid_t stage, struct run *run, struct error *err)
{
	int status;

	if (wait_for_process(run, stage, &status, err) < 0) {
		wait_end_stage(stage, run);
		return -1;
	}
	run->child = run->shared->child;
	if (status == 0 && run->child > 0)
		return 0;
	/* Only without a child is the error the stage's own, and whole: a child may be writing one just now. */
	if (WIFEXITED(status) && run->child == 0 && run->shared->error.kind != ERROR_NONE) {
		*err = run->shared->error;
		return -1;
	}
	return error_set(err, ERROR_SYSTEM, 0, "the stage process died");
}

/* Whoever reads it sees all of it or nothing; no newline, because its readers do not expect one. */
int wait_write_pid(const char *path, pid_t pid, struct error *err)
{
	char text[16], temporary[4096];
	int length = snprintf(text, sizeof(text), "%d", pid);

	if (path == NULL)
		return 0;
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.%d", path, getpid()) >= sizeof(temporary))
		return error_set(err, ERROR_USAGE, ENAMETOOLONG, "cannot write the pid file '%s'", path);
	AUTOCLOSE int fd = sys_openat(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	if (fd < 0 || fd_write_all(fd, text, (size_t)length) < 0 || rename(temporary, path) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot write the pid file '%s'", path);
		if (fd >= 0)
			(void)sys_unlinkat(AT_FDCWD, temporary, 0);
		return -1;
	}
	return 0;
}

static int write_trace(const struct plan *plan, const struct run_shared *shared, int fd, struct error *err)
{
	for (int32_t i = 0; i < shared->applied_count; i++) {
		const char *name = steps_of(plan)[shared->applied[i]].name;

		if (fd_write_all(fd, name, strlen(name)) < 0 || fd_write_all(fd, "\n", 1) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot write the trace of the steps");
	}
	return 0;
}

int wait_announce_ready(const struct launch_options *options, const struct run *run, struct error *err)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "{\"event\":\"ready\",\"pid\":%d}\n", run->child);

	if (options->status_fd >= 0 && fd_write_all(options->status_fd, line, (size_t)length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write to the status descriptor");
	return 0;
}

int wait_announce(const struct plan *plan, const struct launch_options *options, const struct run *run,
		  struct error *err)
{
	char line[128];

	if (options->trace_fd >= 0)
		TRY(write_trace(plan, run->shared, options->trace_fd, err));
	if (options->status_fd < 0)
		return 0;
	int length = snprintf(line, sizeof(line), "{\"event\":\"started\",\"pid\":%d}\n", run->child);
	if (fd_write_all(options->status_fd, line, (size_t)length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write to the status descriptor");
	return 0;
}

void wait_let_go(void)
{
	sigset_t set;

	stopping_signals(&set);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void wait_conclude(const struct launch_options *options, const char *event, int status)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "{\"event\":\"%s\",\"status\":%d}\n", event, status);

	if (options->status_fd >= 0)
		(void)fd_write_all(options->status_fd, line, (size_t)length);
}

/* The next signal, or 0 when @deadline (0: none) has passed. */
static int next_signal(const sigset_t *signals, uint64_t deadline)
{
	struct timespec left = {0};
	uint64_t now;

	if (deadline == 0)
		return sigwaitinfo(signals, NULL);
	now = clock_ms();
	if (now < deadline) {
		left.tv_sec = (time_t)((deadline - now) / 1000);
		left.tv_nsec = (long)((deadline - now) % 1000) * 1000000;
	}
	int signal = sigtimedwait(signals, NULL, &left);
	return signal < 0 && errno == EAGAIN ? 0 : signal;
}

static void forward_until_exit(const struct wait *wait, struct run *run, uint64_t deadline, int *ret_status)
{
	while (waitpid(run->child, ret_status, WNOHANG) != run->child) {
		int signal = next_signal(&wait->signals, deadline);

		if (signal == 0)
			(void)sys_kill(run->child, run->ending);
		else if (signal > 0 && signal != SIGCHLD)
			(void)sys_kill(run->child, signal);
		deadline = signal == 0 ? 0 : deadline;
	}
}

static int relay(const struct wait *wait, const struct plan *plan, struct run *run, uint64_t deadline, int *ret_status,
		 struct error *err)
{
	AUTOCLOSE int signals = signalfd(-1, &wait->signals, SFD_CLOEXEC | SFD_NONBLOCK);

	if (signals < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot take signals");
	return relay_until_exit(&(struct relay_task){run, signals, plan->terminal.streams, deadline}, ret_status, err);
}

/* A launcher that is stopped, as with its program by Ctrl-Z, would let the time pass: SIGCONT is for that moment. */
static void wake_at(uint64_t deadline)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(deadline / 1000), .tv_nsec = (long)(deadline % 1000) * 1000000}};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		(void)timer_settime(timer, TIMER_ABSTIME, &when, NULL);
}

int wait_for_exit(const struct wait *wait, const struct plan *plan, struct run *run, int *ret_status, struct error *err)
{
	uint64_t limit = plan->process.time_limit_ms;
	uint64_t deadline = limit == 0 ? 0 : clock_ms() + limit;
	int status = 0;

	if (deadline != 0)
		wake_at(deadline);
	/* It is somebody else's where it went to a console socket. */
	if (run->terminal >= 0)
		TRY(relay(wait, plan, run, deadline, &status, err));
	else
		forward_until_exit(wait, run, deadline, &status);
	run->child = 0;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (clock_passed(deadline) && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		*ret_status = WAIT_TIMED_OUT;
	return 0;
}
