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

enum { DETACHED_NAME = 32 };

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

static bool overlap(const char *one, const char *other)
{
	size_t first = strcmp(one, "/") == 0 ? 0 : strlen(one), second = strcmp(other, "/") == 0 ? 0 : strlen(other);
	size_t shorter = first < second ? first : second;
	const char *longer = first < second ? other : one;

	return strncmp(one, other, shorter) == 0 && (longer[shorter] == '/' || longer[shorter] == '\0');
}

/* A mount of the host may show either under a name that is nowhere near the other's. */
static bool is_same_layer(const char *one, const char *other)
{
	return one != NULL && other != NULL && overlap(one, other);
}

static bool is_same_object(const struct plan_mount *one, const struct plan_mount *other)
{
	return (one->judged && other->judged && one->inode != 0 && one->device == other->device &&
		one->inode == other->inode) ||
	       is_same_layer(one->layer, other->layer);
}

/* What is mounted below comes along with what is bound. */
static bool is_shown_below(const struct planner *p, const struct plan_mount *changes, const struct plan_mount *other)
{
	for (size_t i = 0; other->recursive && i < p->host->submounts.count; i++) {
		const struct host_object *mount = &p->host->submounts.at[i];

		if (overlap(other->real, mount->path) && strlen(mount->path) > strlen(other->real) &&
		    is_same_layer(changes->layer, mount->layer))
			return true;
	}
	return false;
}

/* Who changes a layer past the overlay makes it something else than either holds. */
static int check_shown(const struct planner *p, size_t index, struct error *err)
{
	const struct plan_mount *changes = &p->plan->mounts.at[index];

	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *other = &p->plan->mounts.at[i];

		if (i == index || (other->kind != MOUNT_BIND && other->kind != MOUNT_CHANGES) || other->real == NULL)
			continue;
		if (overlap(changes->real, other->real) || is_same_object(changes, other) ||
		    is_shown_below(p, changes, other))
			return refuse(changes,
				      arena_printf(p->arena, "'%s' and '%s' of '%s' hold one another", changes->source,
						   other->source, other->from),
				      err);
	}
	return 0;
}

/* The launcher has the lock, so the sandbox may not live longer. */
static int check_changes(const struct planner *p, size_t index, struct error *err)
{
	const struct plan_mount *changes = &p->plan->mounts.at[index];

	if (changes->real == NULL)
		return error_set(err, ERROR_USAGE, ENOENT, "%s: cannot find '%s'", changes->from, changes->source);
	if (!p->request->sandbox.die_with_parent)
		return refuse(changes, "it does not go together with --no-die-with-parent", err);
	TRY(check_submounts(p, changes, err));
	return check_shown(p, index, err);
}

int mounts_overlay_plan(const struct planner *p, struct error *err)
{
	const struct plan_mount *hide = NULL, *overlay = NULL;

	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *mount = &p->plan->mounts.at[i];

		if (mount->kind == MOUNT_HIDE)
			hide = mount;
		if (mount->kind == MOUNT_CHANGES)
			TRY(check_changes(p, i, err));
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

/* What an overlay is put together from, while it is: descriptors, and the mount that holds them. */
struct layers {
	int holder; /* a tmpfs that only we see, on the root, with "lower" and, where nobody keeps them, the changes */
	int upper, work;
};

static void close_layers(struct layers *layers)
{
	fd_close(&layers->work);
	fd_close(&layers->upper);
	fd_close(&layers->holder);
}

static int make_holder(const struct plan_mount *mount, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("tmpfs");

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "700", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return system_error(mount, "make a tmpfs", err);
	AUTOCLOSE int holder = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (holder < 0 || sys_mkdirat(holder, "lower", 0700) < 0 || sys_mkdirat(holder, "changes", 0700) < 0)
		return system_error(mount, "make the directories of the layers", err);
	return fd_take(&holder);
}

/* Layers must be mounts of this namespace (older kernels): for a moment they are, on the root, where no path leads. */
static int place_layers(const struct plan_mount *mount, int tree, int changes, int holder, struct error *err)
{
	AUTOCLOSE int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	struct stat below;

	if (fstat(tree, &below) < 0)
		return system_error(mount, "look at the source", err);
	if (!S_ISDIR(below.st_mode))
		return error_set(err, ERROR_USAGE, ENOTDIR, "cannot lay changes over '%s'", mount->source);
	if (root < 0 || sys_move_mount(holder, root, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return system_error(mount, "place the layers", err);
	if (sys_move_mount(tree, holder, "lower", 0) < 0)
		return system_error(mount, "place the source", err);
	if (changes >= 0 && sys_move_mount(changes, holder, "changes", 0) < 0)
		return system_error(mount, "place the directory of changes", err);
	return 0;
}

static int set_layer(int fs, const char *key, int directory, const char *name)
{
	char path[DETACHED_NAME + 8];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0);
}

static int make_overlay(const struct plan_mount *mount, const struct layers *layers, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("overlay");

	if (fs < 0) {
		system_error(mount, "make an overlay", err);
		return error_hint(err, "this kernel has no overlayfs: use --ro, or a copy and --rw");
	}
	if (set_layer(fs, "lowerdir", layers->holder, "lower") < 0 ||
	    set_layer(fs, "upperdir", layers->upper, "") < 0 || set_layer(fs, "workdir", layers->work, "") < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		system_error(mount, "make an overlay", err);
		return error_hint(err, "in a user namespace it needs Linux 5.12, and file systems that can be layers");
	}
	int made = sys_fsmount(fs, mount->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY);
	return made < 0 ? system_error(mount, "mount the overlay", err) : made;
}

static int put_together(const struct plan_mount *mount, int tree, int changes, struct layers *layers, struct error *err)
{
	TRY(place_layers(mount, tree, changes, layers->holder, err));
	AUTOCLOSE int own = changes >= 0 ? -1 : sys_openat(layers->holder, "changes", O_PATH | O_DIRECTORY, 0);
	int directory = changes >= 0 ? changes : own;
	if (directory < 0)
		return system_error(mount, "open the directory of changes", err);
	if (changes >= 0)
		TRY(mounts_changes_check(mount, changes, err));
	layers->work = mounts_changes_work(mount, directory, err);
	if (layers->work < 0)
		return -1;
	layers->upper = mounts_changes_upper(mount, directory, tree, err);
	return layers->upper < 0 ? -1 : make_overlay(mount, layers, err);
}

int mounts_overlay(const struct plan_mount *mount, int tree, int changes, struct error *err)
{
	__attribute__((cleanup(close_layers))) struct layers layers = {-1, -1, -1};
	char place[DETACHED_NAME];

	if (mount->remounts)
		return error_set(err, ERROR_HOST, 0, "an overlay needs mount_setattr(2) of Linux 5.12");
	layers.holder = make_holder(mount, err);
	if (layers.holder < 0)
		return -1;
	AUTOCLOSE int made = put_together(mount, tree, changes, &layers, err);
	if (made < 0)
		return -1;
	snprintf(place, sizeof(place), "/proc/self/fd/%d", layers.holder);
	if (sys_umount2(place, MNT_DETACH) < 0)
		return system_error(mount, "take away the layers", err);
	return fd_take(&made);
}
