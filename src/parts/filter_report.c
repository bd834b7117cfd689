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

int filter_report_program(const struct sock_filter *judge, uint32_t length, struct arena *arena,
			  struct sock_filter **ret_asking, struct error *err)
{
	struct sock_filter *asking = arena_alloc(arena, length * sizeof(*asking));

	memcpy(asking, judge, length * sizeof(*asking));
	for (uint32_t i = 0; i < length; i++)
		if (asking[i].code == (BPF_RET | BPF_K) && denies(asking[i].k))
			asking[i].k = SECCOMP_RET_USER_NOTIF;
	TRY(filter_report_check(judge, asking, length, err));
	*ret_asking = asking;
	return 0;
}

/* Does not use what the copy was made with: a mistake there must show here. */
static bool asks_alike(const struct sock_filter *judge, const struct sock_filter *asking)
{
	if (judge->code != asking->code || judge->jt != asking->jt || judge->jf != asking->jf)
		return false;
	if (judge->code != (BPF_RET | BPF_K))
		return judge->k == asking->k;
	switch (judge->k & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return asking->k == SECCOMP_RET_USER_NOTIF;
	case SECCOMP_RET_USER_NOTIF:
		return false;
	default:
		return judge->k == asking->k;
	}
}

/*
 * The judge was proved against its rules (filter_check.h). Both programs take the same way for any call, since nothing
 * differs but constant answers: comparing these proves more than any list of calls could.
 */
int filter_report_check(const struct sock_filter *judge, const struct sock_filter *asking, uint32_t length,
			struct error *err)
{
	if (!filter_valid(judge, length) || !filter_valid(asking, length))
		return error_set(err, ERROR_BUG, 0, "--report: the seccomp filter is not a valid program");
	for (uint32_t i = 0; i < length; i++)
		if (!asks_alike(&judge[i], &asking[i]))
			return error_set(err, ERROR_BUG, 0,
					 "--report: instruction %u of the filter that asks is not that of the filter",
					 i);
	return 0;
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
	struct sock_filter *asking;

	TRY(filter_report_program(first->code, first->length, p->arena, &asking, err));
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
