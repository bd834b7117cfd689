// SPDX-License-Identifier: Apache-2.0
/* What `checkpoint` and `restore` share: the words of their callers, and what of them cannot be had. */
#ifndef CASEMATE_COMMANDS_CRIU_H
#define CASEMATE_COMMANDS_CRIU_H

#include <stddef.h>

#include "commands/container.h"
#include "run/checkpoint.h"

struct criu_options {
	struct checkpoint_options options;
	struct container_options container; /* restore: as for `run` */
	const char *cgroups_mode, *empty_ns, *page_server;
	struct cli_number status_fd;
	bool lazy_pages;
};

#define CRIU_AT(member) offsetof(struct criu_options, member)
#define CRIU_TEXT(name, member, argument, help)                                                                        \
	{                                                                                                              \
		name, 0, CLI_TEXT, CRIU_AT(member), argument, help, 0                                                  \
	}
#define CRIU_SWITCH(name, member, help)                                                                                \
	{                                                                                                              \
		name, 0, CLI_ON, CRIU_AT(member), NULL, help, 0                                                        \
	}
#define CRIU_NUMBER(name, member, argument, help)                                                                      \
	{                                                                                                              \
		name, 0, CLI_NUMBER, CRIU_AT(member), argument, help, 1 << 20                                          \
	}

/* The options of both commands; a hidden one tells nothing here. */
#define CRIU_OPTIONS                                                                                                   \
	CRIU_TEXT("--image-path", options.image_path, "DIR", "where the image is (default: checkpoint)"),              \
		CRIU_TEXT("--work-path", options.work_path, "DIR", "where criu(8) logs (default: with the image)"),    \
		CRIU_TEXT("--manage-cgroups-mode", cgroups_mode, "MODE",                                               \
			  "soft or ignore: the cgroups are the config's"),                                             \
		CRIU_TEXT("--network-lock", options.network_lock, "METHOD", "how the network is stopped meanwhile"),   \
		CRIU_TEXT("--empty-ns", empty_ns, "NAMESPACE", "network: leave out what is in that namespace"),        \
		CRIU_SWITCH("--tcp-established", options.tcp_established, "also connections"),                         \
		CRIU_SWITCH("--ext-unix-sk", options.ext_unix_sk, "also sockets with an end outside"),                 \
		CRIU_SWITCH("--shell-job", options.shell_job, "also of a terminal"),                                   \
		CRIU_SWITCH("--file-locks", options.file_locks, "also locks of files"),                                \
		CRIU_SWITCH("--link-remap", options.link_remap, "also files without a name"),                          \
		CRIU_SWITCH("--auto-dedup", options.auto_dedup, "keep one copy of each page"),                         \
		CRIU_SWITCH("--lazy-pages", lazy_pages, "refused: bring memory when it is used")

/*
 * Completes @given with defaults. Fails with ERROR_USAGE for words without sense, ERROR_UNSUPPORTED for what is not
 * carried out, and ERROR_HOST for users without root's rights: criu needs them.
 */
int criu_complete(struct criu_options *given, struct error *err);

#endif
