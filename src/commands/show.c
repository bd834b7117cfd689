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

void show_state(struct json_writer *json, const struct state *state, enum container_status status)
{
	char owner[SHOW_OWNER_BYTES];

	json_write_begin_object(json);
	json_member_string(json, "ociVersion", state->oci_version);
	json_member_string(json, "id", state->id);
	json_member_signed(json, "pid", status == CONTAINER_STOPPED ? 0 : state->process.pid);
	json_member_string(json, "status", state_status_word(status));
	json_member_string(json, "bundle", state->bundle);
	json_member_string(json, "rootfs", state->rootfs);
	json_member_string(json, "created", state->created);
	json_member_string(json, "profile", state->profile);
	json_member_string(json, "owner", show_owner(state, owner));
	json_member_object(json, "annotations");
	for (size_t i = 0; i < state->annotations.count; i++)
		json_member_string(json, state->annotations.at[i].key, state->annotations.at[i].value);
	json_write_end_object(json);
	json_write_end_object(json);
}
