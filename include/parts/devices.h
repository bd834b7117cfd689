// SPDX-License-Identifier: Apache-2.0
/* /dev: nodes and links (config-linux.md, "Devices" and "Default Devices"). */
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

#endif
