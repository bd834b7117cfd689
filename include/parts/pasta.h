// SPDX-License-Identifier: Apache-2.0
/*
 * --net pasta: the sandbox's own network namespace reaches the network through pasta(1), a program of its own that
 * translates between a tap device in there and ordinary sockets of the caller out here. No privilege is needed, and the
 * host's loopback stays out of reach.
 */
#ifndef CASEMATE_PARTS_PASTA_H
#define CASEMATE_PARTS_PASTA_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/* Fails with ERROR_HOST where the program is not installed. */
int pasta_plan(struct planner *p, struct error *err);

/* Launcher, while the child waits in its namespaces: run->netns is its network. */
bool pasta_start_wanted(const struct plan *plan);
void pasta_start_explain(const struct plan *plan, struct explain *out);
int pasta_start(const struct plan *plan, struct run *run, struct error *err);

/* Ends it; when the launcher dies without that, it ends by itself. */
int pasta_end(const struct plan *plan, struct run *run, struct error *err);

#endif
