// SPDX-License-Identifier: Apache-2.0
/* AppArmor and SELinux labels of the workload. */
#ifndef CASEMATE_PARTS_LABELS_H
#define CASEMATE_PARTS_LABELS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int labels_plan(struct planner *p, struct error *err);

/*
 * Whether @mode, which stands behind the name of a profile in /proc/PID/attr, is one in which it confines: " (enforce)"
 * or " (kill)"; not complain, unconfined, prompt or mixed (aa_getprocattr() of the kernel, apparmor.d(5), "flags").
 */
bool labels_mode_confines(const char *mode);

bool labels_apply_wanted(const struct plan *plan);
void labels_apply_explain(const struct plan *plan, struct explain *out);
int labels_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
