// SPDX-License-Identifier: Apache-2.0
/* What in a container that runs came from outside: criu cannot know where it is to come from the next time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/image.h"
#include "base/mountinfo.h"
#include "base/path.h"

enum { TTY_SLAVE_MAJOR = 136 };

static bool has_device(const mount_line_list *mounts, const char *device)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (strcmp(mounts->at[i].device, device) == 0)
			return true;
	return false;
}

/* The cover of masked paths (parts/masks.c) is a file system of its own, of this size. */
static bool is_cover(const struct mount_line *line)
{
	return strcmp(line->type, "tmpfs") == 0 && strstr(line->options, "size=4k,nr_inodes=3,mode=555") != NULL;
}

/* A part of the container's own /proc or /sys, and what is mounted there. */
static bool is_readonly_path(const struct plan *plan, const char *at)
{
	for (size_t i = 0; i < plan->masks.readonly.count; i++)
		if (path_is_within(at, plan->masks.readonly.at[i].key))
			return true;
	return false;
}

const struct plan_mount *image_find_mount(const struct plan *plan, const char *at, const char **ret_below)
{
	const struct plan_mount *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const char *target = plan->mounts.at[i].target;
		size_t length = strlen(target);

		if (length < longest || strncmp(at, target, length) != 0 || (at[length] != '\0' && at[length] != '/'))
			continue;
		found = &plan->mounts.at[i];
		longest = length;
		*ret_below = at + length;
	}
	return found;
}

/* What is on a file system of the container's own criu makes anew; the root is given to it. */
static int look_at_mount(const struct plan *plan, const struct mount_line *line, const mount_line_list *host,
			 struct image *ret, struct error *err)
{
	const char *below;

	if (strcmp(line->at, "/") == 0)
		return 0;
	if (is_cover(line) || is_readonly_path(plan, line->at)) {
		*LIST_ADD(plan->arena, &ret->hidden) = line->at;
		return 0;
	}
	if (!has_device(host, line->device))
		return 0;
	if (image_find_mount(plan, line->at, &below) == NULL)
		return error_set(err, ERROR_UNSUPPORTED, 0, "what is mounted on '%s' is not in the config", line->at);
	*LIST_ADD(plan->arena, &ret->mounts) = line->at;
	return 0;
}

/* ---- standard streams */

/* The number of the mount that the descriptor is on, or 0. */
static unsigned mount_of(pid_t pid, int number)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, number);
	(void)file_read_once(path, text, sizeof(text));
	const char *found = strstr(text, "mnt_id:");
	return found == NULL ? 0 : (unsigned)strtoul(found + strlen("mnt_id:"), NULL, 10);
}

static bool has_mount(const mount_line_list *mounts, unsigned id)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (strtoul(mounts->at[i].id, NULL, 10) == id)
			return true;
	return false;
}

/* criu's words: a pipe goes by its own name, a file that no mount of the container has by mount and inode. */
static const char *name_stream(const struct plan *plan, pid_t pid, const mount_line_list *mounts, int number)
{
	char path[64], text[64];
	struct stat status;
	unsigned mount = mount_of(pid, number);

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	ssize_t length = readlink(path, text, sizeof(text) - 1);
	if (length < 0 || stat(path, &status) < 0)
		return "";
	text[length] = '\0';
	if (S_ISFIFO(status.st_mode) && strncmp(text, "pipe:[", 6) == 0)
		return arena_strdup(plan->arena, text);
	bool terminal = S_ISCHR(status.st_mode) && major(status.st_rdev) >= TTY_SLAVE_MAJOR &&
			major(status.st_rdev) < TTY_SLAVE_MAJOR + 8;
	if (terminal || mount == 0 || has_mount(mounts, mount) || S_ISSOCK(status.st_mode))
		return "";
	return arena_printf(plan->arena, "file[%x:%llx]", mount, (unsigned long long)status.st_ino);
}

int image_look(const struct plan *plan, pid_t pid, struct image *ret, struct error *err)
{
	mount_line_list host = {0}, mounts = {0};
	char path[64];

	*ret = (struct image){0};
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	TRY(mountinfo_read("/proc/self/mountinfo", plan->arena, &host, err));
	TRY(mountinfo_read(path, plan->arena, &mounts, err));
	for (size_t i = 0; i < mounts.count; i++)
		TRY(look_at_mount(plan, &mounts.at[i], &host, ret, err));
	for (int number = 0; number < IMAGE_STREAMS; number++)
		*LIST_ADD(plan->arena, &ret->streams) = name_stream(plan, pid, &mounts, number);
	return 0;
}
