// SPDX-License-Identifier: Apache-2.0
/*
 * Memory of one request or one plan: allocated together, never freed singly, made read-only in one go.
 *
 * An arena reserves address space once and hands out zeroed memory from it; pages cost nothing until they are needed.
 * Allocation cannot fail for the caller: inputs are bounded long before ARENA_BYTES is reached, and a full arena ends
 * the program with status 125 (only ever while planning, before anything was changed on the system).
 */
#ifndef CASEMATE_BASE_ARENA_H
#define CASEMATE_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

enum {
	ARENA_BYTES = 64 << 20,
	ARENA_STEP = 32 << 10, /* brought in at once (base/pages.h): what the plan of a common bundle takes */
};

struct arena {
	char *start;
	size_t used;
	size_t ready; /* so much has been brought in, or tried */
	size_t size;
};

/* Reserves ARENA_BYTES. Fails with ERROR_SYSTEM when the kernel has no address space to give. */
int arena_create(struct arena *arena, struct error *err);

/* Gives all of it back. An arena of zeros is allowed. */
void arena_destroy(struct arena *arena);

/* mprotect(2)s everything read-only: a later write is SIGSEGV. Fails with ERROR_SYSTEM. */
int arena_freeze(struct arena *arena, struct error *err);

/* @size zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies into the arena; a NULL @text gives NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Copies the @count strings at @texts into an array that NULL ends, as execve(2) takes it. */
const char **arena_strings(struct arena *arena, const char *const *texts, size_t count);

/* Room for one more element behind the @count that stand at @at; the new one is zeroed. For LIST_ADD. */
void *arena_grow(struct arena *arena, void *at, size_t count, size_t element);

/* A list that grows in an arena. */
#define LIST(type)                                                                                                     \
	struct {                                                                                                       \
		type *at;                                                                                              \
		size_t count;                                                                                          \
	}

/* Appends a zeroed element and gives its address, which is good until the next LIST_ADD on the same list. */
#define LIST_ADD(arena, list)                                                                                          \
	((list)->at = arena_grow((arena), (list)->at, (list)->count, sizeof(*(list)->at)), &(list)->at[(list)->count++])

#endif
