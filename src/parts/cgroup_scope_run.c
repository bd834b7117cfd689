// SPDX-License-Identifier: Apache-2.0
/* Runs the helper program that speaks to systemd, src/helpers/systemd-scope.c, and believes it in one line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_scope.h"
#include "parts/cgroup_tree.h"

enum {
	PATIENCE_MS = 30000,
	SAID = 1024,
	MAX_ARGUMENTS = 256,
};

static const char built_in[] = SCOPE_HELPER;

/* ---- the program */

static const char *helper_path(void)
{
	const char *given = getenv("CASEMATE_SCOPE_HELPER");

	return given != NULL && given[0] == '/' ? given : built_in;
}

bool cgroup_scope_possible(void)
{
	return access(helper_path(), X_OK) == 0;
}

/*
 * One from the environment, which is for tests, must be such that nobody else could have written it. The built-in one
 * lies beside casemate itself and is as good as that; its owner has no name in a user namespace.
 */
static int open_helper(struct error *err)
{
	const char *path = helper_path();
	AUTOCLOSE int file = sys_openat(AT_FDCWD, path, O_PATH, 0);
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0 || !S_ISREG(status.st_mode)) {
		error_set(err, ERROR_HOST, file < 0 ? errno : 0, "cannot use the helper for systemd, '%s'", path);
		return error_hint(err, "it is built where libsystemd is there; or use the cgroupfs driver: leave "
				       "--systemd-cgroup out");
	}
	if (path != built_in &&
	    ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (status.st_uid != 0 && status.st_uid != geteuid()))) {
		error_set(err, ERROR_REFUSED, 0, "the helper '%s' can be written by others than root and you", path);
		return error_hint(err, "unset CASEMATE_SCOPE_HELPER");
	}
	return fd_take(&file);
}

static _Noreturn void become_helper(int program, const char *const *argv, int input, int output)
{
	const char *const *envp = (const char *const *)environ;
	sigset_t none;

	sigemptyset(&none);
	/* The user's ^C is for the launcher, which ends this one in order. */
	if (setpgid(0, 0) < 0 || sys_dup3(input, 0, 0) < 0 || sys_dup3(output, 1, 0) < 0 ||
	    sys_dup3(output, 2, 0) < 0 || fd_close_others(3, &program, 1) < 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(127);
	sys_execveat(program, argv, envp, 0);
	/* A script cannot be read through a descriptor that is gone by then. */
	if (errno == ENOENT)
		sys_execve(argv[0], argv, envp, 0);
	dprintf(2, "cannot execute it: %s", strerrordesc_np(errno));
	_exit(127);
}

/* ---- the conversation */

struct helper {
	pid_t pid;
	int input;  /* what is written there lets it go */
	int output; /* what it says */
	char said[SAID + 1];
	size_t length;
};

static void close_helper(struct helper *helper)
{
	int status;

	fd_close(&helper->input);
	fd_close(&helper->output);
	if (helper->pid <= 0)
		return;
	(void)sys_kill(helper->pid, SIGKILL);
	while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	helper->pid = 0;
}

#define AUTO_HELPER __attribute__((cleanup(close_helper)))

static int run_helper(const char *const *argv, struct helper *ret, struct error *err)
{
	int input[2] = {-1, -1}, output[2] = {-1, -1};
	AUTOCLOSE int program = open_helper(err);

	if (program < 0)
		return -1;
	if (sys_pipe(input) < 0 || sys_pipe(output) < 0) {
		fd_close(&input[0]);
		fd_close(&input[1]);
		return error_set(err, ERROR_SYSTEM, errno, "cannot run the helper for systemd");
	}
	AUTOCLOSE int its_input = input[0];
	AUTOCLOSE int its_output = output[1];
	ret->input = input[1];
	ret->output = output[0];
	ret->pid = sys_clone(0, -1, NULL);
	if (ret->pid == 0)
		become_helper(program, argv, its_input, its_output);
	return ret->pid < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot run the helper for systemd") : 0;
}

/* Reads until a line is whole where @a_line is wanted, or until the end. Returns whether that came in time. */
static bool hear(struct helper *helper, bool a_line)
{
	uint64_t deadline = clock_ms() + PATIENCE_MS;
	struct pollfd watched = {.fd = helper->output, .events = POLLIN};

	while (!a_line || strchr(helper->said, '\n') == NULL) {
		if (clock_passed(deadline) || helper->length == SAID)
			return false;
		if (poll(&watched, 1, clock_left(deadline)) <= 0)
			continue;
		ssize_t got = read(helper->output, helper->said + helper->length, SAID - helper->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		helper->length += (size_t)got;
		helper->said[helper->length] = '\0';
	}
	return true;
}

static int complain(struct helper *helper, const struct plan_cgroup *plan, const char *what, struct error *err)
{
	while (helper->length > 0 && helper->said[helper->length - 1] == '\n')
		helper->said[--helper->length] = '\0';
	return error_set(err, ERROR_HOST, 0, "systemd did not %s the scope '%s': %s", what, plan->scope.unit,
			 helper->length > 0 ? helper->said : "its helper ended without a word");
}

/* "VERB UNIT [MORE]..." and the properties. */
static int make_arguments(const struct plan_cgroup *plan, const char *const *words, const char **argv,
			  struct error *err)
{
	size_t count = 0;

	argv[count++] = helper_path();
	if (plan->scope.user)
		argv[count++] = "--user";
	for (; *words != NULL; words++)
		argv[count++] = *words;
	for (size_t i = 0; i < plan->scope.properties.count; i++, count++) {
		if (count + 1 >= MAX_ARGUMENTS)
			return error_set(err, ERROR_CONFIG, 0, "there are too many properties of the scope");
		argv[count] = plan->scope.properties.at[i];
	}
	argv[count] = NULL;
	return 0;
}

/* ---- making */

/* "ok INVOCATION CGROUP". What systemd made must be what everybody will look for. */
static int read_answer(struct helper *helper, const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	enum { ID = sizeof(run->scope_invocation) - 1 };
	char *end = strchr(helper->said, '\n'), *id = helper->said + strlen("ok "), *cgroup = id + ID + 1;

	if (end == NULL || strncmp(helper->said, "ok ", 3) != 0 || strspn(id, "0123456789abcdef") != ID ||
	    id[ID] != ' ')
		return complain(helper, plan, "make", err);
	*end = '\0';
	memcpy(run->scope_invocation, id, ID);
	if (strcmp(cgroup, plan->path) != 0)
		return error_set(err, ERROR_HOST, 0, "systemd made the scope at '%s' where '%s' was expected", cgroup,
				 plan->path);
	return 0;
}

int cgroup_scope_make(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	const char *argv[MAX_ARGUMENTS], *const words[] = {"start", plan->scope.unit, NULL};
	AUTO_HELPER struct helper helper = {.input = -1, .output = -1};

	TRY(make_arguments(plan, words, argv, err));
	TRY(run_helper(argv, &helper, err));
	if (!hear(&helper, true))
		return error_set(err, ERROR_HOST, ETIMEDOUT, "systemd did not make the scope '%s'", plan->scope.unit);
	TRY(read_answer(&helper, plan, run, err));
	run->cgroup_made[0] = 1;
	run->scope_input = fd_take(&helper.input);
	run->scope_helper = helper.pid;
	helper.pid = 0;
	return 0;
}

void cgroup_scope_let_go(struct run *run)
{
	struct helper helper = {.pid = run->scope_helper, .input = run->scope_input, .output = -1};

	/* It has nothing else to do: to end it is to let it go. */
	if (run->scope_helper > 0)
		close_helper(&helper);
	run->scope_helper = 0;
	run->scope_input = -1;
}

/* ---- changing and removing */

static int run_to_its_end(const struct plan_cgroup *plan, const char *const *argv, const char *what, struct error *err)
{
	AUTO_HELPER struct helper helper = {.input = -1, .output = -1};
	int status = 0;

	TRY(run_helper(argv, &helper, err));
	if (!hear(&helper, false))
		return error_set(err, ERROR_HOST, ETIMEDOUT, "systemd did not %s the scope '%s'", what,
				 plan->scope.unit);
	while (waitpid(helper.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	helper.pid = 0;
	return status == 0 ? 0 : complain(&helper, plan, what, err);
}

int cgroup_scope_set(const struct plan_cgroup *plan, struct error *err)
{
	const char *argv[MAX_ARGUMENTS];
	const char *const words[] = {"set", plan->scope.unit, plan->scope.invocation, NULL};

	if (plan->scope.properties.count == 0)
		return 0;
	TRY(make_arguments(plan, words, argv, err));
	return run_to_its_end(plan, argv, "change", err);
}

int cgroup_scope_remove(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	const char *invocation = plan->scope.invocation != NULL ? plan->scope.invocation : run->scope_invocation;
	const char *const words[] = {"stop", plan->scope.unit, invocation, NULL};
	struct plan_cgroup bare = {.scope = {.unit = plan->scope.unit, .user = plan->scope.user}};
	const char *argv[MAX_ARGUMENTS];
	struct error ignored;

	cgroup_scope_let_go(run);
	if (run->cgroup_made[0] == 0)
		return 0;
	run->cgroup_made[0] = 0;
	/* A scope without processes ends by itself, and its cgroup with it. */
	AUTOCLOSE int dir = cgroup_tree_open(plan, 0, plan->components.count, &ignored);
	if (dir < 0 && ignored.errnum == ENOENT)
		return 0;
	TRY(make_arguments(&bare, words, argv, err));
	return run_to_its_end(plan, argv, "end", err);
}
