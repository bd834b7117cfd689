// SPDX-License-Identifier: Apache-2.0
#include "parts/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"

enum { PATIENCE_MS = 10000, SAID = 2048 };

/* ---- the keeper */

/* The launcher's conversations end when both sides have closed them: a copy here would keep them open. */
static int close_others(const struct keeper *keeper, int hold)
{
	int kept[KEEPER_FDS + 1] = {hold};

	for (size_t i = 0; i < KEEPER_FDS; i++)
		kept[i + 1] = keeper->fds[i];
	return fd_close_others(3, kept, KEEPER_FDS + 1);
}

static _Noreturn void start_program(const struct keeper *keeper)
{
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) >= 0)
		keeper->become(keeper);
	_exit(127);
}

static _Noreturn void keep(const struct keeper *keeper, int hold)
{
	sigset_t all;
	int status;
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);

	sigfillset(&all);
	/* The user's ^C is for the sandbox, which ends in order. */
	if (null < 0 || sigprocmask(SIG_SETMASK, &all, NULL) < 0 || sys_setsid() < 0 || sys_dup3(null, 0, 0) < 0 ||
	    sys_dup3(null, 1, 0) < 0 || sys_dup3(null, 2, 0) < 0 || close_others(keeper, hold) < 0)
		_exit(1);
	int process = -1;
	pid_t program = sys_clone(0, -1, &process);
	if (program == 0)
		start_program(keeper);
	if (program < 0)
		_exit(1);
	/* Its end of what it says is its own. */
	for (size_t i = 0; i < KEEPER_FDS; i++)
		if (keeper->fds[i] > 2)
			(void)close(keeper->fds[i]);
	struct pollfd watched[] = {{.fd = hold, .events = POLLIN}, {.fd = process, .events = POLLIN}};
	while (poll(watched, 2, -1) < 0 && errno == EINTR)
		continue;
	(void)sys_kill(program, SIGKILL);
	(void)waitpid(program, &status, 0);
	if (keeper->clean != NULL)
		keeper->clean(keeper);
	_exit(0);
}

/* ---- the launcher */

int keeper_start(const struct keeper *keeper, struct run_keeper *ret, struct error *err)
{
	int hold[2] = {-1, -1};

	if (sys_pipe(hold) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start %s", keeper->what);
	ret->hold = hold[1];
	AUTOCLOSE int its_hold = hold[0];
	ret->pid = sys_clone(0, -1, NULL);
	if (ret->pid == 0)
		keep(keeper, its_hold);
	if (ret->pid < 0) {
		ret->pid = 0;
		return error_set(err, ERROR_SYSTEM, errno, "cannot start %s", keeper->what);
	}
	return 0;
}

bool keeper_hear(int fd, bool (*ready)(const char *said))
{
	uint64_t deadline = clock_ms() + PATIENCE_MS;
	struct pollfd watched = {.fd = fd, .events = POLLIN};
	char said[SAID + 1] = "";
	size_t length = 0;

	while (!ready(said) && length < SAID) {
		if (clock_passed(deadline))
			return false;
		if (poll(&watched, 1, clock_left(deadline)) <= 0)
			continue;
		ssize_t got = read(fd, said + length, SAID - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		length += (size_t)got;
		said[length] = '\0';
	}
	return ready(said);
}

void keeper_end(struct run_keeper *keeper)
{
	fd_close(&keeper->hold);
	if (keeper->pid > 0)
		while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	keeper->pid = 0;
}
