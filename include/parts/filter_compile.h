// SPDX-License-Identifier: Apache-2.0
/*
 * Rules become a classic BPF program for seccomp(2): the architecture decides between trees, a tree over intervals of
 * numbers finds the leaf, a leaf is an answer or a block that compares arguments. Equal blocks exist once.
 */
#ifndef CASEMATE_PARTS_FILTER_COMPILE_H
#define CASEMATE_PARTS_FILTER_COMPILE_H

#include <linux/filter.h>

#include "parts/filter_rules.h"

/*
 * Compiles @rules; the program is in @arena. It must pass filter_check before it is trusted. Fails with ERROR_CONFIG
 * when it has more than BPF_MAXINSNS instructions.
 */
int filter_compile(const struct filter_rules *rules, struct arena *arena, struct sock_filter **ret_code,
		   uint32_t *ret_length, struct error *err);

#endif
