// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/mounts.h"

enum { DETACHED_NAME = 32, FEW_BITS = 07777 };

static int refuse(const struct plan_mount *overlay, const char *with, struct error *err)
{
	return error_set(err, ERROR_USAGE, 0, "%s: %s", overlay->from, with);
}

/* An overlay shows one file system: what the host has covered with a mount would be seen. */
static int check_submounts(const struct planner *p, const struct plan_mount *overlay, struct error *err)
{
	size_t length = overlay->real == NULL || strcmp(overlay->real, "/") == 0 ? 0 : strlen(overlay->real);

	for (size_t i = 0; overlay->real != NULL && i < p->host->submounts.count; i++) {
		const char *path = p->host->submounts.at[i].path;

		if (strncmp(path, overlay->real, length) == 0 && path[length] == '/')
			return refuse(overlay, arena_printf(p->arena, "'%s' is mounted in it", path), err);
	}
	return 0;
}

int mounts_overlay_plan(const struct planner *p, struct error *err)
{
	const struct plan_mount *hide = NULL, *overlay = NULL;

	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *mount = &p->plan->mounts.at[i];

		if (mount->kind == MOUNT_HIDE)
			hide = mount;
		if ((mount->special & MOUNT_SPECIAL_OVERLAY) == 0)
			continue;
		overlay = mount;
		TRY(check_submounts(p, mount, err));
	}
	/* What is hidden is found by its object, and an overlay shows objects of its own. */
	if (hide != NULL && overlay != NULL)
		return refuse(overlay, "it does not go together with --hide", err);
	return 0;
}

static int system_error(const struct plan_mount *mount, const char *what, struct error *err)
{
	return error_set(err, ERROR_SYSTEM, errno, "cannot %s for '%s'", what, mount->target);
}

/*
 * The upper directory is the top that is seen, so it has owner and mode of the one below. Where an id is not mapped the
 * sandbox becomes the owner, and then what others may not do to the host's directory is not granted.
 */
static int copy_owner(const struct plan_mount *mount, int holder, const struct stat *below, struct error *err)
{
	mode_t mode = below->st_mode & FEW_BITS & ~(mode_t)(S_ISUID | S_ISGID);
	AUTOCLOSE int upper = sys_openat(holder, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	if (upper < 0)
		return system_error(mount, "open the directory of changes", err);
	if (sys_fchownat(holder, "upper", below->st_uid, (uint32_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
	    (mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
		return error_set(err, ERROR_SYSTEM, errno, "the sandbox's user may not read '%s'", mount->source);
	if (sys_fchownat(holder, "upper", (uint32_t)-1, below->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		mode &= ~(mode_t)S_IRWXG;
	return sys_fchmod(upper, mode) < 0 ? system_error(mount, "set the mode of the directory of changes", err) : 0;
}

static int make_holder(const struct plan_mount *mount, int tree, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("tmpfs");
	struct stat below;

	if (fstat(tree, &below) < 0)
		return system_error(mount, "look at the source", err);
	if (!S_ISDIR(below.st_mode))
		return error_set(err, ERROR_USAGE, ENOTDIR, "cannot lay changes over '%s'", mount->source);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "700", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return system_error(mount, "make a tmpfs", err);
	AUTOCLOSE int holder = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (holder < 0 || sys_mkdirat(holder, "lower", 0700) < 0 || sys_mkdirat(holder, "upper", 0700) < 0 ||
	    sys_mkdirat(holder, "work", 0700) < 0)
		return system_error(mount, "make the directories of changes", err);
	TRY(copy_owner(mount, holder, &below, err));
	return fd_take(&holder);
}

static int set_layer(int fs, const char *key, int holder, const char *name)
{
	char path[DETACHED_NAME + 8];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", holder, name);
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0);
}

static int make_overlay(const struct plan_mount *mount, int holder, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("overlay");

	if (fs < 0) {
		system_error(mount, "make an overlay", err);
		return error_hint(err, "this kernel has no overlayfs: use --ro, or a copy and --rw");
	}
	if (set_layer(fs, "lowerdir", holder, "lower") < 0 || set_layer(fs, "upperdir", holder, "upper") < 0 ||
	    set_layer(fs, "workdir", holder, "work") < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		system_error(mount, "make an overlay", err);
		return error_hint(err,
				  "in a user namespace it needs Linux 5.12, and a file system that can be a lower one");
	}
	int made = sys_fsmount(fs, mount->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY);
	return made < 0 ? system_error(mount, "mount the overlay", err) : made;
}

/* Layers must be mounts of this namespace (older kernels): for a moment they are, on the root, where no path leads. */
int mounts_overlay(const struct plan_mount *mount, int tree, struct error *err)
{
	char place[DETACHED_NAME];

	if (mount->remounts)
		return error_set(err, ERROR_HOST, 0, "an overlay needs mount_setattr(2) of Linux 5.12");
	AUTOCLOSE int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	AUTOCLOSE int holder = make_holder(mount, tree, err);

	if (holder < 0)
		return -1;
	if (root < 0 || sys_move_mount(holder, root, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return system_error(mount, "place the directories of changes", err);
	AUTOCLOSE int made = sys_move_mount(tree, holder, "lower", 0) < 0 ? system_error(mount, "place the source", err)
									  : make_overlay(mount, holder, err);
	snprintf(place, sizeof(place), "/proc/self/fd/%d", holder);
	if (sys_umount2(place, MNT_DETACH) < 0)
		return system_error(mount, "take away the directories of changes", err);
	return fd_take(&made);
}
