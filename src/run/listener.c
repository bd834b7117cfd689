// SPDX-License-Identifier: Apache-2.0
#include "run/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/fd.h"
#include "base/json_write.h"
#include "base/sys.h"
#include "model/names.h"

enum {
	QUICK_LOOKS = 200, /* the child is about to load its filter: usually it has when we look */
	SLOW_LOOK_MS = 1,
	PATIENCE_S = 10, /* with an agent that does not read */
};

/* Returns 1 when the child died: its end of the conversation is closed then. */
static int await_listener(const struct listener_side *side, int *ret_number, struct error *err)
{
	struct pollfd other = {.fd = side->sync, .events = POLLIN};

	for (int looks = 0;; looks++) {
		*ret_number = __atomic_load_n(&side->shared->listener, __ATOMIC_ACQUIRE) - 1;
		if (*ret_number >= 0)
			return 0;
		if (looks < QUICK_LOOKS) {
			sched_yield();
			continue;
		}
		int ready = poll(&other, 1, SLOW_LOOK_MS);
		if (ready > 0)
			return 1;
		if (ready < 0 && errno != EINTR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the seccomp listener");
	}
}

static int copy_listener(const struct listener_side *side, int number, struct error *err)
{
	int copy = sys_pidfd_getfd(side->process, number);

	if (copy >= 0)
		return copy;
	error_set(err, ERROR_SYSTEM, errno, "cannot take the listener of the seccomp filter");
	return errno == EPERM ? error_hint(err, "seccomp notification needs root, with CAP_SYS_PTRACE") : -1;
}

/* From its directory, because the address of a socket has room for 107 bytes only. */
static int connect_to(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash == NULL ? sizeof(directory) : (size_t)(slash - path) + 1;

	if (length >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(directory, path, length);
	directory[length] = '\0';
	AUTOCLOSE int dir = sys_openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY, 0);
	return dir < 0 ? -1 : sys_unix_connect(SOCK_STREAM, dir, slash + 1);
}

static int connect_agent(const char *path, struct error *err)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	AUTOCLOSE int agent = connect_to(path);

	if (agent < 0 || setsockopt(agent, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot reach the seccomp agent at '%s'", path);
		return error_hint(err, "the agent must listen on this socket before the container is started");
	}
	return fd_take(&agent);
}

static void write_state(struct json_writer *json, const struct plan_listener *plan, const struct listener_side *side)
{
	json_member_object(json, "state");
	json_member_string(json, "ociVersion", SPEC_VERSION);
	json_member_string(json, "id", side->id);
	json_member_string(json, "status", "creating");
	json_member_signed(json, "pid", side->pid);
	json_member_string(json, "bundle", plan->bundle);
	json_member_object(json, "annotations");
	for (size_t i = 0; i < plan->annotations.count; i++)
		json_member_string(json, plan->annotations.at[i].key, plan->annotations.at[i].value);
	json_write_end_object(json);
	json_write_end_object(json);
}

/* The descriptor goes with the first byte, which is all of that call. */
static int send_state(int agent, int listener, const char *text, size_t length, struct error *err)
{
	if (fd_send(agent, text, 1, listener) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot send the listener to the seccomp agent");
	for (size_t sent = 1; sent < length;) {
		ssize_t more = sys_send(agent, text + sent, length - sent);

		if (more < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot send the state to the seccomp agent");
		sent += (size_t)more;
	}
	return 0;
}

static int tell_agent(const struct plan_listener *plan, const struct listener_side *side, int listener,
		      struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;
	AUTOCLOSE int agent = connect_agent(plan->path, err);

	if (agent < 0)
		return -1;
	TRY(json_writer_create(&json, false, err));
	json_write_begin_object(&json);
	json_member_string(&json, "ociVersion", SPEC_VERSION);
	json_member_array(&json, "fds");
	json_write_string(&json, "seccompFd");
	json_write_end_array(&json);
	json_member_signed(&json, "pid", side->pid);
	if (plan->metadata != NULL)
		json_member_string(&json, "metadata", plan->metadata);
	write_state(&json, plan, side);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	return send_state(agent, listener, text, length, err);
}

int listener_hand_over(const struct plan_listener *plan, const struct listener_side *side, struct error *err)
{
	int number;
	int gone = await_listener(side, &number, err);

	if (gone != 0)
		return gone;
	AUTOCLOSE int listener = copy_listener(side, number, err);
	if (listener < 0 || tell_agent(plan, side, listener, err) < 0)
		return error_wrap(err, "%s", plan->from);
	__atomic_store_n(&side->shared->listener_taken, 1, __ATOMIC_RELEASE);
	return 0;
}
