// SPDX-License-Identifier: Apache-2.0
/* The places of a sandbox's files: parents first, one thing a place, and nothing of ours in a directory of the host. */
#ifndef CASEMATE_CONFIG_OPTIONS_ORDER_H
#define CASEMATE_CONFIG_OPTIONS_ORDER_H

#include "model/request.h"

/* Absolute and without ".", ".." and double slashes; ".." is resolved by the text, as the user who typed it means it.
 */
const char *options_path(struct arena *arena, const char *cwd, const char *path);

/*
 * Sorts the mounts of @request by depth, so that the most specific place wins whatever was typed first; a flag takes
 * the place of a default. Fails with ERROR_USAGE where two flags are for one place, or where something would be left on
 * the host.
 */
int options_order(struct request *request, struct arena *arena, struct error *err);

/* It is a file, link or directory that is made, and no mount. */
bool options_is_made(const struct request_mount *mount);

#endif
