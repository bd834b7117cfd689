// SPDX-License-Identifier: Apache-2.0
/*
 * The cgroup: limits and device rules (config-linux.md, "Control groups"), by the cgroup file systems of cgroups(7).
 * cgroup.c decides where and whether, cgroup_limits.c and cgroup_{memory,cpu,io,misc}.c which files, cgroup_devices.c
 * the rules for devices; cgroup_v1.c and cgroup_v2.c carry out what differs between the versions, cgroup_tree.c what
 * does not. cgroup_control.c, cgroup_update.c and cgroup_stats.c are for containers that run.
 */
#ifndef CASEMATE_PARTS_CGROUP_H
#define CASEMATE_PARTS_CGROUP_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/*
 * Plans the limits, and the ceiling of processes: by RLIMIT_NPROC (appended to plan->limits.rlimits) where a new user
 * namespace of one user is counted by itself, else by the pids controller. A container of a bundle gets a cgroup also
 * without limits, because engines find, freeze and kill it there; a sandbox does not. Runs after the namespaces and ids
 * are planned. Fails with ERROR_CONFIG, and with ERROR_HOST where a limit that was asked for cannot be had.
 */
int cgroup_plan(struct planner *p, struct error *err);

/* `exec`: only what it may leave to the limits of the process; the cgroup itself is the container's, by its record. */
int cgroup_plan_process(struct planner *p, struct error *err);

/* Launcher: makes the cgroup with its limits. v1: run->cgroup_join[] are its files to join by; v2: run->cgroup is
 * itself. */
bool cgroup_make_wanted(const struct plan *plan);
void cgroup_make_explain(const struct plan *plan, struct explain *out);
int cgroup_make(const struct plan *plan, struct run *run, struct error *err);

/* Undoes cgroup_make: kills what is left in it, waits a bounded time, removes what was made and nothing else. */
int cgroup_remove(const struct plan *plan, struct run *run, struct error *err);

/* `delete`: removes what a launcher that died left behind, see cgroup_tree_clear(). */
void cgroup_clear(const struct plan_cgroup *plan, bool unfinished);

/* Launcher, exec: opens the cgroup of a container that is there already, to be entered as after cgroup_make(). */
bool cgroup_open_wanted(const struct plan *plan);
void cgroup_open_explain(const struct plan *plan, struct explain *out);
int cgroup_open(const struct plan *plan, struct run *run, struct error *err);

/* Child: joins (v1; in v2 it was born there), and makes its cgroup namespace, whose root the cgroup then is. */
bool cgroup_join_wanted(const struct plan *plan);
void cgroup_join_explain(const struct plan *plan, struct explain *out);
int cgroup_join(const struct plan *plan, struct run *run, struct error *err);

#endif
