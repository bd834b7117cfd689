// SPDX-License-Identifier: Apache-2.0
#include "run/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "run/sync.h"

enum { BLOCK = 4096 };

struct relay {
	struct run *run;
	bool outer; /* the caller's standard input is a terminal */
	bool input_open;
	char waiting[BLOCK]; /* input that the pty has no room for yet */
	size_t waiting_from, waiting_to;
	struct termios saved;
	int status;
	bool ended;
};

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
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void leave_raw(const struct relay *relay)
{
	if (relay->outer)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved);
}

/* From the pty to the caller. Returns false at the end: EIO is how a pty says that its last slave was closed. */
static bool pass_output(const struct relay *relay)
{
	char block[BLOCK];
	ssize_t got = read(relay->run->terminal, block, sizeof(block));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return got > 0 && fd_write_all(STDOUT_FILENO, block, (size_t)got) == 0;
}

/* A program need not read: what does not fit stays, and no more is taken from the caller meanwhile. */
static void write_input(struct relay *relay)
{
	ssize_t wrote = write(relay->run->terminal, relay->waiting + relay->waiting_from,
			      relay->waiting_to - relay->waiting_from);

	if (wrote > 0)
		relay->waiting_from += (size_t)wrote;
	else if (wrote < 0 && errno != EAGAIN && errno != EINTR)
		relay->waiting_from = relay->waiting_to;
}

static void take_input(struct relay *relay)
{
	ssize_t got = read(STDIN_FILENO, relay->waiting, sizeof(relay->waiting));

	relay->waiting_from = 0;
	relay->waiting_to = got > 0 ? (size_t)got : 0;
	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		relay->input_open = false;
	if (got > 0)
		write_input(relay);
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
	if (relay->outer)
		(void)raise(SIGSTOP);
	enter_raw(relay);
	copy_size(relay);
	return sync_tell(relay->run->control, SYNC_CONTINUE, -1, err);
}

static void take_signal(struct relay *relay, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		copy_size(relay);
	else if (info.ssi_signo == SIGCHLD)
		relay->ended = waitpid(relay->run->child, &relay->status, WNOHANG) == relay->run->child;
	else
		(void)sys_kill(relay->run->child, (int)info.ssi_signo);
}

/* A program that only writes must not lose what is on its way when it ends. */
static void drain(const struct relay *relay)
{
	struct pollfd master = {.fd = relay->run->terminal, .events = POLLIN};

	while (poll(&master, 1, 0) > 0 && (master.revents & POLLIN) != 0)
		if (!pass_output(relay))
			return;
}

/* No slave is open just now: a process that is about to end, or has not opened it yet. */
static void pause_for_signals(struct pollfd *signals)
{
	(void)poll(signals, 1, 20);
}

static int relay_once(struct relay *relay, int signals, uint64_t deadline_ms, struct error *err)
{
	enum { SIGNALS, MASTER, INPUT, CONTROL, COUNT };
	bool full = relay->waiting_from < relay->waiting_to;
	short master_events = full ? POLLIN | POLLOUT : POLLIN;
	struct pollfd fds[COUNT] = {
		[SIGNALS] = {.fd = signals, .events = POLLIN},
		[MASTER] = {.fd = relay->run->terminal, .events = master_events},
		[INPUT] = {.fd = relay->input_open && !full ? STDIN_FILENO : -1, .events = POLLIN},
		[CONTROL] = {.fd = relay->run->control, .events = POLLIN},
	};
	int ready = poll(fds, COUNT, clock_left(deadline_ms));

	if (ready < 0 && errno != EINTR)
		return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the terminal");
	if (ready == 0 && clock_passed(deadline_ms))
		(void)sys_kill(relay->run->child, relay->run->ending);
	if (ready <= 0)
		return 0;
	if ((fds[MASTER].revents & POLLOUT) != 0)
		write_input(relay);
	if ((fds[MASTER].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !pass_output(relay))
		pause_for_signals(&fds[SIGNALS]);
	if (fds[INPUT].revents != 0)
		take_input(relay);
	if (fds[CONTROL].revents != 0)
		TRY(stop_with_workload(relay, err));
	if (fds[SIGNALS].revents != 0)
		take_signal(relay, signals);
	return 0;
}

int relay_until_exit(struct run *run, int signals, uint64_t deadline_ms, int *ret_status, struct error *err)
{
	struct relay relay = {.run = run, .input_open = true};
	int result = 0;

	if (fcntl(run->terminal, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot relay the terminal");
	relay.outer = tcgetattr(STDIN_FILENO, &relay.saved) == 0;
	copy_size(&relay);
	enter_raw(&relay);
	while (!relay.ended && result == 0)
		result = relay_once(&relay, signals, deadline_ms, err);
	drain(&relay);
	leave_raw(&relay);
	*ret_status = relay.status;
	return result;
}
