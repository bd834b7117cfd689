// SPDX-License-Identifier: Apache-2.0
/* The directory that takes the changes of an overlay: "upper" has them, "work" is the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/mounts.h"

enum { ALL_BITS = 07777, OTHERS_WRITE = 022 };

static const char upper_name[] = "upper", work_name[] = "work";

static int system_error(const struct plan_mount *mount, const char *what, struct error *err)
{
	return error_set(err, ERROR_SYSTEM, errno, "cannot %s for '%s'", what, mount->target);
}

/* ---- the launcher */

bool mounts_lock_changes_wanted(const struct plan *plan)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].kind == MOUNT_CHANGES)
			return true;
	return false;
}

void mounts_lock_changes_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].kind == MOUNT_CHANGES)
			explain_say(out, EXPLAIN_STOPS, plan->mounts.at[i].from,
				    "no second sandbox has its changes in %s meanwhile", plan->mounts.at[i].source);
}

static bool is_judged(const struct plan_mount *mount, const struct stat *status)
{
	return mount->judged && status->st_dev == mount->device && status->st_ino == mount->inode;
}

/* By objects as well, at the last moment: in a chroot the table of mounts, by which the plan knows, is not complete. */
static int check_above(const struct plan_mount *changes, const struct plan_mount *overlay, int directory,
		       struct error *err)
{
	AUTOCLOSE int up = sys_openat(directory, ".", O_PATH | O_DIRECTORY, 0);
	struct stat at = {0}, above;
	int mount = -1, mount_above;

	while (up >= 0 && fstat(up, &above) == 0 && (mount_above = sys_mount_number(up)) >= 0) {
		if (is_judged(overlay, &above))
			return error_set(err, ERROR_USAGE, 0, "'%s' lies in '%s'", changes->source, overlay->source);
		/* Its own "..": the top of everything. */
		if (above.st_dev == at.st_dev && above.st_ino == at.st_ino && mount_above == mount)
			return 0;
		at = above;
		mount = mount_above;
		int next = sys_openat(up, "..", O_PATH | O_DIRECTORY, 0);
		fd_close(&up);
		up = next;
	}
	return error_set(err, ERROR_SYSTEM, errno, "cannot see what '%s' lies in", changes->source);
}

static int lock(const struct plan_mount *changes, const struct plan_mount *overlay, struct error *err)
{
	AUTOCLOSE int directory = sys_openat(AT_FDCWD, changes->source, O_RDONLY | O_DIRECTORY, 0);
	struct stat status;

	if (directory < 0 || fstat(directory, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", changes->source);
	if (changes->judged && !is_judged(changes, &status))
		return error_set(err, ERROR_REFUSED, 0, "'%s' is no longer what the profile judged", changes->source);
	TRY(check_above(changes, overlay, directory, err));
	if (sys_flock(directory, LOCK_EX | LOCK_NB) == 0)
		return fd_take(&directory);
	if (errno != EWOULDBLOCK)
		return error_set(err, ERROR_SYSTEM, errno, "cannot lock '%s'", changes->source);
	return error_set(err, ERROR_SYSTEM, EBUSY, "another sandbox has its changes in '%s'", changes->source);
}

int mounts_lock_changes(const struct plan *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		if (plan->mounts.at[i].kind != MOUNT_CHANGES)
			continue;
		run->locks[i] = lock(&plan->mounts.at[i], &plan->mounts.at[i + 1], err);
		if (run->locks[i] < 0)
			return error_wrap(err, "%s", plan->mounts.at[i].from);
	}
	return 0;
}

/* ---- the child */

int mounts_changes_check(const struct plan_mount *mount, int changes, struct error *err)
{
	struct stat status;

	if (fstat(changes, &status) < 0)
		return system_error(mount, "look at the directory of changes", err);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_USAGE, ENOTDIR, "cannot keep changes in '%s'", mount->changes);
	if (status.st_uid == geteuid() && (status.st_mode & OTHERS_WRITE) == 0)
		return 0;
	error_set(err, ERROR_USAGE, 0, "'%s' must belong to the sandbox's user, and nobody else may write to it",
		  mount->changes);
	return error_hint(err, "mkdir -m 700 makes such a one; where root calls, the user is nobody, or that of --uid");
}

/* Links lead elsewhere, and so does a mount. */
static int open_directory(int directory, const char *name)
{
	return sys_openat2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int mounts_changes_work(const struct plan_mount *mount, int changes, struct error *err)
{
	if (sys_mkdirat(changes, work_name, S_IRWXU) < 0 && errno != EEXIST)
		return system_error(mount, "make the directory of work", err);
	int work = open_directory(changes, work_name);
	return work < 0 ? system_error(mount, "open the directory of work", err) : work;
}

/* An id that is not mapped, or a right that is not there: other reasons are failures. */
static int give(const struct plan_mount *mount, int changes, uint32_t uid, uint32_t gid, bool *ret_given,
		struct error *err)
{
	*ret_given = sys_fchownat(changes, upper_name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*ret_given && errno != EPERM && errno != EINVAL)
		return system_error(mount, "set the owner of the directory of changes", err);
	return 0;
}

/*
 * The upper directory is the top that is seen, so it has owner and mode of the one below. Where an id is not mapped the
 * sandbox becomes the owner, and then what others may not do to the host's directory is not granted. What a sandbox has
 * changed of it before stays.
 */
static int copy_owner(const struct plan_mount *mount, int changes, bool fresh, int tree, struct error *err)
{
	struct stat below;
	bool given;

	if (fstat(tree, &below) < 0)
		return system_error(mount, "look at the source", err);
	mode_t mode = below.st_mode & ALL_BITS & ~(mode_t)(S_ISUID | S_ISGID);
	TRY(give(mount, changes, below.st_uid, (uint32_t)-1, &given, err));
	if (!given && (mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
		return error_set(err, ERROR_SYSTEM, EACCES, "the sandbox's user may not read '%s'", mount->source);
	if (!fresh)
		return 0;
	TRY(give(mount, changes, (uint32_t)-1, below.st_gid, &given, err));
	if (!given)
		mode &= ~(mode_t)S_IRWXG;
	AUTOCLOSE int upper = open_directory(changes, upper_name);
	return upper < 0 || sys_fchmod(upper, mode) < 0
		       ? system_error(mount, "set the mode of the directory of changes", err)
		       : 0;
}

int mounts_changes_upper(const struct plan_mount *mount, int changes, int tree, struct error *err)
{
	bool fresh = sys_mkdirat(changes, upper_name, S_IRWXU) == 0;

	if (!fresh && errno != EEXIST)
		return system_error(mount, "make the directory of changes", err);
	AUTOCLOSE int upper = open_directory(changes, upper_name);
	if (upper < 0)
		return system_error(mount, "open the directory of changes", err);
	TRY(copy_owner(mount, changes, fresh, tree, err));
	return fd_take(&upper);
}
