// SPDX-License-Identifier: Apache-2.0
/* The launcher's side of a pseudo-terminal: raw mode outside, bytes both ways, window size, stop and continue. */
#ifndef CASEMATE_RUN_RELAY_H
#define CASEMATE_RUN_RELAY_H

#include "model/run.h"

struct relay_task {
	struct run *run;
	int signals;          /* a signalfd */
	unsigned streams;     /* which of the program's standard streams are the pseudo-terminal: bit N is stream N */
	uint64_t deadline_ms; /* of CLOCK_MONOTONIC, when the child is killed; 0: none */
};

/*
 * Relays between the caller's standard streams and run->terminal until the child ends, forwarding signals.
 * *@ret_status is the child's wait status. Restores the caller's terminal in every case.
 */
int relay_until_exit(const struct relay_task *task, int *ret_status, struct error *err);

#endif
