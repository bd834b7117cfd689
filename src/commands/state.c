// SPDX-License-Identifier: Apache-2.0
#include "run/state.h"

#include <errno.h>
#include <string.h>

#include "base/json_write.h"
#include "commands/container.h"
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
	const char *text;
	size_t length;

	TRY(json_writer_create(&json, true, err));
	show_state(&json, state, state_status(state));
	TRY(json_writer_finish(&json, &text, &length, err));
	if (fwrite(text, 1, length, stdout) != length || putchar('\n') == EOF || fflush(stdout) != 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write the state");
	return 0;
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	const char *id;
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	TRY(container_id(rest, "casemate state ID", &id, err));
	TRY(state_open(state_root(invocation->root, invocation->arena), id, STATE_LOOK, invocation->arena, &state,
		       err));
	return print(&state, err);
}

const struct command command_state = {"state", &cli, run};
