// SPDX-License-Identifier: Apache-2.0
/*
 * Who is killed first when memory runs out (process.oomScoreAdj; proc_pid_oom_score_adj(5)). The launcher takes the
 * container's value just before it makes the child, which inherits it, and then takes its own back: the child could not
 * write the file, which belongs to the host's root as long as nobody may look into the set-up.
 */
#ifndef CASEMATE_PARTS_OOM_SCORE_H
#define CASEMATE_PARTS_OOM_SCORE_H

#include "model/explain.h"
#include "model/run.h"

bool oom_score_wanted(const struct plan *plan);
void oom_score_explain(const struct plan *plan, struct explain *out);
int oom_score(const struct plan *plan, struct run *run, struct error *err);

/* After the clone, or instead of it. */
int oom_score_restore(const struct plan *plan, struct run *run, struct error *err);

#endif
