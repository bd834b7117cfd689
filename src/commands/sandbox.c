// SPDX-License-Identifier: Apache-2.0
#include "config/bundle_out.h"

#include "commands/command.h"
#include "run/launch.h"

static const struct cli cli = {
	.usage = "casemate sandbox [FLAG]... [--] COMMAND [ARGUMENT]...",
	.summary =
		"Runs a program of this host with nothing but what it is given: system directories read-only, an empty "
		"home and /tmp, no network, no capability. Works without root.",
	.options = sandbox_options,
	.order = CLI_IN_FRONT,
};

static int sandbox(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct sandbox_choice *choice = arena_alloc(invocation->arena, sizeof(*choice));
	struct launch_options launch = {.status_fd = -1, .trace_fd = -1};
	struct plan *plan;

	int help = command_read_sandbox(invocation, choice, err);
	if (help > 0)
		cli_help(&cli, stdout);
	if (help != 0)
		return help < 0 ? -1 : 0;
	if (choice->options.bundle_out != NULL)
		return bundle_write(choice->options.bundle_out, &choice->request, err);
	TRY(command_descriptor(&choice->options.status_fd, "--json-status-fd", &launch.status_fd, err));
	TRY(command_descriptor(&choice->options.trace_fd, "--trace-fd", &launch.trace_fd, err));
	TRY(command_plan_sandbox(invocation, choice, &plan, err));
	return launch_run(plan, &launch, ret_status, err);
}

const struct command command_sandbox = {"sandbox", &cli, sandbox};
