// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/json_reader.h"
#include "base/utf8.h"

/* The reader, and what only yajl's callbacks need to know. */
struct parse {
	struct json_reader reader;
	yajl_handle yajl;
	size_t end; /* behind the object or array that was closed last: in the end, that is the document */
};

/* yajl's words for stop and go on. */
static int proceed(int result)
{
	return result == 0;
}

static unsigned code_unit(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		unsigned digit = (unsigned char)digits[i];

		value = value << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return value;
}

/*
 * Whether each \uXXXX in @raw, the inside of a string as it was written, is a character or half of a proper pair. yajl
 * checked the syntax, but turns half a pair into a question mark or into bytes that are not UTF-8.
 */
static bool has_good_escapes(const char *raw, const char *end)
{
	bool high = false; /* the first half of a pair came just before */

	while (raw < end) {
		unsigned unit = raw[0] == '\\' && raw[1] == 'u' ? code_unit(raw + 2) : 0;
		bool low = unit >= 0xdc00 && unit <= 0xdfff;

		if (high != low)
			return false;
		high = unit >= 0xd800 && unit <= 0xdbff;
		raw += raw[0] != '\\' ? 1 : raw[1] == 'u' ? 6 : 2;
	}
	return !high;
}

/* The opening quote of the string whose closing quote is the last byte that yajl took. */
static const char *opening_quote(const struct json_input *input, size_t consumed)
{
	const char *at = input->text + consumed - 1;

	for (;;) {
		const char *quote = --at;
		size_t backslashes = 0;

		if (*quote != '"')
			continue;
		while (quote - backslashes > input->text && quote[-1 - (ptrdiff_t)backslashes] == '\\')
			backslashes++;
		if (backslashes % 2 == 0)
			return quote;
	}
}

static bool is_plain(const struct json_input *input, const unsigned char *text)
{
	return (const char *)text >= input->text && (const char *)text <= input->text + input->length;
}

/* What is wrong with a string or key, in words; NULL for a good one. */
static const char *string_fault(struct parse *p, const unsigned char *text, size_t length)
{
	const struct json_input *input = p->reader.input;

	/* yajl hands out the text itself where no escape needs to be undone. */
	if (!is_plain(input, text)) {
		size_t consumed = yajl_get_bytes_consumed(p->yajl);
		const char *quote = opening_quote(input, consumed);

		if (memchr(text, '\0', length) != NULL)
			return "a string must not contain NUL";
		if (!has_good_escapes(quote + 1, input->text + consumed - 1))
			return "a string must not contain half of a surrogate pair";
	}
	return utf8_is_valid((const char *)text, length) ? NULL : "a string must be UTF-8";
}

static int on_null(void *context)
{
	return proceed(json_on_null(context));
}

static int on_boolean(void *context, int value)
{
	return proceed(json_on_bool(context, value != 0));
}

static int on_number(void *context, const char *text, size_t length)
{
	return proceed(json_on_number(context, text, length));
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct parse *p = context;
	const char *fault = string_fault(p, text, length);

	if (fault != NULL)
		return proceed(json_on_bad_string(&p->reader, fault));
	return proceed(json_on_string(&p->reader, (const char *)text, length));
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct parse *p = context;
	const char *fault = string_fault(p, text, length);
	const char *key = (const char *)text;

	if (fault != NULL)
		return proceed(json_on_bad_key(&p->reader, fault));
	/* The buffer of undone escapes is used again for the next string. */
	if (!is_plain(p->reader.input, text))
		key = arena_strndup(p->reader.arena, key, length);
	return proceed(json_on_key(&p->reader, key, length));
}

static int on_start_map(void *context)
{
	return proceed(json_on_start(context, false));
}

static int on_start_array(void *context)
{
	return proceed(json_on_start(context, true));
}

static int on_end(void *context)
{
	struct parse *p = context;

	p->end = yajl_get_bytes_consumed(p->yajl);
	return proceed(json_on_end(context));
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

/* Where the token begins that ends at @end: messages shall point at it, not behind it. */
static size_t token_start(const struct json_input *input, size_t end)
{
	if (end == 0)
		return 0;
	if (input->text[end - 1] == '"')
		return (size_t)(opening_quote(input, end) - input->text);
	size_t start = end;
	while (start > 0 && strchr("+-.0123456789aefulnrstE", input->text[start - 1]) != NULL &&
	       input->text[start - 1] != '\0')
		start--;
	return start == end ? end - 1 : start;
}

/* Puts "NAME:LINE:COLUMN: " before the error. Columns count bytes from 1, as compilers do. */
static int add_position(const struct json_input *input, size_t at, struct error *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at && i < input->length; i++) {
		bool feed = input->text[i] == '\n';

		line += feed;
		column = feed ? 1 : column + 1;
	}
	return error_wrap(err, "%s:%zu:%zu", input->name, line, column);
}

/* yajl's own words for a syntax error, without its "parse error: " and its line break. */
static int syntax_error(struct parse *p, struct error *err)
{
	unsigned char *text = yajl_get_error(p->yajl, 0, NULL, 0);
	const char *reason = text == NULL ? "not JSON" : (const char *)text;
	const char *colon = strstr(reason, ": ");

	reason = colon == NULL ? reason : colon + 2;
	error_set(err, ERROR_CONFIG, 0, "%.*s", (int)strcspn(reason, "\n"), reason);
	yajl_free_error(p->yajl, text);
	return strncmp(err->what, "premature EOF", 13) == 0
		       ? error_hint(err, "it is empty, or ends before all is closed: `jq . FILE` checks it")
		       : -1;
}

/* The end of the comment at @at; @at where there is none, or no end of it. */
static size_t skip_comment(const struct json_input *input, size_t at)
{
	const char *start = input->text + at, *end = input->text + input->length, *close;

	if (end - start < 2 || start[0] != '/' || (start[1] != '/' && start[1] != '*'))
		return at;
	if (start[1] == '*') {
		close = memmem(start + 2, (size_t)(end - start - 2), "*/", 2);
		return close == NULL ? at : (size_t)(close + 2 - input->text);
	}
	close = memchr(start, '\n', (size_t)(end - start));
	return close == NULL ? input->length : (size_t)(close - input->text);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The end of what may stand behind the document at @at. */
static size_t skip_rest(const struct json_input *input, size_t at)
{
	size_t before;

	do {
		before = at;
		while (at < input->length && is_blank(input->text[at]))
			at++;
		if (input->own)
			at = skip_comment(input, at);
	} while (at != before);
	return at;
}

/* Where the first @byte is; the end where there is none. */
static size_t find_byte(const struct json_input *input, char byte)
{
	const char *at = memchr(input->text, byte, input->length);

	return at == NULL ? input->length : (size_t)(at - input->text);
}

/* yajl takes form feeds for blanks, and behind the document whatever it does not see the end of. */
static int check_rest(const struct parse *p, struct error *err)
{
	const struct json_input *input = p->reader.input;
	size_t end = skip_rest(input, p->end), feed = find_byte(input, '\f'), tab = find_byte(input, '\v');
	size_t blank = feed < tab ? feed : tab;

	if (blank < input->length) {
		error_set(err, ERROR_CONFIG, 0, "lexical error: a form feed or vertical tab is no blank in JSON");
		return add_position(input, blank, err);
	}
	if (end == input->length)
		return 0;
	error_set(err, ERROR_CONFIG, 0, "trailing garbage");
	return add_position(input, end, err);
}

static int parse_all(struct parse *p, struct error *err)
{
	const struct json_input *input = p->reader.input;
	yajl_status status = yajl_parse(p->yajl, (const unsigned char *)input->text, input->length);
	size_t consumed = yajl_get_bytes_consumed(p->yajl);

	/* A number at the very end is complete only now. */
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(p->yajl);
		consumed = input->length;
	}
	if (status == yajl_status_ok)
		return check_rest(p, err);
	if (status == yajl_status_client_canceled)
		return add_position(input, token_start(input, consumed), err);
	syntax_error(p, err);
	return add_position(input, consumed, err);
}

/* yajl's memory comes from the arena like everything else: a launch then never grows the heap. */
static void *take_memory(void *arena, size_t size)
{
	size_t *block = arena_alloc(arena, sizeof(max_align_t) + size);

	*block = size;
	return (char *)block + sizeof(max_align_t);
}

static void *grow_memory(void *arena, void *old, size_t size)
{
	void *block = take_memory(arena, size);

	if (old != NULL) {
		size_t had = *(size_t *)((char *)old - sizeof(max_align_t));

		memcpy(block, old, had < size ? had : size);
	}
	return block;
}

static void keep_memory(void *arena, void *block)
{
	(void)arena, (void)block;
}

int json_read(struct json_input *input, const struct json_schema *schema, void *into, struct arena *arena,
	      struct error *err)
{
	if (input->length > JSON_MAX_BYTES)
		return error_set(err, ERROR_CONFIG, 0, "%s: larger than %d bytes", input->name, JSON_MAX_BYTES);
	struct parse p = {
		.reader = {.input = input, .schema = schema, .into = into, .arena = arena, .err = err},
	};
	yajl_alloc_funcs memory = {.malloc = take_memory, .realloc = grow_memory, .free = keep_memory, .ctx = arena};
	yajl_handle yajl = yajl_alloc(&callbacks, &memory, &p);

	p.reader.keys.seed = (uintptr_t)arena->start;
	p.yajl = yajl;
	if (yajl == NULL || !yajl_config(yajl, yajl_allow_comments, input->own ? 1 : 0) ||
	    !yajl_config(yajl, yajl_dont_validate_strings, 1))
		return error_set(err, ERROR_SYSTEM, 0, "cannot start the JSON parser");
	return parse_all(&p, err);
}
