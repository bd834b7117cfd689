// SPDX-License-Identifier: Apache-2.0
#include "commands/container.h"

static const struct cli_option options[] = {
	CONTAINER_OPTIONS,
	{"--detach", 'd', CLI_ON, CONTAINER_AT(detach), NULL, "end when the program runs, and not with it", 0},
	{"--keep", 0, CLI_ON, CONTAINER_AT(keep), NULL, "leave the container behind, stopped, until it is deleted", 0},
	{"--json-status-fd", 0, CLI_NUMBER, CONTAINER_AT(status_fd), "N",
	 "write JSON lines about the launch to this descriptor", 1 << 20},
	{"--trace-fd", 0, CLI_NUMBER, CONTAINER_AT(trace_fd), "N",
	 "write the names of the applied steps to this descriptor", 1 << 20},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate run [OPTION]... ID",
	.summary = "Runs the container of an OCI bundle under a profile, and ends with its exit status.",
	.options = options,
	.order = CLI_MIXED,
};

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct container_options given = {.bundle = "."};
	struct launch_options launch;
	struct plan *plan;
	const char *id;
	char **rest;

	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	TRY(container_id(rest, "casemate run --bundle DIR ID", &id, err));
	TRY(container_plan(invocation, &given, id, false, &plan, &launch, err));
	return launch_run(plan, &launch, ret_status, err);
}

const struct command command_run = {"run", &cli, run};
