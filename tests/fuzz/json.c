// SPDX-License-Identifier: Apache-2.0
/* The JSON reader with a schema that has every kind of field, for our own files and for others'. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

struct thing {
	const char *name;
	uint32_t number;
	int64_t number_signed;
	uint32_t color;
	uint64_t colors;
	bool flag;
	LIST(const char *) strings;
	LIST(uint32_t) numbers;
	LIST(uint32_t) palette;
	LIST(struct thing) list;
	LIST(struct thing) map;
	struct thing *pointer;
	json_strings words;
	const char *from;
};

static const struct lookup_row color_rows[] = {{"red", 1}, {"green", 2}};
static LOOKUP(colors, "a color", color_rows);

static int take_word(struct json_reader *r, const char *word, void *into)
{
	if (word[0] == '!')
		return json_fail(r, "member", "refused: %s", word);
	*LIST_ADD(json_arena(r), (json_strings *)into) = word;
	return 0;
}

static const struct json_schema schema;
static const struct json_field fields[] = {
	{JSON_KEY("s"), JSON_TO(STRING, struct thing, name)},
	{JSON_KEY("u"), JSON_TO(UNSIGNED, struct thing, number)},
	{JSON_KEY("i"), JSON_TO(SIGNED, struct thing, number_signed)},
	{JSON_KEY("c"), JSON_TO(NAME, struct thing, color), .names = &colors},
	{JSON_KEY("f"), JSON_TO(FLAGS, struct thing, colors), .names = &colors},
	{JSON_KEY("b"), JSON_TO(BOOL, struct thing, flag)},
	{JSON_KEY("ss"), JSON_TO(STRINGS, struct thing, strings)},
	{JSON_KEY("us"), JSON_TO(NUMBERS, struct thing, numbers)},
	{JSON_KEY("cs"), JSON_TO(NAMES, struct thing, palette), .names = &colors},
	{JSON_KEY("l"), JSON_TO(OBJECTS, struct thing, list), .object = &schema},
	{JSON_KEY("m"), JSON_TO(MAP, struct thing, map), .object = &schema},
	{JSON_KEY("p"), JSON_TO(POINTER, struct thing, pointer), .object = &schema},
	{JSON_KEY("e"), .kind = JSON_EACH, .object = &schema},
	{JSON_KEY("w"), JSON_TO(WORDS, struct thing, words), .word = take_word},
	{JSON_KEY("x"), JSON_TO(WORD, struct thing, words), .word = take_word},
	{JSON_KEY("n"), .kind = JSON_COMMENT},
};
static const struct json_schema schema = {
	JSON_SCHEMA(struct thing, fields),
	.origin = JSON_MEMBER(struct thing, from),
	.map_key = JSON_MEMBER(struct thing, name),
};

static void read_once(const uint8_t *data, size_t size, bool own)
{
	struct json_input input = {
		.text = (const char *)data, .length = size, .name = "fuzz.json", .source = "fuzz", .own = own};
	struct arena arena = {0};
	struct thing thing = {0};
	struct error err = {0};

	if (arena_create(&arena, &err) < 0)
		abort();
	int result = json_read(&input, &schema, &thing, &arena, &err);
	/* An error is filled exactly when there is one, and says where. */
	if ((result < 0) != (err.kind == ERROR_CONFIG) || (result < 0 && strncmp(err.what, "fuzz.json:", 10) != 0))
		abort();
	arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_once(data, size, true);
	read_once(data, size, false);
	return 0;
}
