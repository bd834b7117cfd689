// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_sim.h"

#include <stddef.h>
#include <string.h>

static bool valid(const struct sock_filter *at, uint32_t left)
{
	bool plain = at->jt == 0 && at->jf == 0;

	switch (at->code) {
	case BPF_RET | BPF_K:
	case BPF_ALU | BPF_AND | BPF_K:
		return plain;
	case BPF_LD | BPF_W | BPF_ABS:
		return plain && at->k % sizeof(uint32_t) == 0 && at->k < sizeof(struct seccomp_data);
	case BPF_JMP | BPF_JA:
		return plain && at->k < left;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
		return at->jt < left && at->jf < left;
	default:
		return false;
	}
}

bool filter_valid(const struct sock_filter *code, uint32_t length)
{
	if (length == 0 || length > BPF_MAXINSNS || code[length - 1].code != (BPF_RET | BPF_K))
		return false;
	for (uint32_t i = 0; i < length; i++) {
		if (!valid(&code[i], length - i - 1))
			return false;
	}
	return true;
}

uint32_t filter_simulate(const struct sock_filter *code, const struct seccomp_data *data, bool *ret_by_args)
{
	uint32_t accumulator = 0;

	*ret_by_args = false;
	for (const struct sock_filter *at = code;; at++) {
		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&accumulator, (const char *)data + at->k, sizeof(accumulator));
			*ret_by_args = *ret_by_args || at->k >= offsetof(struct seccomp_data, instruction_pointer);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= at->k;
			break;
		case BPF_JMP | BPF_JA:
			at += at->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += accumulator == at->k ? at->jt : at->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += accumulator >= at->k ? at->jt : at->jf;
			break;
		default:
			return at->k;
		}
	}
}
