// SPDX-License-Identifier: Apache-2.0
/* Planning of limits: which file of which controller gets which value, for both versions of cgroups. */
#ifndef CASEMATE_PARTS_CGROUP_LIMITS_H
#define CASEMATE_PARTS_CGROUP_LIMITS_H

#include "model/planner.h"

/* Whether this launch can use @controller at all: root where it is mounted, others where a v2 cgroup may be theirs. */
bool cgroup_has(const struct planner *p, const char *controller);

/*
 * The index of @controller's hierarchy in the plan, added where it is not there yet; in v2 the controller is noted as
 * to be enabled ("cgroup" is none). Fails with ERROR_HOST and the remedy where this launch cannot use it; @from asked
 * for it.
 */
int cgroup_use(struct planner *p, const char *controller, origin from, size_t *ret_hierarchy, struct error *err);

/* Adds every hierarchy by which others find, count, freeze, update or kill a container, where this launch can use it.
 */
void cgroup_use_all(struct planner *p);

/* Adds those by which we find, freeze, kill and list it. */
void cgroup_use_basic(struct planner *p);

/* Whether @word is in @list, with commas between: "cpu" in "cpu,cpuacct". */
bool cgroup_is_word_of(const char *list, const char *word);

/* Plans one file; the controller is the first word of its name. Fails as cgroup_use() does. */
int cgroup_add_file(struct planner *p, struct plan_cgroup_file file, struct error *err);

/*
 * Plans everything of linux.resources but pids and devices. "unified" comes last, as it says the same in other words.
 * Fails with ERROR_CONFIG, with ERROR_HOST for what this kernel or version of cgroups does not have, and as
 * cgroup_use() does.
 */
int cgroup_plan_limits(struct planner *p, struct error *err);

/* The limit of processes that was asked for; not set, or -1: none. "unified" wins. Fails with ERROR_CONFIG. */
int cgroup_wanted_pids(const struct planner *p, struct opt_i64 *ret_limit, struct error *err);

/* cpu.weight for cpu.shares: a curve through the smallest, the default and the largest value of both, as runc 1.3.2 has
 * it. */
uint64_t cgroup_cpu_weight(uint64_t shares);

#endif
