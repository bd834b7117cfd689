// SPDX-License-Identifier: Apache-2.0
/*
 * A seccomp program of the size and shape that a balanced tree has for Docker's profile: what the kernel pays for
 * loading it depends on these, not on which numbers are allowed. It allows all of today's system calls.
 */
#ifndef CASEMATE_BENCH_FLOOR_FILTER_H
#define CASEMATE_BENCH_FLOOR_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

enum {
	FILTER_MAX = 640,
	FILTER_LEAVES_ONE = 64,  /* with one architecture: 127 instructions of tree */
	FILTER_LEAVES_MANY = 91, /* as many per architecture as make 549 instructions with three */
	FILTER_STRIDE = 7,       /* system calls a leaf */
};

/* Writes the program for 1 to 3 @architectures into @code (FILTER_MAX), returns its length. */
unsigned filter_build(struct sock_filter *code, unsigned architectures);

#endif
