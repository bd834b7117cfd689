// SPDX-License-Identifier: Apache-2.0
/* The loopback interface of a new network namespace. */
#ifndef CASEMATE_PARTS_NETWORK_H
#define CASEMATE_PARTS_NETWORK_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int network_plan(struct planner *p, struct error *err);

bool network_apply_wanted(const struct plan *plan);
void network_apply_explain(const struct plan *plan, struct explain *out);
int network_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
