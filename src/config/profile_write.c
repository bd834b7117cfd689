// SPDX-License-Identifier: Apache-2.0
/* A profile as text again, whole and standing alone: what a later command reads is the same ceiling. */
#include <string.h>

#include "base/json_write.h"
#include "config/profile.h"
#include "config/profile_items.h"
#include "model/names.h"

static void write_set(struct json_writer *json, const void *member)
{
	char name[NAMES_CAPABILITY_BYTES];
	uint64_t set;

	memcpy(&set, member, sizeof(set));
	json_write_begin_array(json);
	for (uint32_t number = 0; number < 64; number++)
		if ((set & (uint64_t)1 << number) != 0)
			json_write_string(json, names_capability_text(number, name));
	json_write_end_array(json);
}

static void write_list(struct json_writer *json, const string_list *list)
{
	json_write_begin_array(json);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(json, list->at[i]);
	json_write_end_array(json);
}

static void write_value(struct json_writer *json, const struct profile_row *row, const struct profile *profile)
{
	const void *member = profile_row_member(row, profile);

	switch (row->kind) {
	case PROFILE_VERDICT:
	case PROFILE_LEVEL:
		json_write_string(json, lookup_name(row->names, profile_row_level(row, profile)));
		break;
	case PROFILE_SWITCH:
		json_write_bool(json, *(const bool *)member);
		break;
	case PROFILE_LIMIT:
		json_write_unsigned(json, *(const uint64_t *)member);
		break;
	case PROFILE_SET:
		write_set(json, member);
		break;
	case PROFILE_ALLOWED:
	case PROFILE_DEMANDED:
		write_list(json, member);
		break;
	}
}

/* How much of a key names an object that the item is a member of. */
static size_t group_length(const char *key)
{
	const char *slash = strchr(key, '/');

	return slash == NULL ? 0 : (size_t)(slash - key);
}

static void begin_group(struct json_writer *json, const char *key, size_t length)
{
	char name[64] = "";

	memcpy(name, key, length < sizeof(name) ? length : sizeof(name) - 1);
	json_member_object(json, name);
}

/* "capabilities/allowed" is the member "allowed" of the object "capabilities"; rows of one object follow one another.
 */
void profile_write_items(struct json_writer *json, const struct profile *profile)
{
	const char *open = "";
	size_t length = 0;

	for (size_t i = 0; i < ITEM_COUNT; i++) {
		const struct profile_row *row = &profile_rows[i];
		size_t own = group_length(row->key);
		bool same = own == length && strncmp(open, row->key, own) == 0;

		if (!profile_row_matters(row, profile))
			continue;
		if (length > 0 && !same)
			json_write_end_object(json);
		if (own > 0 && !same)
			begin_group(json, row->key, own);
		open = row->key;
		length = own;
		json_write_key(json, row->key + own + (own > 0));
		write_value(json, row, profile);
	}
	if (length > 0)
		json_write_end_object(json);
}

int profile_write(const struct profile *profile, struct arena *arena, const char **ret_text, size_t *ret_length,
		  struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;

	TRY(json_writer_create(&json, true, err));
	json_write_begin_object(&json);
	json_member_unsigned(&json, "casemate", PROFILE_FORMAT);
	json_member_string(&json, "name", profile->name);
	json_member_bool(&json, "locked", profile->locked);
	profile_write_items(&json, profile);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, ret_length, err));
	*ret_text = arena_strndup(arena, text, *ret_length);
	return 0;
}
