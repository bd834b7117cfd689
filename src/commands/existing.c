// SPDX-License-Identifier: Apache-2.0
#include "commands/existing.h"

#include <errno.h>
#include <regex.h>

#include "commands/container.h"

struct matching {
	const regex_t *pattern;
	struct arena *arena;
	int (*each)(const char *id, void *context, struct error *err);
	void *context;
};

static int each_matching(const char *id, void *context, struct error *err)
{
	const struct matching *matching = context;

	if (regexec(matching->pattern, id, 0, NULL, 0) != 0)
		return 0;
	return matching->each(arena_strdup(matching->arena, id), matching->context, err);
}

int existing_matching(const struct invocation *invocation, const char *text,
		      int (*each)(const char *id, void *context, struct error *err), void *context, struct error *err)
{
	regex_t pattern;
	struct matching matching = {.pattern = &pattern, .arena = invocation->arena, .each = each, .context = context};
	char reason[128];
	int bad = regcomp(&pattern, text, REG_EXTENDED | REG_NOSUB);

	if (bad != 0) {
		regerror(bad, &pattern, reason, sizeof(reason));
		return error_set(err, ERROR_USAGE, 0, "'%s' is not a regular expression: %s", text, reason);
	}
	int result = state_each(state_root(invocation->root, invocation->arena), each_matching, &matching, err);
	regfree(&pattern);
	return result;
}

int existing_open(const struct invocation *invocation, char **rest, const char *usage, enum state_lock lock,
		  struct state *ret, struct error *err)
{
	const char *id;

	TRY(container_id(rest, usage, &id, err));
	return state_open(state_root(invocation->root, invocation->arena), id, lock, invocation->arena, ret, err);
}

int existing_open_alive(const struct invocation *invocation, char **rest, const char *usage, enum state_lock lock,
			struct state *ret, struct error *err)
{
	TRY(existing_open(invocation, rest, usage, lock, ret, err));
	enum container_status status = state_status(ret);
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return error_set(err, ERROR_GONE, 0, "container not running: \"%s\" is %s", ret->id,
				 state_status_word(status));
	return 0;
}

int existing_print(struct json_writer *json, struct error *err)
{
	const char *text;
	size_t length;

	TRY(json_writer_finish(json, &text, &length, err));
	if (fwrite(text, 1, length, stdout) != length || putchar('\n') == EOF || fflush(stdout) != 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write to standard output");
	return 0;
}
