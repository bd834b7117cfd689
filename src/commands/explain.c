// SPDX-License-Identifier: Apache-2.0
#include "run/explain.h"

#include <stddef.h>
#include <string.h>

#include "commands/command.h"
#include "commands/container.h"

struct explain_options {
	const char *config, *profile;
	bool json;
};

#define AT(member) offsetof(struct explain_options, member)

static const struct cli_option options[] = {
	{"--json", 0, CLI_ON, AT(json), NULL, "print JSON", 0},
	{"--config", 'f', CLI_TEXT, AT(config), "FILE", "another config.json than the bundle's", 0},
	{"--profile", 0, CLI_TEXT, AT(profile), "NAME|FILE",
	 "the ceiling: restricted (default), baseline, privileged, a file", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate explain [OPTION]... BUNDLE\n       casemate explain [--json] sandbox [FLAG]... [--] COMMAND "
		 "[ARGUMENT]...",
	.summary = "Prints the plan of a launch, layer by layer: what it grants, what it stops, what the profile took "
		   "away, and "
		   "why. Changes nothing.",
	.options = options,
	.order = CLI_IN_FRONT,
};

static int plan_sandbox(const struct invocation *invocation, char **rest, struct plan **ret_plan, struct error *err)
{
	struct sandbox_choice *choice = arena_alloc(invocation->arena, sizeof(*choice));
	struct invocation inner = *invocation;

	inner.argv = rest + 1;
	int help = command_read_sandbox(&inner, choice, err);
	if (help != 0)
		return help < 0 ? -1 : 0;
	if (choice->options.bundle_out != NULL || choice->options.save != NULL)
		return error_set(err, ERROR_USAGE, 0, "%s: explain writes nothing",
				 choice->options.save != NULL ? "--save" : "--bundle-out");
	return command_plan_sandbox(&inner, choice, ret_plan, err);
}

static int explain(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct explain_options given = {0};
	struct plan *plan = NULL;
	char **rest;

	int help = cli_parse(&cli, invocation->argv, &given, invocation->arena, &rest, err);
	if (help < 0)
		return -1;
	if (help == 0 && rest[0] == NULL)
		return error_set(err, ERROR_USAGE, 0,
				 "what shall be explained: a bundle's directory, or sandbox FLAGS -- COMMAND?");
	if (help == 0 && strcmp(rest[0], "sandbox") == 0) {
		TRY(plan_sandbox(invocation, rest, &plan, err));
	} else if (help == 0) {
		/* Options may follow the bundle as well. */
		struct cli behind = cli;
		struct bundle_choice choice = {
			.bundle = rest[0], .id = "container", .state_root = container_state_root(invocation)};
		char **more;

		behind.order = CLI_MIXED;
		TRY(cli_parse(&behind, rest + 1, &given, invocation->arena, &more, err));
		if (more[0] != NULL)
			return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
		choice.config = given.config;
		choice.profile = given.profile;
		TRY(command_plan_bundle(invocation, &choice, &plan, err));
	}
	if (plan == NULL) {
		cli_help(&cli, stdout);
		return 0;
	}
	/* A plan that the profile refuses is explained all the same, but says so to scripts. */
	*ret_status = plan->refusals.count > 0 ? 125 : 0;
	return explain_plan(plan, given.json ? EXPLAIN_JSON : EXPLAIN_TEXT, stdout, err);
}

const struct command command_explain = {"explain", &cli, explain};
