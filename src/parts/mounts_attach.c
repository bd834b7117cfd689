// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/copy.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "parts/mounts.h"
#include "parts/place.h"
#include "parts/remount.h"

enum { FEW = 64 };

/* The places that the launcher and the kernel trust by name must be ordinary directories of the image. */
static enum place_rule rule_for(const struct plan_mount *mount)
{
	static const char *const ordinary[] = {"/proc", "/sys", "/dev"};

	for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
		if (strcmp(mount->target, ordinary[i]) == 0)
			return PLACE_ORDINARY;
	return PLACE_FOLLOW;
}

static int open_target(const struct plan_mount *mount, int made, bool *ret_linked, struct error *err)
{
	enum place_rule rule = rule_for(mount);

	if ((mount->special & MOUNT_SPECIAL_NO_CREATE) == 0)
		return place_make(mount->target, rule, made, ret_linked, err);
	int target = place_find(mount->target, rule, ret_linked);
	if (target < 0) {
		error_set(err, ERROR_SYSTEM, errno, "there is no '%s' to mount on", mount->target);
		return error_hint(err, "it would have to be made in a directory of the host; make it there first");
	}
	return target;
}

/* The place of procfs or sysfs where @target lies in one of them; "" where it does not. */
static int find_kernels(const struct plan_mount *mount, int target, const char **ret_path, struct error *err)
{
	static const struct {
		uint32_t magic;
		const char *path;
	} kernels[] = {{PROC_SUPER_MAGIC, "/proc"}, {SYSFS_MAGIC, "/sys"}};
	struct statfs fs;

	*ret_path = "";
	if (fstatfs(target, &fs) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", mount->target);
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if ((uint32_t)fs.f_type == kernels[i].magic)
			*ret_path = kernels[i].path;
	return 0;
}

/* A link of the image may lead a harmless name to procfs or sysfs, where the plan has not looked. */
static int check_place(const struct plan_mount *mount, int target, struct error *err)
{
	const char *path;

	TRY(find_kernels(mount, target, &path, err));
	if (path[0] != '\0' && !path_is_within(mount->target, path))
		return error_set(err, ERROR_CONFIG, 0, "'%s' leads into %s", mount->target, path);
	return 0;
}

/* Writes through the mount itself, before anybody can see it. */
static int copy_up(const struct plan_mount *mount, int made, int target, struct error *err)
{
	AUTOCLOSE int covered = sys_openat(target, ".", O_RDONLY | O_DIRECTORY, 0);
	const char *kernels;

	if (covered < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s'", mount->target);
	/* With the rights of the set-up, and some of it is gone once it is read. */
	TRY(find_kernels(mount, covered, &kernels, err));
	if (kernels[0] != '\0')
		return error_set(err, ERROR_CONFIG, 0, "nothing of %s is copied", kernels);
	return copy_tree(covered, made, err);
}

/* As runc and crun have it: whoever covers a directory with an empty one gets one that as many may write to. */
static bool takes_mode(const struct plan_mount *mount)
{
	if (mount->kind != MOUNT_FILESYSTEM || mount->type == NULL || strcmp(mount->type, "tmpfs") != 0 ||
	    (mount->attr_set & MOUNT_ATTR_RDONLY) != 0)
		return false;
	for (size_t i = 0; i < mount->data.count; i++)
		if (strncmp(mount->data.at[i], "mode=", 5) == 0)
			return false;
	return true;
}

/* Comes before the place is made: 0 where there is nothing to be like. */
static int find_mode(const struct plan_mount *mount, mode_t *ret, struct error *err)
{
	struct stat covered;

	*ret = 0;
	if (!takes_mode(mount))
		return 0;
	AUTOLEAVE int target = place_open(mount->target, PLACE_FOLLOW);
	if (target < 0 && errno == ENOENT)
		return 0;
	if (target < 0 || fstat(target, &covered) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", mount->target);
	*ret = covered.st_mode;
	return 0;
}

static int set_mode(const struct plan_mount *mount, int made, mode_t mode, struct error *err)
{
	AUTOCLOSE int root = sys_openat(made, ".", O_RDONLY | O_DIRECTORY, 0);

	if (root < 0 || sys_fchmod(root, mode & 07777) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot give '%s' the mode of what it covers",
				 mount->target);
	return 0;
}

static bool is_file(const struct plan_mount *mount, int made)
{
	struct stat status;

	if (mount->kind != MOUNT_BIND)
		return false;
	return mount->judged ? !mount->directory : fstat(made, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* The directory that holds a mount whose place is empty, and its name there. As place_near() does. */
static int fresh_place(const struct plan_mount *mount, const struct run *run, struct place_near *near,
		       int *ret_directory, const char **ret_name, struct error *err)
{
	if (mount->holder > 0) {
		*ret_directory = run->mounts[mount->holder - 1];
		*ret_name = strrchr(mount->target, '/') + 1;
		return 1;
	}
	int found = place_near(near, mount->target, (mount->special & MOUNT_SPECIAL_NO_CREATE) == 0, ret_name, err);
	*ret_directory = near->directory;
	return found;
}

/*
 * Where nothing is there yet, making the place is the quickest way to see that, and what was made needs not be opened:
 * a link is not followed at the end of a path. Returns 1; 0 where it has to be looked for; -1 with an error.
 */
static int attach_fresh(const struct plan_mount *mount, int made, const struct run *run, struct place_near *near,
			struct error *err)
{
	const char *name;
	int found, directory;

	if (!mount->fresh || (mount->special & MOUNT_SPECIAL_TMPCOPYUP) != 0)
		return 0;
	found = fresh_place(mount, run, near, &directory, &name, err);
	if (found <= 0)
		return found;
	if ((is_file(mount, made) ? sys_mknodat(directory, name, S_IFREG | 0644, 0, 0)
				  : sys_mkdirat(directory, name, 0755)) < 0) {
		if (errno == EEXIST || errno == ENOENT)
			return 0;
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' in the container", mount->target);
	}
	if (made < 0)
		return mounts_direct(mount, directory, name, err) < 0 ? -1 : 1;
	if (sys_move_mount(made, directory, name, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot mount on '%s'", mount->target);
	return 1;
}

/* move_mount(2) has one reason for much; mount(2) had a word for this, which engines look for. */
static bool differ(int made, int target)
{
	struct stat source, covered;

	return fstat(made, &source) == 0 && fstat(target, &covered) == 0 &&
	       S_ISDIR(source.st_mode) != S_ISDIR(covered.st_mode);
}

static int attach_found(const struct plan_mount *mount, int made, struct error *err)
{
	bool linked;
	mode_t mode;

	TRY(find_mode(mount, &mode, err));
	AUTOLEAVE int target = open_target(mount, made, &linked, err);
	if (target < 0)
		return -1;
	if (linked)
		TRY(check_place(mount, target, err));
	if ((mount->special & MOUNT_SPECIAL_TMPCOPYUP) != 0)
		TRY(copy_up(mount, made, target, err));
	if (S_ISDIR(mode))
		TRY(set_mode(mount, made, mode, err));
	if (sys_move_mount(made, target, "", MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	int reason = errno == EINVAL && differ(made, target) ? ENOTDIR : errno;
	error_set(err, ERROR_SYSTEM, reason, "cannot mount on '%s'", mount->target);
	return reason == ENOTDIR ? error_hint(err, "a directory goes on a directory, and a file on a file") : -1;
}

/* @made is -2 where mount(2) makes the mount in its place. */
static int attach_made(const struct plan_mount *mount, int *made, const struct run *run, struct place_near *near,
		       struct error *err)
{
	const struct remount share = {.propagation = mount->propagation & (MS_SHARED | MS_UNBINDABLE),
				      .recursive = (mount->propagation & MS_REC) != 0};
	int attached = attach_fresh(mount, *made, run, near, err);

	if (attached == 0) {
		place_forget(near);
		if (*made < 0)
			*made = mounts_make_filesystem(mount, err);
		attached = *made < 0 ? -1 : attach_found(mount, *made, err);
	}
	if (attached < 0)
		return -1;
	TRY(mounts_restrict(mount, *made, run, err));
	/* A shared mount can only become one here: a detached tree has no peers. */
	if (share.propagation != 0 && remount_attached(run, *made, &share) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the propagation of '%s'", mount->target);
	return 0;
}

static int attach_hierarchies(const struct plan_mount *mount, int made, const struct run *run, struct error *err)
{
	const struct remount all = {.set = mount->attr_set, .propagation = MS_PRIVATE, .recursive = true};

	for (size_t i = 0; i < mount->hierarchies.count; i++) {
		const char *name = mount->hierarchies.at[i].key;

		if (run->cgroups[i] < 0)
			continue;
		if (sys_mkdirat(made, name, 0755) < 0 || sys_move_mount(run->cgroups[i], made, name, 0) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot show the cgroup hierarchy '%s'", name);
	}
	/* All of them at once, and none in a peer group of the host's. */
	if (remount_attached(run, made, &all) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot restrict '%s'", mount->target);
	return 0;
}

/* The directory that shall hold @path, which stays @near's or *@ret_own's. */
static int open_holder(const char *path, struct place_near *near, const char **ret_name, int *ret_own,
		       struct error *err)
{
	int found = place_near(near, path, true, ret_name, err);

	if (found != 0)
		return found < 0 ? -1 : near->directory;
	*ret_own = place_parent(path, ret_name, err);
	return *ret_own;
}

static int write_generated(const struct plan_mount *mount, struct place_near *near, struct error *err)
{
	const char *name;
	AUTOCLOSE int own = -1;
	int parent = open_holder(mount->target, near, &name, &own, err);

	if (parent < 0)
		return -1;
	/* The umask is 0 while building, so the mode is final. */
	AUTOCLOSE int file = sys_openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
					mount->mode != 0 ? mount->mode : 0644);
	if (file < 0 || fd_write_all(file, mount->content, mount->content_length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s'", mount->target);
	return 0;
}

static int make_link(const struct plan_mount *mount, struct place_near *near, struct error *err)
{
	const char *name;
	AUTOCLOSE int own = -1;
	int parent = open_holder(mount->target, near, &name, &own, err);

	if (parent < 0)
		return -1;
	if (sys_symlinkat(mount->content, parent, name) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the link '%s'", mount->target);
	return 0;
}

static int make_directory(const struct plan_mount *mount, struct place_near *near, struct error *err)
{
	const char *name;
	AUTOCLOSE int own = -1;
	int parent = open_holder(mount->target, near, &name, &own, err);

	if (parent < 0)
		return -1;
	if (sys_mkdirat(parent, name, mount->mode) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the directory '%s'", mount->target);
	return 0;
}

static int change_mount(const struct plan_mount *mount, const struct run *run, struct error *err)
{
	const struct remount change = {.set = mount->attr_set, .clear = mount->attr_clear};
	AUTOCLOSE int target = place_open(mount->target, PLACE_FOLLOW);

	if (target < 0 || remount_attached(run, target, &change) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot change the options of '%s'", mount->target);
	return 0;
}

static int attach_one(const struct plan_mount *mount, int *made, struct run *run, struct place_near *near,
		      struct error *err)
{
	switch (mount->kind) {
	case MOUNT_CHANGES:
		return 0;
	case MOUNT_REMOUNT:
		return change_mount(mount, run, err);
	case MOUNT_FILE:
		return write_generated(mount, near, err);
	case MOUNT_LINK:
		return make_link(mount, near, err);
	case MOUNT_DIRECTORY:
		return make_directory(mount, near, err);
	case MOUNT_CGROUP:
		TRY(attach_made(mount, made, run, near, err));
		return attach_hierarchies(mount, *made, run, err);
	default:
		/* Less than 0: an optional source that is not there. */
		return *made < 0 && mount->direct == NULL ? 0 : attach_made(mount, made, run, near, err);
	}
}

/*
 * execve(2) closes what is open, but of many mounts the descriptors would exceed the limit of open files that the
 * workload gets before. Those of /dev and /proc are needed once more.
 */
static void close_many(const struct plan *plan, struct run *run)
{
	for (size_t i = 0; i < plan->mounts.count && plan->mounts.count > FEW; i++)
		if (plan->mounts.at[i].kind == MOUNT_BIND)
			fd_close(&run->mounts[i]);
}

/* What is mounted by mount(2) is opened only where something is still to be done with it. */
static int open_direct(const struct plan *plan, const struct plan_mount *mount, const struct run *run,
		       struct place_near *near, int *ret_mount, struct error *err)
{
	const char *name;
	int directory;
	bool needed = mount->sealed || plan->terminal.pty || plan->landlock.rules.count > 0 ||
		      strcmp(mount->target, "/dev") == 0;

	if (mount->direct == NULL || *ret_mount >= 0 || !needed)
		return 0;
	if (fresh_place(mount, run, near, &directory, &name, err) > 0)
		*ret_mount = sys_openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	return *ret_mount < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", mount->target) : 0;
}

int mounts_attach(const struct plan *plan, struct run *run, struct error *err)
{
	__attribute__((cleanup(place_forget))) struct place_near near = PLACE_NOWHERE;

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *mount = &plan->mounts.at[i];
		int result = mount->kind == MOUNT_HIDE ? mounts_hide(plan, i, run, &run->mounts[i], err)
						       : attach_one(mount, &run->mounts[i], run, &near, err);

		/* Whatever covers a place may cover this one. */
		if (mount->kind == MOUNT_HIDE)
			place_forget(&near);
		if (result < 0 || open_direct(plan, mount, run, &near, &run->mounts[i], err) < 0)
			return error_wrap(err, "%s", mount->from);
	}
	close_many(plan, run);
	return 0;
}

bool mounts_seal_wanted(const struct plan *plan)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].sealed)
			return true;
	return false;
}

void mounts_seal_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].sealed)
			explain_say(out, EXPLAIN_STOPS, plan->mounts.at[i].from, "nothing more can be made in %s",
				    plan->mounts.at[i].target);
}

int mounts_seal(const struct plan *plan, struct run *run, struct error *err)
{
	const struct remount change = {.set = MOUNT_ATTR_RDONLY};

	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].sealed && remount_attached(run, run->mounts[i], &change) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make %s read-only",
					 plan->mounts.at[i].target);
	return 0;
}
