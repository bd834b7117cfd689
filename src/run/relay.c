// SPDX-License-Identifier: Apache-2.0
#include "run/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "run/sync.h"

enum { BLOCK = 4096, LOOK_MS = 200 };

/* On its way, and the other side has no room for it yet: no more is taken meanwhile. */
struct waiting {
	char bytes[BLOCK];
	size_t from, to;
};

struct relay {
	struct run *run;
	bool outer; /* the caller's standard input is a terminal */
	bool raw;
	bool shared; /* others write to that terminal as it was, as a pipe's next program does */
	bool input_open;
	int output;
	uint64_t deadline_ms;
	struct waiting in, out;
	struct termios saved;
	int status;
	bool ended;
};

static bool is_waiting(const struct waiting *waiting)
{
	return waiting->from < waiting->to;
}

static void copy_size(const struct relay *relay)
{
	struct winsize size;

	if (relay->outer && sys_ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)sys_ioctl(relay->run->terminal, TIOCSWINSZ, &size);
}

static void enter_raw(struct relay *relay)
{
	struct termios raw;

	if (!relay->outer)
		return;
	raw = relay->saved;
	cfmakeraw(&raw);
	if (relay->shared)
		raw.c_oflag = relay->saved.c_oflag;
	relay->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

/* In the background nothing is read from the terminal or changed of it: the kernel would stop this process (SIGTTOU).
 * No signal tells when a shell's `fg` ends that. */
static void look_for_foreground(struct relay *relay)
{
	pid_t foreground = relay->outer && !relay->raw ? tcgetpgrp(STDIN_FILENO) : 0;

	if (foreground == 0 || (foreground > 0 && foreground != getpgrp()))
		return;
	enter_raw(relay);
	copy_size(relay);
}

/* Not twice: in the background it would stop this process. */
static void leave_raw(struct relay *relay)
{
	if (relay->raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved);
	relay->raw = false;
}

/* Whoever reads neither is no reason to wait: signals and the time still count. */
static void write_waiting(int fd, struct waiting *waiting)
{
	ssize_t wrote = write(fd, waiting->bytes + waiting->from, waiting->to - waiting->from);

	if (wrote > 0)
		waiting->from += (size_t)wrote;
	else if (wrote < 0 && errno != EAGAIN && errno != EINTR)
		waiting->from = waiting->to;
}

/* From the pty to the caller. Returns false at the end: EIO is how a pty says that its last slave was closed. */
static bool pass_output(struct relay *relay)
{
	ssize_t got = read(relay->run->terminal, relay->out.bytes, BLOCK);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	relay->out.from = 0;
	relay->out.to = (size_t)got;
	write_waiting(relay->output, &relay->out);
	return true;
}

static void take_input(struct relay *relay)
{
	ssize_t got = read(STDIN_FILENO, relay->in.bytes, BLOCK);

	relay->in.from = 0;
	relay->in.to = got > 0 ? (size_t)got : 0;
	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		relay->input_open = false;
	if (got > 0)
		write_waiting(relay->run->terminal, &relay->in);
}

/* The workload was stopped: the caller's shell gets its terminal back until it continues the launcher. */
static int stop_with_workload(struct relay *relay, struct error *err)
{
	int gone = sync_await(relay->run->control, SYNC_STOPPED, NULL, err);

	if (gone != 0) {
		fd_close(&relay->run->control);
		return gone < 0 ? -1 : 0;
	}
	leave_raw(relay);
	/* Not SIGSTOP: where no shell could continue it, it does not stop (POSIX: an orphaned process group). */
	if (relay->outer)
		(void)raise(SIGTSTP);
	return sync_tell(relay->run->control, SYNC_CONTINUE, -1, err);
}

/* Whoever stopped this process may have changed the terminal meanwhile, as shells do. */
static void take_continue(struct relay *relay)
{
	relay->raw = false;
	look_for_foreground(relay);
	(void)sys_kill(relay->run->child, SIGCONT);
}

static void look_for_end(struct relay *relay)
{
	relay->ended = waitpid(relay->run->child, &relay->status, WNOHANG) == relay->run->child;
}

static void take_signal(struct relay *relay, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		copy_size(relay);
	else if (info.ssi_signo == SIGCONT)
		take_continue(relay);
	else if (info.ssi_signo == SIGCHLD)
		look_for_end(relay);
	else
		(void)sys_kill(relay->run->child, (int)info.ssi_signo);
}

/* It is sent again: whatever else nobody reads does not keep this process either (wait_let_go()). */
static bool wants_end(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGINT && info.ssi_signo != SIGTERM && info.ssi_signo != SIGHUP &&
		    info.ssi_signo != SIGQUIT)
			continue;
		(void)sys_kill(getpid(), (int)info.ssi_signo);
		return true;
	}
	return false;
}

/* Returns whether it was written, or a signal came first. */
static bool write_rest(struct relay *relay, int signals)
{
	struct pollfd fds[] = {{.fd = relay->output, .events = POLLOUT}, {.fd = signals, .events = POLLIN}};

	if (poll(fds, 2, -1) < 0 || (fds[1].revents != 0 && wants_end(signals)))
		return false;
	if (fds[0].revents != 0)
		write_waiting(relay->output, &relay->out);
	return true;
}

/* A program that only writes must not lose what is on its way when it ends; whoever does not read is not waited for
 * against a signal. */
static void drain(struct relay *relay, int signals)
{
	struct pollfd master = {.fd = relay->run->terminal, .events = POLLIN};
	bool more = true;

	while (more)
		if (is_waiting(&relay->out))
			more = write_rest(relay, signals);
		else
			more = poll(&master, 1, 0) > 0 && (master.revents & POLLIN) != 0 && pass_output(relay);
}

/* No slave is open just now: a process that is about to end, or has not opened it yet. */
static void pause_for_signals(struct pollfd *signals)
{
	(void)poll(signals, 1, 20);
}

/* The program is killed once: after that only its end is waited for. */
static void check_time(struct relay *relay)
{
	if (!clock_passed(relay->deadline_ms))
		return;
	relay->deadline_ms = 0;
	(void)sys_kill(relay->run->child, relay->run->ending);
}

enum { SIGNALS, MASTER, INPUT, OUTPUT, CONTROL, COUNT };

static void pass_on(struct relay *relay, struct pollfd fds[COUNT])
{
	bool held = is_waiting(&relay->out);

	if ((fds[MASTER].revents & POLLOUT) != 0)
		write_waiting(relay->run->terminal, &relay->in);
	if (fds[OUTPUT].revents != 0)
		write_waiting(relay->output, &relay->out);
	if (!held && (fds[MASTER].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !pass_output(relay))
		pause_for_signals(&fds[SIGNALS]);
	if (fds[INPUT].revents != 0)
		take_input(relay);
}

static int relay_once(struct relay *relay, int signals, struct error *err)
{
	look_for_foreground(relay);
	bool full = is_waiting(&relay->in), held = is_waiting(&relay->out), away = relay->outer && !relay->raw;
	short master_events = (short)((held ? 0 : POLLIN) | (full ? POLLOUT : 0));
	struct pollfd fds[COUNT] = {
		[SIGNALS] = {.fd = signals, .events = POLLIN},
		[MASTER] = {.fd = master_events != 0 ? relay->run->terminal : -1, .events = master_events},
		[INPUT] = {.fd = relay->input_open && !full && !away ? STDIN_FILENO : -1, .events = POLLIN},
		[OUTPUT] = {.fd = held ? relay->output : -1, .events = POLLOUT},
		[CONTROL] = {.fd = relay->run->control, .events = POLLIN},
	};
	int left = clock_left(relay->deadline_ms);
	int ready = poll(fds, COUNT, away && (left < 0 || left > LOOK_MS) ? LOOK_MS : left);

	if (ready < 0 && errno != EINTR)
		return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the terminal");
	check_time(relay);
	if (ready <= 0)
		return 0;
	pass_on(relay, fds);
	if (fds[CONTROL].revents != 0)
		TRY(stop_with_workload(relay, err));
	if (fds[SIGNALS].revents != 0)
		take_signal(relay, signals);
	return 0;
}

/* What the program writes to its terminal goes to the caller's, which is one of these. */
static int output_stream(unsigned streams)
{
	if ((streams & 1U << STDOUT_FILENO) != 0)
		return STDOUT_FILENO;
	return (streams & 1U << STDERR_FILENO) != 0 ? STDERR_FILENO : STDIN_FILENO;
}

/* Opened anew, so that it does not block: others share the caller's. Where that is not to be had, it may. */
static int open_output(int stream)
{
	char name[32];
	struct stat status;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", stream);
	if (isatty(stream) || (fstat(stream, &status) == 0 && S_ISFIFO(status.st_mode)))
		return sys_openat(AT_FDCWD, name, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
	return -1;
}

int relay_until_exit(const struct relay_task *task, int *ret_status, struct error *err)
{
	const unsigned outputs = 1U << STDOUT_FILENO | 1U << STDERR_FILENO;
	int stream = output_stream(task->streams);
	AUTOCLOSE int output = open_output(stream);
	struct relay relay = {.run = task->run,
			      .input_open = true,
			      .output = output < 0 ? stream : output,
			      .shared = (task->streams & outputs) != outputs,
			      .deadline_ms = task->deadline_ms};
	int result = 0;

	if (fcntl(task->run->terminal, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot relay the terminal");
	relay.outer = tcgetattr(STDIN_FILENO, &relay.saved) == 0;
	copy_size(&relay);
	/* One SIGCHLD stands for all that came: it may have been taken for another process' end. */
	look_for_end(&relay);
	while (!relay.ended && result == 0)
		result = relay_once(&relay, task->signals, err);
	drain(&relay, task->signals);
	leave_raw(&relay);
	*ret_status = relay.status;
	return result;
}
