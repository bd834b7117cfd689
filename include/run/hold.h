// SPDX-License-Identifier: Apache-2.0
/* Child: with --block-fd, all is set up, and the program waits until the launcher has seen its caller's word. */
#ifndef CASEMATE_RUN_HOLD_H
#define CASEMATE_RUN_HOLD_H

#include "model/explain.h"
#include "model/run.h"

bool hold_wanted(const struct plan *plan);
void hold_explain(const struct plan *plan, struct explain *out);

/* Fails with ERROR_SYSTEM when the launcher gives up. */
int hold(const struct plan *plan, struct run *run, struct error *err);

#endif
