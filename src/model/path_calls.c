// SPDX-License-Identifier: Apache-2.0
#include "model/path_calls.h"

#include <sys/syscall.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define CALL(name, directory, path, use)                                                                               \
	{                                                                                                              \
		SYS_##name, directory, path, 0, use                                                                    \
	}
#define OPEN(name, directory, path, flags, use)                                                                        \
	{                                                                                                              \
		SYS_##name, directory, path, flags, use                                                                \
	}

const struct path_call path_calls[] = {
	OPEN(openat, 0, 1, 2, PATH_FLAGS),     OPEN(openat2, 0, 1, 2, PATH_HOW),
	CALL(newfstatat, 0, 1, PATH_READ),     CALL(statx, 0, 1, PATH_READ),
	CALL(faccessat, 0, 1, PATH_READ),      CALL(faccessat2, 0, 1, PATH_READ),
	CALL(readlinkat, 0, 1, PATH_READ),     CALL(execve, -1, 0, PATH_EXECUTE),
	CALL(execveat, 0, 1, PATH_EXECUTE),    CALL(chdir, -1, 0, PATH_READ),
	CALL(statfs, -1, 0, PATH_READ),        CALL(getxattr, -1, 0, PATH_READ),
	CALL(lgetxattr, -1, 0, PATH_READ),     CALL(listxattr, -1, 0, PATH_READ),
	CALL(llistxattr, -1, 0, PATH_READ),    CALL(inotify_add_watch, -1, 1, PATH_READ),
	CALL(truncate, -1, 0, PATH_WRITE),     CALL(fchmodat, 0, 1, PATH_WRITE),
	CALL(fchmodat2, 0, 1, PATH_WRITE),     CALL(fchownat, 0, 1, PATH_WRITE),
	CALL(utimensat, 0, 1, PATH_WRITE),     CALL(setxattr, -1, 0, PATH_WRITE),
	CALL(lsetxattr, -1, 0, PATH_WRITE),    CALL(removexattr, -1, 0, PATH_WRITE),
	CALL(lremovexattr, -1, 0, PATH_WRITE), CALL(mkdirat, 0, 1, PATH_ENTRY),
	CALL(mknodat, 0, 1, PATH_ENTRY),       CALL(unlinkat, 0, 1, PATH_ENTRY),
	CALL(symlinkat, 1, 2, PATH_ENTRY),     CALL(linkat, 0, 1, PATH_READ),
	CALL(linkat, 2, 3, PATH_ENTRY),        CALL(renameat, 0, 1, PATH_ENTRY),
	CALL(renameat, 2, 3, PATH_ENTRY),      CALL(renameat2, 0, 1, PATH_ENTRY),
	CALL(renameat2, 2, 3, PATH_ENTRY),
#ifdef SYS_open /* newer architectures have none of these */
	OPEN(open, -1, 0, 1, PATH_FLAGS),      CALL(creat, -1, 0, PATH_WRITE),
	CALL(stat, -1, 0, PATH_READ),          CALL(lstat, -1, 0, PATH_READ),
	CALL(access, -1, 0, PATH_READ),        CALL(readlink, -1, 0, PATH_READ),
	CALL(chmod, -1, 0, PATH_WRITE),        CALL(chown, -1, 0, PATH_WRITE),
	CALL(lchown, -1, 0, PATH_WRITE),       CALL(utime, -1, 0, PATH_WRITE),
	CALL(utimes, -1, 0, PATH_WRITE),       CALL(futimesat, 0, 1, PATH_WRITE),
	CALL(mkdir, -1, 0, PATH_ENTRY),        CALL(mknod, -1, 0, PATH_ENTRY),
	CALL(rmdir, -1, 0, PATH_ENTRY),        CALL(unlink, -1, 0, PATH_ENTRY),
	CALL(symlink, -1, 1, PATH_ENTRY),      CALL(link, -1, 0, PATH_READ),
	CALL(link, -1, 1, PATH_ENTRY),         CALL(rename, -1, 0, PATH_ENTRY),
	CALL(rename, -1, 1, PATH_ENTRY),
#endif
};
const size_t path_calls_count = sizeof(path_calls) / sizeof(path_calls[0]);
