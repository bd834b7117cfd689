// SPDX-License-Identifier: Apache-2.0
#include "base/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

struct copy {
	int from, to; /* directories */
	const char *name;
};

static int copy_directory(int from, int to, int depth, struct error *err);

static int failed(const struct copy *copy, struct error *err)
{
	return error_set(err, ERROR_SYSTEM, errno, "cannot copy '%s'", copy->name);
}

/* Of what was opened, and not of what had that name before: with the owner of another file all could be read. */
static int look_at(const struct copy *copy, int fd, mode_t type, struct stat *ret, struct error *err)
{
	if (fstat(fd, ret) < 0)
		return failed(copy, err);
	if ((ret->st_mode & S_IFMT) == type)
		return 0;
	return error_set(err, ERROR_SYSTEM, ESTALE, "cannot copy '%s': it is exchanged meanwhile", copy->name);
}

static int copy_file(const struct copy *copy, struct error *err)
{
	char block[65536];
	struct stat status;
	ssize_t got;
	AUTOCLOSE int in = sys_openat2(copy->from, copy->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	AUTOCLOSE int out = sys_openat(copy->to, copy->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	if (in < 0 || out < 0)
		return failed(copy, err);
	TRY(look_at(copy, in, S_IFREG, &status, err));
	while ((got = read(in, block, sizeof(block))) > 0)
		if (fd_write_all(out, block, (size_t)got) < 0)
			return failed(copy, err);
	if (got < 0 || sys_fchownat(out, "", status.st_uid, status.st_gid, AT_EMPTY_PATH) < 0 ||
	    sys_fchmod(out, status.st_mode & 07777) < 0)
		return failed(copy, err);
	return 0;
}

static int copy_link(const struct copy *copy, const struct stat *status, struct error *err)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(copy->from, copy->name, text, sizeof(text) - 1);

	if (length < 0)
		return failed(copy, err);
	text[length] = '\0';
	if (sys_symlinkat(text, copy->to, copy->name) < 0 ||
	    sys_fchownat(copy->to, copy->name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(copy, err);
	return 0;
}

static int copy_below(const struct copy *copy, int depth, struct error *err)
{
	struct stat status;

	if (sys_mkdirat(copy->to, copy->name, 0700) < 0)
		return failed(copy, err);
	AUTOCLOSE int from = sys_openat2(copy->from, copy->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
					 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	AUTOCLOSE int to = sys_openat(copy->to, copy->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (from < 0 || to < 0)
		return failed(copy, err);
	TRY(look_at(copy, from, S_IFDIR, &status, err));
	TRY(copy_directory(from, to, depth + 1, err));
	if (sys_fchownat(to, "", status.st_uid, status.st_gid, AT_EMPTY_PATH) < 0 ||
	    sys_fchmod(to, status.st_mode & 07777) < 0)
		return failed(copy, err);
	return 0;
}

static int copy_entry(int from, int to, const char *name, int depth, struct error *err)
{
	struct stat status;
	const struct copy copy = {.from = from, .to = to, .name = name};

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(&copy, err);
	switch (status.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_below(&copy, depth, err);
	case S_IFREG:
		return copy_file(&copy, err);
	case S_IFLNK:
		return copy_link(&copy, &status, err);
	default:
		return error_set(err, ERROR_CONFIG, 0, "cannot copy '%s': it is no file, directory or link", name);
	}
}

/* getdents64(2) into a buffer of our own: opendir(3) allocates, and nothing does between clone and exec. */
static int copy_directory(int from, int to, int depth, struct error *err)
{
	char block[4096] __attribute__((aligned(8)));
	long got;

	if (depth > COPY_MAX_DEPTH)
		return error_set(err, ERROR_CONFIG, 0, "a directory is more than %d levels deep", COPY_MAX_DEPTH);
	while ((got = fd_list(from, block, sizeof(block))) > 0) {
		for (long at = 0; at < got;) {
			const struct dirent *entry = (const void *)(block + at);

			at += entry->d_reclen;
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				TRY(copy_entry(from, to, entry->d_name, depth, err));
		}
	}
	if (got < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read a directory to copy");
	return 0;
}

int copy_tree(int from, int to, struct error *err)
{
	return copy_directory(from, to, 0, err);
}
