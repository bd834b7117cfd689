// SPDX-License-Identifier: Apache-2.0
#include "parts/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/self.h"
#include "base/sys.h"
#include "parts/remount.h"

/* A shared root would send every mount of the container to the host. */
static void plan_propagation(struct planner *p)
{
	uint64_t asked = p->request->linux_.rootfs_propagation;
	struct plan_rootfs *plan = &p->plan->rootfs;

	plan->propagation = asked != 0 ? asked | MS_REC : MS_PRIVATE | MS_REC;
	if ((asked & MS_SHARED) != 0 &&
	    planner_judge(p, p->profile->propagation, "rootfs", planner_origin(p, "/linux/rootfsPropagation"),
			  "the root shares its mount events with the host", "use \"rootfsPropagation\": \"private\""))
		plan->propagation = MS_PRIVATE | MS_REC;
	if ((asked & MS_SLAVE) != 0 && p->profile->propagation != VERDICT_ALLOW &&
	    planner_judge(p, VERDICT_TIGHTEN, "rootfs", planner_origin(p, "/linux/rootfsPropagation"),
			  "what the host mounts later would appear below the root", NULL))
		plan->propagation = MS_PRIVATE | MS_REC;
}

/* With the host's tree still mounted, whoever gets CAP_SYS_CHROOT can go back to it. */
static void plan_no_pivot(struct planner *p)
{
	p->plan->rootfs.no_pivot = p->request->no_pivot;
	if (p->request->no_pivot && p->profile->host_namespaces != VERDICT_ALLOW)
		planner_judge(p, VERDICT_REFUSE, "rootfs", "--no-pivot",
			      "the host's tree would stay mounted below the root",
			      "leave --no-pivot out, or use the profile privileged");
}

int rootfs_plan(struct planner *p, struct error *err)
{
	const struct request_root *root = &p->request->root;
	struct plan_rootfs *plan = &p->plan->rootfs;

	if (p->plan->without_userns)
		return 0;
	if (root->path != NULL && p->plan->namespaces.join[NAMESPACE_MOUNT].path != NULL) {
		plan->path = root->path;
		plan->joined = true;
		plan->from = planner_origin(p, "/root");
		if (p->profile->writable_root != VERDICT_ALLOW)
			planner_judge(p, VERDICT_REFUSE, "rootfs", plan->from,
				      "the root of a joined mount namespace is as writable as others made it",
				      "use a mount namespace of its own");
		return 0;
	}
	if (root->path != NULL && strcmp(root->path, "/") == 0)
		return error_set(err, ERROR_CONFIG, 0, "config.json:/root/path is the root of the host");
	plan->path = root->path;
	plan->readonly = root->readonly;
	plan->shown = root->path != NULL && p->plan->hooks[HOOK_PRESTART].count +
							    p->plan->hooks[HOOK_CREATE_RUNTIME].count +
							    p->plan->hooks[HOOK_CREATE_CONTAINER].count >
						    0;
	plan->from = planner_origin(p, "/root");
	plan->by_launcher = (p->host->privileged || p->host->nested) && p->plan->ids.mapped;
	plan_propagation(p);
	plan_no_pivot(p);
	if (!plan->readonly &&
	    planner_judge(p, p->profile->writable_root, "rootfs", plan->from,
			  "the root file system was writable: it is read-only now",
			  "set root.readonly (docker run --read-only), with tmpfs mounts where the program writes"))
		plan->readonly = true;
	if (p->profile->mount_flags != VERDICT_ALLOW || root->path == NULL)
		plan->attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	else if (planner_holds_nodes(p))
		plan->attrs = MOUNT_ATTR_NODEV;
	return 0;
}

bool rootfs_enter_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void rootfs_enter_explain(const struct plan *plan, struct explain *out)
{
	const char *nodev = plan->rootfs.attrs != 0 ? ", nodev" : "";
	const char *flags = (plan->rootfs.attrs & MOUNT_ATTR_NOSUID) != 0 ? ", nosuid,nodev" : nodev;

	if (plan->rootfs.joined) {
		explain_say(
			out, EXPLAIN_GRANTS, plan->rootfs.from,
			"%s of the joined mount namespace is the root, by chroot(2), with whatever is mounted there",
			plan->rootfs.path);
		return;
	}
	if (plan->rootfs.no_pivot)
		explain_say(out, EXPLAIN_LACKS, "--no-pivot", "the host's tree stays mounted below the root");

	if (plan->rootfs.path != NULL)
		explain_say(out, EXPLAIN_GRANTS, plan->rootfs.from, "%s is the root%s", plan->rootfs.path, flags);
	else
		explain_say(out, EXPLAIN_DOES, plan->rootfs.from, "an empty tmpfs is the root%s", flags);
	explain_say(out, EXPLAIN_STOPS, NULL, "pivot_root: the host's tree is detached, there is nothing to escape to");
	if ((plan->rootfs.propagation & (MS_SLAVE | MS_SHARED)) != 0)
		explain_say(out, EXPLAIN_GRANTS, plan->rootfs.from, "mount events of the host come in%s",
			    (plan->rootfs.propagation & MS_SHARED) != 0 ? ", and go out by what is bound shared" : "");
}

static int empty_root(struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("tmpfs");

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "1m", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make an empty root");
	int root = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (root < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot mount an empty root");
	return root;
}

/* What the profile decided on must be what was opened: the path may mean something else by now. */
static int check_judged(const struct plan_rootfs *plan, int root, struct error *err)
{
	struct stat status;

	if (!plan->judged)
		return 0;
	if (fstat(root, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", plan->path);
	if (status.st_dev != plan->device || status.st_ino != plan->inode)
		return error_set(err, ERROR_REFUSED, 0, "'%s' is no longer what the profile judged", plan->path);
	return 0;
}

/* A shared root becomes so in the end: else all that is mounted in it would appear on the host. */
static uint64_t first_propagation(const struct plan_rootfs *plan)
{
	return (plan->propagation & (MS_SLAVE | MS_SHARED)) != 0 ? MS_SLAVE : MS_PRIVATE;
}

/* The tree of the bundle, detached, with its final attributes and out of every peer group before anyone can see it. */
static int bundle_root(const struct plan *all, struct error *err)
{
	const struct plan_rootfs *plan = &all->rootfs;
	/* What is mounted below a read-only root is read-only from the start; the root itself once all is made in it.
	 */
	const struct remount below = {.set = plan->attrs | (plan->readonly ? MOUNT_ATTR_RDONLY : 0),
				      .propagation = first_propagation(plan)};
	/* As a source is: what is mounted below it was judged there (mounts_make.c). */
	const char *path = plan->judged && plan->real != NULL ? plan->real : plan->path;
	AUTOCLOSE int root = all->remounts ? sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE)
					   : remount_clone(AT_FDCWD, path, AT_RECURSIVE, &below);

	if (root < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot open the root file system '%s'", plan->path);
		return errno == ENOENT ? error_hint(err, "config.json's root.path is relative to the bundle") : -1;
	}
	TRY(check_judged(plan, root, err));
	if (plan->readonly && !all->remounts &&
	    sys_mount_setattr(root, "", AT_EMPTY_PATH, 0, MOUNT_ATTR_RDONLY, 0, -1) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot restrict the root file system '%s'", plan->path);
	return fd_take(&root);
}

/* The same once it is attached. */
static int restrict_root(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_rootfs *rootfs = &plan->rootfs;
	const struct remount all = {.set = rootfs->attrs | (rootfs->readonly ? MOUNT_ATTR_RDONLY : 0),
				    .propagation = first_propagation(rootfs),
				    .recursive = true};
	const struct remount top = {.clear = rootfs->readonly ? MOUNT_ATTR_RDONLY : 0};

	if (!plan->remounts || rootfs->path == NULL)
		return 0;
	if (remount_attached(run, run->root, &all) < 0 || remount_attached(run, run->root, &top) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot restrict the root file system '%s'", rootfs->path);
	return 0;
}

bool rootfs_open_wanted(const struct plan *plan)
{
	return plan->rootfs.by_launcher && plan->rootfs.path != NULL;
}

void rootfs_open_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, plan->rootfs.from, "opens %s with the launcher's rights", plan->rootfs.path);
}

int rootfs_open(const struct plan *plan, struct run *run, struct error *err)
{
	run->root = plan->rootfs.path != NULL ? bundle_root(plan, err) : empty_root(err);
	return run->root < 0 ? -1 : 0;
}

bool rootfs_isolate_wanted(const struct plan *plan)
{
	return !plan->rootfs.joined;
}

void rootfs_isolate_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_STOPS, NULL, "mounts made here do not reach the host");
}

/* What follows the host's mounts can only be bound from a tree that does. */
static bool follows_host(const struct plan *plan)
{
	uint64_t asked = plan->rootfs.propagation;

	for (size_t i = 0; i < plan->mounts.count; i++)
		asked |= plan->mounts.at[i].propagation;
	return (asked & (MS_SLAVE | MS_SHARED)) != 0;
}

int rootfs_isolate(const struct plan *plan, struct run *run, struct error *err)
{
	/* Even a shared root starts as a slave or private copy: pivot_root(2) refuses shared ones. */
	uint64_t flags = (follows_host(plan) ? MS_SLAVE : MS_PRIVATE) | MS_REC;

	(void)run;
	if (sys_mount_propagation("/", flags) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot separate the mounts from the host's");
	return 0;
}

bool rootfs_place_wanted(const struct plan *plan)
{
	return plan->rootfs.shown || plan->rootfs.joined;
}

void rootfs_place_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, plan->rootfs.from, "opens %s while whoever started it may still go there",
		    plan->rootfs.path);
}

int rootfs_place(const struct plan *plan, struct run *run, struct error *err)
{
	const char *path = plan->rootfs.path;

	run->place = plan->rootfs.joined ? sys_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS)
					 : sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (run->place >= 0)
		return 0;
	return plan->rootfs.joined
		       ? error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' of the joined mount namespace", path)
		       : error_set(err, ERROR_SYSTEM, errno, "cannot open the root file system '%s'", path);
}

/* Hooks that run now look for the container's root where the config says it is, in the container's namespaces. */
bool rootfs_show_wanted(const struct plan *plan)
{
	return plan->rootfs.shown;
}

void rootfs_show_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "%s is the new root already, for the hooks", plan->rootfs.path);
}

int rootfs_show(const struct plan *plan, struct run *run, struct error *err)
{
	if (run->root < 0)
		TRY(rootfs_open(plan, run, err));
	if (sys_move_mount(run->root, run->place, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot attach the new root to '%s'", plan->rootfs.path);
	fd_close(&run->place);
	return restrict_root(plan, run, err);
}

static int pivot(int root, struct error *err)
{
	if (sys_fchdir(root) < 0 || sys_pivot_root(".", ".") < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot pivot into the new root");
		return errno == EINVAL ? error_hint(err, "on an initramfs: --no-pivot, with the profile privileged")
				       : -1;
	}
	if (sys_umount2(".", MNT_DETACH) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot detach the host's tree");
	return 0;
}

/* An initramfs cannot be pivoted away (pivot_root(2)): the new root covers it. */
static int change_root(int root, struct error *err)
{
	if (sys_fchdir(root) < 0 || sys_chroot(".") < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot change the root");
	return 0;
}

/* The namespace keeps its root: others live in it. */
static int enter_joined(const struct plan_rootfs *plan, struct run *run, struct error *err)
{
	if (sys_fchdir(run->place) < 0 || sys_chroot(".") < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot enter '%s' of the joined mount namespace",
				 plan->path);
	fd_close(&run->place);
	return 0;
}

/* Anywhere in the old tree, which is detached next. EINVAL: what it was executed from is no detached mount. */
static int leave_view(struct error *err)
{
	int view = self_view();

	if (view >= 0 && sys_move_mount(view, AT_FDCWD, "/proc/version", 0) < 0 && errno != EINVAL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot leave the view of the launcher's own file behind");
	return 0;
}

int rootfs_enter(const struct plan *plan, struct run *run, struct error *err)
{
	if (plan->rootfs.joined)
		return enter_joined(&plan->rootfs, run, err);
	TRY(leave_view(err));
	if (run->root < 0)
		TRY(rootfs_open(plan, run, err));
	/* Attached over "/" it needs no directory of the host; then it takes the old root's place and the old root
	 * goes. */
	if (!plan->rootfs.shown && sys_move_mount(run->root, AT_FDCWD, "/", 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot attach the new root");
	/* Before: pivot_root(2) refuses a root that is still shared with the host. */
	if (!plan->rootfs.shown)
		TRY(restrict_root(plan, run, err));
	TRY(plan->rootfs.no_pivot ? change_root(run->root, err) : pivot(run->root, err));
	fd_close(&run->root);
	if (sys_chdir("/") < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot enter the new root");
	return 0;
}

bool rootfs_readonly_wanted(const struct plan *plan)
{
	return plan->rootfs.readonly ||
	       (!plan->rootfs.joined && (plan->rootfs.propagation & (MS_PRIVATE | MS_SLAVE)) == 0);
}

void rootfs_readonly_explain(const struct plan *plan, struct explain *out)
{
	if (plan->rootfs.readonly)
		explain_say(out, EXPLAIN_STOPS, plan->rootfs.from, "the root file system is read-only");
}

int rootfs_readonly(const struct plan *plan, struct run *run, struct error *err)
{
	const struct remount change = {.set = plan->rootfs.readonly ? MOUNT_ATTR_RDONLY : 0,
				       .propagation = plan->rootfs.propagation & (MS_SHARED | MS_UNBINDABLE)};

	if (remount_attached(run, AT_FDCWD, &change) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the root file system read-only");
	return 0;
}
