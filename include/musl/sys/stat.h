// SPDX-License-Identifier: Apache-2.0
/* statx(2), which musl has since 1.2.4. */
#ifndef CASEMATE_MUSL_SYS_STAT_H
#define CASEMATE_MUSL_SYS_STAT_H

#include_next <sys/stat.h>
#ifndef STATX_TYPE
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the man page says: 0, or -1 and errno. `ret` is the caller's. */
static inline int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *ret)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, ret);
}
#endif

#endif
