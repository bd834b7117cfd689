// SPDX-License-Identifier: Apache-2.0
/* When the stage process has ended: whose error it is that stands in the shared memory. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "run/wait.h"

enum { CHILD = 4242 };

static struct run_shared shared;
static struct error err;

/* What is heard of a stage that ends with @status, or aborts when it is -1, when @shared holds these two. */
static int stage_ends(struct run *run, int status, pid_t child, enum error_kind kind, const char *what)
{
	shared = (struct run_shared){.child = child, .error.kind = (int32_t)kind};
	memcpy(shared.error.what, what, strlen(what) + 1);
	err = (struct error){0};
	*run = (struct run){.shared = &shared, .interrupts = -1};
	pid_t stage = fork();

	if (stage == 0) {
		if (status < 0)
			abort();
		_exit(status);
	}
	return wait_for_stage(stage, run, &err);
}

int main(void)
{
	struct run run;
	sigset_t ends;

	/* As wait_prepare() does. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);

	test("a stage that has made its child has done its work");
	CHECK(stage_ends(&run, 0, CHILD, ERROR_NONE, "") == 0 && run.child == CHILD);

	test("what the child writes down meanwhile is read when the child has ended, not half of it now");
	CHECK(stage_ends(&run, 0, CHILD, ERROR_NOT_FOUND, "") == 0 && run.child == CHILD && err.kind == ERROR_NONE);

	test("a stage without a child says what failed");
	CHECK(stage_ends(&run, 125, -1, ERROR_SYSTEM, "cannot join") == -1);
	CHECK(run.child == 0 && err.kind == ERROR_SYSTEM && strcmp(err.what, "cannot join") == 0);

	test("a stage that dies is an error, and the child that it made is known");
	CHECK(stage_ends(&run, -1, 0, ERROR_NONE, "") == -1 && run.child == 0 && strstr(err.what, "died") != NULL);
	CHECK(stage_ends(&run, -1, CHILD, ERROR_NOT_FOUND, "") == -1 && run.child == CHILD);
	CHECK(strstr(err.what, "died") != NULL);
	return check_done();
}
