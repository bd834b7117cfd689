// SPDX-License-Identifier: Apache-2.0
/* Argv, environment, keyring, descriptors, and the execve(2) itself. */
#ifndef CASEMATE_PARTS_PROCESS_H
#define CASEMATE_PARTS_PROCESS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int process_plan(struct planner *p, struct error *err);

/* A session keyring of its own (keyctl(2)). */
bool process_keyring_wanted(const struct plan *plan);
void process_keyring_explain(const struct plan *plan, struct explain *out);
int process_keyring(const struct plan *plan, struct run *run, struct error *err);

/* PR_SET_PDEATHSIG (prctl(2)). */
bool process_parent_wanted(const struct plan *plan);
void process_parent_explain(const struct plan *plan, struct explain *out);
int process_parent(const struct plan *plan, struct run *run, struct error *err);

/* Signal mask and dispositions (execve(2)). */
bool process_signals_wanted(const struct plan *plan);
void process_signals_explain(const struct plan *plan, struct explain *out);
int process_signals(const struct plan *plan, struct run *run, struct error *err);

/* Nothing but the standard streams and what was asked for survives the execve(2). */
bool process_fds_wanted(const struct plan *plan);
void process_fds_explain(const struct plan *plan, struct explain *out);
int process_fds(const struct plan *plan, struct run *run, struct error *err);

/* Finds the program as the workload's user and says which of program and interpreters is missing. */
bool process_program_wanted(const struct plan *plan);
void process_program_explain(const struct plan *plan, struct explain *out);
int process_program(const struct plan *plan, struct run *run, struct error *err);

/* Does not return when it succeeds. */
bool process_exec_wanted(const struct plan *plan);
void process_exec_explain(const struct plan *plan, struct explain *out);
int process_exec(const struct plan *plan, struct run *run, struct error *err);

#endif
