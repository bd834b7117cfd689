// SPDX-License-Identifier: Apache-2.0
#include "base/gvariant.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8 };

struct parser {
	const char *start, *at;
	struct gvariant *out;
	int depth;
	struct error *err;
};

static int bad(const struct parser *p, const char *what)
{
	return error_set(p->err, ERROR_CONFIG, 0, "'%s' is no value of a property: %s at byte %zu", p->start, what,
			 (size_t)(p->at - p->start));
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

static bool take(struct parser *p, char expected)
{
	skip_blanks(p);
	if (*p->at != expected)
		return false;
	p->at++;
	return true;
}

/* The length of the first complete type in @signature; 0 when there is none. */
static size_t type_length(const char *signature, int depth)
{
	size_t length = 1;

	if (depth > MAX_DEPTH || *signature == '\0')
		return 0;
	if (strchr("bynqiuxtdsog", *signature) != NULL)
		return 1;
	if (*signature == 'a') {
		size_t element = type_length(signature + 1, depth + 1);

		return element == 0 ? 0 : 1 + element;
	}
	if (*signature != '(')
		return 0;
	while (signature[length] != ')') {
		size_t member = type_length(signature + length, depth + 1);

		if (member == 0)
			return 0;
		length += member;
	}
	return length + 1;
}

static struct gvariant_node *add_node(struct parser *p, char type)
{
	struct gvariant_node *node = &p->out->nodes[p->out->count];

	if (p->out->count == GVARIANT_NODES)
		return NULL;
	p->out->count++;
	*node = (struct gvariant_node){.type = type, .signature = {type}, .end = p->out->count};
	return node;
}

/* ---- numbers */

struct integer_type {
	char type;
	const char *word;
	int64_t min;
	uint64_t max;
};

enum { INT32 = 3 }; /* in this table */

static const struct integer_type integers[] = {
	{'y', "byte", 0, UINT8_MAX},    {'n', "int16", INT16_MIN, INT16_MAX},
	{'q', "uint16", 0, UINT16_MAX}, {'i', "int32", INT32_MIN, INT32_MAX},
	{'u', "uint32", 0, UINT32_MAX}, {'x', "int64", INT64_MIN, INT64_MAX},
	{'t', "uint64", 0, UINT64_MAX},
};

static const struct integer_type *integer_type(char type)
{
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		if (integers[i].type == type)
			return &integers[i];
	return NULL;
}

static int parse_integer(struct parser *p, const struct integer_type *type, const char *token)
{
	bool negative = token[0] == '-';
	const char *digits = token + (negative || token[0] == '+');
	char *end;

	errno = 0;
	uint64_t value = strtoull(digits, &end, strncmp(digits, "0x", 2) == 0 ? 16 : 10);
	if (errno != 0 || end == digits || *end != '\0')
		return bad(p, "a whole number is expected");
	if (negative ? value > (uint64_t)INT64_MAX + 1 || (value > 0 && -(int64_t)(value - 1) - 1 < type->min)
		     : value > type->max)
		return bad(p, "the number does not fit its type");
	struct gvariant_node *node = add_node(p, type->type);
	if (node == NULL)
		return bad(p, "too many values");
	node->bits = negative ? 0 - value : value;
	return 0;
}

static int parse_double(struct parser *p, const char *token)
{
	char *end;
	double value = strtod(token, &end);
	struct gvariant_node *node;

	if (end == token || *end != '\0')
		return bad(p, "a number is expected");
	node = add_node(p, 'd');
	if (node == NULL)
		return bad(p, "too many values");
	node->number = value;
	return 0;
}

static int parse_number(struct parser *p, char expected)
{
	size_t length = strspn(p->at, "+-.0123456789abcdefxABCDEF");
	const struct integer_type *type = integer_type(expected);
	char token[64];

	if (length == 0 || length >= sizeof(token))
		return bad(p, "a value is expected");
	memcpy(token, p->at, length);
	token[length] = '\0';
	bool fraction = strncmp(token, "0x", 2) != 0 && strpbrk(token, ".eE") != NULL;
	if (expected == 'd' || (expected == '\0' && fraction))
		TRY(parse_double(p, token));
	else if (type != NULL || expected == '\0')
		TRY(parse_integer(p, type != NULL ? type : &integers[INT32], token));
	else
		return bad(p, "another type is expected");
	p->at += length;
	return 0;
}

/* ---- words and strings */

/* As D-Bus has them: no control characters, so that none reaches a unit's file. */
static int parse_string(struct parser *p, char expected)
{
	char quote = *p->at++;
	struct gvariant *out = p->out;
	struct gvariant_node *node = add_node(p, expected == '\0' ? 's' : expected);

	if (node == NULL)
		return bad(p, "too many values");
	node->text = out->strings + out->used;
	while (*p->at != quote) {
		if (*p->at == '\\' && p->at[1] != '\0' && strchr("\\'\"", p->at[1]) != NULL)
			p->at++;
		else if (*p->at == '\\' || iscntrl((unsigned char)*p->at))
			return bad(p, *p->at == '\0' ? "the string does not end" : "a character that is not taken");
		if (out->used >= sizeof(out->strings) - 2)
			return bad(p, "too much text");
		out->strings[out->used++] = *p->at++;
	}
	p->at++;
	out->strings[out->used++] = '\0';
	return 0;
}

static int parse_value(struct parser *p, const char *expected);

/* "byte 3", "uint64 3", "objectpath '/a'": the word says the type. */
static int parse_typed(struct parser *p, size_t length, const char *expected)
{
	char type[2] = "";

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		if (strlen(integers[i].word) == length && strncmp(p->at, integers[i].word, length) == 0)
			type[0] = integers[i].type;
	if (length == 6 && strncmp(p->at, "double", 6) == 0)
		type[0] = 'd';
	if (length == 7 && strncmp(p->at, "boolean", 7) == 0)
		type[0] = 'b';
	if (length == 6 && strncmp(p->at, "string", 6) == 0)
		type[0] = 's';
	if (length == 10 && strncmp(p->at, "objectpath", 10) == 0)
		type[0] = 'o';
	if (type[0] == '\0' || (expected[0] != '\0' && strcmp(expected, type) != 0))
		return bad(p, "this word is no value here");
	p->at += length;
	return parse_value(p, type);
}

static int parse_word(struct parser *p, const char *expected)
{
	size_t length = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	bool is_true = length == 4 && strncmp(p->at, "true", 4) == 0;
	bool is_false = length == 5 && strncmp(p->at, "false", 5) == 0;
	struct gvariant_node *node;

	if (!is_true && !is_false)
		return parse_typed(p, length, expected);
	if (expected[0] != '\0' && strcmp(expected, "b") != 0)
		return bad(p, "another type is expected");
	node = add_node(p, 'b');
	if (node == NULL)
		return bad(p, "too many values");
	node->bits = is_true;
	p->at += length;
	return 0;
}

/* ---- containers */

static int set_signature(const struct parser *p, struct gvariant_node *node, const char *first, const char *rest)
{
	int length = snprintf(node->signature, sizeof(node->signature), "%s%s", first, rest);

	return length < (int)sizeof(node->signature) ? 0 : bad(p, "the type is too long");
}

static int parse_array(struct parser *p, const char *expected)
{
	size_t index = p->out->count;
	struct gvariant_node *node = add_node(p, 'a');
	char element[GVARIANT_SIGNATURE] = "";

	if (node == NULL || (expected[0] != '\0' && expected[0] != 'a'))
		return bad(p, node == NULL ? "too many values" : "another type is expected");
	if (expected[0] == 'a')
		snprintf(element, sizeof(element), "%s", expected + 1);
	p->at++;
	for (bool first = true; !take(p, ']'); first = false) {
		if (!first && !take(p, ','))
			return bad(p, "',' or ']' is expected");
		size_t at = p->out->count;
		TRY(parse_value(p, element));
		if (element[0] == '\0')
			snprintf(element, sizeof(element), "%s", p->out->nodes[at].signature);
	}
	if (element[0] == '\0')
		return bad(p, "an empty array needs its type, as in '@as []'");
	p->out->nodes[index].end = p->out->count;
	return set_signature(p, &p->out->nodes[index], "a", element);
}

/* One member, whose type is the first in *@next where that is known; its own is added to @all. */
static int parse_member(struct parser *p, const char **next, char all[GVARIANT_SIGNATURE])
{
	size_t length = type_length(*next, 0), at = p->out->count, used = strlen(all);
	char expected[GVARIANT_SIGNATURE];

	memcpy(expected, *next, length);
	expected[length] = '\0';
	*next += length;
	TRY(parse_value(p, expected));
	if (used + strlen(p->out->nodes[at].signature) + 2 > GVARIANT_SIGNATURE)
		return bad(p, "the type is too long");
	memcpy(all + used, p->out->nodes[at].signature, strlen(p->out->nodes[at].signature) + 1);
	return 0;
}

static int parse_tuple(struct parser *p, const char *expected)
{
	size_t index = p->out->count;
	bool known = expected[0] == '(';
	struct gvariant_node *node = add_node(p, '(');
	char all[GVARIANT_SIGNATURE] = "(";
	const char *next = known ? expected + 1 : "";

	if (node == NULL)
		return bad(p, "too many values");
	if (expected[0] != '\0' && !known)
		return bad(p, "another type is expected");
	p->at++;
	/* "(1,)" is a tuple of one. */
	while (!take(p, ')')) {
		if (known && *next == ')')
			return bad(p, "the tuple has too many members");
		TRY(parse_member(p, &next, all));
		skip_blanks(p);
		if (!take(p, ',') && *p->at != ')')
			return bad(p, "',' or ')' is expected");
	}
	if (p->out->count == index + 1 || (known && *next != ')'))
		return bad(p, "the tuple has too few members");
	p->out->nodes[index].end = p->out->count;
	return set_signature(p, &p->out->nodes[index], all, ")");
}

/* "@a(st) []": the type before the value. */
static int parse_annotated(struct parser *p, const char *expected)
{
	char type[GVARIANT_SIGNATURE];
	size_t length = type_length(p->at + 1, 0);

	if (length == 0 || length >= sizeof(type))
		return bad(p, "a type is expected");
	memcpy(type, p->at + 1, length);
	type[length] = '\0';
	if (expected[0] != '\0' && strcmp(expected, type) != 0)
		return bad(p, "another type is expected");
	p->at += 1 + length;
	return parse_value(p, type);
}

static int parse_any(struct parser *p, const char *expected)
{
	skip_blanks(p);
	switch (*p->at) {
	case '[':
		return parse_array(p, expected);
	case '(':
		return parse_tuple(p, expected);
	case '@':
		return parse_annotated(p, expected);
	case '\'':
	case '"':
		if (expected[0] != '\0' && strchr("sog", expected[0]) == NULL)
			return bad(p, "another type is expected");
		return parse_string(p, expected[0]);
	default:
		return islower((unsigned char)*p->at) ? parse_word(p, expected) : parse_number(p, expected[0]);
	}
}

/* @expected is the type that stands before it, or that of the other elements; "": any. */
static int parse_value(struct parser *p, const char *expected)
{
	if (p->depth == MAX_DEPTH)
		return bad(p, "it is nested too deeply");
	p->depth++;
	TRY(parse_any(p, expected));
	p->depth--;
	return 0;
}

int gvariant_parse(const char *text, struct gvariant *ret, struct error *err)
{
	struct parser parser = {.start = text, .at = text, .out = ret, .err = err};

	ret->count = 0;
	ret->used = 0;
	TRY(parse_value(&parser, ""));
	skip_blanks(&parser);
	return *parser.at == '\0' ? 0 : bad(&parser, "the value has ended");
}
