// SPDX-License-Identifier: Apache-2.0
/* Kernel parameters of the container's own namespaces (config-linux.md, "Sysctl"). */
#ifndef CASEMATE_PARTS_SYSCTL_H
#define CASEMATE_PARTS_SYSCTL_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int sysctl_plan(struct planner *p, struct error *err);

bool sysctl_apply_wanted(const struct plan *plan);
void sysctl_apply_explain(const struct plan *plan, struct explain *out);
int sysctl_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
