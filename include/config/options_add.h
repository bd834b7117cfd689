// SPDX-License-Identifier: Apache-2.0
/* How the flags of a sandbox become a request, kind by kind. */
#ifndef CASEMATE_CONFIG_OPTIONS_ADD_H
#define CASEMATE_CONFIG_OPTIONS_ADD_H

#include "config/options.h"

struct adding {
	struct arena *arena;
	const struct host *host;
	struct request *request;
};

/* All of these fail with ERROR_USAGE, naming the flag. */

/* --ro, --rw, --dev, --tmp-overlay, --tmpfs, --file, --symlink, --hide: mounts, in the order of the flags. Reads the
 * files of --file.
 */
int options_add_files(const struct adding *a, const cli_words *words, struct error *err);

/* --net, --publish, --bind-tcp, --connect-tcp: namespaces and ports. */
int options_add_net(const struct adding *a, const struct sandbox_options *options, struct error *err);

/* --limits, --mem, --pids, --cpu, --rlimit. */
int options_add_limits(const struct adding *a, const struct sandbox_options *options, struct error *err);

/* Refuses @path, of the flag @word, unless it is a place in the sandbox: absolute, without "..". */
int options_check_target(const struct cli_word *word, const char *path, struct error *err);

/* Where @word stands: its profile's file, or the flag itself. */
origin options_origin(struct arena *arena, const struct cli_word *word);

#endif
