// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "parts/mounts.h"
#include "parts/place.h"
#include "parts/remount.h"

enum { LONGEST = 4096 };
enum { COVER_ATTRS = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static int refuse(const struct plan_mount *hide, const struct plan_mount *other, const char *place, struct error *err)
{
	error_set(err, ERROR_USAGE, 0, "'%s' shows at %s what '%s' hides", other->from, place, hide->from);
	return error_hint(err, "hide it there as well, or bind less");
}

/* @rest: the path of the hidden object below the root of @other. */
static int check_place(const struct plan *plan, const struct plan_mount *hide, const struct plan_mount *other,
		       const char *rest, struct error *err)
{
	char place[LONGEST];

	if ((size_t)snprintf(place, sizeof(place), "%s%s", other->target, rest) >= sizeof(place))
		return error_set(err, ERROR_USAGE, ENAMETOOLONG, "%s", other->from);
	return plan_mount_at(plan, place, NULL) == other ? refuse(hide, other, place, err) : 0;
}

static int check_other(const struct plan *plan, const struct plan_mount *hide, const char *hidden,
		       const struct plan_mount *other, struct error *err)
{
	/* A flag for a place below the hidden one is more specific: that is shown on purpose. */
	if (other->kind != MOUNT_BIND || other->real == NULL || path_is_within(other->target, hide->target))
		return 0;
	if (path_is_within(hidden, other->real))
		return check_place(plan, hide, other,
				   hidden + (strcmp(other->real, "/") == 0 ? 0 : strlen(other->real)), err);
	if (path_is_within(other->real, hidden) && plan_mount_at(plan, other->target, NULL) == other)
		return refuse(hide, other, other->target, err);
	return 0;
}

int mounts_hide_plan(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *hide = &plan->mounts.at[i], *holder;
		char hidden[LONGEST];

		if (hide->kind != MOUNT_HIDE)
			continue;
		holder = plan_mount_at(plan, hide->target, hide);
		if (holder == NULL || holder->kind != MOUNT_BIND || holder->real == NULL)
			continue;
		if ((size_t)snprintf(hidden, sizeof(hidden), "%s%s", strcmp(holder->real, "/") == 0 ? "" : holder->real,
				     hide->target + strlen(holder->target)) >= sizeof(hidden))
			return error_set(err, ERROR_USAGE, ENAMETOOLONG, "%s", hide->from);
		for (size_t j = 0; j < plan->mounts.count; j++)
			if (&plan->mounts.at[j] != holder)
				TRY(check_other(plan, hide, hidden, &plan->mounts.at[j], err));
	}
	return 0;
}

/* ---- in the new root */

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* By objects, not by names: a bind of something that holds the hidden one, under whatever name the host has for it. */
static int check_object(const struct plan *plan, size_t index, const struct run *run, const char *path,
			const struct stat *level, struct error *err)
{
	const struct plan_mount *hide = &plan->mounts.at[index];
	const struct plan_mount *holder = plan_mount_at(plan, hide->target, hide);

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *other = &plan->mounts.at[i];
		struct stat root;

		if (other == holder || other->kind != MOUNT_BIND || run->mounts[i] < 0 ||
		    path_is_within(other->target, hide->target))
			continue;
		if (fstat(run->mounts[i], &root) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", other->source);
		if (is_same(level, &root))
			TRY(check_place(plan, hide, other, hide->target + strlen(path), err));
	}
	return 0;
}

/* The hidden object and every directory above it in its mount. */
static int check_levels(const struct plan *plan, size_t index, const struct run *run, struct error *err)
{
	const struct plan_mount *hide = &plan->mounts.at[index];
	const struct plan_mount *holder = plan_mount_at(plan, hide->target, hide);
	char path[LONGEST];

	if (holder == NULL || holder->kind != MOUNT_BIND)
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s", hide->target) >= sizeof(path))
		return error_set(err, ERROR_USAGE, ENAMETOOLONG, "cannot hide '%s'", hide->target);
	while (strlen(path) >= strlen(holder->target) && path[0] != '\0') {
		AUTOCLOSE int level = place_open(path, PLACE_ORDINARY);
		struct stat status;

		if (level < 0 || fstat(level, &status) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", path);
		TRY(check_object(plan, index, run, path, &status, err));
		*strrchr(path, '/') = '\0';
	}
	return 0;
}

static int attach(int cover, int target, const struct plan_mount *hide, struct error *err)
{
	if (sys_move_mount(cover, target, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot cover '%s'", hide->target);
	return 0;
}

static int cover_directory(int target, const struct plan_mount *hide, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("tmpfs");

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "555", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make an empty directory for '%s'", hide->target);
	AUTOCLOSE int cover = sys_fsmount(fs, COVER_ATTRS);
	if (cover < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot mount an empty directory for '%s'", hide->target);
	TRY(attach(cover, target, hide, err));
	return fd_take(&cover);
}

/* A file of the sandbox's own root, which loses its name there when it lies over the hidden one. */
static int cover_file(int target, const struct plan_mount *hide, const struct run *run, struct error *err)
{
	const struct remount protect = {.set = COVER_ATTRS | MOUNT_ATTR_RDONLY};
	static const char name[] = "/.hidden";
	AUTOCLOSE int file = sys_openat(AT_FDCWD, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0);
	AUTOCLOSE int cover = file < 0 ? -1 : sys_open_tree(AT_FDCWD, name, OPEN_TREE_CLONE);

	if (cover < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make an unreadable file for '%s'", hide->target);
	TRY(attach(cover, target, hide, err));
	if (remount_attached(run, cover, &protect) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the cover of '%s'", hide->target);
	if (sys_unlinkat(AT_FDCWD, name, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot remove '%s'", name);
	return fd_take(&cover);
}

/* A link is not followed: it could be turned to something else, and what it leads to has a name of its own. */
static int open_hidden(const struct plan_mount *hide, struct error *err)
{
	bool linked;
	int target = place_open(hide->target, PLACE_ORDINARY);

	if (target < 0 && errno == ENOENT && (hide->special & MOUNT_SPECIAL_NO_CREATE) == 0)
		return place_make(hide->target, PLACE_ORDINARY, -1, &linked, err);
	if (target >= 0)
		return target;
	error_set(err, ERROR_USAGE, errno, "cannot hide '%s'", hide->target);
	if (errno == ELOOP)
		return error_hint(err, "hide what the symbolic link leads to");
	return error_hint(err, "only what is there can be hidden: nothing is made in a directory of the host");
}

int mounts_hide(const struct plan *plan, size_t index, struct run *run, int *ret_cover, struct error *err)
{
	const struct plan_mount *hide = &plan->mounts.at[index];
	AUTOCLOSE int target = open_hidden(hide, err);
	struct stat status;

	if (target < 0)
		return -1;
	if (fstat(target, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot hide '%s'", hide->target);
	if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
		error_set(err, ERROR_USAGE, 0, "cannot hide '%s': the file has %ju names", hide->target,
			  (uintmax_t)status.st_nlink);
		return error_hint(err, "hide the directories that hold them, or copy the file");
	}
	TRY(check_levels(plan, index, run, err));
	*ret_cover = S_ISDIR(status.st_mode) ? cover_directory(target, hide, err) : cover_file(target, hide, run, err);
	return *ret_cover < 0 ? -1 : 0;
}
