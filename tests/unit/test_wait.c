// SPDX-License-Identifier: Apache-2.0
/* When the stage process has ended: whose error it is that stands in the shared memory. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
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

/* Whether a child finds its own pid written down, however soon it looks. */
static bool is_told(volatile pid_t *told)
{
	int status = 0;
	pid_t child = sys_clone_told(0, -1, told);

	if (child == 0)
		_exit(*told == getpid() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 && *told == child;
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
	CHECK(stage_ends(&run, 125, 0, ERROR_SYSTEM, "cannot join") == -1);
	CHECK(run.child == 0 && err.kind == ERROR_SYSTEM && strcmp(err.what, "cannot join") == 0);

	test("a stage that dies is an error, and the child that it made is known");
	CHECK(stage_ends(&run, -1, 0, ERROR_NONE, "") == -1 && run.child == 0 && strstr(err.what, "died") != NULL);
	CHECK(stage_ends(&run, -1, CHILD, ERROR_NOT_FOUND, "") == -1 && run.child == CHILD);
	CHECK(strstr(err.what, "died") != NULL);

	test("which child a process has made is known before either of them goes on");
	pid_t *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(told != MAP_FAILED);
	for (int i = 0; i < 100; i++)
		CHECK(is_told(told));
	return check_done();
}
