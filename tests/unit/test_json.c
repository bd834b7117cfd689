// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_write.h"
#include "check.h"

struct inner {
	const char *name;
	uint32_t value;
	const char *from;
};

struct text_pair {
	const char *key;
	const char *value;
};

struct outer {
	const char *text;
	bool flag;
	uint32_t u32;
	uint64_t u64;
	int64_t i64;
	int small;
	struct {
		bool set;
		uint32_t value;
	} optional;
	uint32_t color;
	uint64_t colors;
	LIST(uint32_t) palette;
	LIST(const char *) strings;
	LIST(uint32_t) numbers;
	struct inner embedded;
	struct inner *pointer;
	LIST(struct inner) list;
	LIST(struct inner) map;
	LIST(struct text_pair) pairs;
	size_t each;
	size_t words;
	size_t finished;
};

static const struct lookup_row color_rows[] = {{"red", 1}, {"green", 2}, {"blue", 4}};
static LOOKUP(color_names, "a color", color_rows);

static const struct json_field inner_fields[] = {
	{JSON_KEY("name"), JSON_TO(STRING, struct inner, name)},
	{JSON_KEY("value"), JSON_TO(UNSIGNED, struct inner, value), .max = 9, .required = true},
};
static const struct json_schema inner_schema = {
	JSON_SCHEMA(struct inner, inner_fields),
	.origin = JSON_MEMBER(struct inner, from),
	.map_key = JSON_MEMBER(struct inner, name),
};

static int count_each(struct json_reader *r, void *object)
{
	const struct inner *inner = object;

	((struct outer *)json_user(r))->each += inner->value;
	return 0;
}

static const struct json_schema each_schema = {JSON_SCHEMA(struct inner, inner_fields), .done = count_each};

static int take_word(struct json_reader *r, const char *word, void *into)
{
	if (strcmp(word, "bad") == 0)
		return json_fail(r, NULL, "is bad");
	*(size_t *)into += strlen(word);
	return 0;
}

static int finish(struct json_reader *r, void *object)
{
	struct outer *outer = object;

	if (outer->small == 13)
		return json_fail(r, "small", "brings bad luck");
	outer->finished++;
	return 0;
}

static const struct json_field outer_fields[] = {
	{JSON_KEY("text"), JSON_TO(STRING, struct outer, text)},
	{JSON_KEY("flag"), JSON_TO(BOOL, struct outer, flag)},
	{JSON_KEY("u32"), JSON_TO(UNSIGNED, struct outer, u32)},
	{JSON_KEY("u64"), JSON_TO(UNSIGNED, struct outer, u64)},
	{JSON_KEY("i64"), JSON_TO(SIGNED, struct outer, i64)},
	{JSON_KEY("small"), JSON_TO(SIGNED, struct outer, small), .min = -20, .max = 19},
	{JSON_KEY("optional"), JSON_TO_OPT(UNSIGNED, struct outer, optional)},
	{JSON_KEY("color"), JSON_TO(NAME, struct outer, color), .names = &color_names},
	{JSON_KEY("colors"), JSON_TO(FLAGS, struct outer, colors), .names = &color_names},
	{JSON_KEY("palette"), JSON_TO(NAMES, struct outer, palette), .names = &color_names},
	{JSON_KEY("strings"), JSON_TO(STRINGS, struct outer, strings)},
	{JSON_KEY("numbers"), JSON_TO(NUMBERS, struct outer, numbers), .max = 1000},
	{JSON_KEY("embedded"), JSON_TO(OBJECT, struct outer, embedded), .object = &inner_schema},
	{JSON_KEY("pointer"), JSON_TO(POINTER, struct outer, pointer), .object = &inner_schema},
	{JSON_KEY("list"), JSON_TO(OBJECTS, struct outer, list), .object = &inner_schema},
	{JSON_KEY("map"), JSON_TO(MAP, struct outer, map), .object = &inner_schema},
	{JSON_KEY("pairs"), JSON_TO(PAIRS, struct outer, pairs)},
	{JSON_KEY("each"), .kind = JSON_EACH, .object = &each_schema},
	{JSON_KEY("words"), JSON_TO(WORDS, struct outer, words), .word = take_word},
	{JSON_KEY("word"), JSON_TO(WORD, struct outer, words), .word = take_word},
	{JSON_KEY("comment"), .kind = JSON_COMMENT},
};
static const struct json_schema outer_schema = {JSON_SCHEMA(struct outer, outer_fields), .done = finish};

static struct arena arena;
static struct error err;
static struct outer out;
static struct json_input input;

static int read_as(const char *text, size_t length, bool own)
{
	/* An exact copy: the sanitizer sees a read behind the end. */
	char *copy = malloc(length == 0 ? 1 : length);

	memcpy(copy, text, length);
	arena_destroy(&arena);
	if (arena_create(&arena, &err) < 0)
		abort();
	memset(&out, 0, sizeof(out));
	memset(&err, 0, sizeof(err));
	input = (struct json_input){
		.text = copy, .length = length, .name = "f.json", .source = "f", .own = own, .user = &out};
	int result = json_read(&input, &outer_schema, &out, &arena, &err);
	free(copy);
	return result;
}

static bool reads(const char *text)
{
	return read_as(text, strlen(text), false) == 0;
}

/* Whether @text is refused as a configuration, with @message somewhere in what is said. */
static bool refuses(const char *text, const char *message)
{
	if (read_as(text, strlen(text), false) == 0) {
		printf("# accepted: %.70s\n", text);
		return false;
	}
	bool good = err.kind == ERROR_CONFIG && strstr(err.what, message) != NULL;
	if (!good)
		printf("# said: %s\n", err.what);
	return good;
}

static void test_values(void)
{
	test("every kind of value arrives where its field says");
	CHECK(reads("{\"text\":\"a\\u00e4\\/\\n\",\"flag\":true,\"u32\":7,\"i64\":-5,\"small\":-20,\"color\":\"green\","
		    "\"colors\":[\"red\",\"blue\"],\"palette\":[\"blue\",\"red\"],\"strings\":[\"x\",\"\"],"
		    "\"numbers\":[3,1000],\"comment\":\"none\"}"));
	CHECK(strcmp(out.text, "a\xc3\xa4/\n") == 0 && out.flag && out.u32 == 7 && out.i64 == -5 && out.small == -20);
	CHECK(out.color == 2 && out.colors == 5 && out.palette.count == 2 && out.palette.at[0] == 4);
	CHECK(out.strings.count == 2 && strcmp(out.strings.at[0], "x") == 0 && out.strings.at[1][0] == '\0');
	CHECK(out.numbers.count == 2 && out.numbers.at[0] == 3 && out.numbers.at[1] == 1000);
	CHECK(out.finished == 1);

	test("objects are embedded, pointed to, listed, mapped and taken one by one");
	CHECK(reads("{\"embedded\":{\"value\":1},\"pointer\":{\"value\":2},\"list\":[{\"value\":3},{\"value\":4}],"
		    "\"map\":{\"one\":{\"value\":5},\"t/w~o\":{\"value\":6}},\"each\":[{\"value\":1},{\"value\":2}]}"));
	CHECK(out.embedded.value == 1 && out.pointer->value == 2);
	CHECK(out.list.count == 2 && out.list.at[1].value == 4 && out.map.count == 2 && out.each == 3);
	CHECK(strcmp(out.map.at[1].name, "t/w~o") == 0);

	test("every object knows its JSON pointer");
	CHECK(strcmp(out.list.at[1].from, "f:/list/1") == 0);
	CHECK(strcmp(out.map.at[1].from, "f:/map/t~1w~0o") == 0);
	CHECK(strcmp(out.embedded.from, "f:/embedded") == 0);

	test("pairs and words keep their order");
	CHECK(reads("{\"pairs\":{\"b\":\"1\",\"a\":\"2\"},\"words\":[\"ab\",\"c\"],\"word\":\"d\"}"));
	CHECK(out.pairs.count == 2 && strcmp(out.pairs.at[0].key, "b") == 0);
	CHECK(strcmp(out.pairs.at[1].value, "2") == 0 && out.words == 4);

	test("an optional value tells whether it was given");
	CHECK(reads("{}") && !out.optional.set);
	CHECK(reads("{\"optional\":0}") && out.optional.set && out.optional.value == 0);
}

static void test_numbers(void)
{
	test("numbers are exact to 64 bits");
	CHECK(reads("{\"u64\":18446744073709551615}") && out.u64 == UINT64_MAX);
	CHECK(reads("{\"u64\":9007199254740993}") && out.u64 == 9007199254740993);
	CHECK(reads("{\"i64\":-9223372036854775808}") && out.i64 == INT64_MIN);
	CHECK(reads("{\"i64\":9223372036854775807}") && out.i64 == INT64_MAX);
	CHECK(reads("{\"u32\":4294967295}") && out.u32 == UINT32_MAX);
	CHECK(reads("{\"i64\":-0}") && out.i64 == 0);

	test("numbers that do not fit are refused");
	CHECK(refuses("{\"u64\":18446744073709551616}", "/u64: must be an integer from 0 to 18446744073709551615"));
	CHECK(refuses("{\"u64\":99999999999999999999999999}", "/u64"));
	CHECK(refuses("{\"i64\":9223372036854775808}", "/i64"));
	CHECK(refuses("{\"i64\":-9223372036854775809}", "/i64"));
	CHECK(refuses("{\"u32\":4294967296}", "/u32"));
	CHECK(refuses("{\"u32\":-1}", "/u32"));
	CHECK(refuses("{\"small\":20}", "from -20 to 19"));
	CHECK(refuses("{\"small\":-21}", "from -20 to 19"));
	CHECK(refuses("{\"numbers\":[1,1001]}", "/numbers/1: must be an integer from 0 to 1000"));

	test("numbers that are not written as integers are refused");
	CHECK(refuses("{\"u32\":1.0}", "/u32"));
	CHECK(refuses("{\"u32\":1e3}", "/u32"));
	CHECK(refuses("{\"i64\":1E0}", "/i64"));
	CHECK(refuses("{\"u32\":-0}", "/u32"));
	CHECK(refuses("{\"u32\":01}", ""));
	CHECK(refuses("{\"u32\":+1}", ""));
	CHECK(refuses("{\"u32\":0x10}", ""));
	CHECK(refuses("{\"u32\":NaN}", ""));
}

static void test_types(void)
{
	static const char *const values[] = {"null", "true", "1", "\"x\"", "[]", "{}"};
	static const char *const keys[] = {"text",    "flag",    "u32",     "i64",      "color",   "colors",
					   "palette", "strings", "numbers", "embedded", "pointer", "list",
					   "map",     "pairs",   "each",    "words"};
	size_t accepted = 0;
	char text[64];

	test("a value of another type is refused, null too");
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			snprintf(text, sizeof(text), "{\"%s\":%s}", keys[k], values[v]);
			accepted += reads(text);
		}
		snprintf(text, sizeof(text), "{\"%s\":null}", keys[k]);
		CHECK(refuses(text, "not null"));
	}
	/* One type each; {"embedded":{}} and {"pointer":{}} lack a key, "x" is no color: 16 - 3. */
	CHECK(accepted == 13);
	CHECK(refuses("{\"strings\":[1]}", "/strings/0: must be a string, not a number"));
	CHECK(refuses("{\"numbers\":[\"1\"]}", "/numbers/0: must be an integer, not a string"));
	CHECK(refuses("{\"list\":[[]]}", "/list/0: must be an object, not an array"));
	CHECK(refuses("{\"list\":[\"\"]}", "/list/0: must be an object, not a string"));
	CHECK(refuses("{\"pairs\":{\"a\":{}}}", "/pairs/a: must be a string, not an object"));
	CHECK(refuses("{\"map\":{\"a\":true}}", "/map/a: must be an object"));
	CHECK(refuses("{\"strings\":[[]]}", "/strings/0: must be a string, not an array"));

	test("the document must be an object");
	CHECK(refuses("[]", "must be an object"));
	CHECK(refuses("1", "must be an object"));
	CHECK(refuses("\"x\"", "must be an object"));
	CHECK(refuses("null", "must be an object"));

	test("a name that the table does not have is refused");
	CHECK(refuses("{\"color\":\"Red\"}", "/color: 'Red' is not a color"));
	CHECK(refuses("{\"colors\":[\"re\"]}", "/colors/0: 're' is not a color"));
	CHECK(refuses("{\"palette\":[\"redd\"]}", "/palette/0"));
	CHECK(refuses("{\"color\":\"\"}", "/color"));

	test("a required key that is missing is refused, with its object");
	CHECK(refuses("{\"list\":[{\"value\":1},{}]}", "/list/1/value: is missing"));
}

static void test_strings(void)
{
	test("NUL in a string or a key is refused");
	CHECK(refuses("{\"text\":\"a\\u0000b\"}", "/text: a string must not contain NUL"));
	CHECK(refuses("{\"unknown\":\"\\u0000\"}", "NUL"));
	CHECK(refuses("{\"te\\u0000xt\":1}", "NUL"));
	CHECK(refuses("{\"strings\":[\"a\",\"\\u0000\"]}", "/strings/1: a string must not contain NUL"));
	CHECK(refuses("{\"embedded\":{\"value\":1,\"\\u0000\":1}}", ": /embedded: a string must not contain NUL"));
	CHECK(read_as("{\"text\":\"\0\"}", 12, false) < 0 && err.kind == ERROR_CONFIG);

	test("text that is not UTF-8 is refused");
	static const char *const bad[] = {"\xff",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
					  "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
					  "\x80",         "a\xe2\x82",        "12345678\xc3"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "{\"text\":\"%s\"}", bad[i]);
		CHECK(refuses(text, "/text: a string must be UTF-8"));
		snprintf(text, sizeof(text), "{\"%s\":\"\"}", bad[i]);
		CHECK(refuses(text, "UTF-8"));
		snprintf(text, sizeof(text), "{\"text\":\"\\n%s\"}", bad[i]);
		CHECK(refuses(text, "UTF-8"));
	}
	CHECK(reads("{\"text\":\"\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}"));

	test("half of a surrogate pair is refused, a whole one is not");
	CHECK(reads("{\"text\":\"\\ud83d\\ude00\"}") && strcmp(out.text, "\xf0\x9f\x98\x80") == 0);
	CHECK(reads("{\"text\":\"\\\\ud800 \\\"\\\\\"}") && strcmp(out.text, "\\ud800 \"\\") == 0);
	CHECK(refuses("{\"text\":\"\\ud83d\"}", "surrogate"));
	CHECK(refuses("{\"text\":\"\\ude00\"}", "surrogate"));
	CHECK(refuses("{\"text\":\"\\ud83dx\"}", "surrogate"));
	CHECK(refuses("{\"text\":\"\\ud83d\\u0041\"}", "surrogate"));
	CHECK(refuses("{\"text\":\"\\ud83d\\ud83d\\ude00\"}", "surrogate"));
	CHECK(refuses("{\"\\ude00\":\"\"}", "surrogate"));

	test("control characters and bad escapes are refused");
	CHECK(refuses("{\"text\":\"a\nb\"}", ""));
	CHECK(refuses("{\"text\":\"\\x41\"}", ""));
	CHECK(refuses("{\"text\":\"\\u12\"}", ""));
}

static void test_keys(void)
{
	test("a key given twice is refused, known or not, however it is written");
	CHECK(refuses("{\"u32\":1,\"u32\":1}", "/u32: given twice"));
	CHECK(refuses("{\"u32\":1,\"\\u0075\\u0033\\u0032\":1}", "/u32: given twice"));
	CHECK(refuses("{\"x\":1,\"y\":1,\"x\":1}", "/x: given twice"));
	CHECK(refuses("{\"x\":1,\"\\u0078\":1}", "/x: given twice"));
	CHECK(refuses("{\"x\":{\"y\":[{\"z\":1,\"z\":2}]}}", "/x/y/0/z: given twice"));
	CHECK(refuses("{\"pairs\":{\"a\":\"\",\"a\":\"\"}}", "/pairs/a: given twice"));
	CHECK(refuses("{\"map\":{\"a\":{\"value\":1},\"a\":{\"value\":1}}}", "/map/a: given twice"));
	CHECK(refuses("{\"list\":[{\"value\":1,\"value\":1}]}", "/list/0/value: given twice"));

	test("the same key in different objects is no repetition");
	CHECK(reads("{\"x\":{\"x\":{\"x\":1}},\"y\":{\"x\":1},\"pairs\":{\"x\":\"\"}}"));
	CHECK(reads("{\"x\":{\"b\":1,\"c\":{\"d\":1},\"d\":1},\"b\":1,\"d\":1}"));

	test("unknown keys are noted with their pointers, and what is below them is skipped");
	CHECK(reads("{\"new\":{\"a\":[1.5,null,{\"b\":[]}]},\"u32\":3,\"embedded\":{\"value\":1,\"a/b\":1}}"));
	CHECK(out.u32 == 3 && input.unknown.count == 2);
	CHECK(strcmp(input.unknown.at[0], "/new") == 0 && strcmp(input.unknown.at[1], "/embedded/a~1b") == 0);

	test("the list of unknown keys is bounded and says so");
	char text[16384] = "{\"u32\":1";
	for (int i = 0; i < 1000; i++)
		sprintf(text + strlen(text), ",\"k%d\":0", i);
	strcat(text, "}");
	CHECK(reads(text) && input.unknown.count == JSON_MAX_UNKNOWN + 1);
	CHECK(strcmp(input.unknown.at[JSON_MAX_UNKNOWN], "(others)") == 0);

	test("in our own files unknown keys are errors and comments are allowed");
	CHECK(read_as("{\"u32\":1,\"new\":1}", 17, true) < 0 && strstr(err.what, "/new: unknown key") != NULL);
	const char *commented = "// one\n{ /* two */ \"u32\": 1 // three\n}";
	CHECK(read_as(commented, strlen(commented), true) == 0 && out.u32 == 1);
	CHECK(refuses(commented, ""));
	static const char *const unfinished[] = {"{}/*", "{}/* x *", "{}/*/", "{}/", "{ / }", "{/ * * /}"};
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++)
		CHECK(read_as(unfinished[i], strlen(unfinished[i]), true) < 0);
	CHECK(read_as("{/**/}//", 8, true) == 0);
	CHECK(read_as("/***/{/*/*/} /* a */ // b\n ", 26, true) == 0);
}

/* "{"x":[[[...]]]}" with @depth containers in all. */
static void nest(char *text, size_t depth, const char *key)
{
	size_t at = (size_t)sprintf(text, "{\"%s\":", key);

	memset(text + at, '[', depth - 1);
	memset(text + at + depth - 1, ']', depth - 1);
	strcpy(text + at + 2 * (depth - 1), "}");
}

static char *big(const char *head, size_t count, const char *item, const char *tail)
{
	char *text = malloc(strlen(head) + count * (strlen(item) + 24) + strlen(tail) + 1);
	size_t at = (size_t)sprintf(text, "%s", head);

	for (size_t i = 0; i < count; i++) {
		at += (size_t)sprintf(text + at, "%s", i == 0 ? "" : ",");
		if (strchr(item, '%') == NULL)
			at += (size_t)sprintf(text + at, "%s", item);
		else
			at += (size_t)sprintf(text + at, "\"%zu\":\"\"", i);
	}
	strcpy(text + at, tail);
	return text;
}

static void check_big(const char *head, size_t limit, const char *item, const char *tail, const char *message)
{
	char *good = big(head, limit, item, tail);
	char *bad = big(head, limit + 1, item, tail);

	CHECK(reads(good));
	CHECK(refuses(bad, message));
	free(good);
	free(bad);
}

static void test_limits(void)
{
	static char text[1 << 20];

	test("nesting is limited, below unknown keys too");
	nest(text, JSON_MAX_DEPTH, "x");
	CHECK(reads(text));
	nest(text, JSON_MAX_DEPTH + 1, "x");
	CHECK(refuses(text, "nested deeper than 32"));
	nest(text, 400000, "x");
	CHECK(refuses(text, "nested deeper than 32"));
	memset(text, '[', 400000);
	text[400000] = '\0';
	CHECK(refuses(text, "must be an object"));

	test("items of an array are limited to 65536");
	check_big("{\"strings\":[", JSON_MAX_ITEMS, "\"\"", "]}", "/strings/65536: more than 65536 items");
	CHECK(out.strings.count == JSON_MAX_ITEMS);
	check_big("{\"x\":[", JSON_MAX_ITEMS, "0", "]}", "/x/65536: more than 65536 items");
	check_big("{\"list\":[", JSON_MAX_ITEMS, "{\"value\":1}", "]}", "more than 65536 items");

	test("keys of an object are limited to 4096");
	check_big("{\"pairs\":{", JSON_MAX_KEYS, "%", "}}", "more than 4096 keys");
	check_big("{\"x\":{", JSON_MAX_KEYS, "%", "}}", "more than 4096 keys");
	check_big("{", JSON_MAX_KEYS, "%", "}", "more than 4096 keys");

	test("text is limited to 16 MiB");
	char *huge = malloc(JSON_MAX_BYTES + 1);
	memset(huge, ' ', JSON_MAX_BYTES + 1);
	memcpy(huge, "{}", 2);
	CHECK(read_as(huge, JSON_MAX_BYTES, false) == 0);
	CHECK(read_as(huge, JSON_MAX_BYTES + 1, false) < 0 && strstr(err.what, "larger than") != NULL);
	free(huge);
}

static void test_messages(void)
{
	test("an error says file, line, column and pointer");
	CHECK(refuses("{\n  \"text\": 1\n}", "f.json:2:11: /text: must be a string, not a number"));
	CHECK(refuses("{\n\"list\": [\n {\"value\": 1},\n {\"value\": 10}]}", "f.json:4:12: /list/1/value: must be"));
	CHECK(refuses("{\"text\":\n\n\"a\\\"\\\\\\u0000\"}", "f.json:3:1: /text: a string must not contain NUL"));
	CHECK(refuses("{ \"u32\" : 1 , \"u32\" : 2 }", "f.json:1:15: /u32: given twice"));
	CHECK(refuses("{\"flag\":  null}", "f.json:1:11: /flag: must be true or false, not null"));
	CHECK(refuses("{\"words\":[\"a\",\"bad\"]}", "f.json:1:15: /words/1: is bad"));
	CHECK(refuses("{\"small\":13}", "/small: brings bad luck"));
	CHECK(refuses("{\"u32\":1", "premature EOF"));

	test("anything after the document is refused");
	CHECK(refuses("{}x", "trailing garbage"));
	CHECK(refuses("{}{}", "trailing garbage"));
	CHECK(refuses("{} ]", "trailing garbage"));
	CHECK(refuses("{},", "trailing garbage"));
	CHECK(refuses("{}\"", "trailing garbage"));
	CHECK(refuses("{} \f", "f.json:1:4: lexical error"));
	CHECK(refuses("{\f\"u32\":1}", "f.json:1:2: lexical error"));
	CHECK(refuses("{\v}", ""));
	CHECK(read_as("{}\0", 3, false) < 0);
	CHECK(reads("{} \n\t\r "));

	test("what is no JSON is refused");
	CHECK(refuses("", ""));
	CHECK(refuses(" ", ""));
	CHECK(refuses("{\"u32\":1,}", ""));
	CHECK(refuses("{'u32':1}", ""));
	CHECK(refuses("{\"strings\":[\"a\",]}", ""));
	CHECK(refuses("{\"flag\":tru}", ""));
	CHECK(refuses("\xef\xbb\xbf{}", ""));
	CHECK(refuses("{\"u32\" 1}", ""));
	CHECK(refuses("{u32:1}", ""));
	CHECK(refuses("{}//", ""));
}

static void write_sample(struct json_writer *w)
{
	json_write_begin_object(w);
	json_write_key(w, "path");
	json_write_string(w, "/a\"b\n\x01");
	json_write_key(w, "list");
	json_write_begin_array(w);
	json_write_unsigned(w, UINT64_MAX);
	json_write_signed(w, INT64_MIN);
	json_write_bool(w, true);
	json_write_string(w, NULL);
	json_write_string(w, "x\xff\xc3\xa4\xed\xa0\x80");
	json_write_end_array(w);
	json_write_end_object(w);
}

static void test_writer(void)
{
	AUTO_JSON_WRITER struct json_writer w = {0}, controls = {0}, bad = {0}, open = {0}, extra = {0};
	const char *text;
	size_t length;

	test("the writer writes exact numbers, plain slashes and always UTF-8");
	CHECK(json_writer_create(&w, false, &err) == 0);
	write_sample(&w);
	CHECK(json_writer_finish(&w, &text, &length, &err) == 0);
	CHECK(length == strlen(text));
	CHECK(strcmp(text, "{\"path\":\"/a\\\"b\\n\\u0001\",\"list\":[18446744073709551615,-9223372036854775808,true,"
			   "null,\"x\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]}") == 0);

	test("no control character is written as it is, in keys neither, and what looks like one is");
	CHECK(json_writer_create(&controls, false, &err) == 0);
	json_write_begin_object(&controls);
	json_member_string(&controls, "k\x7f",
			   "\xc2\x80 \xc2\x9b"
			   "1m\xc2\x9f\xc2\xa0\xc3\x9b\xc2\x9b");
	json_write_end_object(&controls);
	for (int i = 0; i < 2; i++) {
		CHECK(json_writer_finish(&controls, &text, &length, &err) == 0);
		CHECK(length == strlen(text));
		CHECK(strcmp(text, "{\"k\\u007f\":\"\\u0080 \\u009b"
				   "1m\\u009f\xc2\xa0\xc3\x9b\\u009b\"}") == 0);
	}

	test("calls out of order and open ends are errors");
	CHECK(json_writer_create(&bad, true, &err) == 0);
	json_write_begin_object(&bad);
	json_write_unsigned(&bad, 1);
	json_write_end_object(&bad);
	CHECK(json_writer_finish(&bad, &text, &length, &err) < 0 && err.kind == ERROR_BUG);
	CHECK(json_writer_create(&open, true, &err) == 0);
	json_write_begin_object(&open);
	CHECK(json_writer_finish(&open, &text, &length, &err) < 0 && err.kind == ERROR_BUG);
	CHECK(json_writer_create(&extra, true, &err) == 0);
	json_write_begin_object(&extra);
	json_write_end_object(&extra);
	json_write_end_object(&extra);
	CHECK(json_writer_finish(&extra, &text, &length, &err) < 0 && err.kind == ERROR_BUG);
}

/* Whether an array of @count numbers is written as it is. */
static bool writes_long(size_t count)
{
	AUTO_JSON_WRITER struct json_writer w = {0};
	const char *text;
	size_t length;
	bool good = json_writer_create(&w, false, &err) == 0;

	json_write_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		json_write_unsigned(&w, 1000000 + i);
	json_write_end_array(&w);
	good = good && json_writer_finish(&w, &text, &length, &err) == 0 && length == 8 * count + 1 &&
	       text[length] == '\0' && text[0] == '[' && text[length - 1] == ']';
	for (size_t i = 0; good && i < count; i++)
		good = strtoul(text + 1 + 8 * i, NULL, 10) == 1000000 + i && (i == 0 || text[8 * i] == ',');
	return good;
}

static void test_long(void)
{
	test("a text of any length is written whole, in the writer's own memory and outside");
	for (size_t count = 1; count < 3 * JSON_WRITER_BYTES / 8; count += 7)
		CHECK(writes_long(count));
}

int main(void)
{
	test_values();
	test_numbers();
	test_types();
	test_strings();
	test_keys();
	test_limits();
	test_messages();
	test_writer();
	test_long();
	arena_destroy(&arena);
	return check_done();
}
