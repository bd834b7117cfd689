// SPDX-License-Identifier: Apache-2.0
/* New limits for a container that is there. */
#ifndef CASEMATE_PARTS_CGROUP_UPDATE_H
#define CASEMATE_PARTS_CGROUP_UPDATE_H

#include "model/planner.h"

struct cgroup_update {
	const struct request_resources *resources;
	const struct host *host;
	const struct profile *profile; /* the ceiling of the container; of zeros: none */
	const char *source;            /* the first word of origins: "update" */
	struct arena *arena;
};

/*
 * Writes the limits of update->resources into the existing cgroup. What is not given stays, 0 is not given (but for
 * cpu.idle, cpu.burst and rates, where it takes the limit away), and -1 is no limit. The rules for devices stay as
 * they are, as in other runtimes, because engines send them again with every update. A limit of processes above the
 * profile's is lowered or refused. A limit that depends on another may be given alone. Nothing is written before all is
 * known to make sense. Fails with ERROR_CONFIG, ERROR_REFUSED, ERROR_HOST and ERROR_SYSTEM.
 */
int cgroup_update(const struct plan_cgroup *existing, const struct cgroup_update *update, struct error *err);

#endif
