// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/printable.h"
#include "commands/existing.h"
#include "commands/show.h"

enum { BUNDLE_WIDTH = 40 };

struct list_options {
	const char *format;
	bool quiet;
};

static const struct cli_option options[] = {
	{"--format", 'f', CLI_TEXT, offsetof(struct list_options, format), "table|json", "the form of the output", 0},
	{"--quiet", 'q', CLI_ON, offsetof(struct list_options, quiet), NULL, "print nothing but ids", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate list [OPTION]...",
	.summary = "Lists the containers.",
	.options = options,
	.order = CLI_MIXED,
};

struct listing {
	const char *root;
	struct arena *arena;
	struct json_writer *json; /* NULL: text */
	bool quiet;
	struct error *bad; /* of the first one that cannot be read: the others are listed all the same */
};

/* The directory has the name that somebody gave it. */
static void print_line(const struct state *state, enum container_status status)
{
	int width = (int)strlen(state->bundle);
	char owner[SHOW_OWNER_BYTES];

	printf("%-24s %-8d %-9s ", state->id, status == CONTAINER_STOPPED ? 0 : state->process.pid,
	       state_status_word(status));
	print_printable(state->bundle, stdout);
	printf("%*s %-28s %s\n", width < BUNDLE_WIDTH ? BUNDLE_WIDTH - width : 0, "", state->created,
	       show_owner(state, owner));
}

static int list_one(const char *name, void *context, struct error *err)
{
	struct listing *listing = context;
	AUTO_STATE struct state state = {.dir = -1};
	const char *id = arena_strdup(listing->arena, name);

	if (listing->quiet) {
		puts(id);
		return 0;
	}
	/* One that is deleted meanwhile is not there. */
	if (state_open(listing->root, id, STATE_LOOK, listing->arena, &state, err) < 0) {
		if (err->kind != ERROR_GONE && listing->bad->kind == ERROR_NONE)
			*listing->bad = *err;
		return 0;
	}
	enum container_status status = state_status(&state);
	if (listing->json != NULL)
		show_state(listing->json, &state, status);
	else
		print_line(&state, status);
	return 0;
}

static int list_json(struct listing *listing, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};

	TRY(json_writer_create(&json, false, err));
	listing->json = &json;
	json_write_begin_array(&json);
	TRY(state_each(listing->root, list_one, listing, err));
	json_write_end_array(&json);
	return existing_print(&json, err);
}

static int list_text(struct listing *listing, struct error *err)
{
	if (!listing->quiet)
		printf("%-24s %-8s %-9s %-*s %-28s %s\n", "ID", "PID", "STATUS", BUNDLE_WIDTH, "BUNDLE", "CREATED",
		       "OWNER");
	TRY(state_each(listing->root, list_one, listing, err));
	return fflush(stdout) == 0 ? 0 : error_set(err, ERROR_SYSTEM, errno, "cannot write the list");
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct list_options given = {.format = "table"};
	struct error bad = {0};
	struct listing listing = {
		.root = state_root(invocation->root, invocation->arena), .arena = invocation->arena, .bad = &bad};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	bool json = strcmp(given.format, "json") == 0;
	if (!json && strcmp(given.format, "table") != 0)
		return error_set(err, ERROR_USAGE, 0, "--format %s: expected table or json", given.format);
	if (rest[0] != NULL)
		return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
	listing.quiet = given.quiet;
	TRY(json && !given.quiet ? list_json(&listing, err) : list_text(&listing, err));
	if (bad.kind == ERROR_NONE)
		return 0;
	*err = bad;
	return -1;
}

const struct command command_list = {"list", &cli, run};
