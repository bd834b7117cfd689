// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/digits.h"
#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static void note(struct json_writer *w, yajl_gen_status status)
{
	if (w->status == yajl_gen_status_ok && status != yajl_gen_status_ok)
		w->status = (int)status;
}

/* ---- the generator's memory: the writer's own, and the heap for what does not fit */

static bool is_own(const struct json_writer *w, const void *block)
{
	return (uintptr_t)block - (uintptr_t)w->memory < sizeof(w->memory);
}

static void *take_memory(void *context, size_t size)
{
	struct json_writer *w = context;
	size_t free_bytes = sizeof(w->memory) - w->used;

	if (size > free_bytes)
		return malloc(size);
	char *block = w->memory + w->used;
	size_t rounded = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	w->used += rounded < free_bytes ? rounded : free_bytes;
	return block;
}

static void *grow_memory(void *context, void *old, size_t size)
{
	struct json_writer *w = context;

	if (old == NULL || !is_own(w, old))
		return realloc(old, size);
	void *block = take_memory(w, size);
	size_t most = (size_t)(w->memory + sizeof(w->memory) - (char *)old);
	if (block != NULL)
		memmove(block, old, size < most ? size : most);
	return block;
}

static void give_memory(void *context, void *block)
{
	if (!is_own(context, block))
		free(block);
}

/* ---- what is written */

int json_writer_create(struct json_writer *w, bool readable, struct error *err)
{
	const yajl_alloc_funcs memory = {.malloc = take_memory, .realloc = grow_memory, .free = give_memory, .ctx = w};

	w->status = yajl_gen_status_ok;
	w->open = w->used = 0;
	w->exact = w->repaired = false;
	w->escaped = NULL;
	yajl_gen generator = yajl_gen_alloc(&memory);
	w->generator = generator;
	if (generator == NULL || !yajl_gen_config(generator, yajl_gen_beautify, readable ? 1 : 0) ||
	    !yajl_gen_config(generator, yajl_gen_indent_string, "\t") ||
	    !yajl_gen_config(generator, yajl_gen_validate_utf8, 1))
		return error_set(err, ERROR_SYSTEM, ENOMEM, "cannot start the JSON writer");
	return 0;
}

void json_writer_destroy(struct json_writer *w)
{
	if (w->generator != NULL)
		yajl_gen_free(w->generator);
	w->generator = NULL;
	free(w->escaped);
	w->escaped = NULL;
}

void json_write_begin_object(struct json_writer *w)
{
	w->open++;
	note(w, yajl_gen_map_open(w->generator));
}

void json_write_end_object(struct json_writer *w)
{
	w->open--;
	note(w, yajl_gen_map_close(w->generator));
}

void json_write_begin_array(struct json_writer *w)
{
	w->open++;
	note(w, yajl_gen_array_open(w->generator));
}

void json_write_end_array(struct json_writer *w)
{
	w->open--;
	note(w, yajl_gen_array_close(w->generator));
}

static void write_repaired(struct json_writer *w, const char *text, size_t length)
{
	char *copy = malloc(length * (sizeof(replacement) - 1));
	size_t end = 0;

	w->repaired = true;
	if (copy == NULL) {
		note(w, yajl_gen_in_error_state);
		return;
	}
	for (size_t i = 0; i < length;) {
		size_t step = utf8_length(text + i, length - i);
		size_t width = step == 0 ? sizeof(replacement) - 1 : step;

		memcpy(copy + end, step == 0 ? replacement : text + i, width);
		end += width;
		i += step == 0 ? 1 : step;
	}
	note(w, yajl_gen_string(w->generator, (const unsigned char *)copy, end));
	free(copy);
}

void json_write_string(struct json_writer *w, const char *text)
{
	if (text == NULL) {
		note(w, yajl_gen_null(w->generator));
		return;
	}
	size_t length = strlen(text);
	if (utf8_is_valid(text, length))
		note(w, yajl_gen_string(w->generator, (const unsigned char *)text, length));
	else
		write_repaired(w, text, length);
}

void json_write_key(struct json_writer *w, const char *key)
{
	json_write_string(w, key);
}

static void write_number(struct json_writer *w, const char *digits, size_t length)
{
	note(w, yajl_gen_number(w->generator, digits, length));
}

void json_write_unsigned(struct json_writer *w, uint64_t value)
{
	char digits[DIGITS_BYTES];

	write_number(w, digits, (size_t)(digits_put(digits, value) - digits));
}

void json_write_signed(struct json_writer *w, int64_t value)
{
	char digits[1 + DIGITS_BYTES] = "-";

	if (value >= 0)
		json_write_unsigned(w, (uint64_t)value);
	else
		write_number(w, digits, (size_t)(digits_put(digits + 1, -(uint64_t)value) - digits));
}

void json_write_number(struct json_writer *w, const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || strspn(text, "0123456789.") != length || text[0] == '.' || text[length - 1] == '.')
		text = "0", length = 1;
	write_number(w, text, length);
}

void json_write_bool(struct json_writer *w, bool value)
{
	note(w, yajl_gen_bool(w->generator, value));
}

void json_member_object(struct json_writer *w, const char *key)
{
	json_write_key(w, key);
	json_write_begin_object(w);
}

void json_member_array(struct json_writer *w, const char *key)
{
	json_write_key(w, key);
	json_write_begin_array(w);
}

void json_member_string(struct json_writer *w, const char *key, const char *text)
{
	json_write_key(w, key);
	json_write_string(w, text);
}

void json_member_strings(struct json_writer *w, const char *key, const char *const *texts, size_t count)
{
	json_member_array(w, key);
	for (size_t i = 0; i < count; i++)
		json_write_string(w, texts[i]);
	json_write_end_array(w);
}

void json_member_unsigned(struct json_writer *w, const char *key, uint64_t value)
{
	json_write_key(w, key);
	json_write_unsigned(w, value);
}

void json_member_signed(struct json_writer *w, const char *key, int64_t value)
{
	json_write_key(w, key);
	json_write_signed(w, value);
}

void json_member_number(struct json_writer *w, const char *key, const char *text)
{
	json_write_key(w, key);
	json_write_number(w, text);
}

void json_member_bool(struct json_writer *w, const char *key, bool value)
{
	json_write_key(w, key);
	json_write_bool(w, value);
}

/* ---- what the generator leaves as it is, and a terminal obeys: DEL, and U+0080 to U+009F, which are C2 80 to C2 9F */

static size_t control_length(const unsigned char *at)
{
	return at[0] == 0x7f ? 1 : at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f ? 2 : 0;
}

/* They stand in strings only, so the finished text can be escaped as a whole. The generator ends it with a zero. */
static int escape_controls(struct json_writer *w, const unsigned char **text, size_t *length)
{
	static const char form[] = "\\u0000";
	size_t controls = 0, end = 0;

	for (size_t i = 0; i < *length; i++)
		controls += control_length(*text + i) > 0;
	if (controls == 0)
		return 0;
	char *escaped = malloc(*length + controls * sizeof(form));
	if (escaped == NULL)
		return -1;
	for (size_t i = 0; i < *length;) {
		size_t step = control_length(*text + i);

		if (step == 0)
			escaped[end++] = (char)(*text)[i++];
		else
			end += (size_t)snprintf(escaped + end, sizeof(form), "\\u%04x", (*text)[i + step - 1]);
		i += step;
	}
	escaped[end] = '\0';
	free(w->escaped);
	w->escaped = escaped;
	*text = (const unsigned char *)escaped;
	*length = end;
	return 0;
}

int json_writer_finish(struct json_writer *w, const char **ret_text, size_t *ret_length, struct error *err)
{
	const unsigned char *text;

	if (w->status != yajl_gen_status_ok)
		return error_set(err, ERROR_BUG, 0, "JSON was written out of order (%d)", w->status);
	if (w->open != 0 || yajl_gen_get_buf(w->generator, &text, ret_length) != yajl_gen_status_ok || *ret_length == 0)
		return error_set(err, ERROR_BUG, 0, "JSON was not written to its end");
	if (w->exact && w->repaired)
		return error_set(err, ERROR_USAGE, 0, "a path or word is not UTF-8, so JSON cannot hold it");
	if (escape_controls(w, &text, ret_length) < 0)
		return error_set(err, ERROR_SYSTEM, ENOMEM, "cannot write JSON");
	*ret_text = (const char *)text;
	return 0;
}
