// SPDX-License-Identifier: Apache-2.0
#include "run/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum {
	MESSAGE = 64 << 10,
	SOCKET_FD = 3,
	PARKED_FD = 512, /* above all that the process needs, while descriptors change places */
	LOG_TAIL = 16 << 10,
	CHECK_MS = 5000, /* it takes a fraction of a second */
	NOTICE_WORD = 64,
};

/* criu's numbers: the fields of a request and of an answer, and the type of a notice */
enum { TYPE = 1, OPTIONS = 2, NOTICE_SUCCESS = 3 };
enum { ANSWER_SUCCESS = 2, ANSWER_RESTORE = 4, ANSWER_NOTICE = 5, ANSWER_MESSAGE = 9 };
enum { NOTICE_SCRIPT = 1, NOTICE_PID = 2, RESTORE_PID = 1 };
enum { NOTICE = 6 };

/* ---- the program */

/* Not PATH: criu runs with all rights. */
static const char *const places[] = {"/usr/local/sbin/criu", "/usr/sbin/criu", "/sbin/criu", "/usr/local/bin/criu",
				     "/usr/bin/criu"};

static int find_program(const char **ret_path, struct error *err)
{
	struct stat status;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (stat(places[i], &status) < 0 || !S_ISREG(status.st_mode))
			continue;
		if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
			return error_set(err, ERROR_REFUSED, 0, "'%s' can be written by others than root", places[i]);
		*ret_path = places[i];
		return 0;
	}
	error_set(err, ERROR_HOST, 0, "there is no criu on this host");
	return error_hint(err, "install it: apt-get install criu, dnf install criu");
}

int criu_find(struct error *err)
{
	const char *path;

	return find_program(&path, err);
}

/* It runs iptables, ip and tar. No HOME: what a user configured is not for this. */
static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
					  "LC_ALL=C", NULL};

/* What it prints before it has a log goes to @said. */
static int arrange_fds(const struct criu_call *call, int socket, int said)
{
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);

	if (null < 0 || sys_dup3(socket, PARKED_FD, O_CLOEXEC) < 0 || sys_dup3(said, PARKED_FD + 1, O_CLOEXEC) < 0 ||
	    sys_dup3(null, PARKED_FD + 2, O_CLOEXEC) < 0)
		return -1;
	for (size_t i = 0; i < call->fd_count; i++)
		if (sys_dup3(call->fds[i], PARKED_FD + 3 + (int)i, O_CLOEXEC) < 0)
			return -1;
	if (sys_close_range(3, PARKED_FD - 1, 0) < 0 || sys_dup3(PARKED_FD + 2, 0, 0) < 0 ||
	    sys_dup3(PARKED_FD + 1, 1, 0) < 0 || sys_dup3(PARKED_FD + 1, 2, 0) < 0 ||
	    sys_dup3(PARKED_FD, SOCKET_FD, 0) < 0)
		return -1;
	for (size_t i = 0; i < call->fd_count; i++)
		if (sys_dup3(PARKED_FD + 3 + (int)i, CRIU_FIRST_FD + (int)i, 0) < 0)
			return -1;
	return sys_close_range(CRIU_FIRST_FD + (unsigned)call->fd_count, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

static _Noreturn void become_criu(const struct criu_call *call, const char *path, int socket, int said)
{
	const char *const argv[] = {path, "swrk", "3", NULL};
	sigset_t none;

	sigemptyset(&none);
	if (call->prepare != NULL && call->prepare(call->context, call->told) < 0)
		_exit(127);
	/* A ^C is for this side: criu is to end what it began, not to leave it half done. */
	if (setpgid(0, 0) < 0 || sys_chdir("/") < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
	    arrange_fds(call, socket, said) < 0)
		_exit(127);
	sys_umask(077);
	sys_execve(path, argv, environment, 0);
	dprintf(2, "cannot execute it: %s", strerrordesc_np(errno));
	_exit(127);
}

/* ---- what it says when it fails */

/* Keeps the last lines with "Error" of @text, on one line. */
static void keep_errors(char *text, char *out, size_t size)
{
	enum { KEPT = 3 };
	const char *kept[KEPT] = {NULL};
	char *rest = text;
	size_t length = 0;

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		char *error = strstr(line, "Error");

		if (error == NULL)
			continue;
		memmove(kept, kept + 1, sizeof(kept) - sizeof(kept[0]));
		kept[KEPT - 1] = error;
	}
	out[0] = '\0';
	for (size_t i = 0; i < KEPT && length < size; i++)
		if (kept[i] != NULL)
			length +=
				(size_t)snprintf(out + length, size - length, "%s%s", length == 0 ? "" : "; ", kept[i]);
}

static void read_tail(int file, char *text)
{
	struct stat status;
	off_t from = fstat(file, &status) == 0 && status.st_size > LOG_TAIL ? status.st_size - LOG_TAIL : 0;
	ssize_t length = pread(file, text, LOG_TAIL, from);

	text[length > 0 ? length : 0] = '\0';
}

/* Of its log, else of what it printed before it had one. */
static int complain(const struct criu_call *call, int said, const char *answer, struct error *err)
{
	char text[LOG_TAIL + 1], errors[1024];
	AUTOCLOSE int log = sys_openat(call->work_dir, call->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	errors[0] = '\0';
	if (log >= 0) {
		read_tail(log, text);
		keep_errors(text, errors, sizeof(errors));
	}
	if (errors[0] == '\0') {
		read_tail(said, text);
		keep_errors(text, errors, sizeof(errors));
	}
	error_set(err, ERROR_HOST, 0, "criu cannot %s it: %s", call->verb == CRIU_RESTORE ? "restore" : "checkpoint",
		  errors[0] != '\0' ? errors : answer);
	return error_hint(err, "its log is %s in the work path; criu check says what it can do here", call->log);
}

/* ---- whether it can work here */

static _Noreturn void become_check(const char *path, int said)
{
	const char *const argv[] = {path, "check", NULL};
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);

	if (null < 0 || setpgid(0, 0) < 0 || sys_chdir("/") < 0 || sys_dup3(null, 0, 0) < 0 ||
	    sys_dup3(said, 1, 0) < 0 || sys_dup3(said, 2, 0) < 0 || fd_close_others(3, NULL, 0) < 0)
		_exit(127);
	sys_umask(077);
	sys_execve(path, argv, environment, 0);
	dprintf(2, "Error: cannot execute it: %s", strerrordesc_np(errno));
	_exit(127);
}

int criu_check(struct error *err)
{
	char text[LOG_TAIL + 1], errors[1024];
	const char *path;
	int process = -1, status;

	TRY(find_program(&path, err));
	AUTOCLOSE int said = sys_memfd_create("criu", 0);
	pid_t pid = said < 0 ? -1 : sys_clone(0, -1, &process);
	AUTOCLOSE int watched = process;
	if (pid == 0)
		become_check(path, said);
	if (pid < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot run '%s'", path);
	bool ended = poll(&(struct pollfd){.fd = watched, .events = POLLIN}, 1, CHECK_MS) > 0;
	if (!ended)
		(void)sys_kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for '%s'", path);
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	read_tail(said, text);
	keep_errors(text, errors, sizeof(errors));
	error_set(err, ERROR_HOST, 0, "criu check fails: %s",
		  !ended ? "it does not end" : (errors[0] != '\0' ? errors : "it gives no reason"));
	return error_hint(err, "another criu may know this kernel, or the kernel lacks what it needs: criu check");
}

/* ---- the conversation */

struct criu {
	pid_t pid;
	int socket;
	int said;
};

static void close_criu(struct criu *criu)
{
	int status;

	/* Its end of file: what waits for an answer takes that for "no", and undoes. */
	fd_close(&criu->socket);
	fd_close(&criu->said);
	if (criu->pid > 0)
		while (waitpid(criu->pid, &status, 0) < 0 && errno == EINTR)
			continue;
	criu->pid = 0;
}
#define AUTO_CRIU __attribute__((cleanup(close_criu)))

static int start_criu(const struct criu_call *call, struct criu *ret, struct error *err)
{
	const char *path;
	int pair[2];

	TRY(find_program(&path, err));
	ret->said = sys_memfd_create("criu", 0);
	if (ret->said < 0 || sys_socketpair(pair) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot run '%s'", path);
	AUTOCLOSE int other = pair[1];
	ret->socket = pair[0];
	ret->pid = sys_clone(0, call->cgroup, NULL);
	if (ret->pid == 0)
		become_criu(call, path, other, ret->said);
	return ret->pid < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot run '%s'", path) : 0;
}

/* It is not there any more: for a reason that it left, or that its log has. */
static int lost(const struct criu_call *call, const struct criu *criu, struct error *err)
{
	if (call->told == NULL || call->told->kind == ERROR_NONE)
		return complain(call, criu->said, "it ended without an answer", err);
	*err = *call->told;
	return -1;
}

static int ask(const struct criu_call *call, const struct criu *criu, struct error *err)
{
	static unsigned char block[MESSAGE];
	struct protobuf_writer out = {.at = block, .size = sizeof(block)};

	protobuf_number(&out, TYPE, call->verb);
	protobuf_bytes(&out, OPTIONS, call->options->at, call->options->length);
	if (out.full || call->options->full)
		return error_set(err, ERROR_CONFIG, 0, "there is more to tell criu than one message holds");
	return fd_send(criu->socket, out.at, out.length, -1) < 0 ? lost(call, criu, err) : 0;
}

struct answer {
	uint64_t type;
	bool success;
	pid_t pid;
	int fd;
	char word[NOTICE_WORD]; /* of a notice, else what criu says about a failure */
};

static void keep_word(struct answer *answer, const struct protobuf_field *field)
{
	size_t length = field->data == NULL ? 0 : (size_t)field->value;

	length = length < sizeof(answer->word) ? length : sizeof(answer->word) - 1;
	if (length > 0)
		memcpy(answer->word, field->data, length);
	answer->word[length] = '\0';
}

/* The one word and the one number that are in a notice and in the answer of a restore. */
static int read_inner(const struct protobuf_field *outer, struct answer *answer)
{
	struct protobuf_reader in = {outer->data, outer->data == NULL ? 0 : (size_t)outer->value};
	uint32_t pid = outer->number == ANSWER_NOTICE ? NOTICE_PID : RESTORE_PID;
	struct protobuf_field field;
	int more;

	while ((more = protobuf_next(&in, &field)) > 0) {
		if (field.number == pid && field.data == NULL && field.value <= INT_MAX)
			answer->pid = (pid_t)field.value;
		if (outer->number == ANSWER_NOTICE && field.number == NOTICE_SCRIPT)
			keep_word(answer, &field);
	}
	return more;
}

static int read_answer(const void *data, size_t length, struct answer *ret)
{
	struct protobuf_reader in = {data, length};
	struct protobuf_field field;
	int more;

	while ((more = protobuf_next(&in, &field)) > 0) {
		if (field.number == TYPE)
			ret->type = field.value;
		if (field.number == ANSWER_SUCCESS)
			ret->success = field.value != 0;
		if (field.number == ANSWER_MESSAGE)
			keep_word(ret, &field);
		if ((field.number == ANSWER_NOTICE || field.number == ANSWER_RESTORE) && read_inner(&field, ret) < 0)
			return -1;
	}
	return more;
}

/* 1: there is something to hear; 0: it was given up. */
static int wait_for_word(const struct criu_call *call, const struct criu *criu)
{
	struct pollfd fds[] = {{.fd = criu->socket, .events = POLLIN}, {.fd = call->interrupts, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return 0;
	return fds[0].revents != 0;
}

static int hear(const struct criu_call *call, const struct criu *criu, struct answer *ret, struct error *err)
{
	static unsigned char block[MESSAGE];
	union {
		struct cmsghdr header; /* for the alignment */
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = {.iov_base = block, .iov_len = sizeof(block)};
	struct msghdr packet = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	*ret = (struct answer){.fd = -1};
	if (!wait_for_word(call, criu))
		return error_set(err, ERROR_SYSTEM, 0, "it was interrupted by a signal");
	ssize_t got = recvmsg(criu->socket, &packet, MSG_CMSG_CLOEXEC);
	if (got <= 0)
		return lost(call, criu, err);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&packet);
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&ret->fd, CMSG_DATA(header), sizeof(ret->fd));
	if ((packet.msg_flags & MSG_TRUNC) != 0 || read_answer(block, (size_t)got, ret) < 0)
		return error_set(err, ERROR_SYSTEM, 0, "criu's answer is none");
	return 0;
}

/* Its failure goes to criu first, which undoes, and then to the caller. */
static int take_notice(const struct criu_call *call, const struct criu *criu, struct answer *answer, struct error *err)
{
	unsigned char block[16];
	struct protobuf_writer out = {.at = block, .size = sizeof(block)};
	struct criu_notice notice = {.what = answer->word, .pid = answer->pid, .fd = answer->fd};
	int result = call->notice == NULL ? 0 : call->notice(&notice, call->context, err);

	fd_close(&notice.fd);
	protobuf_number(&out, TYPE, NOTICE);
	protobuf_number(&out, NOTICE_SUCCESS, result == 0);
	if (fd_send(criu->socket, out.at, out.length, -1) < 0 && result == 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot talk to criu");
	return result;
}

int criu_call(const struct criu_call *call, pid_t *ret_pid, struct error *err)
{
	AUTO_CRIU struct criu criu = {.socket = -1, .said = -1};
	struct answer answer;

	TRY(start_criu(call, &criu, err));
	TRY(ask(call, &criu, err));
	for (;;) {
		TRY(hear(call, &criu, &answer, err));
		if (answer.type != NOTICE)
			break;
		TRY(take_notice(call, &criu, &answer, err));
	}
	fd_close(&answer.fd);
	if (answer.type != call->verb || !answer.success)
		return complain(call, criu.said, answer.word[0] != '\0' ? answer.word : "it gives no reason", err);
	*ret_pid = answer.pid;
	return 0;
}
