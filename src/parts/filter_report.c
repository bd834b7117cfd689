// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_report.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "model/syscalls.h"
#include "parts/filter_sim.h"

enum { MAX_ERRNO = 4095 };

static bool denies(uint32_t answer)
{
	return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

/* Whatever its arguments: the listener travels by it, and nobody could answer for it before it has arrived. */
static bool allows_hand_over(const struct plan_filter *filter)
{
	struct seccomp_data data = {.nr = SYS_sendmsg, .arch = syscalls_audit_arch(syscalls_native())};
	bool by_args;
	uint32_t answer = filter_simulate(filter->code, &data, &by_args);

	return answer == SECCOMP_RET_ALLOW && !by_args;
}

int filter_report_plan(struct planner *p, struct error *err)
{
	struct plan *plan = p->plan;

	if (plan->filters.count == 0) {
		planner_note(p, "report", "--report", "there is no seccomp filter: it denies nothing");
		return 0;
	}
	struct plan_filter *first = &plan->filters.at[0];
	if (plan->listener.path != NULL)
		return error_set(err, ERROR_USAGE, 0,
				 "--report: the filter of %s has a listener, and there can be only one",
				 plan->listener.from);
	for (size_t i = 0; i < plan->filters.count; i++)
		if (!allows_hand_over(&plan->filters.at[i]))
			return error_set(err, ERROR_USAGE, 0, "--report: the filter of %s must allow sendmsg(2) for it",
					 plan->filters.at[i].from);
	if (plan->filters.count > 1)
		planner_note(p, "report", plan->filters.at[1].from,
			     "what this filter denies by itself is not reported");
	struct sock_filter *asking = arena_alloc(p->arena, first->length * sizeof(*asking));
	memcpy(asking, first->code, first->length * sizeof(*asking));
	for (uint32_t i = 0; i < first->length; i++)
		if (asking[i].code == (BPF_RET | BPF_K) && denies(asking[i].k))
			asking[i].k = SECCOMP_RET_USER_NOTIF;
	first->judge = first->code;
	first->code = asking;
	first->program->filter = asking;
	first->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	plan->reports = true;
	return 0;
}

int filter_report_errno(const struct sock_filter *judge, const struct seccomp_data *data)
{
	bool by_args;
	uint32_t answer = filter_simulate(judge, data, &by_args);
	int value = (int)(answer & SECCOMP_RET_DATA);

	if (!denies(answer))
		return EPERM;
	return value > MAX_ERRNO ? MAX_ERRNO : value;
}
