// SPDX-License-Identifier: Apache-2.0
#include "run/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/printable.h"
#include "base/sys.h"
#include "run/state_files.h"

enum {
	MESSAGE = 4096,
	BARRIER_MS = 30000, /* as sd_notify_barrier(3) is used by others */
	LAST_WORDS_MS = 5000,
};

static const char variable[] = "NOTIFY_SOCKET";

/* ---- what is passed on */

/*
 * What a manager shows, or does with the service alone. Not MAINPID, which would be a process of the host; not FDSTORE
 * and BARRIER, which come with descriptors; not NOTIFYACCESS and WATCHDOG_USEC, by which it would change its own
 * bounds.
 */
static bool is_known(const char *line, size_t length)
{
	static const char *const whole[] = {"READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1"};
	static const char *const keys[] = {"STATUS=", "ERRNO=", "BUSERROR=", "EXIT_STATUS=", "MONOTONIC_USEC="};

	for (size_t i = 0, step; i < length; i += step) {
		step = printable_length(line + i, length - i);
		if (step == 0)
			return false;
	}
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strlen(whole[i]) == length && memcmp(line, whole[i], length) == 0)
			return true;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i]) < length && memcmp(line, keys[i], strlen(keys[i])) == 0)
			return true;
	return false;
}

bool notify_filter(const char *message, size_t length, char *ret_text)
{
	bool ready = false;
	size_t used = 0;

	for (size_t at = 0; at < length;) {
		const char *end = memchr(message + at, '\n', length - at);
		size_t size = end == NULL ? length - at : (size_t)(end - message) - at;

		if (is_known(message + at, size)) {
			ready |= size == 7 && memcmp(message + at, "READY=1", 7) == 0;
			memcpy(ret_text + used, message + at, size);
			used += size;
			ret_text[used++] = '\n';
		}
		at += size + 1;
	}
	ret_text[used] = '\0';
	return ready;
}

/* ---- sockets */

void notify_close(struct notify *notify)
{
	fd_close(&notify->inside);
	fd_close(&notify->outside);
	fd_close(&notify->process);
}

/* Any user of the container may send: the directory is in no other's reach. */
static int bind_inside(int state, struct error *err)
{
	AUTOCLOSE int directory = sys_openat(state, STATE_NOTIFY, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	if (directory < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '" STATE_NOTIFY "' of the container's state");
	(void)sys_unlinkat(directory, STATE_NOTIFY_SOCKET, 0);
	mode_t before = sys_umask(0111);
	int inside = sys_unix_bind(directory, STATE_NOTIFY_SOCKET);
	int reason = errno;
	sys_umask(before);
	return inside < 0 ? error_set(err, ERROR_SYSTEM, reason, "cannot make the container's notify socket") : inside;
}

static int connect_outside(struct error *err)
{
	const char *path = getenv(variable);
	int outside = sys_unix_connect_datagram(path);

	if (outside >= 0)
		return outside;
	error_set(err, ERROR_HOST, errno,
		  "cannot connect to the socket '%s' of "
		  "NOTIFY_SOCKET",
		  path);
	return error_hint(err, "unset NOTIFY_SOCKET, or run it as a service of Type=notify");
}

int notify_open(const struct state *state, struct notify *ret, struct error *err)
{
	*ret = (struct notify){.inside = -1, .outside = -1, .process = -1, .interrupts = -1};
	if (getenv(variable) == NULL)
		return 0;
	AUTOCLOSE int directory = sys_openat(state->dir, STATE_NOTIFY, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (directory < 0)
		return 0;
	ret->pid = state->process.pid;
	ret->outside = connect_outside(err);
	ret->process = ret->outside < 0 ? -1 : state_process_open(state, err);
	ret->inside = ret->process < 0 ? -1 : bind_inside(state->dir, err);
	return ret->inside < 0 ? -1 : 0;
}

bool notify_make_wanted(const struct plan *plan)
{
	return plan->lifecycle.notify != NULL;
}

void notify_make_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, "NOTIFY_SOCKET", "makes %s, where the container may say that it is ready",
		    plan->lifecycle.notify);
}

int notify_make(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int directory = -1;

	if (sys_mkdirat(run->state, STATE_NOTIFY, 0711) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s'", plan->lifecycle.notify);
	directory = sys_openat(run->state, STATE_NOTIFY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	/* Whatever the caller's umask is. */
	if (directory < 0 || sys_fchmod(directory, 0711) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s'", plan->lifecycle.notify);
	if (plan->lifecycle.waits)
		return 0;
	run->notify = bind_inside(run->state, err);
	return run->notify < 0 ? -1 : 0;
}

/* ---- passing on */

static int tell(const struct notify *notify, const char *text, struct error *err)
{
	if (sys_send(notify->outside, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	return error_set(err, ERROR_HOST, errno, "cannot pass on what the container says to NOTIFY_SOCKET");
}

/* The receiver closes the descriptor when it comes to this message: then it has read all before. */
static int barrier(const struct notify *notify, struct error *err)
{
	static const char text[] = "BARRIER=1";
	int ends[2];

	if (sys_pipe(ends) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a pipe");
	AUTOCLOSE int here = ends[0];
	AUTOCLOSE int there = ends[1];
	if (fd_send(notify->outside, text, sizeof(text) - 1, there) < 0)
		return error_set(err, ERROR_HOST, errno, "cannot send a barrier to NOTIFY_SOCKET");
	fd_close(&there);
	struct pollfd watched = {.fd = here};
	if (poll(&watched, 1, BARRIER_MS) == 0)
		return error_set(err, ERROR_HOST, ETIMEDOUT, "the owner of NOTIFY_SOCKET does not read it");
	return 0;
}

/* One message. Returns 1 when it said that the container is ready. */
static int pass_on(const struct notify *notify, struct error *err)
{
	char message[MESSAGE], text[MESSAGE + 2], main_process[32];
	/* Descriptors that come with it find no room, and are closed. */
	ssize_t length = recv(notify->inside, message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);

	if (length <= 0 || (size_t)length > sizeof(message))
		return 0;
	bool ready = notify_filter(message, (size_t)length, text);
	if (text[0] != '\0')
		TRY(tell(notify, text, err));
	if (!ready)
		return 0;
	snprintf(main_process, sizeof(main_process), "MAINPID=%d\n", notify->pid);
	TRY(tell(notify, main_process, err));
	TRY(barrier(notify, err));
	return 1;
}

/* Waits for something to do. Returns 1 for a message, 0 when the container has ended and has no more to say. */
static int await_message(const struct notify *notify, struct error *err)
{
	struct pollfd watched[] = {{.fd = notify->inside, .events = POLLIN},
				   {.fd = notify->process, .events = POLLIN},
				   {.fd = notify->interrupts, .events = POLLIN}};

	while (poll(watched, 3, -1) < 0)
		if (errno != EINTR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the container");
	if (watched[2].revents != 0)
		return error_set(err, ERROR_SYSTEM, EINTR, "the container is not ready");
	return watched[0].revents != 0;
}

/* Until the end of the container, or, where @until_ready, until it is ready. */
static int relay(const struct notify *notify, bool until_ready, struct error *err)
{
	int message, ready;

	while ((message = await_message(notify, err)) > 0) {
		ready = pass_on(notify, err);
		TRY(ready);
		if (ready > 0 && until_ready)
			break;
	}
	return message < 0 ? -1 : 0;
}

int notify_until_ready(struct notify *notify, struct error *err)
{
	return notify->inside < 0 ? 0 : relay(notify, true, err);
}

int notify_launched(const struct plan *plan, struct run *run, struct error *err)
{
	AUTO_NOTIFY struct notify notify = {.inside = -1,
					    .outside = -1,
					    .process = -1,
					    .interrupts = plan->lifecycle.detached ? run->interrupts : -1,
					    .pid = run->child};
	pid_t launcher = getpid();

	if (run->notify < 0)
		return 0;
	notify.outside = connect_outside(err);
	notify.process = notify.outside < 0 ? -1 : sys_pidfd_open(run->child);
	if (notify.process < 0)
		return notify.outside < 0 ? -1 : error_set(err, ERROR_SYSTEM, errno, "cannot watch the container");
	notify.inside = fd_take(&run->notify);
	if (plan->lifecycle.detached)
		return relay(&notify, true, err);
	/* The launcher itself waits for signals. */
	pid_t pid = sys_clone(0, -1, NULL);
	if (pid < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot wait for what the container says");
	if (pid == 0) {
		if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == launcher)
			(void)relay(&notify, false, err);
		_exit(0);
	}
	run->notifier = pid;
	return 0;
}

void notify_end(struct run *run)
{
	AUTOCLOSE int process = run->notifier == 0 ? -1 : sys_pidfd_open(run->notifier);
	struct pollfd ended = {.fd = process, .events = POLLIN};

	if (run->notifier == 0)
		return;
	/* Whoever owns the host's socket may not read it. */
	if (process >= 0)
		(void)poll(&ended, 1, LAST_WORDS_MS);
	(void)sys_kill(run->notifier, SIGKILL);
	(void)waitpid(run->notifier, NULL, 0);
	run->notifier = 0;
}
