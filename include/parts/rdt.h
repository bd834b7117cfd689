// SPDX-License-Identifier: Apache-2.0
/*
 * linux.intelRdt: the container's share of the CPU's caches and of the memory's bandwidth, through a mounted resctrl
 * (config-linux.md, "IntelRdt").
 */
#ifndef CASEMATE_PARTS_RDT_H
#define CASEMATE_PARTS_RDT_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int rdt_plan(struct planner *p, struct error *err);

bool rdt_join_wanted(const struct plan *plan);
void rdt_join_explain(const struct plan *plan, struct explain *out);
int rdt_join(const struct plan *plan, struct run *run, struct error *err);

/* `exec`: the process joins the groups in which the container is. */
bool rdt_enter_wanted(const struct plan *plan);
void rdt_enter_explain(const struct plan *plan, struct explain *out);
int rdt_enter(const struct plan *plan, struct run *run, struct error *err);

/*
 * `update`: writes rdt->schemata into the class of a container that runs. @made: what its launch made. Fails with
 * ERROR_CONFIG when it has none, ERROR_REFUSED when the class was there before, and with what the kernel says.
 */
int rdt_update(const struct plan_rdt *rdt, uint8_t made, struct error *err);

/* Removes the groups that rdt_join() made, but for a class that the config named: that one is to stay. */
int rdt_remove(const struct plan *plan, struct run *run, struct error *err);

#endif
