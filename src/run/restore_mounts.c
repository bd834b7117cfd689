// SPDX-License-Identifier: Apache-2.0
/* The mounts that an image says a container has are held against the plan, from inside its mount namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/masks.h"
#include "parts/place.h"
#include "parts/rootfs.h"
#include "run/image.h"
#include "base/mountinfo.h"
#include "run/restore_check.h"

enum { RESTRICTIONS = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static int differs(const struct plan_mount *mount, const char *what, struct error *err)
{
	return error_set(err, ERROR_REFUSED, 0, "%s: the image has %s on '%s'", mount->from, what, mount->target);
}

/* Only what is a mount can be given attributes (EINVAL). */
static int set_attributes(const struct plan_mount *mount, int target)
{
	if (sys_mount_setattr(target, "", AT_EMPTY_PATH, mount->attr_set & RESTRICTIONS, 0, 0, -1) < 0)
		return -1;
	if (!mount->recursive)
		return 0;
	return sys_mount_setattr(target, "", AT_EMPTY_PATH | AT_RECURSIVE, mount->rec_attr_set & RESTRICTIONS, 0, 0,
				 -1);
}

static int check_source(const struct plan_mount *mount, int target, struct error *err)
{
	struct stat status;

	if (mount->kind != MOUNT_BIND || !mount->judged)
		return 0;
	if (fstat(target, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", mount->target);
	return status.st_dev == mount->device && status.st_ino == mount->inode
		       ? 0
		       : differs(mount, "something else than its source", err);
}

static int seal_mount(const struct plan_mount *mount, struct error *err)
{
	bool optional = (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0;
	AUTOCLOSE int target = place_open(mount->target, PLACE_FOLLOW);

	if (target < 0 && !(optional && errno == ENOENT))
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", mount->target);
	if (target < 0)
		return 0;
	if (set_attributes(mount, target) == 0)
		return check_source(mount, target, err);
	if (errno != EINVAL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot restrict the mount on '%s'", mount->target);
	return optional ? 0 : differs(mount, "no mount", err);
}

/* Those that a launch mounts by itself. */
static bool is_device(const struct plan *plan, const struct mount_line *line)
{
	if (plan->terminal.pty && strcmp(line->at, "/dev/console") == 0 && strcmp(line->type, "devpts") == 0)
		return true;
	for (size_t i = 0; i < plan->devices.nodes.count; i++)
		if (plan->devices.by_bind && strcmp(plan->devices.nodes.at[i].path, line->at) == 0)
			return true;
	return false;
}

static int not_of_plan(const struct mount_line *line, struct error *err)
{
	return error_set(err, ERROR_REFUSED, 0, "the image has a mount on '%s', and config.json has none", line->at);
}

/* What the host has mounted below a source came along with it. */
static bool came_along(const struct plan_mount *mount, const char *below, const struct mount_line *line,
		       const mount_line_list *host)
{
	const char *source = mount->real != NULL ? mount->real : mount->source;
	size_t length = strcmp(source, "/") == 0 ? 0 : strlen(source);

	for (size_t i = 0; mount->kind == MOUNT_BIND && mount->recursive && i < host->count; i++)
		if (strncmp(host->at[i].at, source, length) == 0 && strcmp(host->at[i].at + length, below) == 0 &&
		    strcmp(host->at[i].device, line->device) == 0)
			return true;
	return false;
}

static bool is_cgroup(const struct mount_line *line)
{
	return strcmp(line->type, "cgroup") == 0 || strcmp(line->type, "cgroup2") == 0;
}

/* Whoever may mount can have more than the config has; nobody else can have come by it. */
static int check_line(const struct plan *plan, const struct mount_line *line, const mount_line_list *host,
		      struct error *err)
{
	const char *below = "";
	const struct plan_mount *mount = image_find_mount(plan, line->at, &below);

	if (mount == NULL)
		return is_device(plan, line) ? 0 : not_of_plan(line, err);
	if (mount->kind == MOUNT_CGROUP)
		return is_cgroup(line) || (below[0] == '\0' && strcmp(line->type, "tmpfs") == 0)
			       ? 0
			       : not_of_plan(line, err);
	if (below[0] != '\0')
		return is_device(plan, line) || came_along(mount, below, line, host) ? 0 : not_of_plan(line, err);
	if (mount->kind == MOUNT_FILESYSTEM && strcmp(mount->type, line->type) != 0)
		return differs(mount, line->type, err);
	return 0;
}

static int check_lines(const struct plan *plan, const char *path, struct error *err)
{
	mount_line_list lines = {0}, host = {0};
	size_t roots = 0;

	if ((plan->caps.bounding & 1ULL << CAP_SYS_ADMIN) != 0)
		return 0;
	TRY(mountinfo_read(path, plan->arena, &lines, err));
	TRY(mountinfo_read("/proc/self/mountinfo", plan->arena, &host, err));
	for (size_t i = 0; i < lines.count; i++) {
		if (strcmp(lines.at[i].at, "/") != 0)
			TRY(check_line(plan, &lines.at[i], &host, err));
		else if (++roots > 1)
			return not_of_plan(&lines.at[i], err);
	}
	return 0;
}

static int seal_all(const struct plan *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		enum plan_mount_kind kind = plan->mounts.at[i].kind;

		if (kind == MOUNT_BIND || kind == MOUNT_FILESYSTEM)
			TRY(seal_mount(&plan->mounts.at[i], err));
	}
	TRY(masks_apply(plan, run, err));
	return rootfs_readonly_wanted(plan) ? rootfs_readonly(plan, run, err) : 0;
}

static _Noreturn void seal(const struct plan *plan, struct run *run, pid_t first)
{
	struct error *err = &run->shared->error;
	AUTOCLOSE int process = sys_pidfd_open(first);

	if (process < 0 || sys_setns(process, CLONE_NEWNS) < 0)
		error_set(err, ERROR_SYSTEM, errno, "cannot join the mounts of what criu restored");
	else
		seal_all(plan, run, err);
	_exit(0);
}

int restore_mounts(const struct plan *plan, struct run *run, pid_t first, struct error *err)
{
	const struct error *told = &run->shared->error;
	char path[64];
	pid_t child;
	int status = 0;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", first);
	TRY(check_lines(plan, path, err));
	child = sys_clone(0, -1, NULL);
	if (child == 0)
		seal(plan, run, first);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at the mounts of what criu restored");
	if (told->kind == ERROR_NONE)
		return 0;
	*err = *told;
	return -1;
}
