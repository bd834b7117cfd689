// SPDX-License-Identifier: Apache-2.0
/*
 * Places inside the new root: the only way in which a part opens or makes a path of the container. Used after the new
 * root was entered, so that the kernel contains every link, and with openat2(2) so that no magic link of a procfs is
 * followed.
 */
#ifndef CASEMATE_PARTS_PLACE_H
#define CASEMATE_PARTS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum place_rule {
	PLACE_FOLLOW,   /* links are followed, inside the root */
	PLACE_ORDINARY, /* no component may be a link: /proc, /sys, /dev must be what they seem */
};

/* Opens @path (absolute) with O_PATH. Returns the descriptor, or -1 with errno: ENOENT is for the caller to judge. */
int place_open(const char *path, enum place_rule rule);

/* The same, and *@ret_linked says whether a link was followed: then the place may be another one than its name says. */
int place_find(const char *path, enum place_rule rule, bool *ret_linked);

/*
 * Opens @path like place_find(), after making what is missing: directories of mode 0755, and at the end a directory, or
 * an empty file (opened to be read: what was made is what is opened) where @like, unless it is -1, is no directory.
 * Existing things are left as they are. Fails with ERROR_SYSTEM.
 */
int place_make(const char *path, enum place_rule rule, int like, bool *ret_linked, struct error *err);

/* Opens the directory that holds @path, made where missing, and sets *@ret_name to the last component (inside @path).
 */
int place_parent(const char *path, const char **ret_name, struct error *err);

/*
 * The directory in which something was made last: what is made next is often in it as well. Begins as PLACE_NOWHERE;
 * must be forgotten when a mount may have come over it or above it. @path is not copied.
 */
struct place_near {
	int directory;
	const char *path;
	size_t length;
};
#define PLACE_NOWHERE ((struct place_near){.directory = -1})

/*
 * Sets near->directory to the directory that holds @path, made where missing with @make, and *@ret_name to the last
 * component (inside @path). Returns 1; 0 where it is not there, or only by way of a link; -1 with an error.
 */
int place_near(struct place_near *near, const char *path, bool make, const char **ret_name, struct error *err);
void place_forget(struct place_near *near);

#endif
