// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum {
	CHILDREN = 64, /* found in one reading of a directory, so that a broad one is not read once for each */
	LEVELS = 8,    /* above the place where we are that need not be read again */
};

struct child {
	uint64_t inode;
	char name[NAME_MAX + 1];
};

/*
 * A cgroup, and of those in it the ones with the highest inodes below @below, the highest first. By inode, because
 * whoever comes back from one must find its place again, and the order of the directory is that of a hash, in which a
 * container can make names collide; downwards, because what is made meanwhile has higher ones.
 */
struct level {
	int dir;
	uint64_t below;
	size_t count, next;
	struct child at[CHILDREN];
};

/* The last levels on the way to where we are. Those above, and what is free, have no directory open. */
struct walk {
	const struct cgroup_walker *walker;
	void *context;
	uint64_t depth;
	struct level levels[LEVELS];
};

static bool is_gone(void)
{
	return errno == ENOENT || errno == ENODEV;
}

static int walk_error(struct error *err)
{
	return error_set(err, ERROR_SYSTEM, errno, "cannot look through the cgroups of the container");
}

static bool is_child(const struct level *level, const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
	       entry->d_ino < level->below;
}

/* Where all places are taken, the lowest one goes. */
static void add_child(struct level *level, const struct dirent *entry)
{
	size_t at = level->count;

	while (at > 0 && level->at[at - 1].inode < entry->d_ino)
		at--;
	if (at == CHILDREN)
		return;
	if (level->count < CHILDREN)
		level->count++;
	memmove(level->at + at + 1, level->at + at, (level->count - 1 - at) * sizeof(level->at[0]));
	level->at[at].inode = entry->d_ino;
	memcpy(level->at[at].name, entry->d_name, strlen(entry->d_name) + 1);
}

static int find_children(struct level *level, uint64_t below, struct error *err)
{
	char block[4096] __attribute__((aligned(8)));
	AUTOCLOSE int list = sys_openat(level->dir, ".", O_RDONLY | O_DIRECTORY, 0);
	long got = list < 0 ? -1 : 1;

	level->below = below;
	level->count = level->next = 0;
	while (got > 0) {
		got = fd_list(list, block, sizeof(block));
		for (long at = 0; at < got;) {
			const struct dirent *entry = (const void *)(block + at);

			at += entry->d_reclen;
			if (is_child(level, entry))
				add_child(level, entry);
		}
	}
	return got == 0 || is_gone() ? 0 : walk_error(err);
}

/* The next one in @level; NULL at the end. Fewer than there is room for were all that there are. */
static int next_child(struct level *level, const struct child **ret, struct error *err)
{
	if (level->next == CHILDREN)
		TRY(find_children(level, level->at[CHILDREN - 1].inode, err));
	*ret = level->next < level->count ? &level->at[level->next++] : NULL;
	return 0;
}

static int open_child(int parent, const char *name)
{
	return sys_openat2(parent, name, O_PATH | O_DIRECTORY, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

static struct level *level_at(struct walk *walk, uint64_t depth)
{
	return &walk->levels[depth % LEVELS];
}

static void leave(const struct walk *walk, int parent, const char *name)
{
	if (walk->walker->leave != NULL)
		walk->walker->leave(parent, name);
}

/* What has nothing below it is done with at once. */
static int go_into(struct walk *walk, struct level *level, const struct child *child, struct error *err)
{
	struct level *below = level_at(walk, walk->depth + 1);
	int go = walk->walker->enter(level->dir, child->name, walk->context, err);

	if (go <= 0)
		return go;
	fd_close(&below->dir);
	below->dir = open_child(level->dir, child->name);
	if (below->dir < 0)
		return is_gone() ? 0 : walk_error(err);
	TRY(find_children(below, UINT64_MAX, err));
	if (below->count > 0) {
		walk->depth++;
		return 0;
	}
	fd_close(&below->dir);
	leave(walk, level->dir, child->name);
	return 0;
}

/* To the place in the one above where we left it. */
static int come_back(struct walk *walk, struct error *err)
{
	struct level *left = level_at(walk, walk->depth), *level = level_at(walk, --walk->depth);
	struct stat status;

	if (level->dir < 0) {
		if (fstat(left->dir, &status) < 0)
			return walk_error(err);
		level->dir = sys_openat(left->dir, "..", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		if (level->dir < 0)
			return walk_error(err);
		TRY(find_children(level, status.st_ino + 1, err));
		level->next = level->count > 0 && level->at[0].inode == status.st_ino;
	}
	fd_close(&left->dir);
	if (level->next > 0)
		leave(walk, level->dir, level->at[level->next - 1].name);
	return 0;
}

static int go_through(struct walk *walk, struct error *err)
{
	const struct child *child;

	TRY(find_children(level_at(walk, 0), UINT64_MAX, err));
	for (;;) {
		struct level *level = level_at(walk, walk->depth);

		TRY(next_child(level, &child, err));
		if (child == NULL && walk->depth == 0)
			return 0;
		TRY(child == NULL ? come_back(walk, err) : go_into(walk, level, child, err));
	}
}

int cgroup_walk(int dir, const struct cgroup_walker *walker, void *context, struct error *err)
{
	struct walk walk = {.walker = walker, .context = context};

	for (size_t i = 0; i < LEVELS; i++)
		walk.levels[i].dir = -1;
	walk.levels[0].dir = open_child(dir, ".");
	int result = walk.levels[0].dir < 0 ? walk_error(err) : go_through(&walk, err);
	for (size_t i = 0; i < LEVELS; i++)
		fd_close(&walk.levels[i].dir);
	return result;
}
