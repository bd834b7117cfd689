// SPDX-License-Identifier: Apache-2.0
/*
 * What libseccomp knew of the names of system calls when this program was built, and model/syscalls.c itself, as
 * src/make_syscalls.c wrote it down: an engine's profile has some hundred names for each of three architectures,
 * and libseccomp compares each with thirty others. What is not in it is asked of libseccomp.
 */
#ifndef CASEMATE_MODEL_SYSCALLS_BUILTIN_H
#define CASEMATE_MODEL_SYSCALLS_BUILTIN_H

#include <stdint.h>

#include "model/syscalls.h"

enum {
	SYSCALLS_NAME_ROOM = 32,
	SYSCALLS_SLOTS = 2048, /* a power of two, twice as many as there are names */
};

struct syscalls_entry {
	char name[SYSCALLS_NAME_ROOM];       /* not a pointer: those would have to be relocated at each start */
	int32_t numbers[SYSCALLS_MAX_ARCHS]; /* for syscalls_column(), as syscalls_number() gives them */
};

struct syscalls_builtin {
	const struct syscalls_entry *entries;
	const uint16_t
		*slots; /* SYSCALLS_SLOTS; 1 + the number of an entry, or 0; a taken slot means to try the next */
};

/* Without entries in a cross build, and in the program that makes it. */
extern const struct syscalls_builtin syscalls_builtin;

/* The slot at which to look for @name first (FNV-1a). */
static inline uint32_t syscalls_slot(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return (hash ^ hash >> 16) % SYSCALLS_SLOTS;
}

/* Which of `numbers` is that of @arch; -1: none, this machine cannot run it. */
int syscalls_column(uint32_t arch);

#endif
