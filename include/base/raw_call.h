// SPDX-License-Identifier: Apache-2.0
/*
 * A system call without a function of libc around it: for src/entry.c, which runs before libc is there, and for a child
 * that shares the stack of its parent (base/sys.h). A failure is a negative errno (syscall(2), "Architecture calling
 * conventions").
 */
#ifndef CASEMATE_BASE_RAW_CALL_H
#define CASEMATE_BASE_RAW_CALL_H

#include <stdint.h>

#define BARE __attribute__((no_stack_protector))

BARE static inline __attribute__((always_inline)) long raw_call(long number, const long words[5])
{
#if defined(__x86_64__)
	/* cppcheck-suppress constStatement */
	register long r10 __asm__("r10") = words[3];
	/* cppcheck-suppress constStatement */
	register long r8 __asm__("r8") = words[4];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(words[0]), "S"(words[1]), "d"(words[2]), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
#else
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = words[0];
	register long x1 __asm__("x1") = words[1];
	register long x2 __asm__("x2") = words[2];
	register long x3 __asm__("x3") = words[3];
	register long x4 __asm__("x4") = words[4];

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
#endif
}

/* Up to five arguments, each a long. */
#define CALL(number, ...) raw_call((number), (const long[5]){__VA_ARGS__})
#define WORD(pointer) ((long)(intptr_t)(pointer))

#endif
