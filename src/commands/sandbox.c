// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"

#include "commands/command.h"
#include "run/launch.h"

static const struct cli cli = {
	.usage = "casemate sandbox [FLAG]... [--] COMMAND [ARGUMENT]...",
	.summary = "Runs a program of this host with nothing but what it is given: system directories read-only, an empty "
		   "home and /tmp, no network, no capability. Works without root.",
	.options = sandbox_options,
	.order = CLI_IN_FRONT,
};

static int sandbox(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct sandbox_options given = { 0 };
	struct launch_options launch = { .status_fd = -1, .trace_fd = -1 };
	struct plan *plan;

	TRY(command_plan_sandbox(invocation, &given, &plan, err));
	if (plan == NULL) {
		if (given.bundle_out == NULL)
			cli_help(&cli, stdout);
		return 0;
	}
	TRY(command_descriptor(&given.status_fd, "--json-status-fd", &launch.status_fd, err));
	TRY(command_descriptor(&given.trace_fd, "--trace-fd", &launch.trace_fd, err));
	return launch_run(plan, &launch, ret_status, err);
}

const struct command command_sandbox = { "sandbox", &cli, sandbox };
