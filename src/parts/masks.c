// SPDX-License-Identifier: Apache-2.0
#include "parts/masks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/place.h"
#include "parts/remount.h"

enum { MASKS_MAX = 256 };
enum { MASK_ATTRS = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static bool has_path(const string_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i], path) == 0)
			return true;
	return false;
}

static int add_paths(struct planner *p, const string_list *wanted, const char *pointer, pair_list *list,
		     struct error *err)
{
	origin from = wanted->count > 0 ? planner_origin(p, pointer) : NULL;

	for (size_t i = 0; i < wanted->count; i++) {
		if (wanted->at[i][0] != '/')
			return error_set(err, ERROR_CONFIG, 0, "config.json:%s: '%s' is not absolute", pointer,
					 wanted->at[i]);
		/* A process keeps the root that it has, whatever is mounted over it. */
		if (strspn(wanted->at[i], "/.") == strlen(wanted->at[i]))
			return error_set(err, ERROR_CONFIG, 0, "config.json:%s: '%s' is the root of the container",
					 pointer, wanted->at[i]);
		*LIST_ADD(p->arena, list) = (struct pair){.key = wanted->at[i], .value = from};
	}
	return 0;
}

/* The ceiling puts back what the config left out, so that nobody can unmask a path by not naming it. */
static void add_missing(struct planner *p, const string_list *demanded, const string_list *wanted, const char *what,
			pair_list *list)
{
	for (size_t i = 0; i < demanded->count; i++) {
		const char *path = demanded->at[i];

		if (has_path(wanted, path))
			continue;
		if (planner_judge(p, p->profile->masks, "masks", planner_origin(p, "/linux"),
				  arena_printf(p->arena, "%s was not %s", path, what), NULL))
			*LIST_ADD(p->arena, list) = (struct pair){
				.key = path, .value = arena_printf(p->arena, "profile %s", p->profile->name)};
	}
}

int masks_plan(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	pair_list masked = {0}, readonly = {0};

	/* Nothing can be covered; Landlock lets none of it through. */
	if (p->plan->without_userns)
		return 0;
	TRY(add_paths(p, &linux_->masked_paths, "/linux/maskedPaths", &masked, err));
	TRY(add_paths(p, &linux_->readonly_paths, "/linux/readonlyPaths", &readonly, err));
	add_missing(p, &p->profile->masked_paths, &linux_->masked_paths, "masked", &masked);
	add_missing(p, &p->profile->readonly_paths, &linux_->readonly_paths, "read-only", &readonly);
	if (p->plan->rootfs.joined && masked.count + readonly.count > 0)
		planner_judge(p, VERDICT_REFUSE, "masks", planner_origin(p, "/linux"),
			      "nothing can be masked in a joined mount namespace without masking it for others",
			      "use a mount namespace of its own");
	if (masked.count > MASKS_MAX)
		return error_set(err, ERROR_CONFIG, 0, "%s: more than %d paths are masked",
				 planner_origin(p, "/linux/maskedPaths"), MASKS_MAX);
	p->plan->masks = (struct plan_masks){.masked = masked, .readonly = readonly};
	return 0;
}

bool masks_apply_wanted(const struct plan *plan)
{
	return plan->masks.masked.count + plan->masks.readonly.count > 0;
}

void masks_apply_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->masks.masked.count; i++)
		explain_say(out, EXPLAIN_STOPS, plan->masks.masked.at[i].value, "%s is hidden",
			    plan->masks.masked.at[i].key);
	for (size_t i = 0; i < plan->masks.readonly.count; i++)
		explain_say(out, EXPLAIN_STOPS, plan->masks.readonly.at[i].value, "%s is read-only",
			    plan->masks.readonly.at[i].key);
}

struct waiting {
	int target;
	const char *path;
};

/*
 * One tmpfs covers everything, never anything of the image: a file of it the files, and its root, when the file's name
 * is gone from it, the directories. The first use of each attaches it and the others are clones: before 6.15 only what
 * is attached can be cloned, and a detached mount that is closed unused makes the kernel wait for a grace period. Files
 * alone leave no place for the cover, and there it is attached just to be cloned.
 */
struct cover {
	int directory, file;
	struct waiting directories[MASKS_MAX], files[MASKS_MAX];
	size_t directory_count, file_count;
};

static void targets_close(struct waiting *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fd_leave(&targets[i].target);
}

static void cover_close(struct cover *cover)
{
	fd_leave(&cover->directory);
	fd_leave(&cover->file);
	targets_close(cover->directories, cover->directory_count);
	targets_close(cover->files, cover->file_count);
}

static int mount_cover(const char *label, struct error *err)
{
	AUTOLEAVE int fs = sys_fsopen("tmpfs");

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "4k", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "3", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "555", 0) < 0 ||
	    (label != NULL && sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0) < 0) ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the cover for masked paths");
	int mount = sys_fsmount(fs, 0);
	if (mount < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot mount the cover for masked paths");
	return mount;
}

static int attach(int cover, const struct waiting *waiting, struct error *err)
{
	if (sys_move_mount(cover, waiting->target, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot mask '%s'", waiting->path);
	return 0;
}

/* All but the first, which has the cover itself. */
static int attach_clones(int cover, const struct waiting *targets, size_t count, struct error *err)
{
	for (size_t i = 1; i < count; i++) {
		AUTOLEAVE int clone = sys_open_tree(cover, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);

		if (clone < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot mask '%s'", targets[i].path);
		TRY(attach(clone, &targets[i], err));
	}
	return 0;
}

/* Over the root, where no path leads, and only for as long as the file of it is cloned. */
static int clone_attached(int cover)
{
	AUTOLEAVE int root = place_open("/", PLACE_ORDINARY);

	if (root < 0 || sys_move_mount(cover, root, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -1;
	AUTOLEAVE int file = sys_open_tree(cover, "masked", OPEN_TREE_CLONE);
	if (sys_fchdir(cover) < 0 || sys_umount2(".", MNT_DETACH) < 0 || sys_fchdir(root) < 0)
		return -1;
	return fd_take(&file);
}

static int clone_file(const struct cover *cover)
{
	int clone = sys_open_tree(cover->directory, "masked", OPEN_TREE_CLONE);

	if (clone >= 0 || errno != EINVAL || cover->directory_count > 0)
		return clone;
	return clone_attached(cover->directory);
}

static int cover_files(struct cover *cover, const struct run *run, struct error *err)
{
	const struct remount protect = {.set = MASK_ATTRS};
	AUTOLEAVE int file = sys_openat(cover->directory, "masked", O_RDONLY | O_CREAT | O_EXCL, 0444);

	if (file >= 0)
		cover->file = clone_file(cover);
	if (cover->file < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the cover for masked files");
	TRY(attach(cover->file, &cover->files[0], err));
	if (remount_attached(run, cover->file, &protect) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the cover for masked files");
	TRY(attach_clones(cover->file, cover->files, cover->file_count, err));
	if (sys_unlinkat(cover->directory, "masked", 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot empty the cover for masked directories");
	return 0;
}

static int cover_all(struct cover *cover, const struct run *run, const char *label, struct error *err)
{
	const struct remount protect = {.set = MASK_ATTRS};

	if (cover->directory_count + cover->file_count == 0)
		return 0;
	cover->directory = mount_cover(label, err);
	if (cover->directory < 0)
		return -1;
	if (cover->directory_count > 0)
		TRY(attach(cover->directory, &cover->directories[0], err));
	if (cover->file_count > 0)
		TRY(cover_files(cover, run, err));
	if (cover->directory_count > 0 && remount_attached(run, cover->directory, &protect) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the cover for masked directories");
	return attach_clones(cover->directory, cover->directories, cover->directory_count, err);
}

/* What is not there needs no mask. */
static int find_target(const char *path, struct cover *cover, struct error *err)
{
	struct stat status;
	AUTOLEAVE int target = place_open(path, PLACE_FOLLOW);

	if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (target < 0 || fstat(target, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot mask '%s'", path);
	if (S_ISDIR(status.st_mode))
		cover->directories[cover->directory_count++] = (struct waiting){fd_take(&target), path};
	else
		cover->files[cover->file_count++] = (struct waiting){fd_take(&target), path};
	return 0;
}

static int make_readonly(const char *path, const struct run *run, struct error *err)
{
	const struct remount change = {.set = MOUNT_ATTR_RDONLY, .recursive = true};
	AUTOLEAVE int target = place_open(path, PLACE_FOLLOW);

	if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (target < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' read-only", path);
	AUTOLEAVE int tree = run->self < 0 ? remount_clone(target, "", AT_EMPTY_PATH | AT_RECURSIVE, &change)
					   : sys_open_tree(target, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree < 0 || sys_move_mount(tree, target, "", MOVE_MOUNT_T_EMPTY_PATH) < 0 ||
	    (run->self >= 0 && remount_attached(run, tree, &change) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' read-only", path);
	return 0;
}

int masks_apply(const struct plan *plan, struct run *run, struct error *err)
{
	__attribute__((cleanup(cover_close))) struct cover cover;

	/* Only what is used: the rest is some pages. */
	cover.directory = cover.file = -1;
	cover.directory_count = cover.file_count = 0;

	for (size_t i = 0; i < plan->masks.readonly.count; i++)
		TRY(make_readonly(plan->masks.readonly.at[i].key, run, err));
	if (plan->masks.masked.count == 0)
		return 0;
	for (size_t i = 0; i < plan->masks.masked.count; i++)
		TRY(find_target(plan->masks.masked.at[i].key, &cover, err));
	return cover_all(&cover, run, plan->labels.mount_label, err);
}
