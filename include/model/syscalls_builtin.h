// SPDX-License-Identifier: Apache-2.0
/*
 * What libseccomp knew of the names of system calls when this program was built, and model/syscalls.c itself, as
 * src/make_syscalls.c wrote it down: all names of all architectures, with the numbers on those that casemate
 * knows. libseccomp itself, which would be a seventh of it, is no part of the program.
 */
#ifndef CASEMATE_MODEL_SYSCALLS_BUILTIN_H
#define CASEMATE_MODEL_SYSCALLS_BUILTIN_H

#include <stddef.h>
#include <stdint.h>

#include "model/syscalls.h"

enum {
	SYSCALLS_NAME_ROOM = 32,
	SYSCALLS_ARCHS = 5,    /* x86_64, i386, x32, aarch64, arm */
	SYSCALLS_SLOTS = 2048, /* a power of two, twice as many as there are names */
};

struct syscalls_entry {
	char name[SYSCALLS_NAME_ROOM];   /* not a pointer: those would have to be relocated at each start */
	int32_t numbers[SYSCALLS_ARCHS]; /* for syscalls_column(), as syscalls_number() gives them */
};

struct syscalls_builtin {
	const struct syscalls_entry *entries;
	size_t count;
	const uint16_t
		*slots; /* SYSCALLS_SLOTS; 1 + the number of an entry, or 0; a taken slot means to try the next */
	/* libseccomp's own, where there is no table: in a cross build, and in the program that makes it. */
	int (*number)(uint32_t arch, const char *name);
	char *(*name)(uint32_t arch, int number);
};

extern const struct syscalls_builtin syscalls_builtin;

/* The slot at which to look for @name first (FNV-1a). */
static inline uint32_t syscalls_slot(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return (hash ^ hash >> 16) % SYSCALLS_SLOTS;
}

/* Which of `numbers` is that of @arch; -1: none. */
int syscalls_column(uint32_t arch);

#endif
