// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_compile.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

/*
 * The program is written from its end to its start, so that every jump knows how far its target is. A place counts the
 * instructions from the end: 1 is the last one, and a place stays what it is while the program grows.
 *
 * A target is a place, or an answer that is placed when somebody needs it near: a jump reaches 255 instructions, and
 * another RET costs no more than a jump to one.
 */
typedef uint64_t target;
#define ANSWER (1ULL << 32)

enum { RECENT = 16 };

struct program {
	struct arena *arena;
	struct sock_filter *code; /* BPF_MAXINSNS, filled from the end */
	uint32_t length;
	bool full;
	struct {
		uint32_t action;
		uint32_t place;
	} recent[RECENT]; /* answers that were written last */
	uint32_t recent_next;
};

/* Values from @start on, up to the next segment's, go to @to. */
struct segment {
	uint32_t start;
	target to;
};
typedef LIST(struct segment) segment_list;

static target answer(uint32_t action)
{
	return ANSWER | action;
}

static uint32_t emit(struct program *program, struct sock_filter instruction)
{
	if (program->length == BPF_MAXINSNS) {
		program->full = true;
		return program->length;
	}
	program->length++;
	program->code[BPF_MAXINSNS - program->length] = instruction;
	return program->length;
}

static bool in_reach(const struct program *program, uint32_t place, uint32_t more)
{
	return program->length + more - place <= UINT8_MAX;
}

static uint32_t write_answer(struct program *program, uint32_t action, uint32_t more)
{
	for (uint32_t i = 0; i < RECENT; i++) {
		if (program->recent[i].place != 0 && program->recent[i].action == action &&
		    in_reach(program, program->recent[i].place, more))
			return program->recent[i].place;
	}
	uint32_t place = emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
	uint32_t slot = program->recent_next++ % RECENT;

	program->recent[slot].action = action;
	program->recent[slot].place = place;
	return place;
}

/* A place from which @to is reached, near enough for a jump that comes after @more instructions. */
static uint32_t near(struct program *program, target to, uint32_t more)
{
	if (to & ANSWER)
		return write_answer(program, (uint32_t)to, more);
	if (in_reach(program, (uint32_t)to, more))
		return (uint32_t)to;
	return emit(program, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, program->length - (uint32_t)to));
}

static target jump(struct program *program, uint16_t comparison, uint32_t value, target yes, target no)
{
	if (yes == no)
		return yes;
	uint32_t to_yes = near(program, yes, 1);
	uint32_t to_no = near(program, no, 0);
	uint16_t code = (uint16_t)(BPF_JMP | comparison | BPF_K);
	struct sock_filter instruction =
		BPF_JUMP(code, value, (uint8_t)(program->length - to_yes), (uint8_t)(program->length - to_no));

	return emit(program, instruction);
}

/* Puts one instruction before @to, which control then falls into. */
static target before(struct program *program, struct sock_filter instruction, target to)
{
	uint32_t place = near(program, to, 0);

	if (place != program->length)
		emit(program, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, program->length - place));
	return emit(program, instruction);
}

static target load(struct program *program, size_t offset, target to)
{
	return before(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset), to);
}

/* Both architectures that casemate supports are little-endian. */
static target load_low(struct program *program, uint32_t index, target to)
{
	return load(program, offsetof(struct seccomp_data, args) + index * sizeof(uint64_t), to);
}

static target load_high(struct program *program, uint32_t index, target to)
{
	return load(program, offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) + sizeof(uint32_t), to);
}

static void add_segment(struct program *program, segment_list *list, uint32_t start, target to)
{
	if (list->count > 0 && list->at[list->count - 1].start == start)
		list->count--;
	if (list->count > 0 && list->at[list->count - 1].to == to)
		return;
	*LIST_ADD(program->arena, list) = (struct segment){start, to};
}

/* Finds the segment of the accumulator in about log2(@count) comparisons. */
static target tree(struct program *program, const struct segment *segments, size_t count)
{
	if (count == 1)
		return segments[0].to;
	if (count == 3 && segments[0].to == segments[2].to && segments[2].start - segments[1].start == 1)
		return jump(program, BPF_JEQ, segments[1].start, segments[1].to, segments[0].to);
	size_t middle = count / 2;
	target above = tree(program, segments + middle, count - middle);
	target below = tree(program, segments, middle);

	return jump(program, BPF_JGE, segments[middle].start, above, below);
}

/* --- one comparison --- */

static target masked_half(struct program *program, uint32_t index, bool high, uint32_t mask, uint32_t value, target yes,
			  target no)
{
	if (mask == 0)
		return yes;
	target to = jump(program, BPF_JEQ, value, yes, no);

	if (mask != UINT32_MAX)
		to = before(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask), to);
	return high ? load_high(program, index, to) : load_low(program, index, to);
}

/* (argument & mask) == value, half by half. */
static target masked(struct program *program, const struct request_seccomp_arg *arg, target yes, target no)
{
	if ((arg->value_two & ~arg->value) != 0)
		return no;
	target low = masked_half(program, arg->index, false, (uint32_t)arg->value, (uint32_t)arg->value_two, yes, no);

	return masked_half(program, arg->index, true, (uint32_t)(arg->value >> 32), (uint32_t)(arg->value_two >> 32),
			   low, no);
}

/* --- sets of values --- */

struct interval {
	uint64_t from, to;
};
typedef LIST(struct interval) interval_list;

static void add_interval(struct arena *arena, interval_list *set, uint64_t from, uint64_t to)
{
	*LIST_ADD(arena, set) = (struct interval){from, to};
}

/* Only the low half of the argument counts: then a set holds values of that half. */
static bool low_only(const struct request_seccomp_arg *arg)
{
	return arg->op == SECCOMP_MASKED_EQ && arg->value == UINT32_MAX;
}

/* The values for which a comparison holds, if it is not one of single bits. */
static void add_values(struct arena *arena, interval_list *set, const struct request_seccomp_arg *arg)
{
	uint32_t op = arg->op;
	uint64_t value = arg->value;

	if (op == SECCOMP_MASKED_EQ) {
		if (arg->value_two <= value)
			add_interval(arena, set, arg->value_two, arg->value_two);
		return;
	}
	if (op == SECCOMP_EQ || op == SECCOMP_LE || op == SECCOMP_GE)
		add_interval(arena, set, op == SECCOMP_LE ? 0 : value, op == SECCOMP_GE ? UINT64_MAX : value);
	if ((op == SECCOMP_NE || op == SECCOMP_LT) && value > 0)
		add_interval(arena, set, 0, value - 1);
	if ((op == SECCOMP_NE || op == SECCOMP_GT) && value < UINT64_MAX)
		add_interval(arena, set, value + 1, UINT64_MAX);
}

/* A heap sort: no memory of its own, and no order of input makes it slow. */
static void sift(struct interval *at, size_t top, size_t count)
{
	for (size_t child; (child = 2 * top + 1) < count; top = child) {
		if (child + 1 < count && at[child + 1].from > at[child].from)
			child++;
		if (at[top].from >= at[child].from)
			return;
		struct interval other = at[top];
		at[top] = at[child];
		at[child] = other;
	}
}

static void sort_intervals(interval_list *set)
{
	for (size_t i = set->count / 2; i-- > 0;)
		sift(set->at, i, set->count);
	for (size_t left = set->count; left-- > 1;) {
		struct interval last = set->at[left];
		set->at[left] = set->at[0];
		set->at[0] = last;
		sift(set->at, 0, left);
	}
}

/* Intervals that overlap or touch become one. */
static void unite(interval_list *set)
{
	size_t last = 0;

	sort_intervals(set);
	for (size_t i = 1; i < set->count; i++) {
		struct interval *grown = &set->at[last];

		if (grown->to == UINT64_MAX || set->at[i].from <= grown->to + 1)
			grown->to = grown->to > set->at[i].to ? grown->to : set->at[i].to;
		else
			set->at[++last] = set->at[i];
	}
	if (set->count > 0)
		set->count = last + 1;
}

/* Edge @index of a united set: the value at which membership changes. False for the end of all values. */
static bool edge_at(const interval_list *set, size_t index, uint64_t *ret)
{
	if (index >= 2 * set->count)
		return false;
	const struct interval *interval = &set->at[index / 2];

	if (index % 2 == 0) {
		*ret = interval->from;
		return true;
	}
	*ret = interval->to + 1;
	return interval->to != UINT64_MAX;
}

/* Part of a united set that has the high half @high, from edge *@at on, as a tree over the low half. */
static target member_low(struct program *program, uint32_t index, const interval_list *set, size_t *at, uint32_t high,
			 const target to[2])
{
	segment_list lows = {0};
	uint64_t edge;

	add_segment(program, &lows, 0, to[*at % 2]);
	for (; edge_at(set, *at, &edge) && edge >> 32 == high; ++*at)
		add_segment(program, &lows, (uint32_t)edge, to[(*at + 1) % 2]);
	target low = tree(program, lows.at, lows.count);
	return lows.count > 1 ? load_low(program, index, low) : low;
}

/* A united set as a tree over high halves, and trees over low ones where a high half alone does not decide. */
static target member(struct program *program, const struct request_seccomp_arg *arg, const interval_list *set,
		     target yes, target no)
{
	const target to[2] = {no, yes};
	segment_list highs = {0};
	uint64_t edge;
	size_t at = 0;

	if (low_only(arg))
		return member_low(program, arg->index, set, &at, 0, to);
	add_segment(program, &highs, 0, no);
	while (edge_at(set, at, &edge)) {
		uint32_t high = (uint32_t)(edge >> 32);

		add_segment(program, &highs, high, member_low(program, arg->index, set, &at, high, to));
		if (high < UINT32_MAX)
			add_segment(program, &highs, high + 1, to[at % 2]);
	}
	target to_high = tree(program, highs.at, highs.count);
	return highs.count > 1 ? load_high(program, arg->index, to_high) : to_high;
}

/* --- the rules of one call --- */

/* Whether a comparison is one with values, and not of some bits. */
static bool of_values(const struct request_seccomp_arg *arg)
{
	return arg->op != SECCOMP_MASKED_EQ || arg->value == UINT32_MAX || arg->value == UINT64_MAX;
}

static target compare(struct program *program, const struct request_seccomp_arg *arg, target yes, target no)
{
	interval_list set = {0};

	if (!of_values(arg))
		return masked(program, arg, yes, no);
	add_values(program->arena, &set, arg);
	unite(&set);
	return member(program, arg, &set, yes, no);
}

/* Rules that are sets of values of one argument with the same answer are one set together. */
static bool alike(const struct filter_rule *a, const struct filter_rule *b)
{
	return a->count == 1 && b->count == 1 && a->action == b->action && a->args->index == b->args->index &&
	       of_values(a->args) && of_values(b->args) && low_only(a->args) == low_only(b->args);
}

/* The first of the rules before @end that are one set with rule @end - 1; all their values are added to @set. */
static size_t join_alike(struct program *program, const struct filter_rules *rules, const struct filter_call *call,
			 size_t end, interval_list *set)
{
	struct filter_rule last = filter_rule_at(rules, call->rules[end - 1]);
	size_t first = end;

	while (first > 0) {
		struct filter_rule rule = filter_rule_at(rules, call->rules[first - 1]);

		if (!alike(&rule, &last))
			break;
		add_values(program->arena, set, rule.args);
		first--;
	}
	unite(set);
	return first;
}

static target rules_block(struct program *program, const struct filter_rules *rules, const struct filter_call *call)
{
	target next = answer(call->otherwise);

	for (size_t end = call->count; end > 0;) {
		struct filter_rule rule = filter_rule_at(rules, call->rules[end - 1]);
		target yes = answer(rule.action);
		interval_list set = {0};

		if (alike(&rule, &rule)) {
			end = join_alike(program, rules, call, end, &set);
			next = member(program, rule.args, &set, yes, next);
			continue;
		}
		for (size_t i = rule.count; i > 0; i--)
			yes = compare(program, &rule.args[i - 1], yes, next);
		next = yes;
		end--;
	}
	return next;
}

static bool same_rules(const struct filter_call *a, const struct filter_call *b)
{
	return a->count == b->count && a->otherwise == b->otherwise &&
	       memcmp(a->rules, b->rules, a->count * sizeof(*a->rules)) == 0;
}

/* Blocks that were written: calls with the same rules share one, across architectures too. */
struct block {
	const struct filter_call *call;
	target to;
};
typedef LIST(struct block) block_list;

static target leaf(struct program *program, const struct filter_rules *rules, block_list *blocks,
		   const struct filter_call *call)
{
	if (call->count == 0)
		return answer(call->otherwise);
	for (size_t i = 0; i < blocks->count; i++) {
		if (same_rules(blocks->at[i].call, call))
			return blocks->at[i].to;
	}
	target to = rules_block(program, rules, call);

	*LIST_ADD(program->arena, blocks) = (struct block){call, to};
	return to;
}

/* --- numbers and architectures --- */

/* Numbers from @from up to the next call, the one at @next, which no rule names. */
static void add_gap(struct program *program, segment_list *list, const struct filter_rules *rules,
		    const struct filter_arch *arch, size_t next, uint32_t from)
{
	if (next == arch->count || arch->calls[next].number != from)
		add_segment(program, list, from, answer(filter_unnamed(rules, arch, from)));
}

static void add_numbers(struct program *program, segment_list *list, const struct filter_rules *rules,
			const struct filter_arch *arch, block_list *blocks)
{
	add_gap(program, list, rules, arch, 0, arch->first);
	for (size_t i = 0; i < arch->count; i++) {
		const struct filter_call *call = &arch->calls[i];

		add_segment(program, list, call->number, leaf(program, rules, blocks, call));
		add_gap(program, list, rules, arch, i + 1, call->number + 1);
	}
}

/* All numbers that the kernel shows with the audit architecture of @arch. */
static target numbers(struct program *program, const struct filter_rules *rules, const struct filter_arch *arch,
		      block_list *blocks)
{
	segment_list list = {0};

	add_numbers(program, &list, rules, arch, blocks);
	if (syscalls_has_x32(arch->arch)) {
		add_segment(program, &list, SYSCALLS_X32_BIT, answer(SECCOMP_RET_KILL_PROCESS));
		for (size_t i = 0; i < rules->arch_count; i++) {
			if (rules->archs[i].first == SYSCALLS_X32_BIT)
				add_numbers(program, &list, rules, &rules->archs[i], blocks);
		}
		/* -1 is what a tracer writes to have a call skipped; the kernel carries nothing out. */
		add_gap(program, &list, rules, arch, arch->count, UINT32_MAX);
	}
	return load(program, offsetof(struct seccomp_data, nr), tree(program, list.at, list.count));
}

int filter_compile(const struct filter_rules *rules, struct arena *arena, struct sock_filter **ret_code,
		   uint32_t *ret_length, struct error *err)
{
	struct program program = {.arena = arena, .code = arena_alloc(arena, BPF_MAXINSNS * sizeof(*program.code))};
	block_list blocks = {0};
	target start = answer(SECCOMP_RET_KILL_PROCESS);

	/* The native architecture is written last, so it is asked for first. */
	for (size_t i = rules->arch_count; i-- > 0;) {
		const struct filter_arch *arch = &rules->archs[i];

		if (arch->first == 0)
			start = jump(&program, BPF_JEQ, arch->audit, numbers(&program, rules, arch, &blocks), start);
	}
	load(&program, offsetof(struct seccomp_data, arch), start);
	if (program.full)
		return error_set(err, ERROR_CONFIG, 0, "%s: the compiled filter has more than %d instructions",
				 rules->request->from, BPF_MAXINSNS);
	*ret_code = &program.code[BPF_MAXINSNS - program.length];
	*ret_length = program.length;
	return 0;
}
