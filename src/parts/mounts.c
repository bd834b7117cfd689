// SPDX-License-Identifier: Apache-2.0
#include "parts/mounts.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

enum { PLAN_MAX_MOUNTS = 8192 };

/* Files that lxcfs puts over procfs to show a container its own limits; nothing else is mounted there. */
static const char *const proc_files[] = {
	"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/slabinfo",
	"/proc/stat",    "/proc/swaps",     "/proc/uptime",  "/proc/net/dev", "/proc/sys/kernel/random/boot_id",
};

static bool below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return strncmp(path, parent, length) == 0 && path[length] == '/';
}

static enum plan_mount_kind kind_of(const struct planner *p, const struct request_mount *wanted)
{
	/* A cgroup2 beside v1 would show where the launcher is: the container's own cgroup is not in that hierarchy. */
	bool cgroup = wanted->type != NULL &&
		      (strcmp(wanted->type, "cgroup") == 0 ||
		       (strcmp(wanted->type, "cgroup2") == 0 && p->profile->host_namespaces != VERDICT_ALLOW));

	if (wanted->remount)
		return MOUNT_REMOUNT;
	if (wanted->bind)
		return MOUNT_BIND;
	if (wanted->hide)
		return MOUNT_HIDE;
	if (wanted->link != NULL)
		return MOUNT_LINK;
	if (wanted->content != NULL)
		return MOUNT_FILE;
	if (wanted->directory)
		return MOUNT_DIRECTORY;
	return cgroup && p->host->cgroup != HOST_CGROUP_V2 ? MOUNT_CGROUP : MOUNT_FILESYSTEM;
}

/* What lies over procfs deceives whoever trusts it, the launcher included; this holds in every profile. */
static int check_target(const struct plan_mount *mount, struct error *err)
{
	if (strcmp(mount->target, "/") == 0)
		return error_set(err, ERROR_CONFIG, 0, "%s: the destination is the root of the container", mount->from);
	if (mount->kind == MOUNT_HIDE &&
	    (strcmp(mount->target, "/proc") == 0 || strcmp(mount->target, "/dev") == 0 || below(mount->target, "/dev")))
		return error_set(err, ERROR_USAGE, 0, "%s: programs need what is there, and it is not the host's",
				 mount->from);
	if (mount->kind == MOUNT_REMOUNT || !below(mount->target, "/proc"))
		return 0;
	for (size_t i = 0; i < sizeof(proc_files) / sizeof(proc_files[0]); i++)
		if (strcmp(mount->target, proc_files[i]) == 0)
			return 0;
	return error_set(err, ERROR_CONFIG, 0, "%s: nothing may be mounted on '%s'", mount->from, mount->target);
}

static int check_special(const struct planner *p, const struct plan_mount *mount, struct error *err)
{
	bool idmap =
		(mount->special & (MOUNT_SPECIAL_IDMAP | MOUNT_SPECIAL_RIDMAP)) != 0 || mount->uid_mappings.count > 0;

	if ((mount->special & MOUNT_SPECIAL_TMPCOPYUP) != 0 &&
	    (mount->type == NULL || strcmp(mount->type, "tmpfs") != 0))
		return error_set(err, ERROR_CONFIG, 0, "%s: tmpcopyup is only for tmpfs", mount->from);
	if (!idmap)
		return 0;
	if (mount->kind != MOUNT_BIND)
		return error_set(err, ERROR_CONFIG, 0, "%s: only bind mounts can be idmapped", mount->from);
	if (!p->host->privileged)
		return error_set(err, ERROR_HOST, 0, "%s: an idmapped mount needs root", mount->from);
	if (p->host->remounts)
		return error_set(err, ERROR_HOST, 0, "%s: an idmapped mount needs mount_setattr(2) of Linux 5.12",
				 mount->from);
	if (mount->uid_mappings.count == 0 && p->plan->ids.uid.count == 0)
		return error_set(err, ERROR_CONFIG, 0, "%s: idmap needs uidMappings and gidMappings", mount->from);
	return 0;
}

/* An idmapped mount without mappings of its own takes those of the container (config.md, "idmap"). */
static void complete_idmap(const struct planner *p, struct plan_mount *mount)
{
	if ((mount->special & (MOUNT_SPECIAL_IDMAP | MOUNT_SPECIAL_RIDMAP)) == 0 || mount->uid_mappings.count > 0)
		return;
	mount->uid_mappings = p->plan->ids.uid;
	mount->gid_mappings = p->plan->ids.gid;
}

/*
 * Mapping a mount takes a process of the host's pid namespace, and rights that end at the container's. And only the
 * launcher sees the host's own mounts, which can be shared; the root must say so as well, as engines do.
 */
static void leave_to_launcher(struct planner *p, struct plan_mount *mount)
{
	mount->peers = mount->kind == MOUNT_BIND && (mount->propagation & MS_SHARED) != 0 &&
		       (p->plan->rootfs.propagation & MS_SHARED) != 0 && !p->plan->ids.mapped;
	if (mount->uid_mappings.count > 0 || mount->peers)
		p->plan->rootfs.by_launcher = true;
}

/* Whoever makes one needs the rights over the namespace that it shows: they end at the user namespace that made that.
 */
static const char *foreign_namespace(const struct planner *p, const struct plan_mount *mount)
{
	static const struct {
		const char *type;
		enum namespace_kind kind;
		uint64_t flag;
		const char *name;
	} shown[] = {
		{"proc", NAMESPACE_PID, CLONE_NEWPID, "pid"},
		{"sysfs", NAMESPACE_NETWORK, CLONE_NEWNET, "network"},
		{"mqueue", NAMESPACE_IPC, CLONE_NEWIPC, "ipc"},
	};

	for (size_t i = 0; p->plan->ids.mapped && mount->type != NULL && i < sizeof(shown) / sizeof(shown[0]); i++)
		if (strcmp(mount->type, shown[i].type) == 0 && (p->plan->namespaces.fresh & shown[i].flag) == 0)
			return shown[i].name;
	return NULL;
}

/* The mount that @target lies in so far; NULL for the root file system. */
static const struct plan_mount *mount_around(const struct planner *p, const char *target)
{
	const struct plan_mount *nearest = NULL;

	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *mount = &p->plan->mounts.at[i];

		if (below(target, mount->target) &&
		    (nearest == NULL || strlen(mount->target) >= strlen(nearest->target)))
			nearest = mount;
	}
	return nearest;
}

static bool is_empty_tmpfs(const struct plan_mount *mount)
{
	return mount->kind == MOUNT_FILESYSTEM && mount->type != NULL && strcmp(mount->type, "tmpfs") == 0 &&
	       (mount->special & MOUNT_SPECIAL_TMPCOPYUP) == 0;
}

static void find_place(const struct planner *p, struct plan_mount *mount)
{
	const struct plan_mount *around = mount_around(p, mount->target);

	mount->fresh = around == NULL ? p->request->root.path == NULL : is_empty_tmpfs(around);
	/* Below a directory of the host that the sandbox shows, no mount point may be made: it would stay there. */
	if (p->request->sandbox.given && around != NULL && around->kind == MOUNT_BIND)
		mount->special |= MOUNT_SPECIAL_NO_CREATE;
}

static void copy_request(struct planner *p, const struct request_mount *wanted, struct plan_mount *mount)
{
	*mount = (struct plan_mount){
		.kind = kind_of(p, wanted),
		.source = wanted->source,
		.descriptor = wanted->descriptor,
		.changes = wanted->changes,
		.target = wanted->destination,
		.type = wanted->type,
		.attr_set = wanted->attr_set,
		.attr_clear = wanted->attr_clear,
		.rec_attr_set = wanted->rec_attr_set,
		.rec_attr_clear = wanted->rec_attr_clear,
		.super_flags = wanted->super_flags,
		.propagation = wanted->propagation,
		.recursive = wanted->recursive,
		.special = wanted->special,
		.data = wanted->data,
		.remounts = p->host->remounts,
		.uid_mappings = wanted->uid_mappings,
		.gid_mappings = wanted->gid_mappings,
		.content = wanted->link != NULL ? wanted->link : wanted->content,
		.content_length = wanted->content_length,
		.mode = wanted->mode,
		.socket = wanted->socket,
		.from = wanted->from,
	};
	/*
	 * Two lists of words say what the top of a mount is like. They are resolved here, once, so that what is judged,
	 * printed and mounted is the same: `attr_set` is the top's, `rec_attr_set` that of the mounts below.
	 */
	mount->attr_set |= mount->rec_attr_set & ~mount->attr_clear;
	mount->attr_clear &= ~mount->attr_set | MOUNT_ATTR__ATIME;
	mount->rec_attr_clear &= ~mount->rec_attr_set | MOUNT_ATTR__ATIME;
	find_place(p, mount);
}

/* The container's own cgroup where it has one in this hierarchy, else the launcher's, which a ceiling does not show. */
static const char *cgroup_path(const struct planner *p, const char *name, const char *own)
{
	const struct plan_cgroup *cgroup = &p->plan->cgroup;

	for (size_t i = 0; cgroup->wanted && i < cgroup->hierarchies.count; i++)
		if (strcmp(cgroup->hierarchies.at[i].name, name) == 0)
			return cgroup->path;
	return p->profile->host_namespaces == VERDICT_ALLOW ? own : NULL;
}

/* Without a unified hierarchy a container sees a directory for each, holding its own cgroup. */
static void complete_cgroup(struct planner *p, struct plan_mount *mount)
{
	size_t hidden = 0;

	for (size_t i = 0; i < p->host->cgroups.count; i++) {
		const struct pair *own = &p->host->cgroups.at[i];
		const char *name = own->key[0] == '\0' ? "unified" : own->key;
		const char *path = cgroup_path(p, name, own->value);

		if (path == NULL) {
			hidden++;
			continue;
		}
		*LIST_ADD(p->arena, &mount->hierarchies) = (struct pair){
			.key = name,
			.value = arena_printf(p->arena, "%s/%s%s", p->host->cgroup_root, name, path),
		};
	}
	if (hidden > 0)
		planner_note(
			p, "mounts", mount->from,
			arena_printf(
				p->arena,
				"%zu cgroup hierarchies are not shown: the container has no cgroup of its own there",
				hidden));
}

/*
 * The kernel's own file systems have labels of their own, which policies tell apart; and what is bound keeps those of
 * its files. An option of the mount itself comes before linux.mountLabel.
 */
static const char *mount_label(const struct planner *p, const struct plan_mount *mount)
{
	static const char *const own[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

	if (mount->kind != MOUNT_FILESYSTEM)
		return NULL;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(mount->type, own[i]) == 0)
			return NULL;
	for (size_t i = 0; i < mount->data.count; i++)
		if (strncmp(mount->data.at[i], "context=", strlen("context=")) == 0)
			return NULL;
	return p->request->linux_.mount_label;
}

/* The kernel takes no text with a bind mount, and other runtimes say nothing. */
static void note_ignored_words(struct planner *p, const struct plan_mount *mount)
{
	for (size_t i = 0; mount->kind == MOUNT_BIND && i < mount->data.count; i++)
		planner_note(p, "mounts", mount->from,
			     arena_printf(p->arena, "a bind mount has no option '%s': ignored", mount->data.at[i]));
}

/* What lies below it is still to be made: podman's /dev is such a one. */
static void seal_tmpfs(struct plan_mount *mount)
{
	if (mount->kind != MOUNT_FILESYSTEM || strcmp(mount->type, "tmpfs") != 0)
		return;
	mount->sealed = (mount->attr_set & MOUNT_ATTR_RDONLY) != 0;
	mount->attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
}

static void look_at_source(struct planner *p, struct plan_mount *mount, size_t *binds)
{
	mount->real = *binds < p->host->sources.count ? p->host->sources.at[*binds].real : NULL;
	mount->layer = *binds < p->host->sources.count ? p->host->sources.at[*binds].layer : NULL;
	mounts_judge_source(p, mount, (*binds)++);
}

/* It is written to, by way of the overlay, so it is judged as a writable bind. */
static void plan_changes(struct planner *p, const struct plan_mount *overlay, size_t *binds)
{
	struct plan_mount changes = *overlay;

	if (overlay->changes == NULL)
		return;
	changes.kind = MOUNT_CHANGES;
	changes.source = overlay->changes;
	changes.changes = NULL;
	changes.special = 0;
	changes.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	changes.rec_attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	look_at_source(p, &changes, binds);
	*LIST_ADD(p->arena, &p->plan->mounts) = changes;
}

static bool has_launchers_cgroup_namespace(const struct planner *p)
{
	const struct plan_namespaces *namespaces = &p->plan->namespaces;
	const struct host_identity *joined = &p->host->joined[NAMESPACE_CGROUP];

	if (namespaces->join[NAMESPACE_CGROUP].path != NULL)
		return joined->inode != 0 && joined->inode == p->host->own_namespaces[NAMESPACE_CGROUP].inode;
	return (namespaces->fresh & CLONE_NEWCGROUP) == 0;
}

/*
 * The options of cgroup2 are those of all its mounts, and without a cgroup namespace of one's own a new mount sets
 * them: the host's would lose nsdelegate (cgroups(7)). So the container gets the mount that there is.
 */
static void share_cgroup(const struct planner *p, struct plan_mount *mount)
{
	if (mount->kind != MOUNT_FILESYSTEM || strcmp(mount->type, "cgroup2") != 0 ||
	    !has_launchers_cgroup_namespace(p) || p->host->cgroup != HOST_CGROUP_V2)
		return;
	mount->kind = MOUNT_BIND;
	mount->source = p->host->cgroup_root;
	mount->data = (string_list){0};
}

static int plan_mount(struct planner *p, const struct request_mount *wanted, size_t *binds, struct error *err)
{
	struct plan_mount mount;

	copy_request(p, wanted, &mount);
	if (mount.kind == MOUNT_FILESYSTEM && mount.type == NULL)
		return error_set(err, ERROR_CONFIG, 0, "%s: a type is missing", mount.from);
	/* devpts belongs to id 0 of its user namespace: where that is nobody, the kernel refuses it. */
	if (mount.type != NULL && strcmp(mount.type, "devpts") == 0 && p->plan->ids.mapped &&
	    p->plan->ids.setup_uid != 0) {
		planner_note(p, "mounts", mount.from, "no devpts: id 0 is not mapped");
		return 0;
	}
	TRY(check_target(&mount, err));
	mounts_layers_plan(p, wanted, &mount, binds);
	if (mount.kind == MOUNT_BIND)
		mounts_know_device(p, &mount, *binds);
	mounts_judge(p, &mount);
	if (mount.kind == MOUNT_BIND) {
		TRY(mounts_check_socket(p, &mount, *binds, err));
		look_at_source(p, &mount, binds);
	}
	plan_changes(p, &mount, binds);
	seal_tmpfs(&mount);
	mount.sealed = mount.sealed || mount.kind == MOUNT_HIDE;
	TRY(check_special(p, &mount, err));
	complete_idmap(p, &mount);
	leave_to_launcher(p, &mount);
	note_ignored_words(p, &mount);
	if (mount.kind == MOUNT_CGROUP)
		complete_cgroup(p, &mount);
	/* Engines say "cgroup" for either; to the kernel that means hierarchies of v1 alone. */
	if (mount.kind == MOUNT_FILESYSTEM && strcmp(mount.type, "cgroup") == 0)
		mount.type = "cgroup2";
	share_cgroup(p, &mount);
	mount.namespace = foreign_namespace(p, &mount);
	mount.label = mount_label(p, &mount);
	*LIST_ADD(p->arena, &p->plan->mounts) = mount;
	return 0;
}

/* Default devices are made in a /dev of our own, never in one that the image brings (config-linux.md, "Default
 * Devices"). */
static void add_dev(struct planner *p)
{
	static const char *const data[] = {"mode=755", "size=64k"};

	for (size_t i = 0; i < p->plan->mounts.count; i++)
		if (strcmp(p->plan->mounts.at[i].target, "/dev") == 0)
			return;
	struct plan_mount dev = {.kind = MOUNT_FILESYSTEM,
				 .source = "tmpfs",
				 .target = "/dev",
				 .type = "tmpfs",
				 .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				 .label = p->request->linux_.mount_label,
				 .from = "default: a container has a /dev of its own"};
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		*LIST_ADD(p->arena, &dev.data) = data[i];

	/* First in the order: mounts of the config may lie below it. */
	(void)LIST_ADD(p->arena, &p->plan->mounts);
	memmove(p->plan->mounts.at + 1, p->plan->mounts.at, (p->plan->mounts.count - 1) * sizeof(dev));
	p->plan->mounts.at[0] = dev;
}

/* They would appear in, and stay in, a namespace that is somebody else's. */
static int refuse_in_joined(const struct planner *p, struct error *err)
{
	const struct request *request = p->request;
	const struct {
		bool given;
		const char *pointer;
	} wanted[] = {
		{request->mounts.count > 0, "/mounts"},
		{request->root.readonly, "/root/readonly"},
		{request->linux_.rootfs_propagation != 0, "/linux/rootfsPropagation"},
		{request->linux_.devices.count > 0, "/linux/devices"},
		{request->linux_.masked_paths.count > 0, "/linux/maskedPaths"},
		{request->linux_.readonly_paths.count > 0, "/linux/readonlyPaths"},
	};

	/* A profile that judges namespaces has refused this one, and says more. */
	for (size_t i = 0; p->profile->host_namespaces == VERDICT_ALLOW && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i].given) {
			error_set(err, ERROR_CONFIG, 0, "%s: nothing is mounted in a mount namespace that is joined",
				  planner_origin(p, wanted[i].pointer));
			return error_hint(err, "what is mounted in %s is what the container sees: remove this",
					  p->plan->namespaces.join[NAMESPACE_MOUNT].path);
		}
	return 0;
}

/* The directory is casemate's own, so that no profile has to judge it; what is in it is a socket that casemate reads.
 */
static void add_notify(struct planner *p)
{
	const uint64_t attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (p->request->notify == NULL)
		return;
	if (p->plan->rootfs.joined) {
		planner_note(p, "mounts", "NOTIFY_SOCKET", "nobody is told: the mount namespace is another's");
		return;
	}
	p->plan->lifecycle.notify = p->request->notify;
	*LIST_ADD(p->arena, &p->plan->mounts) = (struct plan_mount){
		.kind = MOUNT_BIND,
		.source = p->request->notify,
		.target = "/run/notify",
		.attr_set = attrs,
		.late = true,
		.from = "NOTIFY_SOCKET",
	};
}

int mounts_plan(struct planner *p, struct error *err)
{
	size_t binds = 0;

	if (p->plan->rootfs.joined) {
		add_notify(p);
		return refuse_in_joined(p, err);
	}
	mounts_judge_root(p);

	if (p->request->mounts.count > PLAN_MAX_MOUNTS)
		return error_set(err, ERROR_CONFIG, 0, "there are more than %d mounts", PLAN_MAX_MOUNTS);
	for (size_t i = 0; i < p->request->mounts.count; i++)
		TRY(plan_mount(p, &p->request->mounts.at[i], &binds, err));
	if (p->plan->without_userns)
		return 0;
	TRY(mounts_overlay_plan(p, err));
	TRY(mounts_hide_plan(p->plan, err));
	add_dev(p);
	add_notify(p);
	mounts_direct_plan(p);
	return 0;
}

bool mounts_attach_wanted(const struct plan *plan)
{
	return plan->mounts.count > 0;
}

static const char *bind_access(const struct plan_mount *mount)
{
	if ((mount->special & MOUNT_SPECIAL_OVERLAY) != 0)
		return mount->changes != NULL ? "changes are kept apart" : "changes are thrown away";
	return (mount->attr_set & MOUNT_ATTR_RDONLY) == 0 && !mount->sealed ? "writable" : "read-only";
}

static void explain_bind(const struct plan_mount *mount, const char *flags, struct explain *out)
{
	const char *if_there = (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0 ? ", if it exists" : "";

	if (mount->socket != NULL)
		explain_say(out, EXPLAIN_GRANTS, mount->from, "the socket %s at %s: %s", mounts_source(mount),
			    mount->target, mount->socket->risk);
	else
		explain_say(out, EXPLAIN_GRANTS, mount->from, "%s on %s, %s%s%s", mount->source, mount->target,
			    bind_access(mount), flags, if_there);
}

static void explain_one(const struct plan_mount *mount, struct explain *out)
{
	uint64_t attrs = mount->attr_set;
	bool writable = (attrs & MOUNT_ATTR_RDONLY) == 0 && !mount->sealed;
	char flags[64];

	snprintf(flags, sizeof(flags), "%s%s%s", (attrs & MOUNT_ATTR_NOSUID) != 0 ? ",nosuid" : "",
		 (attrs & MOUNT_ATTR_NODEV) != 0 ? ",nodev" : "", (attrs & MOUNT_ATTR_NOEXEC) != 0 ? ",noexec" : "");
	switch (mount->kind) {
	case MOUNT_BIND:
		explain_bind(mount, flags, out);
		break;
	case MOUNT_CHANGES:
		explain_say(out, EXPLAIN_GRANTS, mount->from, "%s keeps the changes of %s", mount->source,
			    mount->target);
		break;
	case MOUNT_FILE:
		explain_say(out, EXPLAIN_DOES, mount->from, "a file of %zu bytes at %s", mount->content_length,
			    mount->target);
		break;
	case MOUNT_HIDE:
		explain_say(out, EXPLAIN_STOPS, mount->from, "%s is hidden", mount->target);
		break;
	case MOUNT_LINK:
		explain_say(out, EXPLAIN_DOES, mount->from, "a link to %s at %s", mount->content, mount->target);
		break;
	case MOUNT_DIRECTORY:
		explain_say(out, EXPLAIN_DOES, mount->from, "an empty directory at %s, mode %04o", mount->target,
			    mount->mode);
		break;
	default:
		explain_say(out, EXPLAIN_DOES, mount->from, "%s on %s, %s%s%s%s",
			    mount->kind == MOUNT_REMOUNT ? "new options" : mount->type, mount->target,
			    writable ? "writable" : "read-only", flags, mount->label == NULL ? "" : ", labelled ",
			    mount->label == NULL ? "" : mount->label);
	}
}

void mounts_attach_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		explain_one(&plan->mounts.at[i], out);
		mounts_layers_explain(&plan->mounts.at[i], out);
	}
}
