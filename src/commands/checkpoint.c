// SPDX-License-Identifier: Apache-2.0
#include "commands/container.h"
#include "commands/criu.h"
#include "commands/existing.h"

static const struct cli_option options[] = {
	CRIU_OPTIONS,
	CRIU_TEXT("--parent-path", "DIR", "an earlier image, of which this one is the change"),
	CRIU_TEXT("--page-server", "ADDRESS:PORT", "where memory is sent to"),
	CRIU_TEXT("--status-fd", "N", "the descriptor that is told when pages can be fetched"),
	CRIU_SWITCH("--leave-running", "go on afterwards"),
	CRIU_SWITCH("--pre-dump", "memory alone, and go on"),
	CRIU_SWITCH("--tcp-skip-in-flight", "but not connections that are being made"),
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate checkpoint [OPTION]... ID",
	.summary = "Refused: would write the image of a container that runs, by criu(8).",
	.options = options,
	.order = CLI_MIXED,
};

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct criu_options given = {0};
	char **rest;

	(void)ret_status;
	int go = container_help(&cli, cli_parse(&cli, invocation->argv, &given, invocation->arena, &rest, err));
	if (go <= 0)
		return go;
	TRY(existing_open_alive(invocation, rest, cli.usage, STATE_LOOK, &state, err));
	return criu_refuse("checkpoint", state.id, err);
}

const struct command command_checkpoint = {"checkpoint", &cli, run};
