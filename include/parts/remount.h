// SPDX-License-Identifier: Apache-2.0
/*
 * The options of mounts on a kernel without mount_setattr(2), before 5.12 or behind a filter that hides it: they can
 * only be set once a mount is attached, one mount at a time, by mount(2) with MS_REMOUNT | MS_BIND. That happens before
 * anything of the container runs, and each mount is read back. Everybody else changes options by remount_attached(),
 * which costs nothing on newer kernels.
 */
#ifndef CASEMATE_PARTS_REMOUNT_H
#define CASEMATE_PARTS_REMOUNT_H

#include "model/explain.h"
#include "model/run.h"

/* MOUNT_ATTR_* to set and to clear as mount_setattr(2) takes them, and one of MS_PRIVATE, MS_SLAVE ... or 0. */
struct remount {
	uint64_t set, clear, propagation;
	bool recursive;
};

/* Child, while the host's procfs can be seen: keeps what names descriptors for mount(2), in run->self. */
bool remount_open_wanted(const struct plan *plan);
void remount_open_explain(const struct plan *plan, struct explain *out);
int remount_open(const struct plan *plan, struct run *run, struct error *err);

/*
 * Clones the tree at @path of @dir, as open_tree(2) with @flags, and gives all that is cloned the options of @change
 * before anybody sees it. Returns the descriptor of the detached mount, which the caller closes, or -1 with errno. Not
 * for kernels without mount_setattr(2).
 */
int remount_clone(int dir, const char *path, unsigned flags, const struct remount *change);

/*
 * Changes the attached mount whose root is @mount (AT_FDCWD: that on /), and with @recursive all below it. Returns -1
 * with errno: EBUSY where one below is covered by another, so that its options cannot be set, EIO where the kernel did
 * not do what it was told.
 */
int remount_attached(const struct run *run, int mount, const struct remount *change);

#endif
