// SPDX-License-Identifier: Apache-2.0
#include "commands/existing.h"
#include "commands/show.h"

static const struct cli_option options[] = {CLI_END};

static const struct cli cli = {
	.usage = "casemate state ID",
	.summary = "Prints the state of a container as JSON.",
	.options = options,
	.order = CLI_MIXED,
};

static int print(const struct state *state, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};

	TRY(json_writer_create(&json, true, err));
	show_state(&json, state, state_status(state));
	return existing_print(&json, err);
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	TRY(existing_open(invocation, rest, cli.usage, STATE_LOOK, &state, err));
	return print(&state, err);
}

const struct command command_state = {"state", &cli, run};
