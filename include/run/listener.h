// SPDX-License-Identifier: Apache-2.0
/*
 * Seccomp notification: the launcher takes the listener of the filter that the child has just loaded, and gives it to
 * the agent that waits on plan->listener.path (config-linux.md, "The Container Process State").
 *
 * After its filter the child can make no call. It writes the descriptor's number into struct run_shared and waits
 * there; the launcher copies the descriptor with pidfd_getfd(2), sends it, and says in the same page that it is done.
 */
#ifndef CASEMATE_RUN_LISTENER_H
#define CASEMATE_RUN_LISTENER_H

#include "model/plan.h"
#include "model/run.h"

/* The process with the filter, as its launcher or `start` sees it. */
struct listener_side {
	const char *id; /* of the container */
	pid_t pid;
	int process;               /* a pidfd of it: its number may be another's by now */
	int sync;                  /* the conversation with it: end of file when it dies */
	struct run_shared *shared; /* writable */
};

/*
 * Hands over the listener of @side to @plan's agent, after SYNC_LISTENING was heard. Returns 0, or 1 when the process
 * is gone. Fails with ERROR_SYSTEM; then the process still waits and must be killed.
 */
int listener_hand_over(const struct plan_listener *plan, const struct listener_side *side, struct error *err);

#endif
