// SPDX-License-Identifier: Apache-2.0
/*
 * write-walk GRANTED...: goes through every directory that can be listed and tries to change it and what is in it. Each
 * change is harmless (the same mode, the same size, the same time) or is undone, because in the control runs it
 * succeeds.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_DEPTH = 48, FILES_PER_DIRECTORY = 8, MAX_FOUND = 24 };

struct walk {
	char **granted;
	int granted_count;
	long directories;
	int found;
	char text[3000];
	int last_errno;
};

enum outcome walk_attempt(int argc, char **argv);

static int is_granted(const struct walk *walk, const char *path)
{
	for (int i = 0; i < walk->granted_count; i++) {
		size_t length = strlen(walk->granted[i]);

		if (strncmp(path, walk->granted[i], length) == 0 && (path[length] == '\0' || path[length] == '/'))
			return 1;
	}
	return 0;
}

/* The walker's own process belongs to it: /proc/self and every /proc/PID are left to other attacks. */
static int is_process(const char *path)
{
	if (strncmp(path, "/proc/", 6) != 0)
		return 0;
	return (path[6] >= '0' && path[6] <= '9') || strcmp(path + 6, "self") == 0 ||
	       strcmp(path + 6, "thread-self") == 0;
}

static int note(struct walk *walk, long ret, const char *what, const char *path)
{
	size_t used = strlen(walk->text);

	if (ret < 0) {
		walk->last_errno = errno;
		return 0;
	}
	if (walk->found++ < MAX_FOUND)
		snprintf(walk->text + used, sizeof(walk->text) - used, " %s:%s", what, path);
	return 1;
}

/* What can be done to anything that has a name. */
static void change_inode(struct walk *walk, const char *path, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};

	note(walk, chmod(path, st->st_mode & 07777), "chmod", path);
	note(walk, utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), "utimes", path);
	if (note(walk, setxattr(path, "user.probe", "x", 1, 0), "setxattr", path))
		removexattr(path, "user.probe");
}

static void change_file(struct walk *walk, const char *path, const struct stat *st)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);

	note(walk, fd, "write", path);
	if (fd >= 0)
		close(fd);
	if (S_ISREG(st->st_mode) && strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0)
		note(walk, truncate(path, st->st_size), "truncate", path);
	change_inode(walk, path, st);
}

static void make_entries(struct walk *walk, const char *directory)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/.probe-entry", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (note(walk, fd, "create", directory)) {
		close(fd);
		unlink(path);
	}
	if (note(walk, mkdir(path, 0700), "mkdir", directory))
		rmdir(path);
	if (note(walk, mknod(path, S_IFIFO | 0600, 0), "mkfifo", directory))
		unlink(path);
	if (note(walk, mknod(path, S_IFCHR | 0600, makedev(1, 3)), "mknod", directory))
		unlink(path);
	if (note(walk, symlink("/", path), "symlink", directory))
		unlink(path);
	fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (note(walk, fd, "tmpfile", directory))
		close(fd);
}

/* A name in @directory is linked and renamed inside the same directory. */
static void move_entry(struct walk *walk, const char *directory, const char *entry)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/.probe-moved", directory);
	if (note(walk, link(entry, path), "link", entry))
		unlink(path);
	if (note(walk, rename(entry, path), "rename", entry))
		rename(path, entry);
}

static void visit(struct walk *walk, const char *directory, int depth);

static void visit_entry(struct walk *walk, const char *path, int depth, int *files)
{
	struct stat st;

	if (is_granted(walk, path) || is_process(path) || lstat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		if (depth < MAX_DEPTH)
			visit(walk, path, depth + 1);
		return;
	}
	if (S_ISLNK(st.st_mode) || S_ISFIFO(st.st_mode) || (*files)++ >= FILES_PER_DIRECTORY)
		return;
	change_file(walk, path, &st);
}

static void visit(struct walk *walk, const char *directory, int depth)
{
	const char *prefix = strcmp(directory, "/") == 0 ? "" : directory;
	char *path = malloc(PATH_MAX);
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	struct stat st;
	int files = 0;
	int moved = 0;

	walk->directories++;
	make_entries(walk, directory);
	if (lstat(directory, &st) == 0)
		change_inode(walk, directory, &st);
	while (dir && path && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(path, PATH_MAX, "%s/%s", prefix, entry->d_name) >= PATH_MAX)
			continue;
		visit_entry(walk, path, depth, &files);
		if (!moved++)
			move_entry(walk, directory, path);
	}
	if (dir)
		closedir(dir);
	free(path);
}

enum outcome walk_attempt(int argc, char **argv)
{
	struct walk walk = {.granted = argv, .granted_count = argc};

	visit(&walk, "/", 0);
	if (walk.found > 0)
		return allowed("%d changes:%s", walk.found, walk.text);
	errno = walk.last_errno;
	return denied("in %ld directories", walk.directories);
}
