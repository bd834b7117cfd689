// SPDX-License-Identifier: Apache-2.0
/* What a ceiling makes of one mount, whatever its source is: its type, its options and its propagation. */
#include <string.h>
#include <sys/mount.h>

#include "parts/mounts.h"

/* File systems of the kernel that belong to one place; elsewhere they only serve to redirect somebody. */
static const struct {
	const char *type;
	const char *target;
	uint64_t attrs; /* what a ceiling adds */
} canonical[] = {
	{"proc", "/proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
	{"sysfs", "/sys", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY},
	{"devpts", "/dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC},
	{"mqueue", "/dev/mqueue", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
	{"cgroup", "/sys/fs/cgroup", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY},
	{"cgroup2", "/sys/fs/cgroup", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY},
};

static bool is_listed(const string_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i], word) == 0)
			return true;
	return false;
}

/* The others of procfs say whose files are seen; "pidns" of Linux 6.18 opens what it names, which may be anything. */
static void judge_proc_options(struct planner *p, const struct plan_mount *mount)
{
	static const char *const harmless[] = {"gid", "hidepid", "subset", "context"};

	for (size_t i = 0; i < mount->data.count; i++) {
		const char *option = mount->data.at[i];
		size_t length = strcspn(option, "=");
		bool known = false;

		for (size_t k = 0; k < sizeof(harmless) / sizeof(harmless[0]); k++)
			known = known || (strlen(harmless[k]) == length && strncmp(option, harmless[k], length) == 0);
		if (!known)
			planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
				      arena_printf(p->arena, "procfs is mounted with the option %s", option),
				      "remove it");
	}
}

static void judge_type(struct planner *p, const struct plan_mount *mount)
{
	const char *type = mount->type;

	if (mount->kind != MOUNT_FILESYSTEM && mount->kind != MOUNT_CGROUP)
		return;
	if (p->profile->mount_types == VERDICT_ALLOW)
		return;
	if (!is_listed(&p->profile->mount_types_allowed, type)) {
		planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
			      arena_printf(p->arena, "the file system %s is not one for containers", type),
			      "mount it on the host and bind the directory, or use the privileged profile");
		return;
	}
	for (size_t i = 0; i < sizeof(canonical) / sizeof(canonical[0]); i++)
		if (strcmp(type, canonical[i].type) == 0 && strcmp(mount->target, canonical[i].target) != 0)
			planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
				      arena_printf(p->arena, "%s is mounted on %s", type, mount->target),
				      arena_printf(p->arena, "mount it on %s", canonical[i].target));
	if (strcmp(type, "proc") == 0)
		judge_proc_options(p, mount);
}

static uint64_t wanted_attrs(const struct plan_mount *mount)
{
	/* --dev says that it is a device; its user's rights on the host are all that it gives. */
	if ((mount->special & MOUNT_SPECIAL_DEVICE) != 0)
		return MOUNT_ATTR_NOSUID;
	if (mount->kind == MOUNT_BIND || mount->kind == MOUNT_REMOUNT)
		return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	for (size_t i = 0; i < sizeof(canonical) / sizeof(canonical[0]); i++)
		if (mount->type != NULL && strcmp(mount->type, canonical[i].type) == 0)
			return canonical[i].attrs;
	/* The devices of /dev must work; what else may be made there is up to the devices part and CAP_MKNOD. */
	return strcmp(mount->target, "/dev") == 0 && mount->layers.count == 0 ? MOUNT_ATTR_NOSUID
									      : MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
}

static const char *attr_words(struct arena *arena, uint64_t attrs)
{
	return arena_printf(arena, "%s%s%s%s", (attrs & MOUNT_ATTR_RDONLY) != 0 ? "ro," : "",
			    (attrs & MOUNT_ATTR_NOSUID) != 0 ? "nosuid," : "",
			    (attrs & MOUNT_ATTR_NODEV) != 0 ? "nodev," : "",
			    (attrs & MOUNT_ATTR_NOEXEC) != 0 ? "noexec," : "");
}

/* procfs, sysfs and cgroups are the kernel's own switches: how they are mounted is no matter of taste. */
static bool is_kernels(const struct plan_mount *mount)
{
	static const char *const types[] = {"proc", "sysfs", "cgroup", "cgroup2"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (mount->kind != MOUNT_BIND && mount->type != NULL && strcmp(mount->type, types[i]) == 0)
			return true;
	return false;
}

/* What the mount lacks, and what becomes of it. */
static enum verdict judge_attrs(const struct planner *p, const struct plan_mount *mount, uint64_t *missing)
{
	if (is_kernels(mount) && p->profile->sensitive_sources != VERDICT_ALLOW)
		return VERDICT_TIGHTEN;
	/* The options of the mounts that its layers lie in do not hold for an overlay. */
	if (mount->layers.count > 0)
		return VERDICT_TIGHTEN;
	if (p->profile->mount_flags != VERDICT_ALLOW || mount->kind != MOUNT_BIND || !planner_holds_nodes(p))
		return p->profile->mount_flags;
	*missing &= MOUNT_ATTR_NODEV;
	return VERDICT_TIGHTEN;
}

/* "ro" of a recursive bind leaves the mounts below writable: config.md has "rro" for what people mean. */
static void tighten_below(const struct planner *p, struct plan_mount *mount)
{
	uint64_t whole = MOUNT_ATTR_RDONLY;

	if (mount->kind != MOUNT_BIND || !mount->recursive || p->profile->sensitive_sources == VERDICT_ALLOW)
		return;
	if (p->profile->mount_flags == VERDICT_TIGHTEN)
		whole |= MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	else if (planner_holds_nodes(p))
		whole |= MOUNT_ATTR_NODEV;
	mount->rec_attr_set |= mount->attr_set & whole;
	mount->rec_attr_clear &= ~(mount->attr_set & whole);
}

static void tighten_attrs(struct planner *p, struct plan_mount *mount)
{
	uint64_t missing = wanted_attrs(mount) & ~mount->attr_set;
	enum verdict verdict;

	if (mount->kind == MOUNT_FILE || mount->kind == MOUNT_LINK || mount->kind == MOUNT_DIRECTORY ||
	    mount->kind == MOUNT_HIDE)
		return;
	verdict = judge_attrs(p, mount, &missing);
	if (missing != 0) {
		const char *words = attr_words(p->arena, missing);
		const char *what = arena_printf(p->arena, "the mount on %s lacked %.*s", mount->target,
						(int)strlen(words) - 1, words);

		if (planner_judge(p, verdict, "mounts", mount->from, what, "add them to its options")) {
			mount->attr_set |= missing;
			mount->attr_clear &= ~missing;
			mount->rec_attr_clear &= ~missing;
		}
	}
	tighten_below(p, mount);
}

/* What was judged when it was mounted would be something else afterwards. */
static void judge_remount(struct planner *p, const struct plan_mount *mount)
{
	if (mount->kind == MOUNT_REMOUNT && p->profile->sensitive_sources != VERDICT_ALLOW)
		planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
			      arena_printf(p->arena, "%s is mounted anew with other options", mount->target),
			      "give the options with the mount itself");
}

static void judge_propagation(struct planner *p, struct plan_mount *mount)
{
	/* What the host mounts there later was judged by nobody, and would be writable where this is not. */
	if ((mount->propagation & MS_SLAVE) != 0 && p->profile->propagation != VERDICT_ALLOW &&
	    planner_judge(p, VERDICT_TIGHTEN, "mounts", mount->from,
			  arena_printf(p->arena, "what the host mounts later would appear in %s", mount->target), NULL))
		mount->propagation = MS_PRIVATE | (mount->propagation & MS_REC);
	if ((mount->propagation & MS_SHARED) == 0)
		return;
	if (planner_judge(
		    p, p->profile->propagation, "mounts", mount->from,
		    arena_printf(p->arena, "the mount on %s shares its mount events with the host", mount->target),
		    "use rprivate"))
		mount->propagation = MS_PRIVATE | (mount->propagation & MS_REC);
}

void mounts_judge(struct planner *p, struct plan_mount *mount)
{
	judge_type(p, mount);
	judge_propagation(p, mount);
	tighten_attrs(p, mount);
	judge_remount(p, mount);
}
