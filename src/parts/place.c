// SPDX-License-Identifier: Apache-2.0
#include "parts/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"

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

/* Opens the directory @path of @length bytes, made where missing; the caller has seen that a longer one is not there.
 */
static int make_directory(const char *path, size_t length, enum place_rule rule, struct error *err)
{
	char prefix[PATH_MAX];
	size_t end = 0;
	AUTOCLOSE int at = open_in_root("/", O_PATH | O_DIRECTORY, 0, PLACE_ORDINARY);

	if (length >= sizeof(prefix))
		return error_set(err, ERROR_CONFIG, ENAMETOOLONG, "cannot make '%s' in the container", path);
	while (end < length) {
		size_t start = end + strspn(path + end, "/");
		end = start + strcspn(path + start, "/");
		end = end < length ? end : length;
		if (end <= start)
			break;
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		int next = open_in_root(prefix, O_PATH | O_DIRECTORY, 0, rule);
		if (next < 0 && errno == ENOENT && sys_mkdirat(at, prefix + start, 0755) == 0)
			next = open_in_root(prefix, O_PATH | O_DIRECTORY, 0, rule);
		if (next < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make the directory '%s' in the container",
					 prefix);
		fd_close(&at);
		at = next;
	}
	return fd_take(&at);
}

int place_parent(const char *path, const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');

	*ret_name = slash + 1;
	return make_directory(path, (size_t)(slash - path), PLACE_FOLLOW, err);
}

static int make_file(const char *path, struct error *err)
{
	const char *name;
	AUTOCLOSE int parent = place_parent(path, &name, err);

	if (parent < 0)
		return -1;
	AUTOCLOSE int made = sys_openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	if (made < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the file '%s' in the container", path);
	return 0;
}

int place_make(const char *path, enum place_rule rule, int file, struct error *err)
{
	int fd = place_open(path, rule);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT) {
		error_set(err, ERROR_SYSTEM, errno, "cannot use '%s' of the container", path);
		return errno != ELOOP
			       ? -1
			       : error_hint(err, "it must be reached without symbolic links out of the container");
	}
	if (!file)
		return make_directory(path, strlen(path), rule, err);
	TRY(make_file(path, err));
	fd = place_open(path, rule);
	if (fd < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot use '%s' of the container", path);
	return fd;
}
