// SPDX-License-Identifier: Apache-2.0
/*
 * --report: the launcher answers for the seccomp filter, with just the errno of the filter as it was planned, and
 * counts.
 *
 * It never lets a denied call go on. Where it dies, the kernel answers such calls with ENOSYS: denied stays denied.
 * Calls that are only watched go on always, and all that holds them holds them still: what the launcher reads of them
 * decides nothing, and it looks at the host's files only after its answer.
 */
#ifndef CASEMATE_RUN_REPORT_H
#define CASEMATE_RUN_REPORT_H

#include <stdio.h>

#include "model/explain.h"
#include "model/plan.h"
#include "model/run.h"

/* The step of the child: sends the listener to the launcher. Fails with ERROR_SYSTEM. */
bool report_hand_over_wanted(const struct plan *plan);
void report_hand_over_explain(const struct plan *plan, struct explain *out);
int report_hand_over(const struct plan *plan, struct run *run, struct error *err);

/* Answers from now on, in a thread, for run->reporter, and judges in another; JSON lines go to @lines, or -1. Fails
 * with ERROR_SYSTEM. */
int report_start(const struct plan *plan, struct run *run, int lines, struct error *err);

/* Ends that when all processes have ended, and writes what was denied to @out unless it is NULL. May be called again.
 */
void report_end(struct run *run, FILE *out);

#endif
