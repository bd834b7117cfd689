// SPDX-License-Identifier: Apache-2.0
/* src/musl/memcpy.c under names of its own: every size around its borders, wherever both ends lie, and overlapping. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define memcpy musl_memcpy
#define memmove musl_memmove
void *memcpy(void *restrict dest, const void *restrict src, size_t n);
void *memmove(void *dest, const void *src, size_t n);
#include "../../src/musl/memcpy.c" /* NOLINT(bugprone-suspicious-include): under names of its own */
#undef memcpy
#undef memmove

enum { SIZES = 300, SHIFTS = 17, ROOM = SIZES + 2 * SHIFTS };

static unsigned char byte_at(size_t i)
{
	return (unsigned char)(i * 7 + i / 256 + 1);
}

/* Copies with @copy from @from on to @to on in one buffer, and looks at every byte of it. */
static bool copies(void *(*copy)(void *, const void *, size_t), size_t to, size_t from, size_t size)
{
	unsigned char buffer[2 * ROOM];
	bool good;

	for (size_t i = 0; i < sizeof(buffer); i++)
		buffer[i] = byte_at(i);
	good = copy(buffer + to, buffer + from, size) == buffer + to;
	for (size_t i = 0; i < sizeof(buffer); i++)
		good = good && buffer[i] == (i >= to && i - to < size ? byte_at(i - to + from) : byte_at(i));
	return good;
}

static void *apart(void *to, const void *from, size_t size)
{
	return musl_memcpy(to, from, size);
}

static bool all_places(size_t size)
{
	bool good = true;

	for (size_t to = 0; to < SHIFTS; to++)
		for (size_t from = 0; from < SHIFTS; from++)
			good = good && copies(apart, 1 + to, ROOM + from, size) &&
			       copies(apart, ROOM + to, 1 + from, size);
	return good;
}

static bool all_overlaps(size_t size)
{
	bool good = true;

	for (size_t distance = 0; distance <= size && distance <= 80; distance++)
		good = good && copies(musl_memmove, 1, 1 + distance, size) &&
		       copies(musl_memmove, 1 + distance, 1, size);
	return good;
}

/* Where the build has a sanitizer, it watches over both ends. */
static bool copies_exactly(size_t size)
{
	unsigned char *from = malloc(size), *to = malloc(size);
	bool good = from != NULL && to != NULL;

	for (size_t i = 0; good && i < size; i++)
		from[i] = byte_at(i);
	good = good && musl_memcpy(to, from, size) == to && memcmp(from, to, size) == 0;
	free(from);
	free(to);
	return good;
}

int main(void)
{
	test("each size is copied from and to wherever it lies, and nothing beside it is touched");
	for (size_t size = 0; size <= SIZES; size++)
		CHECK(all_places(size));

	test("source and target may overlap, in both directions");
	for (size_t size = 0; size <= SIZES; size++)
		CHECK(all_overlaps(size));

	test("no byte is touched outside of allocations as large as what is copied");
	for (size_t size = 1; size <= SIZES; size++)
		CHECK(copies_exactly(size));
	return check_done();
}
