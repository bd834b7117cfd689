// SPDX-License-Identifier: Apache-2.0
/* The items of a profile as a table: for reading, for "extends" and for the question which of two is weaker. */
#ifndef CASEMATE_CONFIG_PROFILE_ITEMS_H
#define CASEMATE_CONFIG_PROFILE_ITEMS_H

#include "base/error.h"
#include "base/lookup.h"
#include "model/profile.h"

/* In the order of struct profile. */
enum profile_item {
	ITEM_ROOT_USER,
	ITEM_CAPABILITIES,
	ITEM_CAPABILITIES_ALLOWED,
	ITEM_NO_NEW_PRIVILEGES,
	ITEM_WRITABLE_ROOT,
	ITEM_HOST_NAMESPACES,
	ITEM_WITHOUT_USERNS,
	ITEM_SENSITIVE_SOURCES,
	ITEM_MOUNT_FLAGS,
	ITEM_MOUNT_TYPES,
	ITEM_MOUNT_TYPES_ALLOWED,
	ITEM_PROPAGATION,
	ITEM_DEVICES,
	ITEM_SYSCTLS,
	ITEM_SYSCTLS_ALLOWED,
	ITEM_UNIT_PROPERTIES,
	ITEM_UNIT_PROPERTIES_ALLOWED,
	ITEM_HOOKS,
	ITEM_HOOKS_ALLOWED,
	ITEM_PERSONALITY,
	ITEM_LABELS,
	ITEM_OOM_SCORE,
	ITEM_REALTIME,
	ITEM_IMAGES,
	ITEM_MASKS,
	ITEM_MASKED_PATHS,
	ITEM_READONLY_PATHS,
	ITEM_PIDS,
	ITEM_PIDS_LIMIT,
	ITEM_SECCOMP,
	ITEM_LANDLOCK,
	ITEM_LOCK_SECUREBITS,
	ITEM_COUNT,
};

extern const struct lookup profile_verdicts;  /* "tighten": enum verdict */
extern const struct lookup profile_seccomps;  /* "stack": enum profile_seccomp */
extern const struct lookup profile_landlocks; /* "optional": enum profile_landlock */

/* How an item is compared. */
enum profile_row_kind {
	PROFILE_VERDICT,  /* enum verdict: the greater is the stricter */
	PROFILE_LEVEL,    /* an enum of how much is added: the greater is the stricter */
	PROFILE_SWITCH,   /* bool: true is the stricter */
	PROFILE_LIMIT,    /* uint64_t: the smaller is the stricter */
	PROFILE_SET,      /* bits of what is allowed: the fewer, the stricter */
	PROFILE_ALLOWED,  /* string_list of what is allowed */
	PROFILE_DEMANDED, /* string_list of what is protected */
};

struct profile_row {
	const char *key; /* in the file: "capabilities/allowed" */
	enum profile_row_kind kind;
	size_t offset; /* in struct profile */
	size_t size;
	const struct lookup *names;
	enum profile_item guard; /* the verdict without which the item has no effect; itself where there is none */
};

extern const struct profile_row profile_rows[ITEM_COUNT];

/* The value of a verdict or level. */
uint32_t profile_row_level(const struct profile_row *row, const struct profile *profile);

/* Where the item lies. */
const void *profile_row_member(const struct profile_row *row, const struct profile *profile);

/* False for lists and limits whose verdict in @profile is "allow": they have no effect. */
bool profile_row_matters(const struct profile_row *row, const struct profile *profile);

/* Copies one item; a list is shared. */
void profile_row_copy(const struct profile_row *row, struct profile *to, const struct profile *from);

#endif
