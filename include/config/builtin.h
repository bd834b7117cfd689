// SPDX-License-Identifier: Apache-2.0
/* The files of profiles/ that are compiled in; src/config/embed.sh writes the C file behind this. */
#ifndef CASEMATE_CONFIG_BUILTIN_H
#define CASEMATE_CONFIG_BUILTIN_H

#include <stddef.h>

/*
 * The text of profiles/NAME.json, static and terminated, and its length: "restricted", "baseline", "privileged",
 * "seccomp/default". NULL for a name that is not built in.
 */
const char *builtin_text(const char *name, size_t *ret_length);

#endif
