// SPDX-License-Identifier: Apache-2.0
#include "commands/container.h"

static const struct cli_option options[] = {
	CONTAINER_OPTIONS,
	/* Of callers that use the same words for `run`. */
	{"--detach", 'd', CLI_ON, CONTAINER_AT(detach), NULL, NULL, 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate create [OPTION]... ID",
	.summary = "Makes the container of an OCI bundle, with everything but its program: that waits for `casemate "
		   "start`.",
	.options = options,
	.order = CLI_MIXED,
};

static int create(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct container_options given = {.bundle = "."};
	struct launch_options launch;
	struct plan *plan;
	const char *id;
	char **rest;

	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	TRY(container_id(rest, "casemate create --bundle DIR ID", &id, err));
	TRY(container_plan(invocation, &given, id, true, &plan, &launch, err));
	return launch_run(plan, &launch, ret_status, err);
}

const struct command command_create = {"create", &cli, create};
