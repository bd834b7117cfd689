// SPDX-License-Identifier: Apache-2.0
/* Masked and read-only paths (config-linux.md, "Masked Paths", "Readonly Paths"). */
#ifndef CASEMATE_PARTS_MASKS_H
#define CASEMATE_PARTS_MASKS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int masks_plan(struct planner *p, struct error *err);

bool masks_apply_wanted(const struct plan *plan);
void masks_apply_explain(const struct plan *plan, struct explain *out);
int masks_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
