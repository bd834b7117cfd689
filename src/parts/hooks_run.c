// SPDX-License-Identifier: Apache-2.0
/* Runs one hook: its standard input is a file with the state, what it prints is kept for the error. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "parts/hooks.h"

enum { OUTPUT = 1024 }; /* the end of what it printed */

/* A file of its own, so that a hook that does not read cannot block anybody. */
static int write_state(const struct hook_state *state, struct error *err)
{
	char tail[96];
	AUTOCLOSE int file = sys_memfd_create("state", 0);

	snprintf(tail, sizeof(tail), ",\"status\":\"%s\",\"pid\":%d}", state->status, state->pid);
	if (file < 0 || fd_write_all(file, state->text, strlen(state->text)) < 0 ||
	    fd_write_all(file, tail, strlen(tail)) < 0 || lseek(file, 0, SEEK_SET) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write the state for a hook");
	return fd_take(&file);
}

/* /proc/PID/exe: an engine names itself so, as dockerd does for the hook that sets up the network. */
static bool names_process(const char *path)
{
	static const char proc[] = "/proc/";

	if (strncmp(path, proc, sizeof(proc) - 1) != 0)
		return false;
	path += sizeof(proc) - 1;
	size_t digits = strspn(path, "0123456789");
	return digits > 0 && strcmp(path + digits, "/exe") == 0;
}

/* What others can write would give them the launcher's rights. */
static int open_program(const struct plan_hook *hook, bool trusted_only, struct error *err)
{
	struct stat status;
	uint64_t resolve = trusted_only && names_process(hook->path) ? 0 : RESOLVE_NO_MAGICLINKS;
	AUTOCLOSE int file = sys_openat2(AT_FDCWD, hook->path, O_PATH, 0, resolve);

	if (file < 0 || fstat(file, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the hook '%s'", hook->path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_CONFIG, 0, "the hook '%s' is not a regular file", hook->path);
	if (hook->judged && (status.st_dev != hook->device || status.st_ino != hook->inode))
		return error_set(err, ERROR_REFUSED, 0, "the hook '%s' is no longer what the profile judged",
				 hook->path);
	bool others = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
		      (status.st_uid != 0 && status.st_uid != geteuid()) ||
		      ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0);
	if (trusted_only && others) {
		error_set(err, ERROR_REFUSED, 0, "the hook '%s' can be written by others than root and you",
			  hook->path);
		return error_hint(err, "a hook runs with the launcher's rights: chown root, chmod go-w");
	}
	return fd_take(&file);
}

static _Noreturn void become_hook(const struct plan_hook *hook, int program, int input, int output,
				  const struct hook_state *state)
{
	static const char *const empty[] = {NULL};
	const char *const *own = state->confine != NULL ? empty : (const char *const *)environ;
	const char *const *envp = hook->envp != NULL ? hook->envp : own;
	struct error err;
	sigset_t none;

	sigemptyset(&none);
	if (setpgid(0, 0) < 0 || (state->cwd >= 0 && sys_fchdir(state->cwd) < 0) || sys_dup3(input, 0, 0) < 0 ||
	    sys_dup3(output, 1, 0) < 0 || sys_dup3(output, 2, 0) < 0 || fd_close_others(3, &program, 1) < 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(127);
	if (state->confine != NULL && state->confine(state->plan, &err) < 0) {
		dprintf(2, "%s", err.what);
		_exit(127);
	}
	sys_execveat(program, hook->argv, envp, 0);
	/* A script cannot be read through a descriptor that is gone by then. */
	if (errno == ENOENT)
		sys_execve(hook->path, hook->argv, envp, 0);
	dprintf(2, "cannot execute it: %s", strerrordesc_np(errno));
	_exit(127);
}

/* Keeps the last bytes of what comes. Returns false at the end of the stream. */
static bool keep_output(int from, char *text, size_t *length)
{
	char block[OUTPUT / 2];
	ssize_t got = read(from, block, sizeof(block));

	if (got <= 0)
		return got < 0 && (errno == EINTR || errno == EAGAIN);
	if (*length + (size_t)got > OUTPUT) {
		size_t drop = *length + (size_t)got - OUTPUT;

		memmove(text, text + drop, *length - drop);
		*length -= drop;
	}
	memcpy(text + *length, block, (size_t)got);
	*length += (size_t)got;
	return true;
}

/* Until the process ends, not its output: it may leave a child behind that keeps that open. Returns false past
 * @deadline, or when it is interrupted. */
static bool watch(int process, int output, int interrupts, uint64_t deadline, char *text, size_t *length)
{
	struct pollfd watched[3] = {{.fd = process, .events = POLLIN},
				    {.fd = output, .events = POLLIN},
				    {.fd = interrupts, .events = POLLIN}};
	int ready = 0;

	while (watched[0].revents == 0) {
		ready = poll(watched, 3, clock_left(deadline));
		if ((ready == 0 && clock_passed(deadline)) || (ready < 0 && errno != EINTR) || watched[2].revents != 0)
			return false;
		if (ready > 0 && watched[1].revents != 0 && !keep_output(output, text, length))
			watched[1].fd = -1;
	}
	for (watched[1].fd = output; poll(&watched[1], 1, 0) > 0 && keep_output(output, text, length);)
		continue;
	return true;
}

static int report(const struct plan_hook *hook, bool in_time, int status, const char *text, struct error *err)
{
	if (in_time && status == 0)
		return 0;
	if (!in_time)
		return error_set(err, ERROR_SYSTEM, 0, "the hook '%s' took longer than %u seconds and was killed",
				 hook->path, hook->timeout);
	if (WIFSIGNALED(status))
		error_set(err, ERROR_SYSTEM, 0, "the hook '%s' was killed by signal %d", hook->path, WTERMSIG(status));
	else
		error_set(err, ERROR_SYSTEM, 0, "the hook '%s' failed with exit status %d", hook->path,
			  WEXITSTATUS(status));
	return text[0] == '\0' ? -1 : error_hint(err, "it said: %s", text);
}

static int run_one(const struct plan_hook *hook, const struct hook_state *state, struct error *err)
{
	char text[OUTPUT + 1] = "";
	size_t length = 0;
	int pair[2], process = -1, status = 0;
	AUTOCLOSE int program = open_program(hook, state->trusted_only, err);

	if (program < 0)
		return -1;
	AUTOCLOSE int input = write_state(state, err);
	if (input < 0)
		return -1;
	if (sys_pipe(pair) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot run the hook '%s'", hook->path);
	AUTOCLOSE int output = pair[0];
	AUTOCLOSE int other = pair[1];
	pid_t pid = sys_clone(0, -1, &process);
	AUTOCLOSE int watched = process;
	if (pid == 0)
		become_hook(hook, program, input, other, state);
	if (pid < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot run the hook '%s'", hook->path);
	fd_close(&other);
	uint64_t deadline = hook->timeout == 0 ? 0 : clock_ms() + hook->timeout * 1000ULL;
	bool in_time = watch(watched, output, state->interrupts, deadline, text, &length);
	/* All of its process group, so that nothing of it goes on behind the launch's back. */
	if (!in_time) {
		(void)sys_kill(-pid, SIGKILL);
		(void)sys_kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	text[length] = '\0';
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	return report(hook, in_time, status, text, err);
}

static void add(struct error *err, const char *what)
{
	size_t length = strlen(err->what);

	snprintf(err->what + length, sizeof(err->what) - length, "; %s", what);
}

int hooks_run(const plan_hook_list *hooks, const struct hook_state *state, struct error *err)
{
	struct error failed;
	int result = 0;

	for (size_t i = 0; i < hooks->count; i++) {
		if (run_one(&hooks->at[i], state, &failed) == 0)
			continue;
		error_prefix(&failed, "%s", hooks->at[i].from);
		if (result == 0)
			*err = failed;
		else
			add(err, failed.what);
		result = -1;
		if (!state->all)
			break;
	}
	return result;
}

int hooks_check(const plan_hook_list *hooks, struct error *err)
{
	for (size_t i = 0; i < hooks->count; i++) {
		AUTOCLOSE int program = open_program(&hooks->at[i], true, err);

		if (program < 0)
			return error_wrap(err, "%s", hooks->at[i].from);
	}
	return 0;
}
