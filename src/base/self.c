// SPDX-License-Identifier: Apache-2.0
#include "base/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/kernel.h"
#include "base/sys.h"

static int kept_view = -1;

/* The kernel names a program that was executed by handle after the descriptor (AT_EXECFN of getauxval(3)). */
static int executed_by(void)
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
	int view = executed_by();

	if (view < 0)
		return 0;
	if (fcntl(view, F_SETFD, FD_CLOEXEC) == 0)
		kept_view = view;
	/* Closed by the execve(2): the number may be another file's later on. */
	else if (errno != EBADF)
		return error_set(err, ERROR_SYSTEM, errno, "cannot keep the launcher's own file");
	return 0;
}

int self_view(void)
{
	return kept_view;
}

void self_end_view(void)
{
	fd_close(&kept_view);
}

static const char own[] = "/proc/self/exe";

int self_owner(uint32_t *ret_uid, struct error *err)
{
	struct stat status;

	if (stat(own, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at the launcher's own file");
	*ret_uid = status.st_uid;
	return 0;
}

/* sysctl vm.memfd_noexec (6.3) may want to be told that it will be executed; before, that is an unknown flag. */
static int make_memfd(void)
{
	int copy = sys_memfd_create("casemate", MFD_ALLOW_SEALING | MFD_EXEC);

	return copy >= 0 || errno != EINVAL ? copy : sys_memfd_create("casemate", MFD_ALLOW_SEALING);
}

/* Where no mount can be made read-only without a place for it: a copy that nobody can write to. */
static int sealed_copy(void)
{
	enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
	AUTOCLOSE int from = openat(AT_FDCWD, own, O_RDONLY | O_CLOEXEC);
	AUTOCLOSE int copy = from < 0 ? -1 : make_memfd();
	struct stat status;

	if (copy < 0 || fstat(from, &status) < 0)
		return -1;
	for (off_t at = 0; at < status.st_size;)
		if (sendfile(copy, from, &at, (size_t)(status.st_size - at)) <= 0)
			return -1;
	return fcntl(copy, F_ADD_SEALS, SEALS) < 0 ? -1 : fd_take(&copy);
}

static bool is_sealed_copy(void)
{
	AUTOCLOSE int self = openat(AT_FDCWD, own, O_RDONLY | O_CLOEXEC);
	int seals = self < 0 ? -1 : fcntl(self, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_WRITE) != 0 && (seals & F_SEAL_SEAL) != 0;
}

/* A descriptor to execute the launcher by, or -1. */
static int make_view(void)
{
	AUTOCLOSE int view = sys_open_tree(AT_FDCWD, own, OPEN_TREE_CLONE);

	if (view >= 0 && sys_mount_setattr(view, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1) == 0)
		return fd_take(&view);
	return errno == ENOSYS || errno == EPERM ? sealed_copy() : -1;
}

int self_protect(char *const *argv, struct error *err)
{
	struct statvfs fs;

	if (statvfs(own, &fs) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at the launcher's own file");
	if ((fs.f_flag & ST_RDONLY) != 0 || is_sealed_copy())
		return 0;
	AUTOCLOSE int view = make_view();
	if (view < 0 || fcntl(view, F_SETFD, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a read-only view of the launcher's own file");
	sys_execveat(view, (const char *const *)argv, (const char *const *)environ, 0);
	return error_set(err, ERROR_SYSTEM, errno, "cannot execute the launcher from a read-only view of its file");
}

static char **arguments;

void self_remember_arguments(char **argv)
{
	arguments = argv;
}

void self_rename(const char *name)
{
	if (arguments == NULL)
		return;
	/* The kernel laid them one behind the other; a last byte that is not 0 would mean that the name goes on. */
	size_t room = strlen(arguments[0]), length = strlen(name);

	for (size_t i = 0; arguments[i] != NULL; i++)
		memset(arguments[i], 0, strlen(arguments[i]));
	memcpy(arguments[0], name, length < room ? length : room);
}

uint32_t self_uid(void)
{
	return (uint32_t)getauxval(AT_EUID);
}

bool self_is_host_root(void)
{
	static const uint32_t all[3] = {0, 0, UINT32_MAX}; /* inside, outside, how many */
	char text[64] = "", *at = text;
	AUTOCLOSE int fd = openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC);

	if (self_uid() != 0 || fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (strtoul(at, &at, 10) != all[i])
			return false;
	return true;
}
