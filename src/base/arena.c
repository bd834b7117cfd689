// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/pages.h"

int arena_create(struct arena *arena, struct error *err)
{
	void *start =
		mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED) {
		error_set(err, ERROR_SYSTEM, errno, "cannot reserve %d MiB of memory", ARENA_BYTES >> 20);
		return error_hint(err, "raise the limit of address space: `ulimit -v unlimited`");
	}
	*arena = (struct arena){.start = start, .size = ARENA_BYTES};
	return 0;
}

void arena_destroy(struct arena *arena)
{
	if (arena->start != NULL)
		munmap(arena->start, arena->size);
	*arena = (struct arena){0};
}

int arena_freeze(struct arena *arena, struct error *err)
{
	if (mprotect(arena->start, arena->size, PROT_READ) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the plan read-only");
	return 0;
}

static size_t round_up(size_t size)
{
	return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

static void bring_in(struct arena *arena)
{
	while (arena->ready < arena->used) {
		pages_own(arena->start + arena->ready, ARENA_STEP);
		arena->ready += ARENA_STEP;
	}
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = round_up(size);

	if (rounded < size || rounded > arena->size - arena->used) {
		fprintf(stderr, "casemate: the configuration needs more than %d MiB of memory\n", ARENA_BYTES >> 20);
		_exit(125);
	}
	/* Fresh anonymous pages are zero, and nothing is ever handed out twice. */
	char *at = arena->start + arena->used;
	arena->used += rounded;
	if (arena->used > arena->ready)
		bring_in(arena);
	return at;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;

	/* Written where it will stand: what does not fit ends the program in arena_alloc(). */
	va_start(args, fmt);
	int length = vsnprintf(arena->start + arena->used, arena->size - arena->used, fmt, args);
	va_end(args);
	return arena_alloc(arena, (size_t)length + 1);
}

const char **arena_strings(struct arena *arena, const char *const *texts, size_t count)
{
	const char **copy = arena_alloc(arena, (count + 1) * sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] = arena_strdup(arena, texts[i]);
	return copy;
}

void *arena_grow(struct arena *arena, void *at, size_t count, size_t element)
{
	/* Room doubles, and is full exactly when the count is a power of two: no capacity needs to be kept. */
	if (count != 0 && (count & (count - 1)) != 0)
		return at;
	size_t room = count == 0 ? 1 : count * 2;

	/* What was allocated last grows where it is. */
	if (count != 0 && (char *)at + round_up(count * element) == arena->start + arena->used) {
		arena_alloc(arena, round_up(room * element) - round_up(count * element));
		return at;
	}
	void *bigger = arena_alloc(arena, room * element);

	if (count != 0)
		memcpy(bigger, at, count * element);
	return bigger;
}
