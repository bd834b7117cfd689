// SPDX-License-Identifier: Apache-2.0
/* Where what is bound lies in its own file system: mounts show one directory under many names, and overlays care. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mountinfo.h"
#include "base/path.h"
#include "model/host.h"

/* The mount in which @real is. The table has the ids that are used again, and not those of STATX_MNT_ID_UNIQUE. */
static const struct mount_line *find_mount(const mount_line_list *mounts, const char *real)
{
	struct statx status;

	if (real == NULL || statx(AT_FDCWD, real, AT_NO_AUTOMOUNT, STATX_MNT_ID, &status) < 0)
		return NULL;
	for (size_t i = 0; i < mounts->count; i++)
		if (strtoull(mounts->at[i].id, NULL, 10) == status.stx_mnt_id)
			return &mounts->at[i];
	return NULL;
}

/* What is mounted shows the directory `root` of the file system, and the object is as far below it as it is below the
 * place of the mount. */
static void place(struct host_object *object, const mount_line_list *mounts, struct arena *arena)
{
	const struct mount_line *mount = find_mount(mounts, object->real);
	size_t length = mount == NULL || strcmp(mount->at, "/") == 0 ? 0 : strlen(mount->at);

	if (mount == NULL || strncmp(object->real, mount->at, length) != 0)
		return;
	const char *root = strcmp(mount->root, "/") == 0 ? "" : mount->root, *below = object->real + length;
	object->layer =
		arena_printf(arena, "%s%s%s", mount->device, root, below[0] == '/' && below[1] == '\0' ? "" : below);
}

/* ---- what an alias lies in */

static bool is_alias(const struct host_object *object)
{
	return object->real != NULL && !object->is_default && (object->below & HOST_ABOVE_UNSEEN) != 0;
}

/* By where both are in their file system: going up from the alias of a directory leads to where it is mounted. */
static void find_above(struct host *host, struct host_object *object, const mount_line_list *mounts,
		       struct arena *arena)
{
	struct host_object alias = *object;

	if (!is_alias(object))
		return;
	place(&alias, mounts, arena);
	for (size_t i = 0; alias.layer != NULL && i < host->sensitive.count && i < HOST_OBJECT_BITS; i++)
		if (host->sensitive.at[i].layer != NULL && path_is_below(alias.layer, host->sensitive.at[i].layer))
			object->below |= 1ULL << i;
}

static void find_all_above(struct host *host, const mount_line_list *mounts, struct arena *arena)
{
	for (size_t i = 0; i < host->sensitive.count; i++)
		place(&host->sensitive.at[i], mounts, arena);
	find_above(host, &host->root, mounts, arena);
	for (size_t i = 0; i < host->sources.count; i++)
		find_above(host, &host->sources.at[i], mounts, arena);
	for (size_t i = 0; i < host->submounts.count; i++)
		find_above(host, &host->submounts.at[i], mounts, arena);
}

static bool has_alias(const struct host *host)
{
	bool found = is_alias(&host->root);

	for (size_t i = 0; i < host->sources.count; i++)
		found = found || is_alias(&host->sources.at[i]);
	for (size_t i = 0; i < host->submounts.count; i++)
		found = found || is_alias(&host->submounts.at[i]);
	return found;
}

int host_probe_layers(struct host *host, const struct request *request, struct arena *arena, struct error *err)
{
	mount_line_list mounts = {0};
	bool wanted = false, aliases = has_alias(host);

	for (size_t i = 0; i < request->mounts.count; i++)
		wanted = wanted || request->mounts.at[i].changes != NULL;
	if (!wanted && !aliases)
		return 0;
	TRY(mountinfo_read("/proc/self/mountinfo", arena, &mounts, err));
	if (aliases)
		find_all_above(host, &mounts, arena);
	for (size_t i = 0; wanted && i < host->sources.count; i++)
		place(&host->sources.at[i], &mounts, arena);
	for (size_t i = 0; wanted && i < host->submounts.count; i++)
		place(&host->submounts.at[i], &mounts, arena);
	return 0;
}
