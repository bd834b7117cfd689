// SPDX-License-Identifier: Apache-2.0
/*
 * The grammar of RFC 8259, turned into events for the schema (base/json_reader.h), in one pass over a text that is all
 * there. Nothing else is let through, but for comments in files of our own. Recursion ends where json_on_start() does,
 * at JSON_MAX_DEPTH.
 */
#include "base/json.h"

#include <string.h>

#include "base/json_reader.h"
#include "base/utf8.h"

struct parse {
	struct json_reader reader;
	const char *at, *end; /* what was not read yet */
	const char *token;    /* where what is read begins: what is wrong, is there */
};

/* The inside of a string, and what is wrong with it, in words; NULL when nothing is. */
struct string {
	const char *text;
	size_t length;
	const char *fault;
};

static int fail(struct parse *p, const char *at, const char *what)
{
	p->token = at;
	return error_set(p->reader.err, ERROR_CONFIG, 0, "%s", at == p->end ? "premature EOF" : what);
}

/* ---- between tokens */

static int skip_comment(struct parse *p)
{
	const char *start = p->at, *inside = start + 2;
	bool line = p->end - start >= 2 && start[1] == '/';

	if (!line && (p->end - start < 2 || start[1] != '*'))
		return fail(p, start, "'/' begins neither a comment nor anything else");
	for (p->at = inside; p->at < p->end; p->at++) {
		if (line && *p->at == '\n')
			return 0;
		if (!line && *p->at == '/' && p->at > inside && p->at[-1] == '*') {
			p->at++;
			return 0;
		}
	}
	return line ? 0 : fail(p, p->end, "");
}

static const char *skip_white(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
		at++;
	return at;
}

/* Goes to the next token, or to the end. */
static int skip_blanks(struct parse *p)
{
	p->at = skip_white(p->at, p->end);
	while (p->at < p->end && *p->at == '/' && p->reader.input->own) {
		TRY(skip_comment(p));
		p->at = skip_white(p->at, p->end);
	}
	return 0;
}

/* The next token's first character; 0 at the end, and for a NUL, which begins none. */
static int next_character(struct parse *p, char *ret)
{
	TRY(skip_blanks(p));
	*ret = p->at < p->end ? *p->at : '\0';
	p->token = p->at;
	return 0;
}

/* ---- strings */

static bool read_hex(const char *digits, unsigned *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		unsigned char digit = (unsigned char)digits[i], letter = digit | 0x20;

		if (digit >= '0' && digit <= '9')
			*ret = *ret << 4 | (digit - '0');
		else if (letter >= 'a' && letter <= 'f')
			*ret = *ret << 4 | (letter - 'a' + 10U);
		else
			return false;
	}
	return true;
}

static char *put_character(char *to, unsigned value)
{
	if (value < 0x80) {
		*to++ = (char)value;
		return to;
	}
	if (value < 0x800) {
		*to++ = (char)(0xc0 | value >> 6);
	} else if (value < 0x10000) {
		*to++ = (char)(0xe0 | value >> 12);
		*to++ = (char)(0x80 | (value >> 6 & 0x3f));
	} else {
		*to++ = (char)(0xf0 | value >> 18);
		*to++ = (char)(0x80 | (value >> 12 & 0x3f));
		*to++ = (char)(0x80 | (value >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (value & 0x3f));
	return to;
}

/* One \uXXXX, or two that are a pair, from *@from, which is behind the u. Six characters become at most three bytes. */
static int undo_unicode(struct parse *p, const char **from, char **to, struct string *string)
{
	unsigned value, low;

	if (p->end - *from < 4 || !read_hex(*from, &value))
		return fail(p, *from - 2, "\\u wants four hexadecimal digits");
	*from += 4;
	if (value >= 0xd800 && value <= 0xdbff && p->end - *from >= 6 && (*from)[0] == '\\' && (*from)[1] == 'u' &&
	    read_hex(*from + 2, &low) && low >= 0xdc00 && low <= 0xdfff) {
		value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
		*from += 6;
	}
	if (value == 0)
		string->fault = "a string must not contain NUL";
	else if (value >= 0xd800 && value <= 0xdfff)
		string->fault = "a string must not contain half of a surrogate pair";
	*to = put_character(*to, value);
	return 0;
}

static int undo_escape(struct parse *p, const char **from, char **to, struct string *string)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char escape = *(*from)++;
	const char *found = escape == '\0' ? NULL : strchr(escapes, escape);

	if (escape == 'u')
		return undo_unicode(p, from, to, string);
	if (found == NULL)
		return fail(p, *from - 2, "there is no such escape in a string");
	*(*to)++ = meanings[found - escapes];
	return 0;
}

/* From the first backslash on, into a copy. @end: the closing quote. */
static int undo_escapes(struct parse *p, const char *end, struct string *string)
{
	const char *from = string->text;
	char *copy = arena_alloc(p->reader.arena, (size_t)(end - from) + 1), *to = copy;

	while (from < end) {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from++;
		TRY(undo_escape(p, &from, &to, string));
	}
	string->text = copy;
	string->length = (size_t)(to - copy);
	return 0;
}

/* @p is at the opening quote, and then behind the closing one. */
static int read_string(struct parse *p, struct string *ret)
{
	const char *text = p->at + 1, *at = text, *const end = p->end;
	unsigned char all = 0;
	bool escapes = false;

	p->token = p->at;
	for (; at < end && *at != '"'; at++) {
		unsigned char byte = (unsigned char)*at;

		all |= byte;
		if (byte < ' ')
			return fail(p, at, "a control character in a string must be written as an escape");
		if (byte != '\\')
			continue;
		escapes = true;
		if (++at == end)
			break;
	}
	if (at == end)
		return fail(p, end, "");
	*ret = (struct string){.text = text, .length = (size_t)(at - text)};
	if (escapes)
		TRY(undo_escapes(p, at, ret));
	if (all >= 0x80 && ret->fault == NULL && !utf8_is_valid(ret->text, ret->length))
		ret->fault = "a string must be UTF-8";
	p->at = at + 1;
	return 0;
}

/* ---- other values */

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

/* The end of the number at @p; NULL when it is none. */
static const char *number_end(const struct parse *p)
{
	const char *start = p->at + (*p->at == '-'), *at = skip_digits(start, p->end);

	if (at == start || (*start == '0' && at - start > 1))
		return NULL;
	if (at < p->end && *at == '.') {
		start = at + 1;
		at = skip_digits(start, p->end);
		if (at == start)
			return NULL;
	}
	if (at < p->end && (*at == 'e' || *at == 'E')) {
		start = at + 1;
		start += start < p->end && (*start == '+' || *start == '-');
		at = skip_digits(start, p->end);
		if (at == start)
			return NULL;
	}
	return at;
}

static int read_number(struct parse *p)
{
	const char *start = p->at, *end = number_end(p);

	if (end == NULL)
		return fail(p, p->at, "this is not a number");
	p->at = end;
	return json_on_number(&p->reader, start, (size_t)(end - start));
}

static bool takes_word(struct parse *p, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(p->end - p->at) < length || memcmp(p->at, word, length) != 0)
		return false;
	p->at += length;
	return true;
}

static int read_word(struct parse *p)
{
	if (takes_word(p, "true"))
		return json_on_bool(&p->reader, true);
	if (takes_word(p, "false"))
		return json_on_bool(&p->reader, false);
	if (takes_word(p, "null"))
		return json_on_null(&p->reader);
	return fail(p, p->at, "this is not a value");
}

static int read_text(struct parse *p)
{
	struct string string = {0};

	TRY(read_string(p, &string));
	if (string.fault != NULL)
		return json_on_bad_string(&p->reader, string.fault);
	return json_on_string(&p->reader, string.text, string.length);
}

/* ---- objects and arrays */

static int read_value(struct parse *p);

static int read_key(struct parse *p)
{
	struct string string = {0};
	char next;

	TRY(next_character(p, &next));
	if (next != '"')
		return fail(p, p->at, "a key must come here, in double quotes");
	TRY(read_string(p, &string));
	TRY(string.fault != NULL ? json_on_bad_key(&p->reader, string.fault)
				 : json_on_key(&p->reader, string.text, string.length));
	TRY(next_character(p, &next));
	if (next != ':')
		return fail(p, p->at, "':' must come here");
	p->at++;
	return 0;
}

/* @p is behind the opening bracket. */
static int read_members(struct parse *p, bool array)
{
	const char close = array ? ']' : '}';
	char next;

	TRY(next_character(p, &next));
	while (next != close) {
		if (!array)
			TRY(read_key(p));
		TRY(read_value(p));
		TRY(next_character(p, &next));
		if (next != ',' && next != close)
			return fail(p, p->at, array ? "',' or ']' must come here" : "',' or '}' must come here");
		if (next == close)
			break;
		p->at++;
	}
	p->at++;
	return json_on_end(&p->reader);
}

static int read_value(struct parse *p)
{
	char next;

	TRY(next_character(p, &next));
	if (next == '"')
		return read_text(p);
	if (next == '-' || (next >= '0' && next <= '9'))
		return read_number(p);
	if (next != '{' && next != '[')
		return read_word(p);
	p->at++;
	TRY(json_on_start(&p->reader, next == '['));
	return read_members(p, next == '[');
}

static int read_document(struct parse *p)
{
	char next;

	TRY(read_value(p));
	TRY(next_character(p, &next));
	return p->at == p->end ? 0 : fail(p, p->at, "trailing garbage");
}

/* Puts "NAME:LINE:COLUMN: " before the error. Columns count bytes from 1, as compilers do. */
static int add_position(const struct json_input *input, const char *at, struct error *err)
{
	size_t line = 1, column = 1;

	for (const char *before = input->text; before < at; before++) {
		bool feed = *before == '\n';

		line += feed;
		column = feed ? 1 : column + 1;
	}
	return error_wrap(err, "%s:%zu:%zu", input->name, line, column);
}

int json_read(struct json_input *input, const struct json_schema *schema, void *into, struct arena *arena,
	      struct error *err)
{
	if (input->length > JSON_MAX_BYTES)
		return error_set(err, ERROR_CONFIG, 0, "%s: larger than %d bytes", input->name, JSON_MAX_BYTES);
	struct parse p = {
		.reader = {.input = input, .schema = schema, .into = into, .arena = arena, .err = err},
		.at = input->text,
		.end = input->text + input->length,
		.token = input->text,
	};

	/* So that nobody can prepare keys that collide. */
	p.reader.keys.seed = (uintptr_t)arena->start;
	return read_document(&p) == 0 ? 0 : add_position(input, p.token, err);
}
