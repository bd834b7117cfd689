// SPDX-License-Identifier: Apache-2.0
/* What differs between cgroup v1 (one hierarchy for each controller, joined by the child) and v2 (one, cloned into). */
#ifndef CASEMATE_PARTS_CGROUP_VERSIONS_H
#define CASEMATE_PARTS_CGROUP_VERSIONS_H

#include "model/plan.h"
#include "model/run.h"
#include "parts/cgroup_tree.h"

/* Launcher: makes the cgroup, writes its limits and rules, and leaves in @run how to get into it. */
int cgroup_v1_make(const struct plan_cgroup *plan, struct run *run, struct error *err);
int cgroup_v2_make(const struct plan_cgroup *plan, struct run *run, struct error *err);

/* Launcher: the same for a cgroup that is there already. */
int cgroup_v1_open(const struct plan_cgroup *plan, struct run *run, struct error *err);
int cgroup_v2_open(const struct plan_cgroup *plan, struct run *run, struct error *err);

/*
 * Launcher, v2: goes back into the cgroup that it left, and removes the leaf that it was in. Fails with ERROR_SYSTEM.
 */
int cgroup_v2_return(const struct plan_cgroup *plan, struct run *run, struct error *err);

/*
 * v2: enables the plan's controllers in the parent of @level, and for a full cgroup those that others count it by, as
 * far as they are there. @run: of a launch that may step aside, or NULL. Fails with ERROR_HOST.
 */
int cgroup_v2_enable(const struct plan_cgroup *plan, struct run *run, const struct cgroup_level *level,
		     struct error *err);

/* Child: joins every hierarchy by the files that the launcher opened. */
int cgroup_v1_join(const struct plan_cgroup *plan, struct run *run, struct error *err);

#endif
