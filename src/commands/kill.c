// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stddef.h>

#include "commands/after.h"
#include "commands/container.h"
#include "model/names.h"

struct kill_options {
	bool all;
};

static const struct cli_option options[] = {
	{"--all", 'a', CLI_ON, offsetof(struct kill_options, all), NULL, "signal every process of the container", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate kill [OPTION]... ID [SIGNAL]",
	.summary = "Signals a container: SIGTERM, or what is given by name or number.",
	.options = options,
	.order = CLI_MIXED,
};

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct kill_options given = {0};
	int signal = SIGTERM;
	char **rest;

	(void)ret_status;
	int go = container_help(&cli, cli_parse(&cli, invocation->argv, &given, invocation->arena, &rest, err));
	if (go <= 0)
		return go;
	if (rest[0] != NULL && rest[1] != NULL) {
		signal = names_signal(rest[1]);
		if (signal < 0)
			return error_set(err, ERROR_USAGE, 0, "'%s' is not a signal", rest[1]);
		if (rest[2] != NULL)
			return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
		rest[1] = NULL;
	}
	const char *id;
	TRY(container_id(rest, "casemate kill ID [SIGNAL]", &id, err));
	TRY(state_open(state_root(invocation->root, invocation->arena), id, STATE_LOOK, invocation->arena, &state,
		       err));
	bool stopped = state_status(&state) == CONTAINER_STOPPED;
	if (!given.all)
		return stopped ? error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", id)
			       : after_kill(&state, signal, err);
	/* Its first process may have left others behind; whoever means all of nothing got what they wanted. */
	return stopped && !state.cgroup.wanted ? 0 : after_kill_all(&state, signal, err);
}

const struct command command_kill = {"kill", &cli, run};
