// SPDX-License-Identifier: Apache-2.0
/*
 * Seccomp filters. An even first byte: the rest is rules, which must compile to a program that passes its check, or be
 * refused with a reason that is not a bug of ours. An odd one: the rest is a program; a valid one must come to an end.
 */
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "parts/filter_check.h"
#include "parts/filter_compile.h"
#include "parts/filter_sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next @size bytes; zeros behind the end. */
static uint64_t take(struct input *in, size_t size)
{
	uint64_t value = 0;
	size_t got = size < in->left ? size : in->left;

	memcpy(&value, in->at, got);
	in->at += got;
	in->left -= got;
	return value;
}

static void read_rule(struct input *in, struct arena *arena, struct request_seccomp *request)
{
	static const char *const names[] = {"read",    "socket", "ioctl",        "clone",      "personality", "execve",
					    "mknodat", "mseal",  "no_such_call", "socketcall", "cacheflush",  "open"};
	struct request_seccomp_rule *rule = LIST_ADD(arena, &request->syscalls);
	uint64_t head = take(in, 4);

	rule->action = (uint32_t)(head & 7);
	rule->errno_ret = (struct opt_u32){(head >> 3 & 1) != 0, (uint32_t)(head >> 4 & 0xffff)};
	for (uint64_t i = 0; i <= (head >> 20 & 3); i++)
		*LIST_ADD(arena, &rule->names) = names[take(in, 1) % (sizeof(names) / sizeof(names[0]))];
	for (uint64_t i = 0; i < (head >> 22 & 3); i++) {
		uint64_t shape = take(in, 1);
		struct request_seccomp_arg *arg = LIST_ADD(arena, &rule->args);

		arg->index = (uint32_t)(shape & 7);
		arg->op = (uint32_t)(shape >> 3 & 7);
		arg->value = take(in, (shape >> 6 & 1) != 0 ? 8 : 1);
		arg->value_two = take(in, (shape >> 7 & 1) != 0 ? 8 : 1);
	}
}

static void try_rules(struct input *in, struct arena *arena)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_ARM, SCMP_ARCH_X86_64};
	struct request_seccomp request = {.from = "input"};
	struct filter_exemption exemption = {59, 2, {{1, SECCOMP_EQ, 0x7f0000001000, 0}, {2, SECCOMP_EQ, 16, 0}}};
	uint64_t head = take(in, 4);
	struct filter_rules rules;
	struct sock_filter *code;
	uint32_t length;
	struct error err = {0};

	request.default_action = (uint32_t)(head & 7);
	request.default_errno_ret = (struct opt_u32){(head >> 3 & 1) != 0, (uint32_t)(head >> 16)};
	for (unsigned i = 0; i < 4; i++) {
		if ((head >> (4 + i) & 1) != 0)
			*LIST_ADD(arena, &request.architectures) = archs[i];
	}
	while (in->left > 0)
		read_rule(in, arena, &request);
	uint32_t native = (head >> 8 & 1) != 0 ? SCMP_ARCH_AARCH64 : SCMP_ARCH_X86_64;
	if (filter_rules_read(&request, native, &exemption, 1, arena, &rules, &err) < 0 ||
	    filter_compile(&rules, arena, &code, &length, &err) < 0 ||
	    filter_check(&rules, code, length, arena, &err) < 0) {
		if (err.kind != ERROR_CONFIG)
			abort();
	}
}

static void try_program(struct input *in)
{
	struct sock_filter code[512];
	uint32_t length = 0;
	struct seccomp_data data;
	bool by_args;

	memset(&data, 0x5a, sizeof(data));
	for (; in->left >= sizeof(code[0]) && length < 512; length++) {
		uint64_t word = take(in, sizeof(code[0]));

		memcpy(&code[length], &word, sizeof(word));
	}
	if (filter_valid(code, length))
		filter_simulate(code, &data, &by_args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct arena arena;
	struct error err;

	if (size > 8192 || arena_create(&arena, &err) < 0)
		return 0;
	if ((take(&in, 1) & 1) != 0)
		try_program(&in);
	else
		try_rules(&in, &arena);
	arena_destroy(&arena);
	return 0;
}
