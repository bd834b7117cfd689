// SPDX-License-Identifier: Apache-2.0
/*
 * What `checkpoint` and `restore` share. The words of their callers are understood, so that these can ask what there
 * is; the work is refused.
 */
#ifndef CASEMATE_COMMANDS_CRIU_H
#define CASEMATE_COMMANDS_CRIU_H

#include <stddef.h>

#include "commands/command.h"

struct criu_options {
	const char *text; /* the last value that is a text */
	bool on;          /* the last switch */
};

#define CRIU_TEXT(name, argument, help)                                                                                \
	{                                                                                                              \
		name, 0, CLI_TEXT, offsetof(struct criu_options, text), argument, help, 0                              \
	}
#define CRIU_SWITCH(name, help)                                                                                        \
	{                                                                                                              \
		name, 0, CLI_ON, offsetof(struct criu_options, on), NULL, help, 0                                      \
	}

/* The options of both commands; a hidden one tells nothing here. */
#define CRIU_OPTIONS                                                                                                   \
	CRIU_TEXT("--image-path", "DIR", "where the image is"), CRIU_TEXT("--work-path", "DIR", "where criu(8) logs"), \
		CRIU_TEXT("--manage-cgroups-mode", "MODE", "what of the cgroups is in the image"),                     \
		CRIU_TEXT("--network-lock", "METHOD", "how the network is stopped"),                                   \
		CRIU_TEXT("--empty-ns", "NAMESPACE", "leave out what is in this namespace"),                           \
		CRIU_SWITCH("--tcp-established", "also connections"), CRIU_SWITCH("--ext-unix-sk", "also sockets"),    \
		CRIU_SWITCH("--shell-job", "also of a terminal"), CRIU_SWITCH("--file-locks", "also locks of files"),  \
		CRIU_SWITCH("--link-remap", "also files without a name"),                                              \
		CRIU_SWITCH("--auto-dedup", "keep one copy of each page"),                                             \
		CRIU_SWITCH("--lazy-pages", "bring memory when it is used")

/* Refuses with ERROR_UNSUPPORTED: @what is "checkpoint" or "restore". */
int criu_refuse(const char *what, const char *id, struct error *err);

#endif
