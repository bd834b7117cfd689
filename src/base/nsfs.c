// SPDX-License-Identifier: Apache-2.0
#include "base/nsfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/statfs.h>

#include "base/fd.h"
#include "base/sys.h"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

int nsfs_open(const char *path)
{
	char found[32];
	struct statfs fs;
	AUTOCLOSE int place = sys_openat(AT_FDCWD, path, O_PATH, 0);

	if (place < 0 || fstatfs(place, &fs) < 0)
		return -1;
	if (fs.f_type != NSFS_MAGIC) {
		errno = EXDEV;
		return -1;
	}
	snprintf(found, sizeof(found), "/proc/self/fd/%d", place);
	return sys_openat(AT_FDCWD, found, O_RDONLY, 0);
}
