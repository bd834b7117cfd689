// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "base/fd.h"
#include "base/sys.h"
#include "commands/after.h"
#include "commands/container.h"
#include "commands/existing.h"

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
	if (status != CONTAINER_STOPPED)
		TRY(after_end(&state, err));
	return after_remove(deletion->root, &state, deletion->arena, err);
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
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	deletion.force = given.force;
	if (given.regex && rest[0] != NULL && rest[1] == NULL)
		return existing_matching(invocation, rest[0], delete_matching, &deletion, err);
	TRY(container_id(rest, "casemate delete ID", &id, err));
	return delete_one(&deletion, id, err);
}

const struct command command_delete = {"delete", &cli, run};
