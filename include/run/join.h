// SPDX-License-Identifier: Apache-2.0
/*
 * `exec`: another process in a container that runs. It is planned like the container itself, from its own copy of
 * config.json and under its own ceiling, and goes through a shorter table of steps (run/steps.h). The container may be
 * hostile by now: nothing of it is opened before the new process is inside and has given up what it can.
 */
#ifndef CASEMATE_RUN_JOIN_H
#define CASEMATE_RUN_JOIN_H

#include "model/explain.h"
#include "model/run.h"
#include "run/state.h"

/* Turns the plan of a whole launch of the container @state into one that joins it. */
void join_plan(struct plan *plan, const struct state *state);

/* Lets the process join the cgroup @path below the container's own. ERROR_USAGE for a path that could lead elsewhere.
 */
int join_below(struct plan *plan, const char *path, struct error *err);

/* Step, launcher: gets hold of the container's first process, and makes sure that it is that one. */
bool join_find_wanted(const struct plan *plan);
void join_find_explain(const struct plan *plan, struct explain *out);
int join_find(const struct plan *plan, struct run *run, struct error *err);

/*
 * Launcher, after a failure: whether the container has ended meanwhile, which the kernel says in many ways and *@err
 * then in one.
 */
bool join_ended(const struct plan *plan, const struct run *run, struct error *err);

/* Step, stage: enters all of its namespaces at once (setns(2) with a pidfd). */
bool join_enter_wanted(const struct plan *plan);
void join_enter_explain(const struct plan *plan, struct explain *out);
int join_enter(const struct plan *plan, struct run *run, struct error *err);

/* Step, child: procfs of the container for what has to be written there, made anew: its own may be covered. */
bool join_proc_wanted(const struct plan *plan);
void join_proc_explain(const struct plan *plan, struct explain *out);
int join_proc(const struct plan *plan, struct run *run, struct error *err);

#endif
