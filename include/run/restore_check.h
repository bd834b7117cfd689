// SPDX-License-Identifier: Apache-2.0
/* What criu restored, looked at from outside before it runs. */
#ifndef CASEMATE_RUN_RESTORE_CHECK_H
#define CASEMATE_RUN_RESTORE_CHECK_H

#include "model/plan.h"
#include "model/run.h"

/*
 * Compares every process of the container whose first one is @first with @plan: capabilities and no_new_privs, users,
 * the number of seccomp filters, namespaces, the cgroup, the AppArmor profile. Kills the container and fails with
 * ERROR_REFUSED where one of them has more than the plan grants, or cannot be looked at.
 */
int restore_check(const struct plan *plan, pid_t first, struct error *err);

/*
 * Makes the mounts of the restored container what the plan says, while nothing of it runs: a read-only root is, masked
 * and read-only paths are, every mount has the attributes and the source that it is to have, and a container that may
 * not mount has none beside them. Fails with ERROR_REFUSED, and as the parts do.
 */
int restore_mounts(const struct plan *plan, struct run *run, pid_t first, struct error *err);

#endif
