// SPDX-License-Identifier: Apache-2.0
#include "parts/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/sys.h"

enum { STREAMS = 3, NULL_MAJOR = 1, NULL_MINOR = 3 };

/* In a user namespace the host's node is what the container has as its own, and belongs to nobody in it. */
bool streams_own_wanted(const struct plan *plan)
{
	return !plan->devices.by_bind;
}

void streams_own_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_STOPS, NULL, "a standard stream that is the host's /dev/null becomes the container's");
}

static bool is_null(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

/* Where the container has none, or something else by that name: one that nobody else has. */
static int make_null(struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("tmpfs");
	AUTOCLOSE int mount =
		fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -1 : sys_fsmount(fs, 0);
	AUTOCLOSE int null = -1;

	if (mount >= 0 && sys_mknodat(mount, "null", S_IFCHR | 0666, NULL_MAJOR, NULL_MINOR) == 0)
		null = sys_openat(mount, "null", O_RDWR | O_NOCTTY, 0);
	if (null < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a /dev/null for the standard streams");
	return fd_take(&null);
}

static int open_null(struct error *err)
{
	AUTOCLOSE int null =
		sys_openat2(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	if (null >= 0 && is_null(null))
		return fd_take(&null);
	/* It is not there, a link, no device, or on a mount where none can be opened. */
	if (null >= 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO || errno == EACCES)
		return make_null(err);
	return error_set(err, ERROR_SYSTEM, errno, "cannot open the container's /dev/null");
}

int streams_own(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int null = -1;

	(void)plan, (void)run;
	for (int stream = 0; stream < STREAMS; stream++) {
		if (!is_null(stream))
			continue;
		if (null < 0)
			null = open_null(err);
		if (null < 0)
			return -1;
		if (sys_dup3(null, stream, 0) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot replace a standard stream");
	}
	return 0;
}
