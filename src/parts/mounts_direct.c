// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "parts/mounts.h"

/* mount(2) takes one page of text, and cuts it at each comma. */
enum { DATA_ROOM = 4096 };

static const struct {
	uint64_t attr;
	unsigned long flag;
} flags_of[] = {
	{MOUNT_ATTR_NOSUID, MS_NOSUID},           {MOUNT_ATTR_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, MS_NOEXEC},           {MOUNT_ATTR_NOATIME, MS_NOATIME},
	{MOUNT_ATTR_STRICTATIME, MS_STRICTATIME}, {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME},
	{MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};

/* What is left of @attrs has no flag; read-only is none, because mount(2) would make all of the file system so. */
static uint64_t take_flags(uint64_t attrs, unsigned long *ret_flags)
{
	*ret_flags = 0;
	for (size_t i = 0; i < sizeof(flags_of) / sizeof(flags_of[0]); i++)
		if ((attrs & flags_of[i].attr) != 0) {
			*ret_flags |= flags_of[i].flag;
			attrs &= ~flags_of[i].attr;
		}
	return attrs;
}

/* The kernel looks for nothing else around these, so they can be made when the host is out of sight. */
static bool is_own_type(const char *type)
{
	static const char *const own[] = {"tmpfs", "devpts", "mqueue"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (type != NULL && strcmp(type, own[i]) == 0)
			return true;
	return false;
}

/* The options as one text; NULL where that would mean something else. */
static const char *join_data(struct arena *arena, const string_list *data)
{
	size_t size = 1, length = 0;

	for (size_t i = 0; i < data->count; i++) {
		size += strlen(data->at[i]) + 1;
		if (data->at[i][0] == '\0' || data->at[i][0] == '=' || strchr(data->at[i], ',') != NULL)
			return NULL;
	}
	if (size > DATA_ROOM)
		return NULL;
	char *text = arena_alloc(arena, size);
	for (size_t i = 0; i < data->count; i++) {
		text[length] = ',';
		length += i > 0;
		memcpy(text + length, data->at[i], strlen(data->at[i]));
		length += strlen(data->at[i]);
	}
	text[length] = '\0';
	return text;
}

static bool can_be_direct(const struct plan_mount *mount)
{
	unsigned long flags;

	return mount->kind == MOUNT_FILESYSTEM && mount->fresh && is_own_type(mount->type) && mount->label == NULL &&
	       mount->super_flags == 0 && mount->propagation == 0 && mount->special == 0 && !mount->remounts &&
	       take_flags(mounts_attributes(mount), &flags) == 0;
}

/*
 * The tmpfs at whose root @index goes, by 1 + its number; 0: none. It is known by handle: its own place is in an image,
 * where another could have exchanged the name.
 */
static size_t holder_of(const struct plan *plan, size_t index)
{
	const char *target = plan->mounts.at[index].target;
	size_t length = (size_t)(strrchr(target, '/') - target);

	for (size_t i = index; i-- > 0;) {
		const struct plan_mount *above = &plan->mounts.at[i];

		if (path_is_within(target, above->target))
			return above->kind == MOUNT_FILESYSTEM && above->direct == NULL &&
					       strlen(above->target) == length
				       ? i + 1
				       : 0;
	}
	return 0;
}

void mounts_direct_plan(struct planner *p)
{
	bool own_root = p->request->root.path == NULL;

	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		struct plan_mount *mount = &p->plan->mounts.at[i];

		if (!can_be_direct(mount))
			continue;
		mount->holder = own_root ? 0 : holder_of(p->plan, i);
		if (own_root || mount->holder > 0)
			mount->direct = join_data(p->arena, &mount->data);
	}
}

int mounts_direct(const struct plan_mount *mount, int directory, const char *name, struct error *err)
{
	unsigned long flags;

	(void)take_flags(mounts_attributes(mount), &flags);
	if (sys_fchdir(directory) == 0 && sys_mount(mount->source, name, mount->type, flags, mount->direct) == 0)
		return 0;
	int reason = errno;
	/* Only to hear more of it than errno. */
	AUTOCLOSE int again = mounts_make_filesystem(mount, err);
	return again < 0
		       ? -1
		       : error_set(err, ERROR_SYSTEM, reason, "cannot mount a %s on '%s'", mount->type, mount->target);
}
