// SPDX-License-Identifier: Apache-2.0
/* The user namespace: id maps, who writes them, what one that is joined maps, and the second user namespace of a
 * sandbox (user_namespaces(7)). */
#ifndef CASEMATE_PARTS_IDS_H
#define CASEMATE_PARTS_IDS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int ids_plan(struct planner *p, struct error *err);

/* Launcher: writes the maps of the waiting child, itself or through newuidmap(1) and newgidmap(1). */
bool ids_attach_wanted(const struct plan *plan);
void ids_attach_explain(const struct plan *plan, struct explain *out);
int ids_attach(const struct plan *plan, struct run *run, struct error *err);

/* Child: maps its own single id. */
bool ids_self_wanted(const struct plan *plan);
void ids_self_explain(const struct plan *plan, struct explain *out);
int ids_self(const struct plan *plan, struct run *run, struct error *err);

/* Stage: drops the launcher's groups, as long as it may. */
bool ids_leave_groups_wanted(const struct plan *plan);
void ids_leave_groups_explain(const struct plan *plan, struct explain *out);
int ids_leave_groups(const struct plan *plan, struct run *run, struct error *err);

/* Child: takes on ids that are mapped. */
bool ids_become_wanted(const struct plan *plan);
void ids_become_explain(const struct plan *plan, struct explain *out);
int ids_become(const struct plan *plan, struct run *run, struct error *err);

/* Child: the second user namespace. */
bool ids_inner_wanted(const struct plan *plan);
void ids_inner_explain(const struct plan *plan, struct explain *out);
int ids_inner(const struct plan *plan, struct run *run, struct error *err);

#endif
