// SPDX-License-Identifier: Apache-2.0
/*
 * Standard streams that are the host's /dev/null: engines give it where they have no input. Whoever owns the node, as
 * the container's root does without a user namespace, could change its mode through the descriptor, for all of the
 * host; so the container gets its own. The two faces of a step that decides nothing: X_explain says it, X_apply carries
 * it out in the process that run/steps.c names. All fail as base/error.h says.
 */
#ifndef CASEMATE_PARTS_STREAMS_H
#define CASEMATE_PARTS_STREAMS_H

#include "model/explain.h"
#include "model/run.h"

/* Child, in the new root: standard streams that are a /dev/null are the container's. */
bool streams_own_wanted(const struct plan *plan);
void streams_own_explain(const struct plan *plan, struct explain *out);
int streams_own(const struct plan *plan, struct run *run, struct error *err);

#endif
