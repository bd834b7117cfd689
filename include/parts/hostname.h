// SPDX-License-Identifier: Apache-2.0
/* Host name and domain name (uts_namespaces(7)). */
#ifndef CASEMATE_PARTS_HOSTNAME_H
#define CASEMATE_PARTS_HOSTNAME_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int hostname_plan(struct planner *p, struct error *err);

bool hostname_apply_wanted(const struct plan *plan);
void hostname_apply_explain(const struct plan *plan, struct explain *out);
int hostname_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
