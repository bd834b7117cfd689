// SPDX-License-Identifier: Apache-2.0
/*
 * Where a program of freestanding.h starts. With -DFLOOR_LIBC a C library starts it instead: the difference of the two
 * builds is the price of the library's start-up.
 */
#ifndef CASEMATE_BENCH_FREESTANDING_START_H
#define CASEMATE_BENCH_FREESTANDING_START_H

#include "freestanding.h"

/* The program: gets what main() gets, returns the exit status. */
int floor_main(int argc, char **argv, char **envp);

#ifdef FLOOR_LIBC
int main(int argc, char **argv, char **envp)
{
	return floor_main(argc, argv, envp);
}
#else
/* gcc and clang call these for copies and initialisations of their own. */
void *memset(void *at, int byte, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

void *memset(void *at, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile char *)at)[i] = (char)byte;
	return at;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

/* @stack is what the kernel prepared: argc, argv, NULL, envp, NULL. */
__attribute__((noreturn, used)) void floor_start(long *stack);

void floor_start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	long status = floor_main(argc, argv, argv + argc + 1);

	for (;;)
		CALL1(__NR_exit_group, status);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall floor_start\n");
#else
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tbl floor_start\n");
#endif
#endif

#endif
