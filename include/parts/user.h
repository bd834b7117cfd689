// SPDX-License-Identifier: Apache-2.0
/* Uid, gid, groups, umask and working directory. */
#ifndef CASEMATE_PARTS_USER_H
#define CASEMATE_PARTS_USER_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int user_plan(struct planner *p, struct error *err);

bool user_cwd_wanted(const struct plan *plan);
void user_cwd_explain(const struct plan *plan, struct explain *out);
int user_cwd(const struct plan *plan, struct run *run, struct error *err);

bool user_apply_wanted(const struct plan *plan);
void user_apply_explain(const struct plan *plan, struct explain *out);
int user_apply(const struct plan *plan, struct run *run, struct error *err);

#endif
