// SPDX-License-Identifier: Apache-2.0
/* Session and pseudo-terminal (config.md, process.terminal). */
#ifndef CASEMATE_PARTS_TERMINAL_H
#define CASEMATE_PARTS_TERMINAL_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int terminal_plan(struct planner *p, struct error *err);

/* Child, once devpts is mounted: opens the pty and puts its slave on /dev/console. */
bool terminal_open_wanted(const struct plan *plan);
void terminal_open_explain(const struct plan *plan, struct explain *out);
int terminal_open(const struct plan *plan, struct run *run, struct error *err);

/* Child: a session of its own, and the pty as standard streams and controlling terminal. */
bool terminal_adopt_wanted(const struct plan *plan);
void terminal_adopt_explain(const struct plan *plan, struct explain *out);
int terminal_adopt(const struct plan *plan, struct run *run, struct error *err);

#endif
