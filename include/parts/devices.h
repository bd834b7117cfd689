// SPDX-License-Identifier: Apache-2.0
/*
 * /dev: nodes and links (config-linux.md, "Devices" and "Default Devices").
 * The three faces of every part: X_plan decides the facts from request, profile and host without touching the system;
 * X_explain prints them; X_apply carries them out in the process that run/steps.c names. All fail as base/error.h says.
 */
#ifndef CASEMATE_PARTS_DEVICES_H
#define CASEMATE_PARTS_DEVICES_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int devices_plan(struct planner *p, struct error *err);

bool devices_make_wanted(const struct plan *plan);
void devices_make_explain(const struct plan *plan, struct explain *out);
int devices_make(const struct plan *plan, struct run *run, struct error *err);

bool devices_attach_wanted(const struct plan *plan);
void devices_attach_explain(const struct plan *plan, struct explain *out);
int devices_attach(const struct plan *plan, struct run *run, struct error *err);

/* Child, when nothing more is made in it: makes /dev read-only. */

#endif
