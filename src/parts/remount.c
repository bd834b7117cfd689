// SPDX-License-Identifier: Apache-2.0
#include "parts/remount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/sys.h"

enum { LONGEST_MOUNTINFO = 8 << 20, CHUNK = 64 << 10 };

/* An attribute as statfs(2) says it and as mount(2) takes it. */
static const struct {
	uint64_t attr;
	uint64_t told;
	uint64_t flag;
} names[] = {
	{MOUNT_ATTR_RDONLY, ST_RDONLY, MS_RDONLY},
	{MOUNT_ATTR_NOSUID, ST_NOSUID, MS_NOSUID},
	{MOUNT_ATTR_NODEV, ST_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, ST_NOEXEC, MS_NOEXEC},
	{MOUNT_ATTR_NODIRATIME, ST_NODIRATIME, MS_NODIRATIME},
	{MOUNT_ATTR_NOSYMFOLLOW, 0x2000 /* ST_NOSYMFOLLOW */, 256 /* MS_NOSYMFOLLOW */},
};

bool remount_open_wanted(const struct plan *plan)
{
	return plan->remounts;
}

void remount_open_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(
		out, EXPLAIN_DOES, "host",
		"without mount_setattr(2) of Linux 5.12 options are set once a mount is attached, on each one below "
		"it, and read back");
}

int remount_open(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	run->self = sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY, 0);
	if (run->self < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '/proc/self', which mount(2) needs");
	return 0;
}

/* ---- what is not attached yet */

/* One call since 6.15; a filter may refuse what it does not know, and then the two older ones say what is true. */
int remount_clone(int dir, const char *path, unsigned flags, const struct remount *change)
{
	int both =
		sys_open_tree_attr(dir, path, flags | OPEN_TREE_CLONE, change->set, change->clear, change->propagation);

	if (both >= 0 || (errno != ENOSYS && errno != EPERM))
		return both;
	AUTOCLOSE int tree = sys_open_tree(dir, path, flags | OPEN_TREE_CLONE);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH | (flags & AT_RECURSIVE), change->set, change->clear,
					  change->propagation, -1) < 0)
		return -1;
	return fd_take(&tree);
}

/* ---- one mount */

static int attributes(int mount, uint64_t *ret)
{
	uint64_t told;

	if (sys_mount_flags(mount, &told) < 0)
		return -1;
	*ret = (told & ST_NOATIME) != 0 ? MOUNT_ATTR_NOATIME : (told & ST_RELATIME) != 0 ? 0 : MOUNT_ATTR_STRICTATIME;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		*ret |= (told & names[i].told) != 0 ? names[i].attr : 0;
	return 0;
}

static uint64_t mount_flags(uint64_t attrs)
{
	uint64_t atime = attrs & MOUNT_ATTR__ATIME;
	uint64_t flags = atime == MOUNT_ATTR_NOATIME       ? MS_NOATIME
			 : atime == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME
							   : MS_RELATIME;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		flags |= (attrs & names[i].attr) != 0 ? names[i].flag : 0;
	return flags;
}

/*
 * What was asked for and what was there must be there. Even where all of it is there already it is set: statfs(2) calls
 * a mount read-only whose superblock is, and that may change.
 */
static int change_one(int mount, const char *path, const struct remount *change)
{
	uint64_t before, after;

	if (change->set == 0 && change->clear == 0)
		return 0;
	if (attributes(mount, &before) < 0)
		return -1;
	uint64_t wanted = (before & ~change->clear) | change->set;
	if (sys_remount(path, mount_flags(wanted)) < 0 || attributes(mount, &after) < 0)
		return -1;
	if ((wanted & ~after & ~(uint64_t)MOUNT_ATTR__ATIME) == 0 && ((wanted ^ after) & MOUNT_ATTR__ATIME) == 0)
		return 0;
	errno = EIO;
	return -1;
}

/* mount(2) takes a path: that of the descriptor, from the process's directory in a procfs, which is the working one. */
static int change_descriptor(int mount, const struct remount *change)
{
	char path[32];

	snprintf(path, sizeof(path), "fd/%d", mount);
	return change_one(mount, path, change);
}

/* ---- those below it */

struct line {
	int id, parent;
	char *at;
	bool below;
};

struct table {
	char *text;
	struct line *lines;
	size_t count;
};

static void table_free(struct table *table)
{
	free(table->text);
	free(table->lines);
}

static char *read_all(int fd)
{
	char *text = NULL;
	size_t length = 0;

	for (;;) {
		char *more = length >= LONGEST_MOUNTINFO ? NULL : realloc(text, length + CHUNK + 1);
		ssize_t got = more == NULL ? -1 : read(fd, more + length, CHUNK);

		text = more == NULL ? text : more;
		if (got < 0) {
			free(text);
			return NULL;
		}
		length += (size_t)got;
		if (got == 0) {
			text[length] = '\0';
			return text;
		}
	}
}

/* "36 35 98:0 /in /at ...": number, that of the mount it is on, device, root, place (proc_pid_mountinfo(5)). */
static bool parse(char *text, struct line *ret)
{
	char *fields[5];

	for (int i = 0; i < 5; i++)
		fields[i] = strsep(&text, " ");
	if (text == NULL)
		return false;
	*ret = (struct line){
		.id = (int)strtol(fields[0], NULL, 10), .parent = (int)strtol(fields[1], NULL, 10), .at = fields[4]};
	mountinfo_unescape(ret->at);
	return true;
}

static int read_table(const struct run *run, struct table *ret)
{
	AUTOCLOSE int fd = sys_openat(run->self, "mountinfo", O_RDONLY, 0);
	size_t lines = 0;

	ret->text = fd < 0 ? NULL : read_all(fd);
	if (ret->text == NULL)
		return -1;
	for (const char *at = ret->text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	ret->lines = calloc(lines + 1, sizeof(*ret->lines));
	if (ret->lines == NULL)
		return -1;
	for (char *rest = ret->text; ret->count < lines; ret->count++)
		if (!parse(strsep(&rest, "\n"), &ret->lines[ret->count])) {
			errno = EIO;
			return -1;
		}
	return 0;
}

/* The order of the lines says nothing: a mount may have been moved below a later one. */
static void mark_below(struct table *table, int top)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < table->count; i++) {
			struct line *line = &table->lines[i];
			bool below = line->parent == top && line->id != top;

			for (size_t j = 0; j < table->count && !below; j++)
				below = table->lines[j].below && table->lines[j].id == line->parent;
			more = more || (below && !line->below);
			line->below = line->below || below;
		}
	}
}

/* @path is below the mount's root. What another mount covers cannot be reached by a path, nor by the container. */
static int change_below(int mount, const char *path, int number, const struct remount *change)
{
	AUTOCLOSE int below = sys_openat2(mount, path, O_PATH | O_NOFOLLOW, 0,
					  RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH);

	if (below < 0)
		return -1;
	if (sys_mount_number(below) == number)
		return change_descriptor(below, change);
	errno = EBUSY;
	return -1;
}

/* All of @table that lies below mount @number, whose root is @mount. */
static int change_lines(struct table *table, int mount, int number, const struct remount *change)
{
	const char *top = NULL;

	for (size_t i = 0; i < table->count; i++)
		if (table->lines[i].id == number)
			top = table->lines[i].at;
	if (top == NULL) {
		errno = EIO;
		return -1;
	}
	mark_below(table, number);
	size_t prefix = strcmp(top, "/") == 0 ? 0 : strlen(top);
	for (size_t i = 0; i < table->count; i++) {
		const struct line *line = &table->lines[i];

		if (!line->below)
			continue;
		if (strncmp(line->at, top, prefix) != 0 || line->at[prefix] != '/' || line->at[prefix + 1] == '\0') {
			errno = EBUSY;
			return -1;
		}
		if (change_below(mount, line->at + prefix + 1, line->id, change) < 0)
			return -1;
	}
	return 0;
}

static int change_all_below(const struct run *run, int mount, const struct remount *change)
{
	struct table table = {0};
	int number = sys_mount_number(mount);
	int result = number < 0 || read_table(run, &table) < 0 ? -1 : change_lines(&table, mount, number, change);
	int reason = errno;

	table_free(&table);
	errno = reason;
	return result;
}

/* ---- both */

static int change_all(const struct run *run, int mount, const struct remount *change)
{
	char path[32];

	snprintf(path, sizeof(path), "fd/%d", mount);
	/* First: from now on nothing of the host can appear below. */
	if (change->propagation != 0 &&
	    sys_mount_propagation(path, change->propagation | (change->recursive ? MS_REC : 0)) < 0)
		return -1;
	if (change_one(mount, path, change) < 0)
		return -1;
	return change->recursive ? change_all_below(run, mount, change) : 0;
}

static int change_root(const struct remount *change)
{
	AUTOCLOSE int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

	if (root < 0 || (change->propagation != 0 && sys_mount_propagation("/", change->propagation) < 0))
		return -1;
	return change_one(root, "/", change);
}

int remount_attached(const struct run *run, int mount, const struct remount *change)
{
	if (run->self < 0)
		return sys_mount_setattr(mount, mount == AT_FDCWD ? "/" : "",
					 (mount == AT_FDCWD ? 0 : AT_EMPTY_PATH) |
						 (change->recursive ? AT_RECURSIVE : 0),
					 change->set, change->clear, change->propagation, -1);
	if (mount == AT_FDCWD)
		return change_root(change);
	AUTOCLOSE int before = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	if (before < 0 || sys_fchdir(run->self) < 0 || change_all(run, mount, change) < 0)
		return -1;
	return sys_fchdir(before);
}
