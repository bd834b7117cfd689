// SPDX-License-Identifier: Apache-2.0
/*
 * Names and numbers of system calls, for each architecture that this machine can run. The libseccomp of the build knew
 * most; calls newer than that of a supported distribution stand in a table here. An architecture is an AUDIT_ARCH_*, or
 * SYSCALLS_ARCH_X32: the same numbers as the SCMP_ARCH_* of libseccomp.
 */
#ifndef CASEMATE_MODEL_SYSCALLS_H
#define CASEMATE_MODEL_SYSCALLS_H

#include <elf.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SYSCALLS_ABSENT = -1,  /* the name is one of another architecture */
	SYSCALLS_UNKNOWN = -2, /* no architecture has a call of that name */
};
enum {
	SYSCALLS_X32_BIT = 0x40000000, /* in the numbers of x32, which has the AUDIT_ARCH_* of x86_64 */
	SYSCALLS_MAX_ARCHS = 3,        /* that one machine can run: x86_64, i386 and x32 */
};

/* x32 has the AUDIT_ARCH_* of x86_64: it is told apart by leaving out the 64-bit mark. */
#define SYSCALLS_ARCH_X32 ((uint32_t)EM_X86_64 | __AUDIT_ARCH_LE)

/* The architecture that casemate was built for. */
uint32_t syscalls_native(void);

/* Whether a kernel of architecture @native can run programs of @arch; it can run its own. */
bool syscalls_runs(uint32_t native, uint32_t arch);

/* The AUDIT_ARCH_* that the kernel shows a filter for @arch (seccomp(2)). */
uint32_t syscalls_audit_arch(uint32_t arch);

/* Whether numbers of x32, those with SYSCALLS_X32_BIT, come with the AUDIT_ARCH_* of @arch. */
bool syscalls_has_x32(uint32_t arch);

/* "x86_64", "i386", "x32", "aarch64", "arm"; "unknown" for all others. Static. */
const char *syscalls_arch_name(uint32_t arch);

/* The number of @name on @arch, with SYSCALLS_X32_BIT for x32; SYSCALLS_ABSENT or SYSCALLS_UNKNOWN. On an architecture
 * that casemate does not know all are absent. */
int32_t syscalls_number(uint32_t arch, const char *name);

/* Writes the name of @number into @text (@size bytes, always terminated); the number itself where it has no name. */
void syscalls_name(uint32_t arch, uint32_t number, char *text, size_t size);

#endif
