// SPDX-License-Identifier: Apache-2.0
/*
 * All cgroups below one. A container makes them as deep and as broad as it likes, and goes on while we look: memory and
 * descriptors are the same for any depth, and those that are made meanwhile do not keep the walk from ending.
 */
#ifndef CASEMATE_PARTS_CGROUP_WALK_H
#define CASEMATE_PARTS_CGROUP_WALK_H

#include "base/error.h"

/* What is done with the cgroup @name in the directory @parent. */
struct cgroup_walker {
	/* Before those below it. Returns 1 to look at these, 0 to pass them by, -1 with the error filled. */
	int (*enter)(int parent, const char *name, void *context, struct error *err);
	/* After them; may be NULL. */
	void (*leave)(int parent, const char *name);
};

/*
 * Calls @walker for the cgroups below @dir, one above others before them; those that end meanwhile are passed by. A
 * cgroup may be removed by @walker. Fails with ERROR_SYSTEM, or where @walker does. cgroups(7), getdents(2)
 */
int cgroup_walk(int dir, const struct cgroup_walker *walker, void *context, struct error *err);

#endif
