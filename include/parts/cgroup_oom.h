// SPDX-License-Identifier: Apache-2.0
/* Whether a container's limit of memory killed something in it. */
#ifndef CASEMATE_PARTS_CGROUP_OOM_H
#define CASEMATE_PARTS_CGROUP_OOM_H

#include "model/plan.h"
#include "model/run.h"

/* Whether the limit of memory killed a process of the container. @run: of the launch, or NULL. */
bool cgroup_oom_killed(const struct plan_cgroup *plan, const struct run *run);

/* A container that is watched for that: @fd is to be polled for @events; -1 where memory is not counted. */
struct cgroup_oom_watch {
	int fd;
	short events;
	uint64_t seen;
};
int cgroup_oom_watch(const struct plan_cgroup *plan, struct cgroup_oom_watch *ret, struct error *err);

/* Whether there is something new since the last call. */
bool cgroup_oom_struck(const struct plan_cgroup *plan, struct cgroup_oom_watch *watch);

void cgroup_oom_unwatch(struct cgroup_oom_watch *watch);

#endif
