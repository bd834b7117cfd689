// SPDX-License-Identifier: Apache-2.0
#include "base/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

/* The kernel names a program that was executed by handle after the descriptor (AT_EXECFN of getauxval(3)). */
int self_view(void)
{
	static const char by_handle[] = "/dev/fd/";
	const char *name = (const char *)getauxval(AT_EXECFN);
	char *end;

	if (name == NULL || strncmp(name, by_handle, sizeof(by_handle) - 1) != 0)
		return -1;
	unsigned long fd = strtoul(name + sizeof(by_handle) - 1, &end, 10);
	return *end == '\0' && fd > STDERR_FILENO && fd <= INT_MAX ? (int)fd : -1;
}

int self_keep_view(struct error *err)
{
	int view = self_view();

	if (view >= 0 && fcntl(view, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF)
		return error_set(err, ERROR_SYSTEM, errno, "cannot keep the launcher's own file");
	return 0;
}

int self_protect(char *const *argv, struct error *err)
{
	static const char own[] = "/proc/self/exe";
	struct statvfs fs;

	if (statvfs(own, &fs) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at the launcher's own file");
	if ((fs.f_flag & ST_RDONLY) != 0)
		return 0;
	AUTOCLOSE int view = sys_open_tree(AT_FDCWD, own, OPEN_TREE_CLONE);
	if (view < 0 || sys_mount_setattr(view, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1) < 0 ||
	    fcntl(view, F_SETFD, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a read-only view of the launcher's own file");
	sys_execveat(view, (const char *const *)argv, (const char *const *)environ, 0);
	return error_set(err, ERROR_SYSTEM, errno, "cannot execute the launcher from a read-only view of its file");
}

bool self_is_host_root(void)
{
	static const uint32_t all[3] = {0, 0, UINT32_MAX}; /* inside, outside, how many */
	char text[64] = "", *at = text;
	AUTOCLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);

	if (geteuid() != 0 || fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (strtoul(at, &at, 10) != all[i])
			return false;
	return true;
}
