// SPDX-License-Identifier: Apache-2.0
/* What a path of a sandbox is on its host, by what the plan mounts: nothing inside is asked. */
#ifndef CASEMATE_RUN_VIEW_H
#define CASEMATE_RUN_VIEW_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "model/plan.h"

/* A file as it is called inside, without any link, and on the host. */
struct view_file {
	char inside[PATH_MAX];
	char host[PATH_MAX];
};

/*
 * Whether the host has @path, an absolute one that a program may have chosen, and what it is; a link at its end is not
 * followed. Nothing is mounted for it, and no automounter is asked: that would tell others what the program wrote into
 * the name. What cannot be found without is not there.
 */
bool view_outside(const char *path, struct stat *ret);

/*
 * Finds @path, absolute or relative to the program's working directory, as the program would: links of the sandbox
 * and of what it shows are followed inside. False where nothing of the host is there; what only the sandbox has (its
 * tmpfs, copies of files, file systems of the kernel) is nothing of the host.
 */
bool view_find(const struct plan *plan, const char *path, struct view_file *ret);

#endif
