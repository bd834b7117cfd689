// SPDX-License-Identifier: Apache-2.0
/*
 * Kernel parameters of the container's own namespaces (config-linux.md, "Sysctl").
 * The three faces of every part: X_plan decides the facts from request, profile and host without touching the system;
 * X_explain prints them; X_apply carries them out in the process that run/steps.c names. All fail as base/error.h says.
 */
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
