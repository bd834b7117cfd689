// SPDX-License-Identifier: Apache-2.0
/*
 * The five capability sets, securebits and no_new_privs (capabilities(7)).
 * The three faces of every part: X_plan decides the facts from request, profile and host without touching the system;
 * X_explain prints them; X_apply carries them out in the process that run/steps.c names. All fail as base/error.h says.
 */
#ifndef CASEMATE_PARTS_CAPS_H
#define CASEMATE_PARTS_CAPS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int caps_plan(struct planner *p, struct error *err);

bool caps_bound_wanted(const struct plan *plan);
void caps_bound_explain(const struct plan *plan, struct explain *out);
int caps_bound(const struct plan *plan, struct run *run, struct error *err);

bool caps_apply_wanted(const struct plan *plan);
void caps_apply_explain(const struct plan *plan, struct explain *out);
int caps_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
