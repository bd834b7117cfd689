// SPDX-License-Identifier: Apache-2.0
/* What the commands on a container that runs begin with. */
#ifndef CASEMATE_COMMANDS_EXISTING_H
#define CASEMATE_COMMANDS_EXISTING_H

#include "base/json_write.h"
#include "commands/command.h"
#include "run/state.h"

/* Opens the container whose id is the one argument in @rest. Fails with ERROR_USAGE and as state_open() does. */
int existing_open(const struct invocation *invocation, char **rest, const char *usage, enum state_lock lock,
		  struct state *ret, struct error *err);

/* The same, and ERROR_GONE "container not running" unless its first process lives. */
int existing_open_alive(const struct invocation *invocation, char **rest, const char *usage, enum state_lock lock,
			struct state *ret, struct error *err);

/*
 * Calls @each for every container whose id the extended regular expression @text matches, until one call fails; the ids
 * live in the arena. Fails with ERROR_USAGE for what is no expression, and as @each does.
 */
int existing_matching(const struct invocation *invocation, const char *text,
		      int (*each)(const char *id, void *context, struct error *err), void *context, struct error *err);

/* Prints what @json holds as one line. Fails with ERROR_SYSTEM when it cannot be written, ERROR_BUG for JSON that is
 * not whole. */
int existing_print(struct json_writer *json, struct error *err);

#endif
