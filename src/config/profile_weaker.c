// SPDX-License-Identifier: Apache-2.0
/* Which of two profiles is weaker. */
#include <stdio.h>
#include <string.h>

#include "config/profile.h"
#include "config/profile_items.h"
#include "model/names.h"

/* What is weaker about an item, in words. */
enum { REASON_BYTES = 256 };

static bool list_has(const string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->at[i], text) == 0)
			return true;
	}
	return false;
}

/* The first entry of @part that @whole lacks, or NULL. */
static const char *not_in(const string_list *part, const string_list *whole)
{
	for (size_t i = 0; i < part->count; i++) {
		if (!list_has(whole, part->at[i]))
			return part->at[i];
	}
	return NULL;
}

static bool weaker_level(const struct profile_row *row, const struct profile *than, const struct profile *candidate,
			 char *reason)
{
	uint32_t wanted = profile_row_level(row, than), found = profile_row_level(row, candidate);

	snprintf(reason, REASON_BYTES, "is \"%s\" instead of \"%s\"", lookup_name(row->names, found),
		 lookup_name(row->names, wanted));
	return found < wanted;
}

static bool weaker_set(const void *than, const void *candidate, char *reason)
{
	char name[NAMES_CAPABILITY_BYTES];
	uint64_t wanted, found;

	memcpy(&wanted, than, sizeof(wanted));
	memcpy(&found, candidate, sizeof(found));
	uint64_t more = found & ~wanted;
	if (more == 0)
		return false;
	snprintf(reason, REASON_BYTES, "has %s", names_capability_text((uint32_t)__builtin_ctzll(more), name));
	return true;
}

static bool weaker_limit(const void *than, const void *candidate, char *reason)
{
	uint64_t wanted, found;

	memcpy(&wanted, than, sizeof(wanted));
	memcpy(&found, candidate, sizeof(found));
	snprintf(reason, REASON_BYTES, "is %llu instead of %llu", (unsigned long long)found,
		 (unsigned long long)wanted);
	return found > wanted;
}

static bool is_weaker(const struct profile_row *row, const struct profile *than, const struct profile *candidate,
		      char *reason)
{
	const void *wanted = profile_row_member(row, than);
	const void *found = profile_row_member(row, candidate);
	const char *text = NULL;

	switch (row->kind) {
	case PROFILE_VERDICT:
	case PROFILE_LEVEL:
		return weaker_level(row, than, candidate, reason);
	case PROFILE_SWITCH:
		snprintf(reason, REASON_BYTES, "is false instead of true");
		return *(const bool *)wanted && !*(const bool *)found;
	case PROFILE_LIMIT:
		return weaker_limit(wanted, found, reason);
	case PROFILE_SET:
		return weaker_set(wanted, found, reason);
	case PROFILE_ALLOWED:
		text = not_in(found, wanted);
		snprintf(reason, REASON_BYTES, "has \"%s\"", text == NULL ? "" : text);
		return text != NULL;
	case PROFILE_DEMANDED:
		text = not_in(wanted, found);
		snprintf(reason, REASON_BYTES, "lacks \"%s\"", text == NULL ? "" : text);
		return text != NULL;
	}
	snprintf(reason, REASON_BYTES, "cannot be compared");
	return true;
}

int profile_weaker(const struct profile *than, const struct profile *candidate, struct error *err)
{
	char reason[REASON_BYTES];

	/* Verdicts come before the lists they guard: where the list matters in @than, it does in @candidate, too. */
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		const struct profile_row *row = &profile_rows[i];

		if (profile_row_matters(row, than) && is_weaker(row, than, candidate, reason))
			return error_set(err, ERROR_REFUSED, 0, "the profile \"%s\" is weaker than \"%s\": %s %s",
					 candidate->name, than->name, row->key, reason);
	}
	return 0;
}
