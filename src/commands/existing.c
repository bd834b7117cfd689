// SPDX-License-Identifier: Apache-2.0
#include "commands/existing.h"

#include <errno.h>

#include "commands/container.h"

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
