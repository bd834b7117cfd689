// SPDX-License-Identifier: Apache-2.0
/* System calls without a C library: the floor pays for kernel work and nothing else. */
#ifndef CASEMATE_BENCH_FREESTANDING_H
#define CASEMATE_BENCH_FREESTANDING_H

#include <asm/unistd.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
static inline __attribute__((always_inline)) long call(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline __attribute__((always_inline)) long call(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#else
#error "add the system call instruction of this machine"
#endif

#define WORD(x) ((long)(intptr_t)(x))
#define CALL5(nr, a, b, c, d, e) call((nr), WORD(a), WORD(b), WORD(c), WORD(d), WORD(e))
#define CALL4(nr, a, b, c, d) CALL5(nr, a, b, c, d, 0)
#define CALL3(nr, a, b, c) CALL5(nr, a, b, c, 0, 0)
#define CALL2(nr, a, b) CALL5(nr, a, b, 0, 0, 0)
#define CALL1(nr, a) CALL5(nr, a, 0, 0, 0, 0)

/* As vfork(2): the parent sleeps until the child's execve(2), no page is copied. The child uses the parent's stack: it
 * must go on in a function that does not return. */
#define CLONE_AS_VFORK (CLONE_VM | CLONE_VFORK)

static inline __attribute__((always_inline)) long clone_child(uint64_t flags, int cgroup)
{
	struct clone_args args = {
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)(cgroup >= 0 ? cgroup : 0),
	};
	return CALL2(__NR_clone3, &args, sizeof(args));
}

#endif
