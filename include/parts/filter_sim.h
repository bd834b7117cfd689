// SPDX-License-Identifier: Apache-2.0
/* An interpreter of classic BPF, as far as filter_compile uses it: what the kernel will answer, without the kernel. */
#ifndef CASEMATE_PARTS_FILTER_SIM_H
#define CASEMATE_PARTS_FILTER_SIM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Whether @code is one that filter_simulate can run to its end: 1 to BPF_MAXINSNS instructions, only loads of aligned
 * words of seccomp_data, AND, jumps forward that stay inside, and constant answers, one of them last.
 */
bool filter_valid(const struct sock_filter *code, uint32_t length);

/*
 * The SECCOMP_RET_* with which @code, which is filter_valid, answers @data. *@ret_by_args: it looked at more than
 * number and architecture on the way.
 */
uint32_t filter_simulate(const struct sock_filter *code, const struct seccomp_data *data, bool *ret_by_args);

#endif
