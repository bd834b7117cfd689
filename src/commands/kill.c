// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stddef.h>

#include "commands/after.h"
#include "commands/container.h"
#include "commands/existing.h"
#include "model/names.h"

struct kill_options {
	bool all, regex;
};

static const struct cli_option options[] = {
	{"--all", 'a', CLI_ON, offsetof(struct kill_options, all), NULL, "signal every process of the container", 0},
	{"--regex", 'r', CLI_ON, offsetof(struct kill_options, regex), NULL,
	 "every container whose id the extended regular expression ID matches", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate kill [OPTION]... ID [SIGNAL]",
	.summary = "Signals a container: SIGTERM, or what is given by name or number.",
	.options = options,
	.order = CLI_MIXED,
};

struct killing {
	const char *root;
	struct arena *arena;
	int signal;
	bool all;
};

static int kill_one(const char *id, void *context, struct error *err)
{
	const struct killing *killing = context;
	AUTO_STATE struct state state = {.dir = -1};

	TRY(state_open(killing->root, id, STATE_LOOK, killing->arena, &state, err));
	if (!killing->all)
		return after_kill(&state, killing->signal, err);
	/* Its first process may have left others behind; whoever means all of nothing got what they wanted. */
	if (!state.cgroup.wanted && state_status(&state) == CONTAINER_STOPPED)
		return 0;
	return after_kill_all(&state, killing->signal, err);
}

static int kill_matching(const char *id, void *context, struct error *err)
{
	/* One that has ended is not what a pattern is about. */
	return kill_one(id, context, err) < 0 && err->kind != ERROR_GONE ? -1 : 0;
}

static int take_signal(char **rest, int *ret, struct error *err)
{
	if (rest[0] == NULL || rest[1] == NULL)
		return 0;
	*ret = names_signal(rest[1]);
	if (*ret < 0) {
		error_set(err, ERROR_USAGE, 0, "'%s' is not a signal", rest[1]);
		return error_hint(err, "such as TERM, KILL or 9: signal(7)");
	}
	if (rest[2] != NULL)
		return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
	rest[1] = NULL;
	return 0;
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct kill_options given = {0};
	struct killing killing = {
		.root = state_root(invocation->root, invocation->arena), .arena = invocation->arena, .signal = SIGTERM};
	const char *id;
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	TRY(take_signal(rest, &killing.signal, err));
	killing.all = given.all;
	if (given.regex && rest[0] != NULL)
		return existing_matching(invocation, rest[0], kill_matching, &killing, err);
	TRY(container_id(rest, "casemate kill ID [SIGNAL]", &id, err));
	return kill_one(id, &killing, err);
}

const struct command command_kill = {"kill", &cli, run};
