// SPDX-License-Identifier: Apache-2.0
/*
 * The pid 1 of a sandbox: it reaps orphans, forwards signals to the workload and ends with it. The workload is its
 * child, so that it has the signal handling of an ordinary process (pid_namespaces(7)).
 */
#ifndef CASEMATE_RUN_INIT_H
#define CASEMATE_RUN_INIT_H

#include "model/explain.h"
#include "model/run.h"

bool init_apply_wanted(const struct plan *plan);
void init_apply_explain(const struct plan *plan, struct explain *out);

/*
 * Forks. Returns 0 in the workload; in init it never returns, and its exit status is the workload's, 128+N for signal
 * N.
 */
int init_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
