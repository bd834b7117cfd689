// SPDX-License-Identifier: Apache-2.0
#include "base/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

int self_protect(char *const *argv, struct error *err)
{
	struct statvfs fs;
	AUTOCLOSE int file = sys_openat(AT_FDCWD, "/proc/self/exe", O_PATH, 0);

	if (file < 0 || fstatvfs(file, &fs) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the launcher's own file");
	if ((fs.f_flag & ST_RDONLY) != 0)
		return 0;
	AUTOCLOSE int clone = sys_open_tree(file, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (clone < 0 || sys_mount_setattr(clone, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a read-only view of the launcher's own file");
	sys_execveat(clone, (const char *const *)argv, (const char *const *)environ, 0);
	return error_set(err, ERROR_SYSTEM, errno, "cannot execute the launcher from a read-only view of its file");
}

bool self_is_host_root(void)
{
	char text[64] = "";
	unsigned inside = 1, outside = 1, count = 0;
	AUTOCLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);

	if (geteuid() != 0 || fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 && outside == 0 &&
	       count == UINT32_MAX;
}
