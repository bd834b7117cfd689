// SPDX-License-Identifier: Apache-2.0
/*
 * Uid, gid, groups, umask and working directory.
 * The three faces of every part: X_plan decides the facts from request, profile and host without touching the system;
 * X_explain prints them; X_apply carries them out in the process that run/steps.c names. All fail as base/error.h says.
 */
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
