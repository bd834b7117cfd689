// SPDX-License-Identifier: Apache-2.0
/* From a plan to a running container, and to its exit status. */
#ifndef CASEMATE_RUN_LAUNCH_H
#define CASEMATE_RUN_LAUNCH_H

#include "model/plan.h"
#include "model/run.h"

struct launch_options {
	const char *pid_file; /* written atomically, without a newline, once the workload runs; NULL: none */
	int status_fd;        /* JSON lines about the launch go there; -1: none */
	int block_fd;         /* where plan->process.held: the program begins when it can be read, or has ended */
	int report_fd;        /* --report: what is denied goes there as JSON lines while the program runs; -1: not */
	int trace_fd;         /* the names of the steps that were applied go there, a line each; -1: none */
	bool *oom;            /* told, at the end, whether its limit of memory killed a process; NULL: not wanted */
};

/*
 * Launches @plan, waits for its end and cleans up. *@ret_status is the workload's exit status, 128+N for signal N.
 * Fails with ERROR_REFUSED when the plan has refusals (all of them in the text), ERROR_NOT_FOUND and
 * ERROR_NOT_EXECUTABLE when execve(2) failed, or what a step said; then nothing is left on the host.
 */
int launch_run(const struct plan *plan, const struct launch_options *options, int *ret_status, struct error *err);

/* For run/restore.c, which is a launch by other means. */

/* Makes *@run one that has no descriptor and no process yet. Cannot fail. */
void launch_clear(struct run *run);

/* Memory and descriptors of one launch: opened before the plan is frozen, closed whatever came of it. ERROR_SYSTEM. */
int launch_open(const struct plan *plan, struct run *run, struct error *err);
void launch_close(const struct plan *plan, struct run *run);

/* Undoes a launch that failed or whose workload has ended: kills what is left, and undoes the steps. */
int launch_undo(const struct plan *plan, struct run *run, struct error *err);

#endif
