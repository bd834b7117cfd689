// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_check.h"

#include <string.h>

#include "parts/filter_sim.h"
#include "parts/filter_verdict.h"

struct trial {
	const struct sock_filter *code;
	struct seccomp_data data;
	uint32_t arch; /* SCMP_ARCH_*, for messages; 0: one that is not listed */
	bool by_args;  /* rules compare arguments of this call: else the program may not even look at them */
};

static int expect(struct trial *trial, uint32_t wanted, struct error *err)
{
	const struct seccomp_data *data = &trial->data;
	bool by_args;
	uint32_t answer = filter_simulate(trial->code, data, &by_args);
	char name[64];

	if (answer == wanted && (trial->by_args || !by_args))
		return 0;
	syscalls_name(trial->arch, (uint32_t)data->nr, name, sizeof(name));
	return error_set(
		err, ERROR_BUG, 0,
		"the compiled filter answers %#x%s to %s of %s (architecture %#x, number %#x, arguments %#llx %#llx "
		"%#llx %#llx %#llx %#llx), its rules say %#x",
		answer, by_args ? " by its arguments" : "", name, syscalls_arch_name(trial->arch), data->arch,
		(uint32_t)data->nr, data->args[0], data->args[1], data->args[2], data->args[3], data->args[4],
		data->args[5], wanted);
}

static int expect_subject(struct trial *trial, const struct verdict_subject *subject, struct error *err)
{
	uint64_t values[FILTER_ARGS];

	memcpy(values, trial->data.args, sizeof(values));
	return expect(trial, verdict_of(subject, values), err);
}

/* A value for which @arg holds, where there is one. */
static uint64_t satisfying(const struct request_seccomp_arg *arg)
{
	switch (arg->op) {
	case SECCOMP_NE:
		return arg->value ^ 1;
	case SECCOMP_LT:
		return arg->value - (arg->value > 0);
	case SECCOMP_GT:
		return arg->value + (arg->value < UINT64_MAX);
	case SECCOMP_MASKED_EQ:
		return arg->value_two;
	default:
		return arg->value;
	}
}

static void satisfy(struct trial *trial, const struct filter_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++)
		trial->data.args[rule->args[i].index] = satisfying(&rule->args[i]);
}

/* The first FIRST_POINTS show where a wrong jump leads, the others what a wrong comparison does. */
enum { FIRST_POINTS = 3, POINTS = 10 };

/* Where an answer may change when one argument does. */
static void points_of(const struct request_seccomp_arg *arg, uint64_t points[POINTS])
{
	bool masked = arg->op == SECCOMP_MASKED_EQ;
	uint64_t value = masked ? arg->value_two : arg->value;
	uint64_t mask = masked ? arg->value : UINT64_MAX;

	points[0] = value;
	points[1] = value + 1;
	points[2] = value ^ 1ULL << 32;
	points[3] = value - 1;
	points[4] = value & UINT32_MAX;
	points[5] = value | (uint64_t)UINT32_MAX << 32;
	points[6] = masked ? value | ~mask : value & ~(uint64_t)UINT32_MAX;
	points[7] = masked ? value ^ (mask & -mask) : value | UINT32_MAX;
	points[8] = masked ? value ^ (mask & (mask >> 1 ^ mask)) : value ^ 1ULL << 63;
	points[9] = masked ? value ^ (mask & UINT32_MAX) : value ^ 1ULL << 31;
}

/* Each comparison of @rule at its first @count points, the others satisfied, all other arguments as they stand in
 * @trial. */
static int try_rule(struct trial *trial, const struct verdict_subject *subject, const struct filter_rule *rule,
		    size_t count, struct error *err)
{
	uint64_t points[POINTS];

	satisfy(trial, rule);
	for (size_t i = 0; i < rule->count; i++) {
		__u64 *value = &trial->data.args[rule->args[i].index];
		uint64_t satisfied = *value;

		points_of(&rule->args[i], points);
		for (size_t k = 0; k < count; k++) {
			if (k > 0 && points[k] == points[0])
				continue;
			*value = points[k];
			TRY(expect_subject(trial, subject, err));
		}
		*value = satisfied;
	}
	return 0;
}

static int try_all_args(struct trial *trial, const struct verdict_subject *subject, uint64_t value, struct error *err)
{
	for (size_t i = 0; i < FILTER_ARGS; i++)
		trial->data.args[i] = value;
	return expect_subject(trial, subject, err);
}

static bool other_args(const struct filter_rule *a, const struct filter_rule *b)
{
	return a->count > 1 || b->count > 1 || a->args->index != b->args->index;
}

static int check_call(struct trial *trial, struct verdict_view *view, uint32_t number, struct error *err)
{
	struct verdict_subject subject = verdict_about(view, number);

	trial->data.nr = (int)number;
	trial->by_args = subject.count > 0;
	TRY(try_all_args(trial, &subject, 0, err));
	if (subject.count == 0)
		return 0;
	TRY(try_all_args(trial, &subject, UINT64_MAX, err));
	for (size_t i = 0; i < subject.count; i++) {
		const struct filter_rule *rule = &subject.rules[i];
		const struct filter_rule *next = &subject.rules[(i + 1) % subject.count];

		memset(trial->data.args, 0, sizeof(trial->data.args));
		TRY(try_rule(trial, &subject, rule, POINTS, err));
		/* What falls through one rule must arrive at the next one. */
		if (!other_args(rule, next))
			continue;
		satisfy(trial, next);
		TRY(try_rule(trial, &subject, rule, FIRST_POINTS, err));
	}
	memset(trial->data.args, 0, sizeof(trial->data.args));
	return 0;
}

/* Numbers far above all names: where a single wrong bit of a comparison would show. */
static int check_far_numbers(struct trial *trial, struct verdict_view *view, uint32_t end, struct error *err)
{
	for (unsigned bit = 0; bit < 30; bit++) {
		uint32_t number = view->arch->first + (1U << bit);

		if (number <= end)
			continue;
		TRY(check_call(trial, view, number - 1, err));
		TRY(check_call(trial, view, number, err));
		TRY(check_call(trial, view, number + 1, err));
	}
	return 0;
}

static int check_arch(struct trial *trial, struct verdict_view *view, struct error *err)
{
	const struct filter_arch *arch = view->arch;
	uint32_t end = arch->first;

	trial->arch = arch->arch;
	trial->data.arch = arch->audit;
	if (arch->names_any)
		end = arch->highest;
	/* ARM has a few numbers a million above the others. */
	end = end - arch->first < VERDICT_HEADS ? end : arch->first + VERDICT_HEADS;
	for (uint32_t number = arch->first; number <= end + 2; number++)
		TRY(check_call(trial, view, number, err));
	if (arch->names_any && arch->highest > end) {
		for (uint32_t number = arch->highest - VERDICT_HEADS; number <= arch->highest + 2; number++)
			TRY(check_call(trial, view, number, err));
	}
	TRY(check_far_numbers(trial, view, end, err));
	/* The edges of the x32 range belong to others on x86_64. */
	TRY(check_call(trial, view, arch->first | (SYSCALLS_X32_BIT - 1), err));
	return arch->first == 0 ? check_call(trial, view, UINT32_MAX, err) : 0;
}

static bool listed(const struct filter_rules *rules, uint32_t audit)
{
	for (size_t i = 0; i < rules->arch_count; i++) {
		if (rules->archs[i].audit == audit)
			return true;
	}
	return false;
}

static int check_killed(struct trial *trial, uint32_t audit, struct error *err)
{
	static const uint32_t numbers[] = {0, 1, 59, 221, 435, SYSCALLS_X32_BIT, SYSCALLS_X32_BIT + 59, UINT32_MAX};

	trial->arch = 0;
	trial->by_args = false;
	trial->data = (struct seccomp_data){.arch = audit};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		trial->data.nr = (int)numbers[i];
		TRY(expect(trial, SECCOMP_RET_KILL_PROCESS, err));
	}
	return 0;
}

/* Architectures that are not listed, one wrong bit away from those that are. */
static int check_other_archs(struct trial *trial, const struct filter_rules *rules, struct error *err)
{
	TRY(check_killed(trial, 0, err));
	TRY(check_killed(trial, UINT32_MAX, err));
	for (size_t i = 0; i < rules->arch_count; i++) {
		for (unsigned bit = 0; bit < 32; bit++) {
			uint32_t audit = rules->archs[i].audit ^ 1U << bit;

			if (!listed(rules, audit))
				TRY(check_killed(trial, audit, err));
		}
	}
	return 0;
}

/* With the x32 bit, while x32 is not listed: all but -1. */
static int check_x32(struct trial *trial, const struct filter_rules *rules, struct error *err)
{
	for (size_t i = 0; i < rules->arch_count; i++) {
		if (rules->archs[i].first == SYSCALLS_X32_BIT || !syscalls_has_x32(rules->archs[0].arch))
			return 0;
	}
	trial->arch = 0;
	trial->by_args = false;
	trial->data = (struct seccomp_data){.arch = rules->archs[0].audit};
	for (uint32_t number = 0; number <= 64; number++) {
		trial->data.nr = (int)(SYSCALLS_X32_BIT + number);
		TRY(expect(trial, SECCOMP_RET_KILL_PROCESS, err));
	}
	for (unsigned bit = 6; bit < 31; bit++) {
		trial->data.nr = (int)(SYSCALLS_X32_BIT + (1U << bit));
		TRY(expect(trial, SECCOMP_RET_KILL_PROCESS, err));
		trial->data.nr = (int)(UINT32_MAX - (1U << bit));
		TRY(expect(trial, SECCOMP_RET_KILL_PROCESS, err));
	}
	trial->data.nr = -2;
	return expect(trial, SECCOMP_RET_KILL_PROCESS, err);
}

int filter_check(const struct filter_rules *rules, const struct sock_filter *code, uint32_t length, struct arena *arena,
		 struct error *err)
{
	struct trial trial = {.code = code};

	if (!filter_valid(code, length))
		return error_set(err, ERROR_BUG, 0, "the compiled filter is not a valid program");
	for (size_t i = 0; i < rules->arch_count; i++) {
		struct verdict_view view = {.rules = rules, .arch = &rules->archs[i], .arena = arena};

		verdict_view_rules(&view);
		TRY(check_arch(&trial, &view, err));
	}
	TRY(check_other_archs(&trial, rules, err));
	return check_x32(&trial, rules, err);
}
