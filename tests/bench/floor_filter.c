// SPDX-License-Identifier: Apache-2.0
#include "floor_filter.h"

#include <errno.h>
#include <stddef.h>

static unsigned put(struct sock_filter *code, unsigned at, struct sock_filter instruction)
{
	code[at] = instruction;
	return at + 1;
}

/* Leaves @first to @last: one comparison for each but the first, all paths equally long. */
static unsigned tree(struct sock_filter *code, unsigned at, unsigned first, unsigned last)
{
	unsigned middle = (first + last + 1) / 2;
	uint32_t action = first * FILTER_STRIDE >= 512 ? SECCOMP_RET_ERRNO | ENOSYS : SECCOMP_RET_ALLOW;

	if (first == last)
		return put(code, at, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
	at = put(code, at,
		 (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, middle * FILTER_STRIDE,
					      (uint8_t)(2 * (middle - first) - 1), 0));
	at = tree(code, at, first, middle - 1);
	return tree(code, at, middle, last);
}

unsigned filter_build(struct sock_filter *code, unsigned architectures)
{
#if defined(__x86_64__)
	static const uint32_t names[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM};
#else
	static const uint32_t names[] = {AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, AUDIT_ARCH_I386};
#endif
	unsigned leaves = architectures > 1 ? FILTER_LEAVES_MANY : FILTER_LEAVES_ONE;
	unsigned at = put(code, 0,
			  (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));

	for (unsigned i = 0; i < architectures && i < 3; i++) {
		at = put(code, at, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, names[i], 1, 0));
		at = put(code, at, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 2 * leaves));
		at = put(code, at,
			 (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
		at = tree(code, at, 0, leaves - 1);
	}
	return put(code, at, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
}
