// SPDX-License-Identifier: Apache-2.0
/*
 * What is done to the cgroup of a container that runs: freeze, list, kill. The plan may be one that was made for the
 * launch, or one in which only driver, path, components, ours and hierarchies were restored. Nothing here trusts the
 * container: it may have made cgroups below its own.
 */
#ifndef CASEMATE_PARTS_CGROUP_CONTROL_H
#define CASEMATE_PARTS_CGROUP_CONTROL_H

#include "model/plan.h"
#include "model/run.h"

/*
 * Opens (O_PATH) the container's cgroup where @controller is: its hierarchy of v1, or the only one of v2. Fails with
 * ERROR_HOST when the container has none there.
 */
int cgroup_control_open(const struct plan_cgroup *plan, const char *controller, struct error *err);

/* The error of a container that has none at all, and what to do. Returns -1. */
int cgroup_control_none(struct error *err);

/*
 * Freezes all processes of the cgroup and below, or lets them go on, and waits until the kernel says that it is so. A
 * freeze that does not come about within some seconds is taken back. Fails with ERROR_HOST and ERROR_SYSTEM.
 */
int cgroup_freeze(const struct plan_cgroup *plan, bool frozen, struct error *err);

/* Whether cgroup_freeze() froze it: 1 or 0, also 0 where there is no such cgroup; -1 with the error filled. */
int cgroup_is_frozen(const struct plan_cgroup *plan, struct error *err);

typedef LIST(pid_t) pid_list;

/*
 * All processes of the cgroup and below, in the caller's pid namespace, in ascending order and each once, in @arena.
 * No cgroup is no process. Fails with ERROR_SYSTEM.
 */
int cgroup_pids(const struct plan_cgroup *plan, struct arena *arena, pid_list *ret, struct error *err);

/*
 * Sends @signal to every process of the cgroup and below, of which none can fork in the meantime: by cgroup.kill, or
 * frozen. Those who were frozen before stay so, unless the signal is SIGKILL. Fails with ERROR_SYSTEM. No cgroup is no
 * process.
 */
int cgroup_kill_all(const struct plan_cgroup *plan, int signal, struct error *err);

/*
 * After a SIGKILL: in v1 nobody dies who is frozen, so the cgroup and those below, which the container may have frozen
 * itself, are thawed. Nothing in v2, which kills the frozen as well.
 */
void cgroup_let_die(const struct plan_cgroup *plan);

#endif
