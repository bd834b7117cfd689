// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

#include "commands/command.h"
#include "config/profile_sandbox.h"
#include "run/launch.h"
#include "run/missing.h"
#include "run/missing_libraries.h"
#include "run/plan.h"
#include "run/wait.h"

static const struct cli cli = {
	.usage = "casemate sandbox [FLAG]... [--] COMMAND [ARGUMENT]...",
	.summary =
		"Runs a program of this host with nothing but what it is given: system directories read-only, an empty "
		"home and /tmp, no network, no capability. Works without root.",
	.options = sandbox_options,
	.order = CLI_IN_FRONT,
};

/* The name comes last, with link(2): FILE is there whole or not at all, and nothing is written over. */
static int save_text(const char *path, const char *next, const char *text, struct error *err)
{
	AUTOCLOSE int file = sys_openat(AT_FDCWD, next, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (file < 0)
		return error_set(err, ERROR_USAGE, errno, "--save %s", path);
	int failed = fd_write_all(file, text, strlen(text)) < 0 || sys_linkat(AT_FDCWD, next, path) < 0 ? errno : 0;
	(void)sys_unlinkat(AT_FDCWD, next, 0);
	return failed != 0 ? error_set(err, ERROR_USAGE, failed, "--save %s", path) : 0;
}

static int save(const struct sandbox_choice *choice, struct arena *arena, struct error *err)
{
	const char *path = choice->options.save, *text;

	if (profile_sandbox_write(&choice->options, &choice->profile, path, &choice->host, arena, &text, err) < 0)
		return error_wrap(err, "--save %s", path);
	return save_text(path, arena_printf(arena, "%s.%d.new", path, (int)getpid()), text, err);
}

/* Only a terminal has somebody who wants to know more than the program said, but it cannot say why it was killed. */
static void advise(const struct plan *plan, int status, bool oom, const struct host *host)
{
	if (oom) {
		fputs("casemate: a process of it was killed by its limit of memory: raise --mem\n", stderr);
		return;
	}
	if (status == 128 + SIGSYS && plan->filters.count > 0)
		fputs("casemate: it was killed by the seccomp filter, which does so for calls of another architecture "
		      "(i386, x32)\n",
		      stderr);
	if ((status == MISSING_LIBRARIES_STATUS && missing_libraries(plan, stderr)) || !isatty(STDERR_FILENO))
		return;
	/* Ctrl-C, `| head`, or its time was up: nothing was denied. */
	if (status == 128 + SIGINT || status == 128 + SIGPIPE ||
	    (status == WAIT_TIMED_OUT && plan->process.time_limit_ms > 0))
		return;
	missing_arguments(plan, host, stderr);
	if (!plan->reports)
		fputs("casemate: with --report it is said what was denied inside, with --report-files also which "
		      "files\n",
		      stderr);
}

/* It is the caller's and closed by nobody: the launcher has it as long as it lives, and the sandbox lives no longer. */
static int keep_open(const struct sandbox_options *options, struct error *err)
{
	int fd;

	if (options->sync_fd.set && options->no_die_with_parent)
		return error_set(err, ERROR_USAGE, 0, "--sync-fd does not go together with --no-die-with-parent");
	return command_descriptor(&options->sync_fd, "--sync-fd", &fd, err);
}

static int sandbox(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct sandbox_choice *choice = arena_alloc(invocation->arena, sizeof(*choice));
	bool oom = false;
	struct launch_options launch = {.status_fd = -1, .block_fd = -1, .trace_fd = -1, .report_fd = -1, .oom = &oom};
	struct plan *plan;

	int help = command_read_sandbox(invocation, choice, err);
	if (help > 0)
		cli_help(&cli, stdout);
	if (help != 0)
		return help < 0 ? -1 : 0;
	if (choice->options.bundle_out != NULL)
		return command_write_bundle(choice->options.bundle_out, choice, err);
	TRY(command_descriptor(&choice->options.status_fd, "--json-status-fd", &launch.status_fd, err));
	TRY(command_descriptor(&choice->options.block_fd, "--block-fd", &launch.block_fd, err));
	TRY(keep_open(&choice->options, err));
	TRY(command_descriptor(&choice->options.trace_fd, "--trace-fd", &launch.trace_fd, err));
	TRY(command_descriptor(&choice->options.report_fd, "--report-fd", &launch.report_fd, err));
	TRY(options_check_streams(err));
	TRY(command_plan_sandbox(invocation, choice, &plan, err));
	TRY(plan_check_refusals(plan, err));
	if (choice->options.save != NULL)
		TRY(save(choice, invocation->arena, err));
	if (plan->without_userns)
		fputs("casemate: --without userns: no namespaces, Landlock and seccomp alone hold it; `casemate "
		      "explain` "
		      "says what is weaker\n",
		      stderr);
	if (launch_run(plan, &launch, ret_status, err) < 0)
		return missing_explain(plan, &choice->host, err);
	if (*ret_status != 0)
		advise(plan, *ret_status, oom, &choice->host);
	return 0;
}

const struct command command_sandbox = {"sandbox", &cli, sandbox};
