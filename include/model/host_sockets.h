// SPDX-License-Identifier: Apache-2.0
/*
 * Which of the host's sockets lie in what is bound. A read-only mount does not stop connect(2), so a directory with the
 * socket of a service is that service. The kernel is asked for the sockets themselves (sock_diag(7)) and says which
 * inode each stands for: names, aliases and dead sockets of others do not matter.
 */
#ifndef CASEMATE_MODEL_HOST_SOCKETS_H
#define CASEMATE_MODEL_HOST_SOCKETS_H

#include "model/host.h"

/*
 * Fills `socket` and `unsearched` of host->root, host->sources and host->submounts, where those are judged (`socket` is
 * text in @arena). Sockets of the launcher's network namespace are the host's. A kernel that does not answer leaves
 * host->sockets_unknown.
 */
void host_probe_sockets(struct host *host, struct arena *arena);

#endif
