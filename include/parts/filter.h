// SPDX-License-Identifier: Apache-2.0
/*
 * The seccomp filters: which are loaded, and that they are the last thing before execve(2).
 *
 * The default filter goes first and a filter of the config second: of all filters the kernel takes the most restrictive
 * answer, and the second one has to pass the first one's verdict on seccomp(2).
 *
 * A filter never needs the launcher's calls, not even execve(2): where its rules would stop the launch's own execve(2),
 * that one call is let through all the same. It is told by the addresses of argv and envp in the plan
 * and by a token of 64 random bits in an argument register that the kernel does not read. All three are gone after the
 * exec, so the program cannot pass for the launcher. Loading the second filter is let through by its address alone:
 * whoever guesses that can only confine himself further.
 */
#ifndef CASEMATE_PARTS_FILTER_H
#define CASEMATE_PARTS_FILTER_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/* The argument register that carries plan_filter.token: one of those that execve(2) does not have. */
enum { FILTER_TOKEN_ARG = 5 };

/*
 * Compiles, and proves by simulation, what the profile wants: see enum profile_seccomp. Comes after process_plan. Fails
 * with ERROR_CONFIG for rules that make no sense or no program and for SCMP_ACT_NOTIFY without a listenerPath,
 * ERROR_USAGE for rules that --report cannot work beside, ERROR_HOST where the kernel gave no random bytes for the
 * token.
 */
int filter_plan(struct planner *p, struct error *err);

/* Whether filter_plan() needs planner.default_filter: the rules of the default filter, and not only its program. */
bool filter_needs_rules(const struct profile *profile, const struct request *request);

bool filter_apply_wanted(const struct plan *plan);
void filter_apply_explain(const struct plan *plan, struct explain *out);

/* Loads all filters but one with a listener, for another program that runs inside. Fails with ERROR_SYSTEM. */
int filter_load_all(const struct plan *plan, struct error *err);

/* Loads all filters; nothing but execve(2) may come after. Fails with ERROR_SYSTEM. */
int filter_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
