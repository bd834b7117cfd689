// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/cli.h"
#include "base/json_reader.h"

/* How any LIST() and any list element of two strings lie in memory. */
typedef LIST(void) any_list;
struct any_pair {
	const char *key;
	const char *value;
};

static const char *expected(const struct json_field *field, bool element)
{
	static const char *const words[] = {
		[JSON_STRING] = "a string",
		[JSON_COMMENT] = "a string",
		[JSON_BOOL] = "true or false",
		[JSON_UNSIGNED] = "an integer",
		[JSON_SIGNED] = "an integer",
		[JSON_NAME] = "a string",
		[JSON_WORD] = "a string",
		[JSON_OBJECT] = "an object",
		[JSON_POINTER] = "an object",
		[JSON_STRINGS] = "an array of strings",
		[JSON_NUMBERS] = "an array of numbers",
		[JSON_NAMES] = "an array of strings",
		[JSON_FLAGS] = "an array of strings",
		[JSON_WORDS] = "an array of strings",
		[JSON_OBJECTS] = "an array of objects",
		[JSON_EACH] = "an array of objects",
		[JSON_PAIRS] = "an object",
		[JSON_MAP] = "an object",
	};

	if (!element)
		return words[field->kind];
	if (field->kind == JSON_OBJECTS || field->kind == JSON_EACH || field->kind == JSON_MAP)
		return "an object";
	return field->kind == JSON_NUMBERS ? "an integer" : "a string";
}

/* What the next value is for. `field` NULL: it is skipped. */
struct target {
	const struct json_field *field;
	char *into;   /* of the member, or of the list that it is added to */
	bool element; /* of a list or map */
};

static int mismatch(struct json_reader *r, const struct target *target, const char *found)
{
	return json_fail(r, NULL, "must be %s, not %s", expected(target->field, target->element), found);
}

/* Counts the value in and finds its target. The document itself is no member of anything: see json_on_start. */
static int take_target(struct json_reader *r, struct target *ret)
{
	struct json_frame *frame = r->depth == 0 ? NULL : &r->frames[r->depth - 1];

	*ret = (struct target){0};
	if (frame == NULL)
		return json_fail(r, NULL, "must be an object");
	if (json_is_array(frame) && ++frame->count > JSON_MAX_ITEMS)
		return json_fail(r, NULL, "more than %d items", JSON_MAX_ITEMS);
	if (frame->kind == FRAME_SKIP_OBJECT || frame->kind == FRAME_SKIP_LIST || frame->field == NULL)
		return 0;
	ret->field = frame->field;
	ret->element = frame->kind != FRAME_OBJECT;
	ret->into = ret->element ? frame->into : frame->into + frame->field->offset;
	return 0;
}

/* Appends a zeroed element of @size bytes to the LIST at @list. */
static void *append(struct json_reader *r, void *list, size_t size)
{
	any_list any;

	memcpy(&any, list, sizeof(any));
	any.at = arena_grow(r->arena, any.at, any.count, size);
	void *element = (char *)any.at + any.count++ * size;
	memcpy(list, &any, sizeof(any));
	return element;
}

static void store(void *into, size_t size, uint64_t value)
{
	uint8_t byte = (uint8_t)value;
	uint32_t word = (uint32_t)value;

	if (size == sizeof(byte))
		memcpy(into, &byte, sizeof(byte));
	else if (size == sizeof(word))
		memcpy(into, &word, sizeof(word));
	else
		memcpy(into, &value, sizeof(value));
}

static uint64_t load(const void *from, size_t size)
{
	uint32_t word;
	uint64_t value;

	if (size == sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		return word;
	}
	memcpy(&value, from, sizeof(value));
	return value;
}

int json_on_null(struct json_reader *r)
{
	struct target target;

	TRY(take_target(r, &target));
	return target.field == NULL ? 0 : mismatch(r, &target, "null");
}

int json_on_bool(struct json_reader *r, bool value)
{
	struct target target;

	TRY(take_target(r, &target));
	if (target.field == NULL)
		return 0;
	if (target.element || target.field->kind != JSON_BOOL)
		return mismatch(r, &target, "true or false");
	*(bool *)target.into = value;
	return 0;
}

int json_on_number(struct json_reader *r, const char *text, size_t length)
{
	struct target target;
	uint64_t value;

	TRY(take_target(r, &target));
	if (target.field == NULL)
		return 0;
	if (target.element) {
		if (target.field->kind != JSON_NUMBERS)
			return mismatch(r, &target, "a number");
		struct json_field element = *target.field;

		element.size = sizeof(uint32_t);
		TRY(json_value_unsigned(r, &element, text, length, &value));
		store(append(r, target.into, sizeof(uint32_t)), sizeof(uint32_t), value);
		return 0;
	}
	if (target.field->kind == JSON_UNSIGNED)
		TRY(json_value_unsigned(r, target.field, text, length, &value));
	else if (target.field->kind == JSON_SIGNED)
		TRY(json_value_signed(r, target.field, text, length, &value));
	else
		return mismatch(r, &target, "a number");
	store(target.into, target.field->size, value);
	return 0;
}

static int on_member_string(struct json_reader *r, const struct target *target, const char *text, size_t length)
{
	const struct json_field *field = target->field;
	uint64_t value;

	switch (field->kind) {
	case JSON_COMMENT:
		return 0;
	case JSON_STRING:
		*(const char **)(void *)target->into = arena_strndup(r->arena, text, length);
		return 0;
	case JSON_NAME:
		TRY(json_value_name(r, field, text, length, &value));
		store(target->into, field->size, value);
		return 0;
	case JSON_WORD:
		return field->word(r, arena_strndup(r->arena, text, length), target->into);
	default:
		return mismatch(r, target, "a string");
	}
}

static int on_element_string(struct json_reader *r, const struct target *target, const char *text, size_t length)
{
	const struct json_field *field = target->field;
	uint64_t value;

	switch (field->kind) {
	case JSON_STRINGS:
		*(const char **)append(r, target->into, sizeof(char *)) = arena_strndup(r->arena, text, length);
		return 0;
	case JSON_NAMES:
		TRY(json_value_name(r, field, text, length, &value));
		store(append(r, target->into, sizeof(uint32_t)), sizeof(uint32_t), value);
		return 0;
	case JSON_FLAGS:
		TRY(json_value_name(r, field, text, length, &value));
		store(target->into, field->size, load(target->into, field->size) | value);
		return 0;
	case JSON_WORDS:
		return field->word(r, arena_strndup(r->arena, text, length), target->into);
	case JSON_PAIRS: {
		const struct json_frame *frame = &r->frames[r->depth - 1];
		struct any_pair *pair = append(r, target->into, sizeof(*pair));

		pair->key = arena_strndup(r->arena, frame->key, frame->key_length);
		pair->value = arena_strndup(r->arena, text, length);
		return 0;
	}
	default:
		return mismatch(r, target, "a string");
	}
}

int json_on_string(struct json_reader *r, const char *text, size_t length)
{
	struct target target;

	TRY(take_target(r, &target));
	if (target.field == NULL)
		return 0;
	if (target.element)
		return on_element_string(r, &target, text, length);
	return on_member_string(r, &target, text, length);
}

int json_on_bad_string(struct json_reader *r, const char *fault)
{
	struct target target;

	/* Counted in, so that the pointer is that of the string. */
	TRY(take_target(r, &target));
	return json_fail(r, NULL, "%s", fault);
}

int json_on_bad_key(struct json_reader *r, const char *fault)
{
	r->frames[r->depth - 1].key = NULL;
	return json_fail(r, NULL, "%s", fault);
}

static int push(struct json_reader *r, struct json_frame frame)
{
	if (r->depth == JSON_MAX_DEPTH)
		return json_fail(r, NULL, "nested deeper than %d", JSON_MAX_DEPTH);
	frame.first_key = r->keys.count;
	r->frames[r->depth++] = frame;
	return 0;
}

static int push_object(struct json_reader *r, const struct json_schema *schema, void *into)
{
	return push(r, (struct json_frame){.kind = FRAME_OBJECT, .schema = schema, .into = into});
}

static int start_array(struct json_reader *r, const struct target *target)
{
	static const uint32_t arrays = 1 << JSON_STRINGS | 1 << JSON_NUMBERS | 1 << JSON_NAMES | 1 << JSON_FLAGS |
				       1 << JSON_WORDS | 1 << JSON_OBJECTS | 1 << JSON_EACH;

	if (target->element || (arrays & (uint32_t)1 << target->field->kind) == 0)
		return mismatch(r, target, "an array");
	return push(r, (struct json_frame){.kind = FRAME_LIST, .field = target->field, .into = target->into});
}

static int start_element(struct json_reader *r, const struct target *target)
{
	const struct json_schema *schema = target->field->object;
	const struct json_frame *frame = &r->frames[r->depth - 1];

	switch (target->field->kind) {
	case JSON_OBJECTS:
		return push_object(r, schema, append(r, target->into, schema->size));
	case JSON_EACH:
		return push_object(r, schema, arena_alloc(r->arena, schema->size));
	case JSON_MAP: {
		char *element = append(r, target->into, schema->size);

		*(const char **)(void *)(element + schema->map_key - 1) =
			arena_strndup(r->arena, frame->key, frame->key_length);
		return push_object(r, schema, element);
	}
	default:
		return mismatch(r, target, "an object");
	}
}

static int start_object(struct json_reader *r, const struct target *target)
{
	const struct json_field *field = target->field;

	if (target->element)
		return start_element(r, target);
	switch (field->kind) {
	case JSON_OBJECT:
		return push_object(r, field->object, target->into);
	case JSON_POINTER: {
		const struct json_schema *schema = field->make != NULL ? field->make(r->arena) : field->object;
		void *object = arena_alloc(r->arena, schema->size);

		*(void **)(void *)target->into = object;
		return push_object(r, schema, object);
	}
	case JSON_PAIRS:
	case JSON_MAP:
		return push(r, (struct json_frame){.kind = FRAME_MAP, .field = field, .into = target->into});
	default:
		return mismatch(r, target, "an object");
	}
}

int json_on_start(struct json_reader *r, bool array)
{
	struct target target;

	if (r->depth == 0 && !array)
		return push_object(r, r->schema, r->into);
	TRY(take_target(r, &target));
	if (target.field == NULL)
		return push(r, (struct json_frame){.kind = array ? FRAME_SKIP_LIST : FRAME_SKIP_OBJECT});
	return array ? start_array(r, &target) : start_object(r, &target);
}

static const struct json_field *find_field(const struct json_schema *schema, const char *key, size_t length)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct json_field *field = &schema->fields[i];

		if (field->length == length && memcmp(field->key, key, length) == 0)
			return field;
	}
	return NULL;
}

static int hint_key(struct json_reader *r, const struct json_frame *frame)
{
	const char *names[JSON_MAX_FIELDS + 1];
	size_t count = 0;

	for (; count < frame->schema->count && count < JSON_MAX_FIELDS; count++)
		names[count] = frame->schema->fields[count].key;
	names[count] = NULL;
	const char *near = cli_nearest(arena_strndup(r->arena, frame->key, frame->key_length), names);
	return near == NULL ? -1 : error_hint(r->err, "did you mean '%s'?", near);
}

/* In our own files a mistyped key must not be mistaken for a protection; config.json has keys of other systems. */
static int note_unknown(struct json_reader *r, const struct json_frame *frame)
{
	if (r->input->own) {
		json_fail(r, NULL, "unknown key");
		return hint_key(r, frame);
	}
	if (r->input->unknown.count > JSON_MAX_UNKNOWN)
		return 0;
	bool full = r->input->unknown.count == JSON_MAX_UNKNOWN;
	*LIST_ADD(r->arena, &r->input->unknown) = full ? "(others)" : json_pointer(r);
	return 0;
}

static int on_object_key(struct json_reader *r, struct json_frame *frame, bool *ret_listed)
{
	frame->field = find_field(frame->schema, frame->key, frame->key_length);
	*ret_listed = frame->field == NULL;
	if (frame->field == NULL)
		return note_unknown(r, frame);
	uint64_t bit = (uint64_t)1 << (frame->field - frame->schema->fields);

	if ((frame->seen & bit) != 0)
		return json_fail(r, NULL, "given twice");
	frame->seen |= bit;
	if (frame->field->given != 0)
		*(bool *)(frame->into + frame->field->given - 1) = true;
	return 0;
}

int json_on_key(struct json_reader *r, const char *text, size_t length)
{
	struct json_frame *frame = &r->frames[r->depth - 1];
	bool listed = true; /* no bit stands for it: the list of keys must tell whether it came before */

	frame->key = text;
	frame->key_length = length;
	if (++frame->count > JSON_MAX_KEYS)
		return json_fail(r, NULL, "more than %d keys", JSON_MAX_KEYS);
	if (frame->kind == FRAME_OBJECT)
		TRY(on_object_key(r, frame, &listed));
	if (listed && !json_keys_add(&r->keys, r->arena, frame->first_key, text, length))
		return json_fail(r, NULL, "given twice");
	return 0;
}

static int finish_object(struct json_reader *r, const struct json_frame *frame)
{
	const struct json_schema *schema = frame->schema;

	for (size_t i = 0; i < schema->count; i++) {
		if (schema->fields[i].required && (frame->seen & (uint64_t)1 << i) == 0)
			return json_fail(r, schema->fields[i].key, "is missing");
	}
	if (schema->origin != 0)
		*(const char **)(void *)(frame->into + schema->origin - 1) = json_origin(r);
	return schema->done == NULL ? 0 : schema->done(r, frame->into);
}

int json_on_end(struct json_reader *r)
{
	struct json_frame *frame = &r->frames[r->depth - 1];

	json_keys_drop(&r->keys, frame->first_key);
	frame->key = NULL;
	if (frame->kind == FRAME_OBJECT)
		TRY(finish_object(r, frame));
	r->depth--;
	return 0;
}
