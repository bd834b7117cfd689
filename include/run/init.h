// SPDX-License-Identifier: Apache-2.0
/*
 * The pid 1 of a sandbox: it reaps orphans, forwards signals to the workload and ends with it. The workload is its
 * child, so that it has the signal handling of an ordinary process (pid_namespaces(7)).
 *
 * Without namespaces (--without userns) it is no pid 1. Then it takes in orphans (PR_SET_CHILD_SUBREAPER), and ends all
 * processes of its Landlock domain with the workload, or when its launcher dies.
 */
#ifndef CASEMATE_RUN_INIT_H
#define CASEMATE_RUN_INIT_H

#include "model/explain.h"
#include "model/run.h"

/* Tells an init without a pid namespace to end all of its sandbox, and itself by SIGKILL: the last real-time signal. */
enum { INIT_END = 64 };

bool init_apply_wanted(const struct plan *plan);
void init_apply_explain(const struct plan *plan, struct explain *out);

/*
 * Forks. Returns 0 in the workload; in init it never returns, and its exit status is the workload's, 128+N for signal
 * N.
 */
int init_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
