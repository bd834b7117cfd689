// SPDX-License-Identifier: Apache-2.0
/*
 * HOME, where config.json does not say it: Docker, containerd and the CRI leave it to the runtime, which alone sees the
 * container's /etc/passwd (passwd(5)) behind all mounts. runc and crun set it as well.
 */
#ifndef CASEMATE_PARTS_HOME_H
#define CASEMATE_PARTS_HOME_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/* Leaves room for it in the plan, for process_plan, which comes later. Never fails. */
int home_plan(struct planner *p, struct error *err);

bool home_find_wanted(const struct plan *plan);
void home_find_explain(const struct plan *plan, struct explain *out);

/*
 * Reads /etc/passwd, with the rights of the program and no others, for the directory of its user; where there is none,
 * or the user may not read it, HOME is "/". Fails with ERROR_SYSTEM where reading fails.
 */
int home_find(const struct plan *plan, struct run *run, struct error *err);

#endif
