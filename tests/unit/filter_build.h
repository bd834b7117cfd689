// SPDX-License-Identifier: Apache-2.0
/* What the tests of seccomp filters share: rules are put together, compiled, and asked by two interpreters. */
#ifndef CASEMATE_TESTS_FILTER_BUILD_H
#define CASEMATE_TESTS_FILTER_BUILD_H

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "parts/filter_check.h"
#include "parts/filter_compile.h"
#include "parts/filter_sim.h"

#define ERRNO(number) (SECCOMP_RET_ERRNO | (number))

static struct arena arena;
static struct error err;

/* A compiled filter with what it was made from. */
struct built {
	struct filter_rules rules;
	struct sock_filter *code;
	uint32_t length;
};

static inline struct request_seccomp *new_request(uint32_t action)
{
	struct request_seccomp *request = arena_alloc(&arena, sizeof(*request));

	request->default_action = action;
	request->from = "test";
	return request;
}

static inline struct request_seccomp_rule *add_rule(struct request_seccomp *request, const char *name, uint32_t action)
{
	struct request_seccomp_rule *rule = LIST_ADD(&arena, &request->syscalls);

	*LIST_ADD(&arena, &rule->names) = name;
	rule->action = action;
	return rule;
}

static inline void add_arg(struct request_seccomp_rule *rule, uint32_t index, uint32_t op, uint64_t value,
			   uint64_t value_two)
{
	*LIST_ADD(&arena, &rule->args) = (struct request_seccomp_arg){index, op, value, value_two};
}

/* Takes back everything that was allocated since @start. */
static inline void forget_since(struct arena start)
{
	memset(arena.start + start.used, 0, arena.used - start.used);
	arena = start;
}

static inline int build_for(const struct request_seccomp *request, uint32_t arch, struct built *ret)
{
	memset(&err, 0, sizeof(err));
	TRY(filter_rules_read(request, arch, NULL, 0, &arena, &ret->rules, &err));
	TRY(filter_compile(&ret->rules, &arena, &ret->code, &ret->length, &err));
	return filter_check(&ret->rules, ret->code, ret->length, &arena, &err);
}

/* Filters do not depend on the machine that makes them, so one machine's numbers are enough. */
static inline int build(const struct request_seccomp *request, struct built *ret)
{
	return build_for(request, SCMP_ARCH_X86_64, ret);
}

/* An interpreter of the test's own, which also knows the instructions that libseccomp writes. */
static uint32_t run_bpf(const struct sock_filter *code, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (const struct sock_filter *at = code;; at++) {
		bool yes = false;

		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + at->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			continue;
		case BPF_JMP | BPF_JA:
			at += at->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == at->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= at->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > at->k;
			break;
		case BPF_RET | BPF_K:
			return at->k;
		default:
			abort();
		}
		at += yes ? at->jt : at->jf;
	}
}

static inline uint32_t ask(const struct built *built, uint32_t arch, uint32_t number, const uint64_t *args)
{
	struct seccomp_data data = {.nr = (int)number, .arch = arch};

	for (int i = 0; args != NULL && i < FILTER_ARGS; i++)
		data.args[i] = args[i];
	return run_bpf(built->code, &data);
}

static inline uint32_t ask_name(const struct built *built, const char *name, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint64_t args[FILTER_ARGS] = {a0, a1, a2};

	return ask(built, AUDIT_ARCH_X86_64, (uint32_t)syscalls_number(SCMP_ARCH_X86_64, name), args);
}

/* The test's own opinion: straight from the request, for x86_64. */

static bool arg_holds(const struct request_seccomp_arg *arg, const uint64_t *args)
{
	uint64_t v = args[arg->index];
	const bool results[] = {
		[SECCOMP_NE] = v != arg->value,
		[SECCOMP_LT] = v<arg->value, [SECCOMP_LE] = v <= arg->value, [SECCOMP_EQ] = v == arg->value,
				 [SECCOMP_GE] = v >= arg->value, [SECCOMP_GT] = v>
				       arg->value,
		[SECCOMP_MASKED_EQ] = (v & arg->value) == arg->value_two,
	};

	return results[arg->op];
}

static uint32_t action_of(uint32_t action, struct opt_u32 number)
{
	if (action == SECCOMP_ALLOW)
		return SECCOMP_RET_ALLOW;
	if (action == SECCOMP_KILL_PROCESS)
		return SECCOMP_RET_KILL_PROCESS;
	return ERRNO(number.set ? number.value : EPERM);
}

static inline uint32_t opinion(const struct request_seccomp *request, uint32_t number, const uint64_t *args)
{
	const struct request_seccomp_rule *plain = NULL;
	int32_t highest = -1;

	for (size_t i = 0; i < request->syscalls.count; i++) {
		const struct request_seccomp_rule *rule = &request->syscalls.at[i];
		bool named = false, holds = true;

		for (size_t k = 0; k < rule->names.count; k++) {
			int32_t of_name = syscalls_number(SCMP_ARCH_X86_64, rule->names.at[k]);

			named = named || of_name == (int32_t)number;
			highest = of_name > highest ? of_name : highest;
		}
		for (size_t k = 0; k < rule->args.count; k++)
			holds = holds && arg_holds(&rule->args.at[k], args);
		if (named && holds && rule->args.count > 0)
			return action_of(rule->action, rule->errno_ret);
		if (named && rule->args.count == 0 && plain == NULL)
			plain = rule;
	}
	if (plain != NULL)
		return action_of(plain->action, plain->errno_ret);
	if (request->default_action == SECCOMP_ERRNO && highest >= 0 && (int64_t)number > highest)
		return ERRNO(ENOSYS);
	return action_of(request->default_action, request->default_errno_ret);
}

static inline uint64_t random_value(void)
{
	static const uint64_t values[] = {0,
					  1,
					  2,
					  40,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0x100000000,
					  0x100000001,
					  0x100000028,
					  0x1ffffffff,
					  0x7fffffffffffffff,
					  0x8000000000000000,
					  0xffffffff00000000,
					  0xfffffffffffffffe,
					  0xffffffffffffffff};
	uint64_t value = values[(size_t)random() % (sizeof(values) / sizeof(values[0]))];

	return value + (uint64_t)(random() % 3) - 1;
}

#endif
