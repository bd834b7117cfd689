// SPDX-License-Identifier: Apache-2.0
/* The tables of steps: everything that a launch or an `exec` does, in the order in which it is done. explain prints the
 * same table.
 */
#ifndef CASEMATE_RUN_STEPS_H
#define CASEMATE_RUN_STEPS_H

#include "model/explain.h"
#include "model/run.h"

/* Which process applies a step, and when. */
enum step_phase {
	STEP_OPEN,    /* the launcher, while a signal may still end it: nothing is there to be undone */
	STEP_PREPARE, /* the launcher, before there is a child */
	STEP_ENTER,   /* the stage process where the plan needs one, else the child */
	STEP_ATTACH,  /* the launcher, while the child waits */
	STEP_BUILD,   /* the child, with all capabilities of its user namespace */
	STEP_CONFINE, /* the child, giving them up */
	STEP_EXEC,    /* the child: no system call may fail unnoticed between the filter and execve(2) */
};

struct step {
	const char *name;
	enum step_phase phase;
	bool (*wanted)(const struct plan *plan);
	int (*apply)(const struct plan *plan, struct run *run, struct error *err);
	void (*explain)(const struct plan *plan, struct explain *out);
	int (*undo)(const struct plan *plan, struct run *run, struct error *err); /* PREPARE and ATTACH only; or NULL */
};

/* The table of @plan: of a launch, or the shorter ones of `exec` and of `restore`. Ends with a step without a name. */
const struct step *steps_of(const struct plan *plan);

/* Applies all wanted steps of @phase in order, noting each in run->shared. Stops at the first that fails, naming it. */
int steps_apply(enum step_phase phase, const struct plan *plan, struct run *run, struct error *err);

/* Whether the plan wants any step of @phase. */
bool steps_wanted(enum step_phase phase, const struct plan *plan);

/* Undoes what was prepared and attached, backwards; goes on after a failure and reports the first. */
int steps_undo(const struct plan *plan, struct run *run, struct error *err);

#endif
