// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "base/fd.h"
#include "base/sys.h"
#include "commands/after.h"
#include "commands/container.h"
#include "commands/existing.h"
#include "parts/cgroup.h"
#include "parts/cgroup_control.h"
#include "parts/rdt.h"

enum { PATIENCE_MS = 10000 };

struct delete_options {
	bool force, regex;
};

static const struct cli_option options[] = {
	{"--force", 'f', CLI_ON, offsetof(struct delete_options, force), NULL,
	 "kill it first; one that does not exist is no error", 0},
	{"--regex", 'r', CLI_ON, offsetof(struct delete_options, regex), NULL,
	 "every container whose id the extended regular expression ID matches", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate delete [OPTION]... ID",
	.summary = "Removes everything that is left of a container that has ended or was never started.",
	.options = options,
	.order = CLI_MIXED,
};

struct deletion {
	const char *root;
	struct arena *arena;
	bool force;
};

/* Who makes a container holds its lock until that is made; the container's first process dies with it. */
static int kill_maker(const struct state *state, struct error *err)
{
	const struct state maker = {.id = state->id, .process = state->maker};
	AUTOCLOSE int process = state->busy && state->process.pid == 0 ? state_process_open(&maker, err) : -1;

	if (process >= 0 && sys_pidfd_send_signal(process, SIGKILL) < 0 && errno != ESRCH)
		return error_set(err, ERROR_SYSTEM, errno, "cannot end the making of the container \"%s\"", state->id);
	return 0;
}

static int end_process(const struct state *state, struct error *err)
{
	struct pollfd ended = {.events = POLLIN};
	AUTOCLOSE int process = state_process_open(state, err);

	if (process < 0)
		return err->kind == ERROR_GONE ? 0 : -1;
	if (sys_pidfd_send_signal(process, SIGKILL) < 0 && errno != ESRCH)
		return error_set(err, ERROR_SYSTEM, errno, "cannot kill the container \"%s\"", state->id);
	cgroup_let_die(&state->cgroup);
	ended.fd = process;
	if (poll(&ended, 1, PATIENCE_MS) <= 0)
		return error_set(err, ERROR_SYSTEM, 0, "the container \"%s\" does not end", state->id);
	return 0;
}

static int remove_cgroup(const struct state *state, struct error *err)
{
	struct plan plan = {.cgroup = state->cgroup};
	struct run run = {0};

	if (!plan.cgroup.wanted)
		return 0;
	for (size_t i = 0; i < plan.cgroup.hierarchies.count; i++)
		run.cgroup_made[i] = state->cgroup_made[i];
	TRY(cgroup_remove(&plan, &run, err));
	/* The first record of a launch cannot say yet what will be made. */
	cgroup_clear(&plan.cgroup, state->process.pid == 0);
	return 0;
}

static int remove_rdt(const struct state *state, struct error *err)
{
	const struct plan plan = {.id = state->id, .rdt = state->rdt};
	struct run run = {.rdt_made = state->rdt_made};

	return rdt_remove(&plan, &run, err);
}

static int remove_all(const struct deletion *deletion, const struct state *state, struct error *err)
{
	struct error hook;
	char text[sizeof(hook.what) + sizeof(hook.hint)];

	TRY(end_process(state, err));
	TRY(remove_cgroup(state, err));
	TRY(remove_rdt(state, err));
	/* Their failure is logged and stops nothing (runtime.md, "Lifecycle"). */
	if (after_hooks(state, HOOK_POSTSTOP, deletion->arena, &hook) < 0) {
		error_text(&hook, text, sizeof(text));
		fprintf(stderr, "casemate: warning: %s\n", text);
	}
	return state_delete(deletion->root, state, err);
}

static int delete_one(const struct deletion *deletion, const char *id, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};

	if (deletion->force) {
		AUTO_STATE struct state now = {.dir = -1};

		if (state_open(deletion->root, id, STATE_LOOK, deletion->arena, &now, err) < 0)
			return err->kind == ERROR_GONE ? 0 : -1;
		TRY(kill_maker(&now, err));
	}
	if (state_open(deletion->root, id, STATE_LOCK, deletion->arena, &state, err) < 0)
		return deletion->force && err->kind == ERROR_GONE ? 0 : -1;
	enum container_status status = state_status(&state);
	if (!deletion->force && status != CONTAINER_STOPPED && status != CONTAINER_CREATED) {
		error_set(err, ERROR_USAGE, 0, "cannot delete the container \"%s\": it is %s", id,
			  state_status_word(status));
		return error_hint(err, "casemate kill %s KILL, or: casemate delete --force %s", id, id);
	}
	return remove_all(deletion, &state, err);
}

static int delete_matching(const char *id, void *context, struct error *err)
{
	return delete_one(context, id, err);
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct delete_options given = {0};
	struct deletion deletion = {.root = state_root(invocation->root, invocation->arena),
				    .arena = invocation->arena};
	const char *id;
	char **rest;

	(void)ret_status;
	int go = container_help(&cli, cli_parse(&cli, invocation->argv, &given, invocation->arena, &rest, err));
	if (go <= 0)
		return go;
	deletion.force = given.force;
	if (given.regex && rest[0] != NULL && rest[1] == NULL)
		return existing_matching(invocation, rest[0], delete_matching, &deletion, err);
	TRY(container_id(rest, "casemate delete ID", &id, err));
	return delete_one(&deletion, id, err);
}

const struct command command_delete = {"delete", &cli, run};
