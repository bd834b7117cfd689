// SPDX-License-Identifier: Apache-2.0
/*
 * What the rules of a request say to one system call, found by walking the request in file order: the other opinion on
 * a compiled filter. It shares with the compiler how names became numbers (filter_rules.h) and nothing else.
 *
 *	struct verdict_view view = { .rules = rules, .arch = arch, .arena = arena };
 *	verdict_view_rules(&view);
 *	struct verdict_subject subject = verdict_about(&view, number);
 *	uint32_t action = verdict_of(&subject, values);
 */
#ifndef CASEMATE_PARTS_FILTER_VERDICT_H
#define CASEMATE_PARTS_FILTER_VERDICT_H

#include "parts/filter_rules.h"

enum { VERDICT_HEADS = 1024 };

/* A rule that compares one argument with one value, and where it stands among the rules of its call. */
struct verdict_exact {
	uint64_t value;
	size_t position;
};

/*
 * Neighbouring rules of one comparison with the same argument are searched, not walked: there may be thousands. Either
 * all are equalities under one mask, or all are orders (LT, LE, GE, GT) with one answer: then only the widest ones
 * count.
 */
struct verdict_run {
	size_t start, count;
	uint32_t index;
	uint64_t mask;
	struct verdict_exact *sorted; /* equalities; NULL for orders */
	const struct request_seccomp_arg *upper,
		*lower; /* orders: the largest LT or LE, the smallest GE or GT; or NULL */
};

/* All that is said about one call. */
struct verdict_subject {
	struct filter_rule *rules;
	size_t count;
	uint32_t otherwise;
	LIST(struct verdict_run) runs;
};

struct verdict_link {
	uint32_t number;
	uint32_t rule;
	uint32_t next; /* place in links + 1; 0: no more */
};

/* One architecture's view of the request: for each number the rules that name it, in file order. */
struct verdict_view {
	const struct filter_rules *rules;
	const struct filter_arch *arch;
	struct arena *arena;
	struct verdict_link *links;
	uint32_t heads[VERDICT_HEADS];
};

/* Fills the rest of @view, in which rules, arch and arena (scratch) are set. */
void verdict_view_rules(struct verdict_view *view);

/* Everything that is said about call @number of the view's architecture. */
struct verdict_subject verdict_about(struct verdict_view *view, uint32_t number);

/* The SECCOMP_RET_* for a call with the six arguments @values. */
uint32_t verdict_of(const struct verdict_subject *subject, const uint64_t *values);

#endif
