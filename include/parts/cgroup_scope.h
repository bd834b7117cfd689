// SPDX-License-Identifier: Apache-2.0
/*
 * The cgroup as a transient scope of systemd (systemd.scope(5)), whose manager wants to be the only one to make cgroups
 * outside of what it delegates. casemate does not speak D-Bus: a helper program does (src/helpers/systemd-scope.c). The
 * limits are both properties of the unit, which systemd writes again whenever it likes, and written into the files,
 * which are exact. cgroup_scope.c decides, cgroup_scope_run.c runs the helper.
 */
#ifndef CASEMATE_PARTS_CGROUP_SCOPE_H
#define CASEMATE_PARTS_CGROUP_SCOPE_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/* Whether systemd makes the cgroup of what is planned. */
bool cgroup_by_systemd(const struct planner *p);

/* ERROR_HOST where systemd cannot: on v1. ERROR_CONFIG for a path in systemd's form that is for another driver. */
int cgroup_scope_check(const struct planner *p, struct error *err);

/*
 * Plans unit, slice, properties and the path that the cgroup will have, once everything else of plan->cgroup is
 * planned. Annotations "org.systemd.property.NAME" become properties as far as the profile takes them. ERROR_CONFIG.
 */
int cgroup_scope_plan(struct planner *p, struct error *err);

/* Adds the properties that stand for plan->cgroup.files. @period: of cpu.max where a file does not say it. */
void cgroup_scope_properties(struct planner *p, uint64_t period);

void cgroup_scope_explain(const struct plan_cgroup *plan, struct explain *out);

/*
 * Launcher: makes the scope, in which a process of the helper waits until cgroup_scope_let_go(); the container is
 * cloned into it meanwhile. Fails with ERROR_HOST: what the helper, or systemd, says.
 */
int cgroup_scope_make(const struct plan_cgroup *plan, struct run *run, struct error *err);
void cgroup_scope_let_go(struct run *run);

/* Changes the properties of a scope that is there to plan->scope.properties. */
int cgroup_scope_set(const struct plan_cgroup *plan, struct error *err);

/* Kills what is in the scope and ends it. One that is gone, or that is another with its name by now, is no error. */
int cgroup_scope_remove(const struct plan_cgroup *plan, struct run *run, struct error *err);

/* Whether the helper program is installed. */
bool cgroup_scope_possible(void);

#endif
