// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* ---- the text */

static bool make_room(struct json_writer *w, size_t more)
{
	size_t room = w->room;

	while (room - w->length < more)
		room *= 2;
	if (room == w->room)
		return true;
	char *bigger = realloc(w->text == w->few ? NULL : w->text, room);
	if (bigger == NULL) {
		w->out_of_memory = true;
		return false;
	}
	if (w->text == w->few)
		memcpy(bigger, w->few, w->length);
	w->text = bigger;
	w->room = room;
	return true;
}

static void put(struct json_writer *w, const char *text, size_t length)
{
	if (!make_room(w, length))
		return;
	memcpy(w->text + w->length, text, length);
	w->length += length;
}

static void put_line(struct json_writer *w)
{
	if (!w->readable)
		return;
	put(w, "\n", 1);
	for (size_t i = 0; i < w->depth; i++)
		put(w, "\t", 1);
}

/* ---- the order */

static bool in_object(const struct json_writer *w)
{
	return w->depth > 0 && w->levels[w->depth - 1].object;
}

/* Before a key, or an item of an array. */
static void next_member(struct json_writer *w)
{
	struct json_level *level = &w->levels[w->depth - 1];

	if (level->members)
		put(w, ",", 1);
	level->members = true;
	put_line(w);
}

static void begin_value(struct json_writer *w)
{
	if (w->depth == 0) {
		w->out_of_order |= w->length > 0;
	} else if (!in_object(w)) {
		next_member(w);
	} else {
		w->out_of_order |= !w->after_key;
		w->after_key = false;
		put(w, ": ", w->readable ? 2 : 1);
	}
}

static void begin(struct json_writer *w, bool object)
{
	begin_value(w);
	if (w->depth == JSON_WRITE_DEPTH) {
		w->out_of_order = true;
		return;
	}
	w->levels[w->depth++] = (struct json_level){.object = object};
	put(w, object ? "{" : "[", 1);
}

static void end(struct json_writer *w, bool object)
{
	if (w->depth == 0 || in_object(w) != object || w->after_key) {
		w->out_of_order = true;
		return;
	}
	bool members = w->levels[--w->depth].members;
	if (members)
		put_line(w);
	put(w, object ? "}" : "]", 1);
}

/* ---- texts */

static void put_escape(struct json_writer *w, char byte)
{
	static const char bytes[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
	const char *found = strchr(bytes, byte);
	char escape[8];

	if (found != NULL)
		put(w, escape, (size_t)snprintf(escape, sizeof(escape), "\\%c", escapes[found - bytes]));
	else
		put(w, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04X", (unsigned char)byte));
}

/* The first byte from @at on that cannot stand in a string as it is; bytes that are not UTF-8 are such. */
static const char *plain_end(const char *at, const char *end)
{
	while (at < end && (unsigned char)*at >= ' ' && *at != '"' && *at != '\\') {
		size_t step = (unsigned char)*at < 0x80 ? 1 : utf8_length(at, (size_t)(end - at));

		if (step == 0)
			break;
		at += step;
	}
	return at;
}

static void put_string(struct json_writer *w, const char *text)
{
	const char *end = text + strlen(text);

	put(w, "\"", 1);
	while (text < end) {
		const char *plain = plain_end(text, end);

		put(w, text, (size_t)(plain - text));
		if (plain == end)
			break;
		if ((unsigned char)*plain < 0x80) {
			put_escape(w, *plain);
		} else {
			w->repaired = true;
			put(w, replacement, sizeof(replacement) - 1);
		}
		text = plain + 1;
	}
	put(w, "\"", 1);
}

/* ---- what others call */

void json_writer_create(struct json_writer *w, bool readable)
{
	*w = (struct json_writer){.readable = readable, .room = sizeof(w->few)};
	w->text = w->few;
}

void json_writer_destroy(struct json_writer *w)
{
	if (w->text != w->few)
		free(w->text);
	w->text = NULL;
}

void json_write_begin_object(struct json_writer *w)
{
	begin(w, true);
}

void json_write_end_object(struct json_writer *w)
{
	end(w, true);
}

void json_write_begin_array(struct json_writer *w)
{
	begin(w, false);
}

void json_write_end_array(struct json_writer *w)
{
	end(w, false);
}

void json_write_key(struct json_writer *w, const char *key)
{
	if (key == NULL || !in_object(w) || w->after_key) {
		w->out_of_order = true;
		return;
	}
	next_member(w);
	put_string(w, key);
	w->after_key = true;
}

static void write_plain(struct json_writer *w, const char *text)
{
	begin_value(w);
	put(w, text, strlen(text));
}

void json_write_string(struct json_writer *w, const char *text)
{
	if (text == NULL) {
		write_plain(w, "null");
		return;
	}
	begin_value(w);
	put_string(w, text);
}

void json_write_unsigned(struct json_writer *w, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	write_plain(w, digits);
}

void json_write_signed(struct json_writer *w, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	write_plain(w, digits);
}

void json_write_number(struct json_writer *w, const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || strspn(text, "0123456789.") != length || text[0] == '.' || text[length - 1] == '.')
		text = "0";
	write_plain(w, text);
}

void json_write_bool(struct json_writer *w, bool value)
{
	write_plain(w, value ? "true" : "false");
}

int json_writer_finish(struct json_writer *w, const char **ret_text, size_t *ret_length, struct error *err)
{
	if (w->readable && w->depth == 0)
		put(w, "\n", 1);
	*ret_length = w->length;
	put(w, "", 1);
	if (w->out_of_memory)
		return error_set(err, ERROR_SYSTEM, ENOMEM, "cannot write JSON");
	if (w->out_of_order)
		return error_set(err, ERROR_BUG, 0, "JSON was written out of order");
	if (w->depth != 0 || *ret_length == 0)
		return error_set(err, ERROR_BUG, 0, "JSON was not written to its end");
	if (w->exact && w->repaired)
		return error_set(err, ERROR_USAGE, 0, "a path or word is not UTF-8, so JSON cannot hold it");
	*ret_text = w->text;
	return 0;
}
