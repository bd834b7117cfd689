// SPDX-License-Identifier: Apache-2.0
/* Which namespaces are new, which are joined, and the clock offsets of a new time namespace (namespaces(7)). */
#ifndef CASEMATE_PARTS_NAMESPACES_H
#define CASEMATE_PARTS_NAMESPACES_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int namespaces_plan(struct planner *p, struct error *err);

bool namespaces_enter_wanted(const struct plan *plan);
void namespaces_enter_explain(const struct plan *plan, struct explain *out);
int namespaces_enter(const struct plan *plan, struct run *run, struct error *err);

/*
 * Opens the namespace of @kind that @plan joins. Fails with ERROR_CONFIG where its path leads to something else, with
 * ERROR_REFUSED where that is not what the profile judged, and with ERROR_SYSTEM.
 */
int namespaces_open(const struct plan_namespaces *plan, enum namespace_kind kind, struct error *err);

#endif
