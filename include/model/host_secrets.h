// SPDX-License-Identifier: Apache-2.0
/*
 * Whether what is bound of the host's configuration has something in it that not everybody on the host may read.
 * Whoever writes a config.json chooses the ids of the program, and in /etc every second directory for all has one file
 * for a few in it.
 */
#ifndef CASEMATE_MODEL_HOST_SECRETS_H
#define CASEMATE_MODEL_HOST_SECRETS_H

#include "model/host.h"

/* Fills `secret` of host->root, host->sources and host->submounts. Needs their `below`. */
void host_probe_secrets(struct host *host);

#endif
