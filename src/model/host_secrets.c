// SPDX-License-Identifier: Apache-2.0
#include "model/host_secrets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"

enum { SEARCHED = 4096, DEEPEST = 32 };

static bool is_for_all(int directory, int depth, int *left);

/* What is mounted there is judged by itself, and what a link names is somewhere else. */
static bool is_entry_for_all(int directory, const char *name, int depth, int *left)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT;
	if (S_ISREG(status.st_mode))
		return (status.st_mode & S_IROTH) != 0;
	if (!S_ISDIR(status.st_mode))
		return true;
	if ((status.st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
		return false;
	AUTOCLOSE int below = sys_openat2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
					  RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	return below >= 0 ? is_for_all(below, depth + 1, left) : errno == ENOENT || errno == EXDEV;
}

/* Where there is too much of it, nobody knows. */
static bool is_for_all(int directory, int depth, int *left)
{
	char block[2048] __attribute__((aligned(8)));
	long got = depth > DEEPEST ? -1 : 1;

	while (got > 0) {
		got = fd_list(directory, block, sizeof(block));
		for (long at = 0; at < got;) {
			const struct dirent *entry = (const void *)(block + at);

			at += entry->d_reclen;
			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			if (--*left < 0 || !is_entry_for_all(directory, entry->d_name, depth, left))
				return false;
		}
	}
	return got == 0;
}

static void probe(struct host_object *object, uint64_t configuration)
{
	int left = SEARCHED;

	if (object->real == NULL || !S_ISDIR(object->mode) || (object->below & configuration) == 0 ||
	    object->is_default)
		return;
	AUTOCLOSE int directory = sys_openat2(AT_FDCWD, object->real, O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	object->secret = directory < 0 || !is_for_all(directory, 0, &left);
}

void host_probe_secrets(struct host *host)
{
	uint64_t configuration = 0;

	for (size_t i = 0; i < host->sensitive.count; i++)
		if (strcmp(host->sensitive.at[i].path, "/etc") == 0)
			configuration = 1ULL << i;
	probe(&host->root, configuration);
	for (size_t i = 0; i < host->sources.count; i++)
		probe(&host->sources.at[i], configuration);
	for (size_t i = 0; i < host->submounts.count; i++)
		probe(&host->submounts.at[i], configuration);
}
