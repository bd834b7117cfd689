// SPDX-License-Identifier: Apache-2.0
/* From the start of the workload to its end: who is told, which signals go through, and when it has taken too long. */
#ifndef CASEMATE_RUN_WAIT_H
#define CASEMATE_RUN_WAIT_H

#include <signal.h>

#include "model/run.h"
#include "run/launch.h"

/* The status of a program whose time was up, as timeout(1) has it. */
enum { WAIT_TIMED_OUT = 124 };

struct wait {
	sigset_t signals;
};

/*
 * Blocks every signal that is to be forwarded, before there is a child that it could be for, and opens run->interrupts.
 * Fails with ERROR_SYSTEM.
 */
int wait_prepare(struct wait *wait, struct run *run, struct error *err);

/*
 * Waits until the child has something to say on run->sync, or has closed it. Fails with ERROR_SYSTEM when a signal that
 * means "stop" comes before: the caller ends the child. A second one ends this process, whatever it waits for.
 */
int wait_for_child(const struct run *run, struct error *err);

/* Fails always: with what @err says, or with the signal that was the reason for that, as wait_for_child() does. */
int wait_interrupted(const struct run *run, struct error *err);

/*
 * Waits until @fd can be read, or has nothing more to read. Returns 0, or 1 when the child has ended before. Fails as
 * wait_for_child() does, and with ERROR_USAGE for a descriptor that cannot be waited for.
 */
int wait_for_word(const struct run *run, int fd, struct error *err);

/*
 * The same until the process @stage has made the child, which is run->child then, and has ended. Fails also with what
 * the stage left in run->shared->error; what the child leaves there meanwhile is nothing of this function's.
 */
int wait_for_stage(pid_t stage, struct run *run, struct error *err);

/* Ends the process @stage where it is; the child that it has made by then is run->child. */
void wait_end_stage(pid_t stage, struct run *run);

/* Writes @pid into the file @path, atomically and without a newline; NULL: no file. Fails with ERROR_SYSTEM. */
int wait_write_pid(const char *path, pid_t pid, struct error *err);

/* Writes the status line {"event":"ready","pid":N}, where one is asked for. Fails with ERROR_SYSTEM. */
int wait_announce_ready(const struct launch_options *options, const struct run *run, struct error *err);

/* Writes the trace and the first status line, as @options asks. Fails with ERROR_SYSTEM. */
int wait_announce(const struct plan *plan, const struct launch_options *options, const struct run *run,
		  struct error *err);

/* From here on a signal ends this process: nothing is left to be undone, and who reads what it says may never do so. */
void wait_let_go(void);

/* Writes the last status line: {"event":"exited","status":N}, or "failed" with our own status. Failures are ignored. */
void wait_conclude(const struct launch_options *options, const char *event, int status);

/*
 * Forwards signals until the child ends; with a terminal, relays it. Past the plan's time limit the container is
 * killed, and WAIT_TIMED_OUT is the status. Sets run->child to 0 once it was waited for.
 */
int wait_for_exit(const struct wait *wait, const struct plan *plan, struct run *run, int *ret_status,
		  struct error *err);

#endif
