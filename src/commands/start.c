// SPDX-License-Identifier: Apache-2.0
#include "run/start.h"

#include <signal.h>

#include "base/fd.h"
#include "commands/after.h"
#include "commands/existing.h"
#include "run/notify.h"

static const struct cli_option options[] = {CLI_END};

static const struct cli cli = {
	.usage = "casemate start ID",
	.summary = "Executes the program of a container that was created, and says what execve(2) said.",
	.options = options,
	.order = CLI_MIXED,
};

/* A container whose poststart hooks fail is stopped (runtime.md, "Lifecycle"). */
static int run_hooks(const struct invocation *invocation, const struct state *state, struct error *err)
{
	if (after_hooks(state, HOOK_POSTSTART, invocation->arena, err) == 0)
		return 0;
	(void)after_kill(state, SIGKILL, err);
	return -1;
}

/* What `create` has judged, from the container's copy of its config.json. */
static int read_listener(const struct invocation *invocation, const struct state *state, struct plan_listener *ret,
			 struct error *err)
{
	struct request *request;

	if (!state->listener)
		return 0;
	request = arena_alloc(invocation->arena, sizeof(*request));
	TRY(after_config(state, invocation->arena, request, err));
	if (request->linux_.seccomp == NULL)
		return error_set(err, ERROR_BUG, 0, "the container's copy of its config.json has no seccomp");
	*ret = (struct plan_listener){
		.path = request->linux_.seccomp->listener_path,
		.metadata = request->linux_.seccomp->listener_metadata,
		.bundle = request->bundle,
		.annotations = request->annotations,
		.from = "config.json:/linux/seccomp/listenerPath",
	};
	return 0;
}

static int start(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	AUTO_NOTIFY struct notify notify = {.inside = -1, .outside = -1, .process = -1, .interrupts = -1};
	AUTOCLOSE int sync = -1;
	struct plan_listener listener = {0};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	TRY(existing_open(invocation, rest, cli.usage, STATE_LOCK, &state, err));
	enum container_status status = state_connect(&state, &sync);
	if (status != CONTAINER_CREATED)
		return error_set(err, ERROR_GONE, 0, "cannot start the container \"%s\": it is %s%s", state.id,
				 state_status_word(status),
				 status == CONTAINER_STOPPED ? " (container not running)" : "");
	TRY(read_listener(invocation, &state, &listener, err));
	TRY(notify_open(&state, &notify, err));
	TRY(start_container(&state, sync, state.listener ? &listener : NULL, err));
	TRY(run_hooks(invocation, &state, err));
	/* Others may stop what is not ready yet. */
	state_close(&state);
	return notify_until_ready(&notify, err);
}

const struct command command_start = {"start", &cli, start};
