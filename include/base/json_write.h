// SPDX-License-Identifier: Apache-2.0
/*
 * A JSON writer; src/base/json_write.c is the only file that knows yajl's generator. Calls may follow one another
 * without checks: what goes wrong is remembered, and json_writer_finish tells. Slashes are not escaped, numbers are
 * exact.
 *
 *	AUTO_JSON_WRITER struct json_writer out = {0};
 *
 *	TRY(json_writer_create(&out, true, err));
 *	json_write_begin_object(&out);
 *	json_write_key(&out, "name");
 *	json_write_string(&out, plan->name);
 *	json_write_end_object(&out);
 *	TRY(json_writer_finish(&out, &text, &length, err));
 */
#ifndef CASEMATE_BASE_JSON_WRITE_H
#define CASEMATE_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The generator's memory, as far as it goes: what a launch records fits, and needs no heap. */
enum { JSON_WRITER_BYTES = 8192 };

/* Stays where it is while it is used: the generator has its address. */
struct json_writer {
	void *generator;
	int status;  /* of the first call that failed */
	size_t open; /* objects and arrays */
	bool exact;  /* set by who writes for a reader that acts on it: what is not UTF-8 is an error */
	bool repaired;
	char *escaped; /* the whole text, where that had controls; or NULL */
	size_t used;   /* of memory */
	_Alignas(max_align_t) char memory[JSON_WRITER_BYTES];
};

/* @readable: indented by tabs, a line for each value; else no space at all. Fails with ERROR_SYSTEM without memory. */
int json_writer_create(struct json_writer *w, bool readable, struct error *err);

/* Frees everything, also what json_writer_finish gave. A writer of zeros is allowed. */
void json_writer_destroy(struct json_writer *w);
#define AUTO_JSON_WRITER __attribute__((cleanup(json_writer_destroy)))

void json_write_begin_object(struct json_writer *w);
void json_write_end_object(struct json_writer *w);
void json_write_begin_array(struct json_writer *w);
void json_write_end_array(struct json_writer *w);

/*
 * Bytes that are not UTF-8 become U+FFFD: paths may hold anything, and a reader must get JSON. json_writer_finish
 * refuses them where the writer is `exact`. NULL is written as null. No control character is written as it is, U+007F
 * to U+009F neither: a terminal would obey it.
 */
void json_write_key(struct json_writer *w, const char *key);
void json_write_string(struct json_writer *w, const char *text);
void json_write_unsigned(struct json_writer *w, uint64_t value);
void json_write_signed(struct json_writer *w, int64_t value);
/* Digits that somebody else wrote, with a point or without, as they are: "0.25". What is no such number becomes 0. */
void json_write_number(struct json_writer *w, const char *text);
void json_write_bool(struct json_writer *w, bool value);

/* Members of the object that is open: the key and the value; of an object or an array, the key and its beginning. */
void json_member_object(struct json_writer *w, const char *key);
void json_member_array(struct json_writer *w, const char *key);
void json_member_string(struct json_writer *w, const char *key, const char *text);
void json_member_strings(struct json_writer *w, const char *key, const char *const *texts, size_t count);
void json_member_unsigned(struct json_writer *w, const char *key, uint64_t value);
void json_member_signed(struct json_writer *w, const char *key, int64_t value);
void json_member_number(struct json_writer *w, const char *key, const char *text);
void json_member_bool(struct json_writer *w, const char *key, bool value);

/*
 * The whole text, terminated, valid until json_writer_destroy. Fails with ERROR_BUG when calls were out of order or
 * something is still open, with ERROR_USAGE when the writer is `exact` and a text was not UTF-8, with ERROR_SYSTEM
 * without memory.
 */
int json_writer_finish(struct json_writer *w, const char **ret_text, size_t *ret_length, struct error *err);

#endif
