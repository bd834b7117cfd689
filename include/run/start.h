// SPDX-License-Identifier: Apache-2.0
/*
 * Between `create` and `start` the container's first process waits, all set up, on a socket in its directory of state.
 *
 *	start                              child, made by `create`
 *	  connects ----------------------> accepts
 *	          - SYNC_START ---------->
 *	          <---------- SYNC_STARTS  with the page of struct run_shared; closes the listening socket
 *	                                   startContainer hooks
 *	          <------ SYNC_LISTENING   (only when its filter has a listener: run/listener.h)
 *	                                   filter, execve(2)
 *	          <-------- (end of file)  has called execve(), or died; the page says which, and why
 *
 * A connection that ends without SYNC_START is `state` looking whether the process waits.
 */
#ifndef CASEMATE_RUN_START_H
#define CASEMATE_RUN_START_H

#include "model/explain.h"
#include "model/run.h"
#include "run/state.h"

/* Step, launcher: makes the socket. */
bool start_listen_wanted(const struct plan *plan);
void start_listen_explain(const struct plan *plan, struct explain *out);
int start_listen(const struct plan *plan, struct run *run, struct error *err);

/* Step, child: tells the launcher that all is set up, and goes on when that has recorded it. */
bool start_created_wanted(const struct plan *plan);
void start_created_explain(const struct plan *plan, struct explain *out);
int start_created(const struct plan *plan, struct run *run, struct error *err);

/* Step, child: waits for `start`, which is then at the other end of run->sync. */
bool start_wait_wanted(const struct plan *plan);
void start_wait_explain(const struct plan *plan, struct explain *out);
int start_wait(const struct plan *plan, struct run *run, struct error *err);

/*
 * Starts a container that was created, over the connection @sync of state_connect(), and waits until it has called
 * execve(2). Fails with what the container says, as launch_run() does, or ERROR_GONE when it does not wait any more.
 * @listener: the agent for its filter's listener, or NULL; a container whose agent cannot be reached is killed.
 */
int start_container(const struct state *state, int sync, const struct plan_listener *listener, struct error *err);

#endif
