// SPDX-License-Identifier: Apache-2.0
#include "commands/container.h"
#include "commands/existing.h"
#include "parts/cgroup_control.h"

static const struct cli_option options[] = {CLI_END};

static const struct cli cli = {
	.usage = "casemate pause ID",
	.summary = "Freezes all processes of a container until `casemate resume`.",
	.options = options,
	.order = CLI_MIXED,
};

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	TRY(existing_open_alive(invocation, rest, cli.usage, STATE_LOCK, &state, err));
	if (state_status(&state) == CONTAINER_PAUSED)
		return error_set(err, ERROR_USAGE, 0, "container already paused: \"%s\"", state.id);
	return cgroup_freeze(&state.cgroup, true, err);
}

const struct command command_pause = {"pause", &cli, run};
