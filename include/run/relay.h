// SPDX-License-Identifier: Apache-2.0
/* The launcher's side of a pseudo-terminal: raw mode outside, bytes both ways, window size, stop and continue. */
#ifndef CASEMATE_RUN_RELAY_H
#define CASEMATE_RUN_RELAY_H

#include "model/run.h"

/*
 * Relays between the caller's standard streams and run->terminal until the child of @run ends, forwarding the signals
 * in
 * @signals (a signalfd). *@ret_status is the child's wait status. @deadline_ms is CLOCK_MONOTONIC, 0 for none: then the
 * child is killed. Restores the caller's terminal in every case.
 */
int relay_until_exit(struct run *run, int signals, uint64_t deadline_ms, int *ret_status, struct error *err);

#endif
