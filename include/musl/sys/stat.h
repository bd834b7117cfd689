// SPDX-License-Identifier: Apache-2.0
/* statx(2) with the kernel's struct: musl has had one since 1.2.4, without the fields of Linux 5.8. */
#ifndef CASEMATE_MUSL_SYS_STAT_H
#define CASEMATE_MUSL_SYS_STAT_H

#define statx libc_statx
#define statx_timestamp libc_statx_timestamp
#include_next <sys/stat.h>
#undef statx
#undef statx_timestamp
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the man page says: 0, or -1 and errno. `ret` is the caller's. */
static inline int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *ret)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, ret);
}

#endif
