// SPDX-License-Identifier: Apache-2.0
/*
 * Directories of a cgroup hierarchy: made and removed below its root by descriptors, so that no link and no mount on
 * the way can lead anywhere else, and what belongs to others is neither taken over nor removed.
 */
#ifndef CASEMATE_PARTS_CGROUP_TREE_H
#define CASEMATE_PARTS_CGROUP_TREE_H

#include "model/plan.h"
#include "model/run.h"

/* One directory on the way. */
struct cgroup_level {
	int parent;
	int dir;
	uint8_t depth; /* of the parent: 0 is the root of the hierarchy */
};

/* Called for each directory on the way. Returns 0, or -1 with the error filled. */
typedef int cgroup_enter(const struct plan_cgroup *plan, struct run *run, const struct cgroup_level *level,
			 struct error *err);

/*
 * Makes the plan's path in @hierarchy. The last directory is new: one that is there already is replaced if nothing is
 * in it, else ERROR_HOST. Returns its descriptor (O_PATH), which the caller closes. run->cgroup_made[] counts the
 * directories that were made, the last ones of the path, and is right after a failure as well; run->cgroup_parent[]
 * becomes the directory above the last one. @enter may be NULL.
 */
int cgroup_tree_make(const struct plan_cgroup *plan, size_t hierarchy, cgroup_enter *enter, struct run *run,
		     struct error *err);

/*
 * Removes the last run->cgroup_made[] directories of the path, after killing what is in the last one, and those of
 * casemate when they are empty. Fails with ERROR_SYSTEM when processes are still there after some seconds.
 */
int cgroup_tree_remove(const struct plan_cgroup *plan, size_t hierarchy, struct run *run, struct error *err);

/*
 * What a launcher that died may have left: its own leaf in a delegated cgroup and, of an @unfinished launch, whose
 * record does not say what it made, the last directory and casemate's own. Only what is empty, and as far as it can be
 * had.
 */
void cgroup_tree_clear(const struct plan_cgroup *plan, size_t hierarchy, bool unfinished);

/* The name of that leaf, which is the launcher's for the time of the launch. */
enum { CGROUP_LEAF_NAME = 512 };
const char *cgroup_leaf_name(const struct plan_cgroup *plan, char name[CGROUP_LEAF_NAME]);

/* Opens (O_PATH) the directory of the first @depth components of the path. Fails with the error filled. */
int cgroup_tree_open(const struct plan_cgroup *plan, size_t hierarchy, size_t depth, struct error *err);

/* Writes @value into the file @name of @dir. Fails with ERROR_SYSTEM, or ERROR_HOST where there is no such file; @from
 * asked. */
int cgroup_tree_write(int dir, const char *name, const char *value, origin from, struct error *err);

/* The same for a planned file, or its fallback where the kernel has none of this name. */
int cgroup_tree_write_file(int dir, const struct plan_cgroup_file *file, struct error *err);

/* Reads the file @name of @dir into @text, terminated and without its last newline. Fails with errno. */
int cgroup_tree_read(int dir, const char *name, char *text, size_t size);

/* The number behind "@key " at the beginning of a line of @text, which may be NULL; 0 where there is none. */
uint64_t cgroup_tree_number(const char *text, const char *key);

#endif
