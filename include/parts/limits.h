// SPDX-License-Identifier: Apache-2.0
/* Rlimits, oom score, scheduling, I/O priority, CPU affinity, execution domain, memory policy. */
#ifndef CASEMATE_PARTS_LIMITS_H
#define CASEMATE_PARTS_LIMITS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int limits_plan(struct planner *p, struct error *err);

bool limits_apply_wanted(const struct plan *plan);
void limits_apply_explain(const struct plan *plan, struct explain *out);
int limits_apply(const struct plan *plan, struct run *run, struct error *err);

/* The limit of open files gets its value last: a step that opens one would fail by it. */
bool limits_files_wanted(const struct plan *plan);
void limits_files_explain(const struct plan *plan, struct explain *out);
int limits_files(const struct plan *plan, struct run *run, struct error *err);

#endif
