// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_verdict.h"

static bool holds(const struct request_seccomp_arg *arg, const uint64_t *values)
{
	uint64_t value = values[arg->index];

	switch (arg->op) {
	case SECCOMP_NE:
		return value != arg->value;
	case SECCOMP_LT:
		return value < arg->value;
	case SECCOMP_LE:
		return value <= arg->value;
	case SECCOMP_EQ:
		return value == arg->value;
	case SECCOMP_GE:
		return value >= arg->value;
	case SECCOMP_GT:
		return value > arg->value;
	default:
		return (value & arg->value) == arg->value_two;
	}
}

static bool rule_holds(const struct filter_rule *rule, const uint64_t *values)
{
	for (size_t i = 0; i < rule->count; i++) {
		if (!holds(&rule->args[i], values))
			return false;
	}
	return true;
}

enum { RUN_AT_LEAST = 8 };

static bool exact_mask(const struct filter_rule *rule, uint64_t *ret_mask, uint64_t *ret_value)
{
	if (rule->count != 1 || (rule->args->op != SECCOMP_EQ && rule->args->op != SECCOMP_MASKED_EQ))
		return false;
	*ret_mask = rule->args->op == SECCOMP_EQ ? UINT64_MAX : rule->args->value;
	*ret_value = rule->args->op == SECCOMP_EQ ? rule->args->value : rule->args->value_two;
	return true;
}

static bool precedes(const struct verdict_exact *a, const struct verdict_exact *b)
{
	return a->value != b->value ? a->value < b->value : a->position < b->position;
}

/* Shell sort: few lines, no memory, good enough for some thousand values. */
static void sort_exact(struct verdict_exact *at, size_t count)
{
	static const size_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (size_t i = gaps[g]; i < count; i++) {
			struct verdict_exact moved = at[i];
			size_t k = i;

			for (; k >= gaps[g] && precedes(&moved, &at[k - gaps[g]]); k -= gaps[g])
				at[k] = at[k - gaps[g]];
			at[k] = moved;
		}
	}
}

static struct verdict_run equalities_from(const struct verdict_subject *subject, size_t start, struct arena *arena)
{
	struct verdict_run run = {.start = start};
	uint64_t mask, value;

	if (!exact_mask(&subject->rules[start], &run.mask, &value))
		return run;
	run.index = subject->rules[start].args->index;
	for (size_t i = start; i < subject->count; i++, run.count++) {
		if (!exact_mask(&subject->rules[i], &mask, &value) || mask != run.mask ||
		    subject->rules[i].args->index != run.index)
			break;
	}
	if (run.count < RUN_AT_LEAST)
		return run;
	run.sorted = arena_alloc(arena, run.count * sizeof(*run.sorted));
	for (size_t i = 0; i < run.count; i++) {
		exact_mask(&subject->rules[start + i], &mask, &value);
		run.sorted[i] = (struct verdict_exact){value, start + i};
	}
	sort_exact(run.sorted, run.count);
	return run;
}

static bool is_order(const struct filter_rule *rule)
{
	uint32_t op = rule->args->op;

	return rule->count == 1 && (op == SECCOMP_LT || op == SECCOMP_LE || op == SECCOMP_GE || op == SECCOMP_GT);
}

static void widen(struct verdict_run *run, const struct request_seccomp_arg *arg)
{
	bool below = arg->op == SECCOMP_LT || arg->op == SECCOMP_LE;
	const struct request_seccomp_arg **widest = below ? &run->upper : &run->lower;

	if (*widest == NULL || (below ? arg->value > (*widest)->value : arg->value < (*widest)->value) ||
	    (arg->value == (*widest)->value && (arg->op == SECCOMP_LE || arg->op == SECCOMP_GE)))
		*widest = arg;
}

static struct verdict_run orders_from(const struct verdict_subject *subject, size_t start)
{
	const struct filter_rule *first = &subject->rules[start];
	struct verdict_run run = {.start = start, .index = first->args->index};

	for (size_t i = start; i < subject->count; i++, run.count++) {
		const struct filter_rule *rule = &subject->rules[i];

		if (!is_order(rule) || rule->action != first->action || rule->args->index != run.index)
			break;
		widen(&run, rule->args);
	}
	return run;
}

static void find_runs(struct verdict_subject *subject, struct arena *arena)
{
	for (size_t i = 0; i < subject->count;) {
		bool order = is_order(&subject->rules[i]);
		struct verdict_run run = order ? orders_from(subject, i) : equalities_from(subject, i, arena);

		if (run.count >= RUN_AT_LEAST)
			*LIST_ADD(arena, &subject->runs) = run;
		i += run.count > 0 ? run.count : 1;
	}
}

/* Whether a rule of @run holds; *@ret_action is then what the first such rule says. */
static bool search_run(const struct verdict_subject *subject, const struct verdict_run *run, const uint64_t *values,
		       uint32_t *ret_action)
{
	uint64_t value = values[run->index] & run->mask;
	size_t low = 0, high = run->count;

	if (run->sorted == NULL) {
		bool good = (run->upper != NULL && holds(run->upper, values)) ||
			    (run->lower != NULL && holds(run->lower, values));

		*ret_action = subject->rules[run->start].action;
		return good;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (run->sorted[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == run->count || run->sorted[low].value != value)
		return false;
	*ret_action = subject->rules[run->sorted[low].position].action;
	return true;
}

uint32_t verdict_of(const struct verdict_subject *subject, const uint64_t *values)
{
	size_t next_run = 0;

	for (size_t i = 0; i < subject->count;) {
		const struct verdict_run *run = next_run < subject->runs.count ? &subject->runs.at[next_run] : NULL;

		if (run != NULL && run->start == i) {
			uint32_t action = 0;

			if (search_run(subject, run, values, &action))
				return action;
			next_run++;
			i += run->count;
			continue;
		}
		if (rule_holds(&subject->rules[i], values))
			return subject->rules[i].action;
		i++;
	}
	return subject->otherwise;
}

void verdict_view_rules(struct verdict_view *view)
{
	const struct request_seccomp *request = view->rules->request;
	uint32_t used = 0;
	size_t names = 0;

	for (size_t i = 0; i < request->syscalls.count; i++)
		names += request->syscalls.at[i].names.count;
	view->links = arena_alloc(view->arena, names * sizeof(*view->links));
	/* From the last to the first, each put in front. */
	for (size_t i = request->syscalls.count; i-- > 0;) {
		for (size_t k = request->syscalls.at[i].names.count; k-- > 0;) {
			int32_t number = view->arch->numbers[--names];

			if (number < 0)
				continue;
			uint32_t *head = &view->heads[(uint32_t)number % VERDICT_HEADS];
			view->links[used] = (struct verdict_link){(uint32_t)number, (uint32_t)i, *head};
			*head = ++used;
		}
	}
}

static void add_rule(struct verdict_view *view, struct verdict_subject *subject, struct filter_rule rule, bool *decided)
{
	if (rule.count > 0) {
		size_t count = subject->count++;

		subject->rules = arena_grow(view->arena, subject->rules, count, sizeof(*subject->rules));
		subject->rules[count] = rule;
	} else if (!*decided || filter_rank(rule.action) < filter_rank(subject->otherwise)) {
		subject->otherwise = rule.action;
		*decided = true;
	}
}

struct verdict_subject verdict_about(struct verdict_view *view, uint32_t number)
{
	const struct filter_rules *rules = view->rules;
	struct verdict_subject subject = {.otherwise = filter_unnamed(rules, view->arch, number)};
	size_t own = rules->request->syscalls.count;
	bool decided = false;

	for (size_t i = 0; view->arch == rules->archs && i < rules->exemptions.count; i++) {
		if (rules->exemptions.at[i].number == number)
			add_rule(view, &subject, filter_rule_at(rules, (uint32_t)(own + i)), &decided);
	}
	for (uint32_t at = view->heads[number % VERDICT_HEADS]; at != 0; at = view->links[at - 1].next) {
		if (view->links[at - 1].number == number)
			add_rule(view, &subject, filter_rule_at(rules, view->links[at - 1].rule), &decided);
	}
	find_runs(&subject, view->arena);
	return subject;
}
