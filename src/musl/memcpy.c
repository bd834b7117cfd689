// SPDX-License-Identifier: Apache-2.0
/*
 * memcpy(3) and memmove(3) for x86-64, where musl's start the processor's string instruction for every size: that takes
 * longer than all of a copy of some bytes, and reading JSON is thousands of these. Up to 64 bytes everything is loaded
 * before anything is stored, by two or four loads that overlap as the size needs it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The unit test has given them other names, and runs everywhere. */
#if defined(__x86_64__) || defined(memcpy)

/* What may lie anywhere and be of any type. */
typedef uint16_t any2 __attribute__((aligned(1), may_alias));
typedef uint32_t any4 __attribute__((aligned(1), may_alias));
typedef uint64_t any8 __attribute__((aligned(1), may_alias));
typedef uint64_t any16 __attribute__((vector_size(16), aligned(1), may_alias));

/* Both ends, which meet or overlap: from sizeof(TYPE) to twice as many bytes. */
#define COPY_ENDS(TYPE, to, from, size)                                                                                \
	do {                                                                                                           \
		TYPE head = *(const TYPE *)(from);                                                                     \
		TYPE tail = *(const TYPE *)((from) + (size) - sizeof(TYPE));                                           \
		*(TYPE *)(to) = head;                                                                                  \
		*(TYPE *)((to) + (size) - sizeof(TYPE)) = tail;                                                        \
	} while (0)

/* Compilers know loops that copy, and would make of these a call of this very function. */
#define STAY_LOOP() __asm__ volatile("" : : : "memory")

static inline void copy_tiny(char *to, const char *from, size_t size)
{
	if (size >= 8)
		COPY_ENDS(any8, to, from, size);
	else if (size >= 4)
		COPY_ENDS(any4, to, from, size);
	else if (size >= 2)
		COPY_ENDS(any2, to, from, size);
	else if (size == 1)
		*to = *from;
}

static inline void copy_short(char *to, const char *from, size_t size)
{
	any16 second = *(const any16 *)(from + 16);
	any16 last_but_one = *(const any16 *)(from + size - 32);

	COPY_ENDS(any16, to, from, size);
	*(any16 *)(to + 16) = second;
	*(any16 *)(to + size - 32) = last_but_one;
}

/* From the start, for a target that is not inside the source; from the end, for one that is. The other end is loaded
 * first: by the time it is stored, its source may be overwritten. */
static inline void copy_forwards(char *to, const char *from, size_t size)
{
	any16 tail = *(const any16 *)(from + size - 16);

	for (size_t at = 0; at < size - 16; at += 16) {
		*(any16 *)(to + at) = *(const any16 *)(from + at);
		STAY_LOOP();
	}
	*(any16 *)(to + size - 16) = tail;
}

static inline void copy_backwards(char *to, const char *from, size_t size)
{
	any16 head = *(const any16 *)from;

	for (size_t left = size; left > 16; left -= 16) {
		*(any16 *)(to + left - 16) = *(const any16 *)(from + left - 16);
		STAY_LOOP();
	}
	*(any16 *)to = head;
}

static inline void *copy_any(void *to, const void *from, size_t size)
{
	if (size <= 16)
		copy_tiny(to, from, size);
	else if (size <= 32)
		COPY_ENDS(any16, (char *)to, (const char *)from, size);
	else if (size <= 64)
		copy_short(to, from, size);
	else if ((uintptr_t)to - (uintptr_t)from >= size)
		copy_forwards(to, from, size);
	else
		copy_backwards(to, from, size);
	return to;
}

void *memcpy(void *restrict dest, const void *restrict src, size_t n)
{
	return copy_any(dest, src, n);
}

void *memmove(void *dest, const void *src, size_t n)
{
	return copy_any(dest, src, n);
}

#endif
