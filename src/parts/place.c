// SPDX-License-Identifier: Apache-2.0
#include "parts/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum { LINKS = 40 };    /* as many as the kernel follows */
enum { RETRIES = 128 }; /* EAGAIN: something was renamed meanwhile; a hostile volume could do that for ever */

/* After pivot_root(2) the root of this process is the container's: every absolute path and link stays in it. */
static int open_in_root(const char *path, uint64_t flags, uint64_t mode, enum place_rule rule)
{
	uint64_t resolve = RESOLVE_NO_MAGICLINKS | (rule == PLACE_ORDINARY ? RESOLVE_NO_SYMLINKS : 0);
	int fd = -1;

	for (int i = 0; i < RETRIES; i++) {
		fd = sys_openat2(AT_FDCWD, path, flags, mode, resolve);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int place_open(const char *path, enum place_rule rule)
{
	return open_in_root(path, O_PATH, 0, rule);
}

int place_find(const char *path, enum place_rule rule, bool *ret_linked)
{
	int fd = open_in_root(path, O_PATH, 0, PLACE_ORDINARY);

	*ret_linked = fd < 0 && errno == ELOOP && rule == PLACE_FOLLOW;
	return *ret_linked ? open_in_root(path, O_PATH, 0, PLACE_FOLLOW) : fd;
}

/* The end of the path that is above @path, of @end bytes. */
static size_t end_above(const char *path, size_t end)
{
	while (end > 0 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	while (end > 0 && path[end - 1] == '/')
		end--;
	return end;
}

/* Cuts @prefix, which is @path, down to the deepest directory that is there, and opens that. */
static int open_deepest(char *prefix, size_t *end, enum place_rule rule)
{
	for (;;) {
		int at = open_in_root(*end == 0 ? "/" : prefix, O_PATH | O_DIRECTORY, 0, rule);

		if (at >= 0 || errno != ENOENT || *end == 0)
			return at;
		*end = end_above(prefix, *end);
		prefix[*end] = '\0';
	}
}

/*
 * Opens the directory @path of @length bytes, made where missing. @there: so many bytes of it may be there; the caller
 * has seen that the rest is not.
 */
static int make_directory(const char *path, size_t length, size_t there, enum place_rule rule, struct error *err)
{
	char prefix[PATH_MAX];
	size_t end = there;

	if (length >= sizeof(prefix))
		return error_set(err, ERROR_CONFIG, ENAMETOOLONG, "cannot make '%s' in the container", path);
	memcpy(prefix, path, end);
	prefix[end] = '\0';
	AUTOCLOSE int at = open_deepest(prefix, &end, rule);
	while (at >= 0) {
		size_t start = end + strspn(path + end, "/");

		if (start >= length)
			return fd_take(&at);
		end = start + strcspn(path + start, "/");
		end = end < length ? end : length;
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		int next = sys_mkdirat(at, prefix + start, 0755) < 0
				   ? -1
				   : open_in_root(prefix, O_PATH | O_DIRECTORY, 0, rule);
		fd_close(&at);
		at = next;
	}
	return error_set(err, ERROR_SYSTEM, errno, "cannot make the directory '%s' in the container", prefix);
}

static int open_parent(const char *path, enum place_rule rule, const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = (size_t)(slash - path);

	*ret_name = slash + 1;
	return make_directory(path, length, length, rule, err);
}

int place_parent(const char *path, const char **ret_name, struct error *err)
{
	return open_parent(path, PLACE_FOLLOW, ret_name, err);
}

static int make_file(const char *path, enum place_rule rule, struct error *err)
{
	const char *name;
	AUTOCLOSE int parent = open_parent(path, rule, &name, err);

	if (parent < 0)
		return -1;
	int made = sys_openat(parent, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	if (made < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the file '%s' in the container", path);
	return made;
}

/* Puts the text of the link that follows the first @end bytes of @path in its place. 0: there is no link, -1: errno. */
static int replace_link(char *path, size_t end)
{
	char link[PATH_MAX], rest[PATH_MAX];
	size_t start = end + strspn(path + end, "/"), length = start + strcspn(path + start, "/");

	(void)snprintf(rest, sizeof(rest), "%s", path + length);
	path[length] = '\0';
	ssize_t size = readlinkat(AT_FDCWD, path, link, sizeof(link) - 1);
	path[length] = rest[0];
	if (size < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -1;
	link[size] = '\0';
	start = link[0] == '/' ? 0 : start;
	if (snprintf(path + start, PATH_MAX - start, "%s%s", link, rest) < (int)(PATH_MAX - start))
		return 1;
	errno = ENAMETOOLONG;
	return -1;
}

/*
 * Where a path leads whose links end at what is not there yet: /etc/resolv.conf of an image that had systemd-resolved
 * is such a one. All of it is in the container, whose root is that of this process.
 */
static int follow_links(const char *path, char ret[PATH_MAX])
{
	int replaced = 1;

	if (snprintf(ret, PATH_MAX, "%s", path) >= PATH_MAX)
		errno = ENAMETOOLONG, replaced = -1;
	for (int i = 0; replaced > 0; i++) {
		char prefix[PATH_MAX];
		size_t end = strlen(ret);

		memcpy(prefix, ret, end + 1);
		AUTOCLOSE int deepest = open_deepest(prefix, &end, PLACE_FOLLOW);
		if (deepest < 0 || i == LINKS)
			return -1;
		replaced = end < strlen(ret) ? replace_link(ret, end) : 0;
	}
	return replaced;
}

int place_make(const char *path, enum place_rule rule, int like, bool *ret_linked, struct error *err)
{
	char behind[PATH_MAX];
	struct stat status;
	int fd = place_find(path, rule, ret_linked);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT) {
		error_set(err, ERROR_SYSTEM, errno, "cannot use '%s' of the container", path);
		return errno != ELOOP
			       ? -1
			       : error_hint(err, "it must be reached without symbolic links out of the container");
	}
	rule = *ret_linked ? PLACE_FOLLOW : PLACE_ORDINARY;
	if (*ret_linked && follow_links(path, behind) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot follow the links of '%s' in the container", path);
	path = *ret_linked ? behind : path;
	if (like >= 0 && fstat(like, &status) == 0 && !S_ISDIR(status.st_mode))
		return make_file(path, rule, err);
	return make_directory(path, strlen(path), end_above(path, strlen(path)), rule, err);
}

void place_forget(struct place_near *near)
{
	fd_leave(&near->directory);
}

int place_near(struct place_near *near, const char *path, bool make, const char **ret_name, struct error *err)
{
	char parent[PATH_MAX] = "/";
	const char *slash = strrchr(path, '/');
	size_t length = (size_t)(slash - path);

	*ret_name = slash + 1;
	if (near->directory >= 0 && near->length == length && memcmp(near->path, path, length) == 0)
		return 1;
	place_forget(near);
	if (length >= sizeof(parent))
		return 0;
	if (length > 0) {
		memcpy(parent, path, length);
		parent[length] = '\0';
	}
	int directory = open_in_root(parent, O_PATH | O_DIRECTORY, 0, PLACE_ORDINARY);
	if (directory < 0 && errno == ENOENT && make) {
		directory = make_directory(path, length, end_above(path, length), PLACE_ORDINARY, err);
		if (directory < 0)
			return -1;
	}
	if (directory < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' of the container", parent);
	*near = (struct place_near){directory, path, length};
	return directory >= 0;
}
