// SPDX-License-Identifier: Apache-2.0
#include "run/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"

enum { MOST_LINKS = 40 };

/* ---- the host */

/* Only what the kernel has in its memory, where it waits for nobody (openat2(2)). Before Linux 5.12: EINVAL. */
static int open_known(int directory, const char *path)
{
	return sys_openat2(directory, path, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED);
}

/* @name in @directory, which is no automounter's; a link leads on where all that it leads to is known. */
static int open_name(int directory, const char *name, bool last)
{
	struct statfs fs;
	struct stat status;

	if (fstatfs(directory, &fs) < 0 || fs.f_type == AUTOFS_SUPER_MAGIC)
		return -1;
	AUTOCLOSE int found = sys_openat(directory, name, O_PATH | O_NOFOLLOW, 0);
	if (found < 0 || last || fstat(found, &status) < 0 || !S_ISLNK(status.st_mode))
		return fd_take(&found);
	return sys_openat2(directory, name, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED);
}

static int open_by_names(const char *path)
{
	char name[NAME_MAX + 1];
	AUTOCLOSE int at = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

	for (path += strspn(path, "/"); at >= 0 && *path != '\0'; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");

		if (length > NAME_MAX)
			return -1;
		memcpy(name, path, length);
		name[length] = '\0';
		path += length;
		int next = open_name(at, name, *path == '\0');
		fd_close(&at);
		at = next;
	}
	return fd_take(&at);
}

bool view_outside(const char *path, struct stat *ret)
{
	AUTOCLOSE int known = open_known(AT_FDCWD, path);
	AUTOCLOSE int found = known < 0 && (errno == EAGAIN || errno == EINVAL) ? open_by_names(path) : -1;

	return fstat(known >= 0 ? known : found, ret) == 0;
}

/* ---- what is shown of it */

/* Whether @path is there only because something is mounted below it. */
static bool holds_mount(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (path_is_within(plan->mounts.at[i].target, path))
			return true;
	return false;
}

/* Whether the host has what @source and @below it name; puts that into @ret. */
static bool on_host(const char *source, const char *below, char ret[PATH_MAX])
{
	struct stat status;
	int length = snprintf(ret, PATH_MAX, "%s%s", strcmp(source, "/") == 0 ? "" : source, below);

	return length < PATH_MAX && view_outside(length == 0 ? "/" : ret, &status);
}

/* 1: @ret->inside is something of the host, @ret->host; 0: a directory of the sandbox; -1: neither. */
static int locate(const struct plan *plan, struct view_file *ret)
{
	const struct plan_mount *mount = plan_mount_at(plan, ret->inside, NULL);

	if (mount != NULL && mount->kind == MOUNT_BIND &&
	    on_host(mount->source, ret->inside + strlen(mount->target), ret->host))
		return 1;
	/* Nothing is mounted: what lies around what is shown can be gone through, and is not shown itself. */
	if (plan->without_userns)
		return on_host("", ret->inside, ret->host) ? 0 : -1;
	return holds_mount(plan, ret->inside) ? 0 : -1;
}

/* The text of the link that ret->inside is, of the host or made by the sandbox; false: it is none. */
static bool read_link(const struct plan *plan, const struct view_file *file, bool of_host, char text[PATH_MAX])
{
	const struct plan_mount *mount = plan_mount_at(plan, file->inside, NULL);

	if (mount != NULL && mount->kind == MOUNT_LINK && strcmp(mount->target, file->inside) == 0)
		return snprintf(text, PATH_MAX, "%s", mount->content) < PATH_MAX;
	/* The source of a bind is followed where it is mounted. */
	if (!of_host || (mount != NULL && strcmp(mount->target, file->inside) == 0))
		return false;
	ssize_t length = readlink(file->host, text, PATH_MAX - 1);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

/* Puts @text in front of what is left to walk. */
static bool walk_into(char rest[PATH_MAX], const char *text)
{
	char whole[PATH_MAX];

	if (snprintf(whole, PATH_MAX, "%s/%s", text, rest) >= PATH_MAX)
		return false;
	memcpy(rest, whole, PATH_MAX);
	return true;
}

/* Takes the first name off @rest. */
static bool next_name(char rest[PATH_MAX], char name[NAME_MAX + 1])
{
	size_t slashes = strspn(rest, "/"), length = strcspn(rest + slashes, "/");

	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, rest + slashes, length);
	name[length] = '\0';
	memmove(rest, rest + slashes + length, strlen(rest + slashes + length) + 1);
	return true;
}

static void leave(char path[PATH_MAX])
{
	char *slash = strrchr(path, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* One name further. */
static bool step(const struct plan *plan, const char *name, char rest[PATH_MAX], struct view_file *ret)
{
	char link[PATH_MAX];
	size_t length = strlen(ret->inside);

	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		leave(ret->inside);
		return true;
	}
	if ((size_t)snprintf(ret->inside + length, PATH_MAX - length, "/%s", name) >= PATH_MAX - length)
		return false;
	int kind = locate(plan, ret);
	if (!read_link(plan, ret, kind == 1 || plan->without_userns, link))
		return kind >= 0;
	leave(ret->inside);
	if (link[0] == '/')
		ret->inside[0] = '\0';
	return walk_into(rest, link);
}

bool view_find(const struct plan *plan, const char *path, struct view_file *ret)
{
	char rest[PATH_MAX], name[NAME_MAX + 1];
	int steps = 0;

	*ret = (struct view_file){.inside = ""};
	if (snprintf(rest, PATH_MAX, "%s%s%s", path[0] == '/' ? "" : plan->user.cwd, path[0] == '/' ? "" : "/", path) >=
	    PATH_MAX)
		return false;
	/* Every name and every link takes a step: a circle ends. */
	while (next_name(rest, name))
		if (++steps > MOST_LINKS * 8 || !step(plan, name, rest, ret))
			return false;
	return rest[strspn(rest, "/")] == '\0' && locate(plan, ret) == 1;
}
