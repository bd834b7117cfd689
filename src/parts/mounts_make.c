// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/idmap.h"
#include "parts/mounts.h"
#include "parts/remount.h"

const char mounts_proc_cause[] =
	"/proc is partly covered around this process, as engines do, so the kernel gives no new one";
const char mounts_proc_fix[] = "docker: --security-opt systempaths=unconfined; podman: --security-opt unmask=ALL; "
			       "Kubernetes: securityContext.procMount: Unmasked";

static bool has_owner(const struct plan_mount *mount)
{
	for (size_t i = 0; i < mount->data.count; i++)
		if (strncmp(mount->data.at[i], "uid=", 4) == 0 || strncmp(mount->data.at[i], "gid=", 4) == 0)
			return true;
	return false;
}

/* The devpts of older kernels only says that some option is wrong. */
static int owner_hint(bool known, struct error *err)
{
	return error_hint(err, "%s: leave the option out; `casemate spec --rootless` writes a config.json without it",
			  known ? "this user namespace does not map it"
				: "perhaps this user namespace does not map its uid or gid");
}

/* The kernel says more than errno in the log of the file system context (fsopen(2)): "e tmpfs: Bad value for 'size'".
 */
static int filesystem_error(int fs, const struct plan_mount *mount, struct error *err)
{
	char text[256];
	int reason = errno;
	ssize_t length = fs < 0 ? -1 : read(fs, text, sizeof(text) - 1);

	if (length > 2) {
		text[length - (text[length - 1] == '\n')] = '\0';
		error_set(err, ERROR_SYSTEM, reason, "cannot make a %s for '%s' (%s)", mount->type, mount->target,
			  text + 2);
	} else {
		error_set(err, ERROR_SYSTEM, reason, "cannot make a %s for '%s'", mount->type, mount->target);
	}
	if (reason == EPERM && mount->namespace != NULL)
		return error_hint(
			err,
			"the %s namespace belongs to another user namespace than the container's: join that one as "
			"well, or bind a %s that is there",
			mount->namespace, mount->type);
	/* The kernel's one reason where the pid namespace is the container's own. */
	if (reason == EPERM && strcmp(mount->type, "proc") == 0)
		return error_hint(err, "%s: %s", mounts_proc_cause, mounts_proc_fix);
	bool known = strstr(err->what, "nvalid gid") != NULL || strstr(err->what, "nvalid uid") != NULL;
	if (reason == EINVAL && (known || (length <= 2 && has_owner(mount))))
		return owner_hint(known, err);
	return reason == ENODEV ? error_hint(err, "this kernel has no such file system") : -1;
}

static int set_option(int fs, const char *option)
{
	char key[64];
	const char *equals = strchr(option, '=');
	size_t length = equals == NULL ? 0 : (size_t)(equals - option);

	if (equals == NULL)
		return sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
	if (length >= sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(key, option, length);
	key[length] = '\0';
	if (strcmp(key, "lowerdir") == 0)
		return mounts_layers_lower(fs, equals + 1);
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

static int set_label(int fs, const struct plan_mount *mount, struct error *err)
{
	if (mount->label == NULL || sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", mount->label, 0) == 0)
		return 0;
	/* Whoever knows the option is SELinux; the file system itself does not. */
	error_set(err, ERROR_HOST, errno, "cannot label the mount on '%s' '%s'", mount->target, mount->label);
	return error_hint(err, "linux.mountLabel needs a kernel that runs with SELinux; remove it, or use AppArmor");
}

static int set_super_flags(int fs, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *option;
	} words[] = {
		{MS_SYNCHRONOUS, "sync"},  {MS_DIRSYNC, "dirsync"},    {MS_MANDLOCK, "mand"},
		{MS_LAZYTIME, "lazytime"}, {MS_I_VERSION, "iversion"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((flags & words[i].flag) != 0 && sys_fsconfig(fs, FSCONFIG_SET_FLAG, words[i].option, NULL, 0) < 0)
			return -1;
	return 0;
}

uint64_t mounts_attributes(const struct plan_mount *mount)
{
	/* Setting one value of the atime field means to clear the field first: attr_clear names it then. */
	return mount->attr_set & ~(mount->attr_clear & ~(uint64_t)MOUNT_ATTR__ATIME);
}

int mounts_make_filesystem(const struct plan_mount *mount, struct error *err)
{
	AUTOCLOSE_LAYERS struct mounts_layers layers = {.count = 0};
	AUTOLEAVE int fs = sys_fsopen(mount->type);

	if (fs < 0)
		return filesystem_error(fs, mount, err);
	if (mount->source != NULL && sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", mount->source, 0) < 0)
		return filesystem_error(fs, mount, err);
	for (size_t i = 0; i < mount->data.count; i++)
		if (!mounts_layers_has(mount, mount->data.at[i]) && set_option(fs, mount->data.at[i]) < 0)
			return filesystem_error(fs, mount, err);
	TRY(mounts_layers_give(mount, fs, &layers, err));
	TRY(set_label(fs, mount, err));
	if (set_super_flags(fs, mount->super_flags) < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return filesystem_error(fs, mount, err);
	/* fsmount(2) of a kernel without mount_setattr(2) does not know it. */
	int made =
		sys_fsmount(fs, mounts_attributes(mount) & ~(uint64_t)(mount->remounts ? MOUNT_ATTR_NOSYMFOLLOW : 0));
	if (made < 0)
		return filesystem_error(fs, mount, err);
	return made;
}

/* What the profile decided on must be what was opened: the path may mean something else by now. */
static int check_judged(const struct plan_mount *mount, int tree, struct error *err)
{
	struct stat status;

	if (!mount->judged && !mount->owner.set)
		return 0;
	if (fstat(tree, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", mount->source);
	if (mount->owner.set && (!S_ISSOCK(status.st_mode) || status.st_uid != mount->owner.value))
		return error_set(err, ERROR_REFUSED, 0, "'%s' is not the proxy's socket", mount->source);
	if (mount->judged && (status.st_dev != mount->device || status.st_ino != mount->inode))
		return error_set(err, ERROR_REFUSED, 0, "'%s' is no longer what the profile judged", mount->source);
	return 0;
}

/* atime is a field of several bits: setting one value means to clear the field (mount_setattr(2)). */
static uint64_t with_atime_field(uint64_t set, uint64_t clear)
{
	return (set & MOUNT_ATTR__ATIME) != 0 || (clear & MOUNT_ATTR__ATIME) != 0 ? clear | MOUNT_ATTR__ATIME : clear;
}

/* Everything that is bound leaves the host's peer groups first, the mounts below as well, unless it is to stay. */
static uint64_t first_propagation(const struct plan_mount *mount)
{
	if (mount->peers)
		return 0;
	return (mount->propagation & (MS_SLAVE | MS_SHARED)) != 0 ? MS_SLAVE : MS_PRIVATE;
}

/* What all of a bind gets, and then its top. `attr_set` is all that the top has; one without others below gets it at
 * once.
 */
static bool attributes_of(const struct plan_mount *mount, struct remount *ret_all, struct remount *ret_top)
{
	uint64_t set = mount->recursive ? mount->rec_attr_set : mount->attr_set;
	uint64_t clear = mount->recursive ? mount->rec_attr_clear
					  : mount->attr_clear | (mount->rec_attr_clear & ~mount->attr_set);

	*ret_all = (struct remount){
		.set = set,
		.clear = with_atime_field(set, clear),
		.propagation = first_propagation(mount),
		.recursive = true,
	};
	*ret_top =
		(struct remount){.set = mount->attr_set, .clear = with_atime_field(mount->attr_set, mount->attr_clear)};
	return mount->attr_set != set || (mount->attr_clear & ~clear) != 0;
}

/* The clone of a tree with the options of @mount; before 5.12 they have to wait for mounts_restrict(). */
static int clone_restricted(const struct plan_mount *mount, int dir, const char *path, unsigned flags)
{
	struct remount all, top;
	bool differs = attributes_of(mount, &all, &top);

	if (mount->remounts)
		return sys_open_tree(dir, path, flags | OPEN_TREE_CLONE);
	AUTOCLOSE int tree = remount_clone(dir, path, flags, &all);
	if (tree < 0 || (differs && sys_mount_setattr(tree, "", AT_EMPTY_PATH, top.set, top.clear, 0, -1) < 0))
		return -1;
	return fd_take(&tree);
}

int mounts_restrict(const struct plan_mount *mount, int made, const struct run *run, struct error *err)
{
	struct remount all, top;
	const struct remount follow = {.set = mount->attr_set & MOUNT_ATTR_NOSYMFOLLOW};
	bool differs = attributes_of(mount, &all, &top);

	if (mount->kind == MOUNT_FILESYSTEM && mount->remounts && remount_attached(run, made, &follow) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the options of '%s'", mount->target);
	if (mount->kind != MOUNT_BIND || !mount->remounts)
		return 0;
	if (remount_attached(run, made, &all) < 0 || (differs && remount_attached(run, made, &top) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot restrict the mount of '%s'", mount->source);
	return 0;
}

static bool is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * What is open lies in a mount of the caller's namespace, and only the copy of that in this one can be bound. The
 * kernel knows the name that it has now; what is found there must be the same object. A name that changed meanwhile is
 * asked for again.
 */
static int find_open(const struct plan_mount *mount, struct error *err)
{
	enum { TRIES = 100 };
	char name[4096], again[4096];
	int reason = ENOENT;

	for (int i = 0; i < TRIES; i++) {
		if (fd_name(mount->descriptor, name, sizeof(name)) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot find '%s'", mount->source);
		AUTOCLOSE int found = sys_openat2(AT_FDCWD, name, O_PATH, 0, RESOLVE_NO_SYMLINKS);
		if (found >= 0 && is_same(found, mount->descriptor))
			return fd_take(&found);
		reason = found < 0 ? errno : ESTALE;
		if (fd_name(mount->descriptor, again, sizeof(again)) == 0 && strcmp(name, again) == 0)
			break;
	}
	error_set(err, ERROR_SYSTEM, reason, "cannot find '%s' by a name", mount->source);
	return error_hint(err, "it was deleted, is covered by a mount, or lies where this user may not go");
}

static int clone_tree(const struct plan_mount *mount, int dir, const char *path, unsigned flags, struct error *err)
{
	int tree = clone_restricted(mount, dir, path, flags | AT_NO_AUTOMOUNT | (mount->recursive ? AT_RECURSIVE : 0));

	if (tree >= 0)
		return tree;
	if (errno == ENOENT && (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0)
		return -2;
	error_set(err, ERROR_SYSTEM, errno,
		  errno == EPERM ? "cannot open '%s' with the options of its mount" : "cannot open '%s'",
		  mount->source);
	if (errno == ENOENT)
		return error_hint(err, "it does not exist on the host");
	return errno == EINVAL ? error_hint(err, "in a user namespace it needs the mounts below it: use rbind") : -1;
}

/*
 * What was judged is opened where it was found: by a link it could be the same directory in another mount, with other
 * mounts below it.
 */
static int clone_source(const struct plan_mount *mount, struct error *err)
{
	const char *path = mount->judged && mount->real != NULL ? mount->real : mount->source;

	if ((mount->special & MOUNT_SPECIAL_OPEN) == 0)
		return clone_tree(mount, AT_FDCWD, path, 0, err);
	AUTOCLOSE int found = find_open(mount, err);
	return found < 0 ? -1 : clone_tree(mount, found, "", AT_EMPTY_PATH, err);
}

static int make_bind(const struct plan_mount *mount, struct error *err)
{
	/* What was not there when the profile looked would not be what it judged. */
	if (mount->judged && mount->inode == 0 && (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0)
		return -2;
	AUTOCLOSE int tree = clone_source(mount, err);

	if (tree < 0)
		return tree;
	TRY(check_judged(mount, tree, err));
	if (mount->uid_mappings.count > 0)
		TRY(idmap_mount(mount, tree, err));
	return fd_take(&tree);
}

/*
 * A mount below one that was bound with all that is mounted in it. It was found without any link, and whoever has the
 * source may have made one since.
 */
static int bind_below(const struct plan_mount *mount, const char *below, struct error *err)
{
	AUTOCLOSE int source = sys_openat(AT_FDCWD, mount->source, O_PATH, 0);

	if (source < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", mount->source);
	TRY(check_judged(mount, source, err));
	AUTOCLOSE int found = sys_openat2(source, below + 1, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	int tree = found < 0 ? -1 : clone_restricted(mount, found, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT);
	return tree < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot open '%s%s'", mount->source, below) : tree;
}

static int bind_hierarchy(const struct plan_mount *mount, const char *name, struct error *err)
{
	for (size_t i = 0; i < mount->hierarchies.count; i++) {
		if (strcmp(mount->hierarchies.at[i].key, name) != 0)
			continue;
		int tree = clone_restricted(mount, AT_FDCWD, mount->hierarchies.at[i].value, 0);
		return tree < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot open the cgroup '%s'",
					    mount->hierarchies.at[i].value)
				: tree;
	}
	return error_set(err, ERROR_HOST, 0, "there are no cgroups '%s' here", name);
}

int mounts_make_again(const struct plan_mount *mount, const char *below, struct error *err)
{
	if (mount->remounts)
		return error_set(err, ERROR_HOST, 0, "the mounts of an image need mount_setattr(2) of Linux 5.12");
	if (mount->kind == MOUNT_BIND && (mount->special & MOUNT_SPECIAL_OVERLAY) == 0 && below[0] == '\0')
		return make_bind(mount, err);
	if (mount->kind == MOUNT_BIND && (mount->special & MOUNT_SPECIAL_OVERLAY) == 0 && mount->recursive)
		return bind_below(mount, below, err);
	if (mount->kind == MOUNT_CGROUP && below[0] == '/')
		return bind_hierarchy(mount, below + 1, err);
	if (mount->kind == MOUNT_FILESYSTEM && below[0] == '\0')
		return mounts_make_filesystem(mount, err);
	return error_set(err, ERROR_UNSUPPORTED, 0, "cannot mount '%s%s' of the image", mount->target, below);
}

static int make_hierarchies(const struct plan_mount *mount, int *cgroups, struct error *err)
{
	for (size_t i = 0; i < mount->hierarchies.count; i++) {
		const char *path = mount->hierarchies.at[i].value;

		/* A hierarchy without controllers may be listed and not be mounted. */
		cgroups[i] = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
		if (cgroups[i] < 0 && errno == ENOENT)
			continue;
		if (cgroups[i] < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot open the cgroup '%s'", path);
	}
	return 0;
}

static int make_cgroup(const struct plan_mount *mount, struct run *run, struct error *err)
{
	struct plan_mount holder = {.source = "tmpfs", .target = mount->target, .type = "tmpfs"};

	TRY(make_hierarchies(mount, run->cgroups, err));
	holder.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	return mounts_make_filesystem(&holder, err);
}

static int make_one(const struct plan_mount *mount, struct run *run, struct error *err)
{
	switch (mount->kind) {
	case MOUNT_BIND:
	case MOUNT_CHANGES:
		return make_bind(mount, err);
	case MOUNT_FILESYSTEM:
		return mount->direct != NULL ? -2 : mounts_make_filesystem(mount, err);
	case MOUNT_CGROUP:
		return make_cgroup(mount, run, err);
	default:
		return -2;
	}
}

/* It is bound from the host. */
static bool has_source(const struct plan_mount *mount)
{
	return mount->kind == MOUNT_BIND || mount->kind == MOUNT_CHANGES;
}

bool mounts_prepare_wanted(const struct plan *plan)
{
	return plan->rootfs.by_launcher;
}

const char *mounts_source(const struct plan_mount *mount)
{
	return mount->socket != NULL && mount->socket->proxied ? "the proxy's socket" : mount->source;
}

static void explain_opening(const struct plan *plan, bool late, struct explain *out)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (has_source(&plan->mounts.at[i]) && plan->mounts.at[i].late == late)
			explain_say(out, EXPLAIN_DOES, plan->mounts.at[i].from, "opens %s with the launcher's rights",
				    mounts_source(&plan->mounts.at[i]));
}

static int open_sources(const struct plan *plan, bool late, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		if (!has_source(&plan->mounts.at[i]) || plan->mounts.at[i].late != late)
			continue;
		run->mounts[i] = make_bind(&plan->mounts.at[i], err);
		if (run->mounts[i] == -1)
			return error_wrap(err, "%s", plan->mounts.at[i].from);
	}
	return 0;
}

void mounts_prepare_explain(const struct plan *plan, struct explain *out)
{
	explain_opening(plan, false, out);
}

int mounts_prepare(const struct plan *plan, struct run *run, struct error *err)
{
	return open_sources(plan, false, run, err);
}

bool mounts_prepare_late_wanted(const struct plan *plan)
{
	bool late = false;

	for (size_t i = 0; i < plan->mounts.count; i++)
		late = late || plan->mounts.at[i].late;
	return plan->rootfs.by_launcher && late;
}

void mounts_prepare_late_explain(const struct plan *plan, struct explain *out)
{
	explain_opening(plan, true, out);
}

int mounts_prepare_late(const struct plan *plan, struct run *run, struct error *err)
{
	return open_sources(plan, true, run, err);
}

static bool needs_proc(const struct plan *plan)
{
	return plan->ids.inner || plan->sysctl.count > 0 || plan->labels.apparmor != NULL ||
	       plan->labels.selinux != NULL;
}

bool mounts_make_wanted(const struct plan *plan)
{
	return plan->mounts.count > 0 || needs_proc(plan);
}

static bool is_detached(const struct plan_mount *mount)
{
	return has_source(mount) || mount->kind == MOUNT_CGROUP ||
	       (mount->kind == MOUNT_FILESYSTEM && mount->direct == NULL);
}

void mounts_make_explain(const struct plan *plan, struct explain *out)
{
	size_t detached = 0;

	for (size_t i = 0; i < plan->mounts.count; i++)
		detached += is_detached(&plan->mounts.at[i]);
	if (plan->mounts.count == 0)
		explain_say(out, EXPLAIN_DOES, NULL, "opens a procfs for the set-up, mounted nowhere");
	else
		explain_say(out, EXPLAIN_DOES, NULL, "makes %zu mounts, detached and with their final options",
			    detached);
}

/* A procfs of the container's pid namespace as it is before masks: for id maps, sysctls and labels. */
static int keep_proc(const struct plan *plan, struct run *run, struct error *err)
{
	static const struct plan_mount own = {.type = "proc",
					      .source = "proc",
					      .target = "(none)",
					      .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};

	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].type != NULL && strcmp(plan->mounts.at[i].type, "proc") == 0) {
			run->proc = run->mounts[i];
			return 0;
		}
	if (!needs_proc(plan))
		return 0;
	run->proc = mounts_make_filesystem(&own, err);
	return run->proc < 0 ? -1 : 0;
}

/* The directory of an overlay's changes was made before it. */
static int lay_over(const struct plan *plan, size_t index, struct run *run, struct error *err)
{
	const struct plan_mount *mount = &plan->mounts.at[index];

	if ((mount->special & MOUNT_SPECIAL_OVERLAY) == 0)
		return 0;
	int *changes = mount->changes != NULL ? &run->mounts[index - 1] : NULL;
	int overlay = mounts_overlay(mount, run->mounts[index], changes != NULL ? *changes : -1, err);

	if (overlay < 0)
		return -1;
	if (changes != NULL)
		fd_close(changes);
	fd_close(&run->mounts[index]);
	run->mounts[index] = overlay;
	return 0;
}

int mounts_make(const struct plan *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *mount = &plan->mounts.at[i];

		if (!plan->rootfs.by_launcher || !has_source(mount))
			run->mounts[i] = make_one(mount, run, err);
		if (run->mounts[i] == -1 || lay_over(plan, i, run, err) < 0)
			return error_wrap(err, "%s", mount->from);
	}
	return keep_proc(plan, run, err);
}
