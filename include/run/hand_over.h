// SPDX-License-Identifier: Apache-2.0
/* What an engine gets of a container by a socket that it listens on. */
#ifndef CASEMATE_RUN_HAND_OVER_H
#define CASEMATE_RUN_HAND_OVER_H

#include "model/plan.h"
#include "model/run.h"

/* Sends run->terminal to the console socket; without one it stays here. Fails with ERROR_SYSTEM. */
int hand_over_terminal(const struct plan *plan, struct run *run, struct error *err);

/* Sends a pidfd of the container's first process to the socket that was named for it. Fails with ERROR_SYSTEM. */
int hand_over_pidfd(const struct plan *plan, const struct run *run, struct error *err);

#endif
