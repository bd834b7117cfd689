// SPDX-License-Identifier: Apache-2.0
#include <linux/mount.h>
#include <string.h>

#include "model/names.h"

enum word_kind {
	ATTR,       /* set: an attribute of the mount */
	ATTR_CLEAR, /* take one away */
	ATIME,      /* one value of the atime field */
	SUPER,      /* a flag of the superblock */
	SUPER_CLEAR,
	PROPAGATION,
	BIND,    /* value: recursive */
	SPECIAL, /* enum request_mount_special */
	REMOUNT,
	DEFAULTS,
};

struct word {
	const char *name;
	enum word_kind kind;
	bool recursive; /* the mounts below as well: mount_setattr(2) with AT_RECURSIVE */
	uint64_t value;
};

/* config.md, "Linux mount options" */
static const struct word words[] = {
	{"async", SUPER_CLEAR, false, MS_SYNCHRONOUS},
	{"atime", ATIME, false, MOUNT_ATTR_RELATIME},
	{"bind", BIND, false, false},
	{"defaults", DEFAULTS, false, 0},
	{"dev", ATTR_CLEAR, false, MOUNT_ATTR_NODEV},
	{"diratime", ATTR_CLEAR, false, MOUNT_ATTR_NODIRATIME},
	{"dirsync", SUPER, false, MS_DIRSYNC},
	{"exec", ATTR_CLEAR, false, MOUNT_ATTR_NOEXEC},
	{"idmap", SPECIAL, false, MOUNT_SPECIAL_IDMAP},
	{"iversion", SUPER, false, MS_I_VERSION},
	{"lazytime", SUPER, false, MS_LAZYTIME},
	{"loud", SUPER_CLEAR, false, MS_SILENT},
	{"mand", SUPER, false, MS_MANDLOCK},
	{"noatime", ATIME, false, MOUNT_ATTR_NOATIME},
	{"nodev", ATTR, false, MOUNT_ATTR_NODEV},
	{"nodiratime", ATTR, false, MOUNT_ATTR_NODIRATIME},
	{"noexec", ATTR, false, MOUNT_ATTR_NOEXEC},
	{"noiversion", SUPER_CLEAR, false, MS_I_VERSION},
	{"nolazytime", SUPER_CLEAR, false, MS_LAZYTIME},
	{"nomand", SUPER_CLEAR, false, MS_MANDLOCK},
	{"norelatime", ATIME, false, MOUNT_ATTR_STRICTATIME},
	{"nostrictatime", ATIME, false, MOUNT_ATTR_RELATIME},
	{"nosuid", ATTR, false, MOUNT_ATTR_NOSUID},
	{"nosymfollow", ATTR, false, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", PROPAGATION, false, MS_PRIVATE},
	{"ratime", ATIME, true, MOUNT_ATTR_RELATIME},
	{"rbind", BIND, false, true},
	{"rdev", ATTR_CLEAR, true, MOUNT_ATTR_NODEV},
	{"rdiratime", ATTR_CLEAR, true, MOUNT_ATTR_NODIRATIME},
	{"relatime", ATIME, false, MOUNT_ATTR_RELATIME},
	{"remount", REMOUNT, false, 0},
	{"rexec", ATTR_CLEAR, true, MOUNT_ATTR_NOEXEC},
	{"ridmap", SPECIAL, false, MOUNT_SPECIAL_RIDMAP},
	{"rnoatime", ATIME, true, MOUNT_ATTR_NOATIME},
	{"rnodev", ATTR, true, MOUNT_ATTR_NODEV},
	{"rnodiratime", ATTR, true, MOUNT_ATTR_NODIRATIME},
	{"rnoexec", ATTR, true, MOUNT_ATTR_NOEXEC},
	{"rnorelatime", ATIME, true, MOUNT_ATTR_STRICTATIME},
	{"rnostrictatime", ATIME, true, MOUNT_ATTR_RELATIME},
	{"rnosuid", ATTR, true, MOUNT_ATTR_NOSUID},
	{"rnosymfollow", ATTR, true, MOUNT_ATTR_NOSYMFOLLOW},
	{"ro", ATTR, false, MOUNT_ATTR_RDONLY},
	{"rprivate", PROPAGATION, false, MS_PRIVATE | MS_REC},
	{"rrelatime", ATIME, true, MOUNT_ATTR_RELATIME},
	{"rro", ATTR, true, MOUNT_ATTR_RDONLY},
	{"rrw", ATTR_CLEAR, true, MOUNT_ATTR_RDONLY},
	{"rshared", PROPAGATION, false, MS_SHARED | MS_REC},
	{"rslave", PROPAGATION, false, MS_SLAVE | MS_REC},
	{"rstrictatime", ATIME, true, MOUNT_ATTR_STRICTATIME},
	{"rsuid", ATTR_CLEAR, true, MOUNT_ATTR_NOSUID},
	{"rsymfollow", ATTR_CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW},
	{"runbindable", PROPAGATION, false, MS_UNBINDABLE | MS_REC},
	{"rw", ATTR_CLEAR, false, MOUNT_ATTR_RDONLY},
	{"shared", PROPAGATION, false, MS_SHARED},
	{"silent", SUPER, false, MS_SILENT},
	{"slave", PROPAGATION, false, MS_SLAVE},
	{"strictatime", ATIME, false, MOUNT_ATTR_STRICTATIME},
	{"suid", ATTR_CLEAR, false, MOUNT_ATTR_NOSUID},
	{"symfollow", ATTR_CLEAR, false, MOUNT_ATTR_NOSYMFOLLOW},
	{"sync", SUPER, false, MS_SYNCHRONOUS},
	{"tmpcopyup", SPECIAL, false, MOUNT_SPECIAL_TMPCOPYUP},
	{"unbindable", PROPAGATION, false, MS_UNBINDABLE},
};

/* mount_setattr(2) demands that the whole atime field is cleared where a value of it is set. */
static void set_attr(uint64_t *set, uint64_t *clear, const struct word *word)
{
	switch (word->kind) {
	case ATTR:
		*set |= word->value;
		*clear &= ~word->value;
		break;
	case ATTR_CLEAR:
		*set &= ~word->value;
		*clear |= word->value;
		break;
	default:
		*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | word->value;
		*clear |= MOUNT_ATTR__ATIME;
		break;
	}
}

static void apply(const struct word *word, struct request_mount *mount)
{
	switch (word->kind) {
	case ATTR:
	case ATTR_CLEAR:
	case ATIME:
		if (word->recursive)
			set_attr(&mount->rec_attr_set, &mount->rec_attr_clear, word);
		else
			set_attr(&mount->attr_set, &mount->attr_clear, word);
		break;
	case SUPER:
		mount->super_flags |= word->value;
		break;
	case SUPER_CLEAR:
		mount->super_flags &= ~word->value;
		break;
	case PROPAGATION:
		mount->propagation = word->value;
		break;
	case BIND:
		mount->bind = true;
		mount->recursive = word->value != 0;
		break;
	case SPECIAL:
		mount->special |= (uint32_t)word->value;
		break;
	case REMOUNT:
		mount->remount = true;
		break;
	case DEFAULTS:
		break;
	}
}

/* The table is sorted: Docker asks for thousands of these. */
static const struct word *find(const char *name)
{
	size_t low = 0, high = sizeof(words) / sizeof(words[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, words[middle].name);

		if (order == 0)
			return &words[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool names_mount_option(const char *word, struct request_mount *mount)
{
	const struct word *found = find(word);

	if (found == NULL)
		return false;
	apply(found, mount);
	return true;
}

const char *names_mount_option_at(size_t index)
{
	return index < sizeof(words) / sizeof(words[0]) ? words[index].name : NULL;
}
