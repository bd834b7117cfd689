// SPDX-License-Identifier: Apache-2.0
/*
 * linux.netDevices: network devices of the host that are moved into the container's network namespace, with their
 * permanent global addresses, and are up there (config-linux.md, "Network Devices").
 */
#ifndef CASEMATE_PARTS_NETDEVICES_H
#define CASEMATE_PARTS_NETDEVICES_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int netdevices_plan(struct planner *p, struct error *err);

bool netdevices_move_wanted(const struct plan *plan);
void netdevices_move_explain(const struct plan *plan, struct explain *out);
int netdevices_move(const struct plan *plan, struct run *run, struct error *err);

/*
 * Moves them back where the program was never executed: a virtual device would go with the namespace. After that they
 * belong to the namespace's owner, as the specification says.
 */
int netdevices_return(const struct plan *plan, struct run *run, struct error *err);

#endif
