// SPDX-License-Identifier: Apache-2.0
/*
 * The inside of the JSON reader: json.c turns yajl's callbacks into these calls, json_schema.c checks each against the
 * schema and fills the structs, json_value.c reads numbers and names, json_pointer.c says where we are, json_keys.c
 * finds keys that are given twice. Others include base/json.h.
 */
#ifndef CASEMATE_BASE_JSON_READER_H
#define CASEMATE_BASE_JSON_READER_H

#include "base/json.h"

/* A key of an object that is still open and that no bit of `seen` stands for. */
struct json_key {
	const char *text;
	size_t length;
	uint32_t hash;
	uint32_t slot; /* where the table points at it */
};

/*
 * The keys of all open objects: a stack, and a hash table into it. Keys leave in the reverse order in which they came,
 * so that linear probing needs no marks for what was deleted.
 */
struct json_keys {
	struct json_key *stack;
	size_t count;
	uint32_t *table; /* 1 + index in the stack; 0: free */
	size_t room;     /* of the table, a power of two; the stack has half of it */
	uint64_t seed;   /* so that nobody can prepare keys that collide */
};

enum json_frame_kind { FRAME_OBJECT, FRAME_LIST, FRAME_MAP, FRAME_SKIP_OBJECT, FRAME_SKIP_LIST };

/* One object or array that is open. */
struct json_frame {
	enum json_frame_kind kind;
	const struct json_schema *schema; /* of an object */
	const struct json_field *field;   /* object: of the current key, NULL when unknown; list, map: of itself */
	char *into;                       /* the struct; of a list or map: the LIST */
	uint64_t seen;                    /* bit N: fields[N] was given */
	size_t count;                     /* keys or items so far */
	size_t first_key;                 /* in json_keys.stack */
	const char *key;                  /* the current one; NULL between */
	size_t key_length;
};

struct json_reader {
	struct json_input *input;
	const struct json_schema *schema; /* of the document */
	void *into;
	struct arena *arena;
	struct error *err;
	struct json_keys keys;
	size_t depth;
	struct json_frame frames[JSON_MAX_DEPTH];
};

/* The events. Each returns 0, or -1 with r->err filled, without the position in the text. Strings are valid UTF-8
 * without NUL. */
int json_on_null(struct json_reader *r);
int json_on_bool(struct json_reader *r, bool value);
int json_on_number(struct json_reader *r, const char *text, size_t length);
int json_on_string(struct json_reader *r, const char *text, size_t length);
int json_on_start(struct json_reader *r, bool array);
int json_on_end(struct json_reader *r);
/* @text must live as long as the object is open. */
int json_on_key(struct json_reader *r, const char *text, size_t length);
/* A string or a key that @fault is wrong with. */
int json_on_bad_string(struct json_reader *r, const char *fault);
int json_on_bad_key(struct json_reader *r, const char *fault);

bool json_is_array(const struct json_frame *frame);

/* The JSON pointer of the value that is being read, in the arena; a very long one is cut. */
const char *json_pointer(const struct json_reader *r);

/* The value that @text stands for, within what @field allows. Each returns 0, or json_fail(). */
int json_value_unsigned(struct json_reader *r, const struct json_field *field, const char *text, size_t length,
			uint64_t *ret);
int json_value_signed(struct json_reader *r, const struct json_field *field, const char *text, size_t length,
		      uint64_t *ret);
int json_value_name(struct json_reader *r, const struct json_field *field, const char *text, size_t length,
		    uint64_t *ret);

/* Adds a key of the object whose keys begin at @first. Returns false when the object has it already. */
bool json_keys_add(struct json_keys *keys, struct arena *arena, size_t first, const char *text, size_t length);

/* Forgets the keys from @first on. */
void json_keys_drop(struct json_keys *keys, size_t first);

#endif
