// SPDX-License-Identifier: Apache-2.0
/*
 * A strict JSON reader that fills C structs from tables; src/base/json.c is the only file that knows yajl.
 *
 * A schema is a table of fields: key, kind, offset in the struct. Reading is one pass of events, without a tree. These
 * are refused, each with file, line, column and JSON pointer (RFC 6901): depth over JSON_MAX_DEPTH, text over
 * JSON_MAX_BYTES, more than JSON_MAX_KEYS keys in an object or JSON_MAX_ITEMS items in an array, a key given twice
 *(also an unknown one), a NUL in a string, text that is not UTF-8 (half a surrogate pair too), a number that is not an
 * integer of the field's range (1.0 and 1e3 are not), a value of the wrong type (null too), a required key that is
 * missing, anything after the document. Below a key that the schema does not know, any JSON goes, but for depth,
 *counts, duplicate keys, NUL and UTF-8.
 *
 *	static const struct json_field root_fields[] = {
 *		{JSON_KEY("path"), JSON_TO(STRING, struct request_root, path), .required = true},
 *		{JSON_KEY("readonly"), JSON_TO(BOOL, struct request_root, readonly)},
 *	};
 *	static const struct json_schema root_schema = {JSON_SCHEMA(struct request_root, root_fields)};
 */
#ifndef CASEMATE_BASE_JSON_H
#define CASEMATE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/lookup.h"

enum {
	JSON_MAX_BYTES = 16 << 20,
	JSON_MAX_DEPTH = 32,
	JSON_MAX_KEYS = 4096,
	JSON_MAX_ITEMS = 65536,
	JSON_MAX_FIELDS = 64,   /* known keys of one object */
	JSON_MAX_UNKNOWN = 256, /* unknown keys that are noted; one more entry says that there are others */
};

/* What a key's value is, and the member of the struct that it goes to. */
enum json_kind {
	JSON_STRING,   /* const char *, in the arena */
	JSON_COMMENT,  /* a string for people: not kept */
	JSON_BOOL,     /* bool */
	JSON_UNSIGNED, /* uint32_t or uint64_t */
	JSON_SIGNED,   /* int or int64_t */
	JSON_NAME,     /* a string of `names`; any unsigned integer or enum */
	JSON_WORD,     /* a string; `word` gets the member's address */
	JSON_OBJECT,   /* the embedded struct of `object` */
	JSON_POINTER,  /* a pointer to the struct of `object`, in the arena */
	JSON_STRINGS,  /* array of strings; LIST(const char *) */
	JSON_NUMBERS,  /* array of integers; LIST(uint32_t) */
	JSON_NAMES,    /* array of strings of `names`; LIST(uint32_t) */
	JSON_FLAGS,    /* array of strings of `names`, or-ed into the member */
	JSON_WORDS,    /* array of strings; `word` gets the member's address, once a string */
	JSON_OBJECTS,  /* array of objects; LIST(struct of `object`) */
	JSON_EACH,     /* array of objects, none of them kept: the `done` of `object` takes what it needs */
	JSON_PAIRS,    /* object with strings as values; LIST(struct { const char *key, *value; }) */
	JSON_MAP,      /* object with objects as values; LIST(struct of `object`), the keys go to its `map_key` */
};

struct json_reader;
struct json_schema;

/* One key of an object. Write it with the macros below. */
struct json_field {
	const char *key;
	size_t length;
	enum json_kind kind;
	uint32_t offset;
	uint32_t size;  /* of the member, or of its value */
	uint32_t given; /* 1 + offset of a bool that becomes true with the key; 0: none */
	bool required;
	int64_t min; /* numbers; min and max 0: whatever the member holds */
	uint64_t max;
	const struct lookup *names;
	const struct json_schema *object;
	/* JSON_POINTER: makes the schema when the key comes, in place of `object`. */
	const struct json_schema *(*make)(struct arena *arena);
	/* Takes one string (an arena copy). Returns 0, or json_fail(). */
	int (*word)(struct json_reader *r, const char *word, void *into);
};

struct json_schema {
	const struct json_field *fields;
	size_t count;
	size_t size;      /* of the struct */
	uint32_t origin;  /* 1 + offset of a const char * that becomes "SOURCE:/POINTER" of the object; 0: none */
	uint32_t map_key; /* 1 + offset of a const char * for the key of a JSON_MAP */
	/* Checks and completes a finished object. Returns 0, or json_fail(). NULL: nothing to do. */
	int (*done)(struct json_reader *r, void *object);
};

#define JSON_KEY(text) .key = (text), .length = sizeof(text) - 1
#define JSON_TO(kind_, type, member)                                                                                   \
	.kind = JSON_##kind_, .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
/* A member of struct opt_u32 and the like (model/value.h): a `value`, and `set`, which tells whether it was given. */
#define JSON_TO_OPT(kind_, type, member)                                                                               \
	.kind = JSON_##kind_, .offset = offsetof(type, member.value), .size = sizeof(((type *)0)->member.value),       \
	.given = 1 + offsetof(type, member.set)
#define JSON_SCHEMA(type, table) .fields = (table), .count = sizeof(table) / sizeof((table)[0]), .size = sizeof(type)
#define JSON_MEMBER(type, member) (1 + offsetof(type, member))

typedef LIST(const char *) json_strings;

/* A text to read, and how. */
struct json_input {
	const char *text; /* need not be terminated; must live until json_read returns */
	size_t length;
	const char *name;     /* of the file, for messages */
	const char *source;   /* first word of origins: "config.json" */
	bool own;             /* a file of our own format: comments are allowed, unknown keys are errors */
	void *user;           /* for `word` and `done`, see json_user */
	json_strings unknown; /* out, unless `own`: JSON pointers of keys that no schema knows, in the arena */
};

/*
 * Reads @input, an object of @schema, into the zeroed struct @into. Everything that it keeps is copied to @arena. Fails
 * with ERROR_CONFIG, "NAME:LINE:COLUMN: /POINTER: what is wrong"; @into is then half filled.
 */
int json_read(struct json_input *input, const struct json_schema *schema, void *into, struct arena *arena,
	      struct error *err);

/* For `word` and `done`: what the caller of json_read passed as `user`, and its arena. */
void *json_user(const struct json_reader *r);
struct arena *json_arena(const struct json_reader *r);

/* "SOURCE:/POINTER" of the value that is being read, in the arena. */
const char *json_origin(const struct json_reader *r);

/*
 * For `word` and `done`: refuses the value that is being read, or @member of it ("cwd", "env/3"; NULL: the value
 * itself). Always returns -1.
 */
int json_fail(struct json_reader *r, const char *member, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
