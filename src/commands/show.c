// SPDX-License-Identifier: Apache-2.0
#include "commands/show.h"

#include <stdio.h>

const char *show_owner(const struct state *state, char *text)
{
	if (state->owner == 0)
		return "root";
	snprintf(text, SHOW_OWNER_BYTES, "%u", state->owner);
	return text;
}

static void member(struct json_writer *json, const char *key, const char *text)
{
	json_write_key(json, key);
	json_write_string(json, text);
}

void show_state(struct json_writer *json, const struct state *state, enum container_status status)
{
	char owner[SHOW_OWNER_BYTES];

	json_write_begin_object(json);
	member(json, "ociVersion", state->oci_version);
	member(json, "id", state->id);
	json_write_key(json, "pid");
	json_write_signed(json, status == CONTAINER_STOPPED ? 0 : state->process.pid);
	member(json, "status", state_status_word(status));
	member(json, "bundle", state->bundle);
	member(json, "rootfs", state->rootfs);
	member(json, "created", state->created);
	member(json, "profile", state->profile);
	member(json, "owner", show_owner(state, owner));
	json_write_key(json, "annotations");
	json_write_begin_object(json);
	for (size_t i = 0; i < state->annotations.count; i++)
		member(json, state->annotations.at[i].key, state->annotations.at[i].value);
	json_write_end_object(json);
	json_write_end_object(json);
}
