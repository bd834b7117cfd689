// SPDX-License-Identifier: Apache-2.0
/*
 * The conversation of one launch, over a SOCK_SEQPACKET pair that is close-on-exec.
 *
 *	launcher                           child
 *	  PREPARE steps
 *	  clone3() ----------------------> starts
 *	          <------- SYNC_ISOLATED - is in its namespaces       (only when ATTACH steps are wanted)
 *	  ATTACH steps
 *	          - SYNC_ATTACHED -------> BUILD steps
 *	          <----------- SYNC_HOOKS - before it enters the new root   (only when there are hooks then)
 *	  its hooks
 *	          - SYNC_HOOKED --------->
 *	          <------- SYNC_TERMINAL - with the master of its pty (only when the plan has a terminal)
 *	                                   CONFINE steps
 *	          <-------- SYNC_CREATED - all is set up              (only when the launcher will not wait for it)
 *	  records it
 *	          - SYNC_RECORDED ------->
 *	          <---------- SYNC_READY - all is set up              (only with --block-fd)
 *	  the caller's word
 *	          - SYNC_RELEASED ------->
 *	          <------ SYNC_LISTENING - is about to load a filter that has a listener (only when the plan has one),
 *	                                     or with the listener, for --report
 *	          <-------- (end of file)- has called execve(), or died
 *	          <-------- SYNC_STOPPED - the workload was stopped   (only from an init with a terminal)
 *	          - SYNC_CONTINUE -------> continues it
 *
 * Errors do not travel here: they stand in struct run_shared, because the last of them may come when the seccomp filter
 * leaves no call to send anything with. End of file where a message is due means that the other side failed or died.
 */
#ifndef CASEMATE_RUN_SYNC_H
#define CASEMATE_RUN_SYNC_H

#include "base/error.h"

enum sync_message {
	SYNC_END, /* is never said: whoever awaits it awaits the end of file */
	SYNC_ISOLATED,
	SYNC_ATTACHED,
	SYNC_TERMINAL,
	SYNC_HOOKS,
	SYNC_HOOKED,
	SYNC_CREATED,
	SYNC_RECORDED,
	SYNC_START, /* by `start`: run/start.h */
	SYNC_STARTS,
	SYNC_READY,
	SYNC_RELEASED,
	SYNC_LISTENING,
	SYNC_STOPPED,
	SYNC_CONTINUE,
};

/* Sends @message, with the descriptor @fd unless it is -1. Fails with ERROR_SYSTEM. */
int sync_tell(int sync, enum sync_message message, int fd, struct error *err);

/*
 * Waits for @message and takes the descriptor that came with it where @ret_fd is not NULL (the caller closes it).
 * Returns 0, or 1 at end of file: the other side is gone. Another message than the awaited one is ERROR_BUG.
 */
int sync_await(int sync, enum sync_message message, int *ret_fd, struct error *err);

#endif
