// SPDX-License-Identifier: Apache-2.0
#include "config/profile_items.h"

#include <string.h>

#define ITEM(key_, kind_, member, names_, guard_)                                                                      \
	{                                                                                                              \
		.key = (key_), .kind = (kind_), .offset = offsetof(struct profile, member),                            \
		.size = sizeof(((struct profile *)0)->member), .names = (names_), .guard = (guard_)                    \
	}
#define VERDICT_ITEM(item, key, member) [item] = ITEM(key, PROFILE_VERDICT, member, &profile_verdicts, item)
#define GUARDED_ITEM(item, key, kind, member, guard) [item] = ITEM(key, PROFILE_##kind, member, NULL, guard)

const struct profile_row profile_rows[ITEM_COUNT] = {
	VERDICT_ITEM(ITEM_ROOT_USER, "root_user", root_user),
	VERDICT_ITEM(ITEM_CAPABILITIES, "capabilities/others", capabilities),
	GUARDED_ITEM(ITEM_CAPABILITIES_ALLOWED, "capabilities/allowed", SET, capabilities_allowed, ITEM_CAPABILITIES),
	VERDICT_ITEM(ITEM_NO_NEW_PRIVILEGES, "no_new_privileges", no_new_privileges),
	VERDICT_ITEM(ITEM_WRITABLE_ROOT, "writable_root", writable_root),
	VERDICT_ITEM(ITEM_HOST_NAMESPACES, "host_namespaces", host_namespaces),
	VERDICT_ITEM(ITEM_WITHOUT_USERNS, "without_userns", without_userns),
	VERDICT_ITEM(ITEM_SENSITIVE_SOURCES, "sensitive_sources", sensitive_sources),
	VERDICT_ITEM(ITEM_MOUNT_FLAGS, "mount_flags", mount_flags),
	VERDICT_ITEM(ITEM_MOUNT_TYPES, "mount_types/others", mount_types),
	GUARDED_ITEM(ITEM_MOUNT_TYPES_ALLOWED, "mount_types/allowed", ALLOWED, mount_types_allowed, ITEM_MOUNT_TYPES),
	VERDICT_ITEM(ITEM_PROPAGATION, "propagation", propagation),
	VERDICT_ITEM(ITEM_DEVICES, "devices", devices),
	VERDICT_ITEM(ITEM_SYSCTLS, "sysctls/others", sysctls),
	GUARDED_ITEM(ITEM_SYSCTLS_ALLOWED, "sysctls/allowed", ALLOWED, sysctls_allowed, ITEM_SYSCTLS),
	VERDICT_ITEM(ITEM_UNIT_PROPERTIES, "unit_properties/others", unit_properties),
	GUARDED_ITEM(ITEM_UNIT_PROPERTIES_ALLOWED, "unit_properties/allowed", ALLOWED, unit_properties_allowed,
		     ITEM_UNIT_PROPERTIES),
	VERDICT_ITEM(ITEM_HOOKS, "hooks/others", hooks),
	GUARDED_ITEM(ITEM_HOOKS_ALLOWED, "hooks/allowed", ALLOWED, hooks_allowed, ITEM_HOOKS),
	VERDICT_ITEM(ITEM_PERSONALITY, "personality", personality),
	VERDICT_ITEM(ITEM_LABELS, "labels", labels),
	VERDICT_ITEM(ITEM_OOM_SCORE, "oom_score", oom_score),
	VERDICT_ITEM(ITEM_REALTIME, "realtime", realtime),
	VERDICT_ITEM(ITEM_IMAGES, "images", images),
	VERDICT_ITEM(ITEM_MASKS, "masks/missing", masks),
	GUARDED_ITEM(ITEM_MASKED_PATHS, "masks/masked", DEMANDED, masked_paths, ITEM_MASKS),
	GUARDED_ITEM(ITEM_READONLY_PATHS, "masks/readonly", DEMANDED, readonly_paths, ITEM_MASKS),
	VERDICT_ITEM(ITEM_PIDS, "pids/others", pids),
	GUARDED_ITEM(ITEM_PIDS_LIMIT, "pids/limit", LIMIT, pids_limit, ITEM_PIDS),
	[ITEM_SECCOMP] = ITEM("seccomp", PROFILE_LEVEL, seccomp, &profile_seccomps, ITEM_SECCOMP),
	[ITEM_LANDLOCK] = ITEM("landlock", PROFILE_LEVEL, landlock, &profile_landlocks, ITEM_LANDLOCK),
	[ITEM_LOCK_SECUREBITS] = ITEM("lock_securebits", PROFILE_SWITCH, lock_securebits, NULL, ITEM_LOCK_SECUREBITS),
};

static const struct lookup_row verdicts[] = {
	{"allow", VERDICT_ALLOW},
	{"tighten", VERDICT_TIGHTEN},
	{"refuse", VERDICT_REFUSE},
};
LOOKUP(profile_verdicts, "a verdict: allow, tighten or refuse", verdicts);

static const struct lookup_row seccomps[] = {
	{"off", PROFILE_SECCOMP_OFF},
	{"missing", PROFILE_SECCOMP_MISSING},
	{"stack", PROFILE_SECCOMP_STACK},
};
LOOKUP(profile_seccomps, "off, missing or stack", seccomps);

static const struct lookup_row landlocks[] = {
	{"off", PROFILE_LANDLOCK_OFF},
	{"optional", PROFILE_LANDLOCK_OPTIONAL},
	{"required", PROFILE_LANDLOCK_REQUIRED},
};
LOOKUP(profile_landlocks, "off, optional or required", landlocks);

/* A verdict or level is an enum, which both compilers make an unsigned int. */
uint32_t profile_row_level(const struct profile_row *row, const struct profile *profile)
{
	uint32_t value;

	memcpy(&value, profile_row_member(row, profile), sizeof(value));
	return value;
}

const void *profile_row_member(const struct profile_row *row, const struct profile *profile)
{
	return (const char *)profile + row->offset;
}

bool profile_row_matters(const struct profile_row *row, const struct profile *profile)
{
	const struct profile_row *guard = &profile_rows[row->guard];

	return guard == row || profile_row_level(guard, profile) != VERDICT_ALLOW;
}

void profile_row_copy(const struct profile_row *row, struct profile *to, const struct profile *from)
{
	memcpy((char *)to + row->offset, profile_row_member(row, from), row->size);
}
