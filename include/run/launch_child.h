// SPDX-License-Identifier: Apache-2.0
/* The processes that a launch makes (run/launch.h). */
#ifndef CASEMATE_RUN_LAUNCH_CHILD_H
#define CASEMATE_RUN_LAUNCH_CHILD_H

#include "model/plan.h"
#include "model/run.h"

/*
 * Starts the child, which carries out the plan's steps from STEP_ENTER on and never returns; run->child is its pid.
 * @peer is its end of the conversation over run->sync, which is closed here: the end of file means the child's end.
 * Fails with ERROR_SYSTEM (clone3(2)), or with what the stage process said; then there is no child, or run->child is to
 * be ended.
 */
int launch_child(const struct plan *plan, struct run *run, int *peer, struct error *err);

#endif
