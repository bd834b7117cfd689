// SPDX-License-Identifier: Apache-2.0
/* The state of a container as `state` and `list` print it. */
#ifndef CASEMATE_COMMANDS_SHOW_H
#define CASEMATE_COMMANDS_SHOW_H

#include "base/json_write.h"
#include "run/state.h"

/* Writes one object: what runtime.md demands, and what runc and crun add. */
void show_state(struct json_writer *json, const struct state *state, enum container_status status);

/* "root", or the number: no data base of users is asked. Writes into @text, which has SHOW_OWNER_BYTES. */
enum { SHOW_OWNER_BYTES = 16 };
const char *show_owner(const struct state *state, char *text);

#endif
