// SPDX-License-Identifier: Apache-2.0
/* The plan is made here: request, profile and host go in, every part decides its facts in order. */
#ifndef CASEMATE_RUN_PLAN_H
#define CASEMATE_RUN_PLAN_H

#include "model/planner.h"

struct plan_input {
	const struct request *request;
	const struct profile *profile;
	const struct host *host;
	const char *id;
	bool joining; /* the container is there, and was judged: only what its new process asks for is judged now */
};

/*
 * Makes the plan of one launch in @arena. Everything it refers to is copied there or lives as long as @request and
 * @profile, which are best read into the same arena. Changes nothing on the system. A plan whose profile refuses
 * something is made all the same, with plan->refusals filled, so that it can be explained. Fails with ERROR_CONFIG
 * or ERROR_USAGE for a request that makes no sense, ERROR_HOST for one that this host cannot give.
 */
int plan_build(const struct plan_input *input, struct arena *arena, struct plan **ret_plan, struct error *err);

/* The same for another process in a container that is there: what is made once, for the container, is left out. */
int plan_build_process(const struct plan_input *input, struct arena *arena, struct plan **ret_plan, struct error *err);

/*
 * Whether something of the container may write to a file of user @owner: it has the rights of the host's root (user id
 * 0, or a capability that passes over file permissions), or its user namespace maps that user. Where it is not known
 * what that maps: all that its maker @caller is, at least.
 */
bool plan_may_write_to(const struct plan *plan, uint32_t owner, uint32_t caller);

/* ERROR_REFUSED with every refusal and remedy, a line each, when there is one; else 0. */
int plan_check_refusals(const struct plan *plan, struct error *err);

#endif
