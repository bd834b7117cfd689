// SPDX-License-Identifier: Apache-2.0
#include "run/checkpoint.h"

#include "commands/after.h"
#include "commands/criu.h"
#include "commands/existing.h"
#include "run/join.h"
#include "run/plan.h"

static const struct cli_option options[] = {
	CRIU_OPTIONS,
	CRIU_TEXT("--parent-path", options.parent_path, "DIR", "an earlier image, of which this one is the change"),
	CRIU_TEXT("--page-server", page_server, "ADDRESS:PORT", "refused: where memory is sent to"),
	CRIU_NUMBER("--status-fd", status_fd, "N", "refused: the descriptor that is told when pages can be fetched"),
	CRIU_SWITCH("--leave-running", options.leave_running, "go on afterwards"),
	CRIU_SWITCH("--pre-dump", options.pre_dump, "memory alone, and go on"),
	CRIU_SWITCH("--tcp-skip-in-flight", options.tcp_skip_in_flight, "but not connections that are being made"),
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate checkpoint [OPTION]... ID",
	.summary = "Writes the image of a container that runs, by criu(8), and removes the container.",
	.options = options,
	.order = CLI_MIXED,
};

/* The container's own plan, made again of its copies: it says which mounts came from outside. */
static int make_plan(const struct invocation *invocation, const struct state *state, struct plan **ret_plan,
		     struct error *err)
{
	struct arena *arena = invocation->arena;
	struct request *request = arena_alloc(arena, sizeof(*request));
	struct profile *profile = arena_alloc(arena, sizeof(*profile));
	struct host *host = arena_alloc(arena, sizeof(*host));
	const struct plan_input input = {
		.request = request, .profile = profile, .host = host, .id = state->id, .joining = true};

	TRY(after_config(state, arena, request, err));
	TRY(after_profile(state, arena, profile, err));
	TRY(host_probe(host, arena, err));
	host_probe_userns_of(host, request, state->process.pid, arena);
	return plan_build(&input, arena, ret_plan, err);
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct criu_options given = {0};
	struct plan *plan;
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	TRY(existing_open_alive(invocation, rest, cli.usage, STATE_LOCK, &state, err));
	if (state_status(&state) == CONTAINER_CREATED)
		return error_set(err, ERROR_USAGE, 0, "cannot checkpoint \"%s\": it was not started", state.id);
	TRY(criu_complete(&given, err));
	TRY(make_plan(invocation, &state, &plan, err));
	TRY(checkpoint_container(plan, &state, &given.options, err));
	if (given.options.leave_running || given.options.pre_dump)
		return 0;
	TRY(after_end(&state, err));
	return after_remove(state_root(invocation->root, invocation->arena), &state, invocation->arena, err);
}

const struct command command_checkpoint = {"checkpoint", &cli, run};
