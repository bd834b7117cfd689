// SPDX-License-Identifier: Apache-2.0
/* Where in the document the reader is: RFC 6901. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/json_reader.h"

enum { POINTER_BYTES = 512 };

/* A JSON pointer being written; one that does not fit is cut, which only messages can tell. */
struct pointer {
	char text[POINTER_BYTES];
	size_t length;
};

static void put(struct pointer *p, const char *text, size_t length)
{
	size_t room = sizeof(p->text) - p->length;
	size_t taken = length < room ? length : room;

	memcpy(p->text + p->length, text, taken);
	p->length += taken;
}

static void put_key(struct pointer *p, const char *key, size_t length)
{
	const char *end = key + length;

	put(p, "/", 1);
	for (const char *at = key; at < end; at++) {
		if (*at != '~' && *at != '/')
			continue;
		put(p, key, (size_t)(at - key));
		put(p, *at == '~' ? "~0" : "~1", 2);
		key = at + 1;
	}
	put(p, key, (size_t)(end - key));
}

static void put_index(struct pointer *p, size_t index)
{
	char digits[DIGITS_BYTES];
	const char *end = digits_put(digits, index);

	put(p, "/", 1);
	put(p, digits, (size_t)(end - digits));
}

bool json_is_array(const struct json_frame *frame)
{
	return frame->kind == FRAME_LIST || frame->kind == FRAME_SKIP_LIST;
}

static void put_path(struct pointer *p, const struct json_reader *r)
{
	p->length = 0;
	for (size_t i = 0; i < r->depth; i++) {
		const struct json_frame *frame = &r->frames[i];

		if (json_is_array(frame) && frame->count > 0)
			put_index(p, frame->count - 1);
		else if (frame->key != NULL)
			put_key(p, frame->key, frame->key_length);
	}
}

void *json_user(const struct json_reader *r)
{
	return r->input->user;
}

struct arena *json_arena(const struct json_reader *r)
{
	return r->arena;
}

const char *json_origin(const struct json_reader *r)
{
	struct pointer pointer;
	size_t source = strlen(r->input->source);

	put_path(&pointer, r);
	char *text = arena_alloc(r->arena, source + 1 + pointer.length + 1);
	memcpy(text, r->input->source, source);
	text[source] = ':';
	memcpy(text + source + 1, pointer.text, pointer.length);
	return text;
}

int json_fail(struct json_reader *r, const char *member, const char *fmt, ...)
{
	struct pointer pointer;
	char reason[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	put_path(&pointer, r);
	const char *slash = member == NULL ? "" : "/";
	const char *rest = member == NULL ? (pointer.length == 0 ? "/" : "") : member;
	return error_set(r->err, ERROR_CONFIG, 0, "%.*s%s%s: %s", (int)pointer.length, pointer.text, slash, rest,
			 reason);
}

const char *json_pointer(const struct json_reader *r)
{
	struct pointer pointer;

	put_path(&pointer, r);
	return arena_strndup(r->arena, pointer.text, pointer.length);
}
