// SPDX-License-Identifier: Apache-2.0
/* The five capability sets, securebits and no_new_privs (capabilities(7)). */
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
