// SPDX-License-Identifier: Apache-2.0
/*
 * The directory with the image of a container: criu's files, and casemate's record of what in the container came from
 * outside and has to be given again. An image decides which memory, files, capabilities and filters a process gets, so
 * it is written to and read from directories that only root can write.
 */
#ifndef CASEMATE_RUN_IMAGE_H
#define CASEMATE_RUN_IMAGE_H

#include "model/plan.h"

#define IMAGE_RECORD "casemate.json"

enum { IMAGE_STREAMS = 3 };

struct image {
	string_list mounts;  /* where in the container something of the config's is mounted: criu knows it by this */
	string_list hidden;  /* masked and read-only paths: not in the image and not in the record, but made anew */
	string_list streams; /* what criu calls the standard streams that came from outside; "": this one did not */
};

/*
 * Opens the directory @path of an image or of logs, making it when @make; *@ret_fd is the caller's. Fails with
 * ERROR_REFUSED when anybody but root could write it, and with ERROR_SYSTEM.
 */
int image_open(const char *path, bool make, int *ret_fd, struct error *err);

/* Fails with ERROR_REFUSED when anybody but root could write a file of the image @dir, or something in it is no file.
 */
int image_check(int dir, struct error *err);

/*
 * What of the process @pid's mounts and streams comes from outside. @plan is the container's. Fails with
 * ERROR_UNSUPPORTED for a mount that the config does not know, which could not be given again, and with ERROR_SYSTEM.
 */
int image_look(const struct plan *plan, pid_t pid, struct image *ret, struct error *err);

/* Write and read the record. ERROR_SYSTEM, ERROR_CONFIG. */
int image_write(int dir, const struct image *image, struct error *err);
int image_read(int dir, struct arena *arena, struct image *ret, struct error *err);

/*
 * The mount of @plan that is, or has below it, what is mounted on @at; NULL: none. *@ret_below is what of @at is below
 * it: "" or "/cpu".
 */
const struct plan_mount *image_find_mount(const struct plan *plan, const char *at, const char **ret_below);

#endif
