// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_report.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "model/path_calls.h"
#include "model/syscalls.h"
#include "parts/filter_sim.h"

static bool denies(uint32_t answer)
{
	return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

static bool is_allowed(uint32_t answer)
{
	return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW;
}

/* Whatever its arguments are. */
static bool always_allows(const struct sock_filter *code, uint32_t number)
{
	struct seccomp_data data = {.nr = (int)number, .arch = syscalls_audit_arch(syscalls_native())};
	bool by_args;

	return is_allowed(filter_simulate(code, &data, &by_args)) && !by_args;
}

/*
 * What stands before the judge: other architectures jump over it, and each call has two instructions. Numbers decide
 * alone, so the kernel still knows without running it that other calls are allowed.
 */
enum { HEAD_FIXED = 4, HEAD_CALL = 2 };

static const struct sock_filter ask = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF};

static struct sock_filter head_part(uint32_t index, uint32_t length)
{
	switch (index) {
	case 0:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	case 1:
		return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syscalls_audit_arch(syscalls_native()),
						    1, 0);
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, length - 3);
	default:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	}
}

/* Where two rows have one number they stand together. */
static uint32_t write_head(const struct sock_filter *judge, const uint32_t *watched, size_t count,
			   struct sock_filter *code)
{
	uint32_t length = HEAD_FIXED;

	for (size_t i = 0; i < count; i++) {
		if ((i > 0 && watched[i] == watched[i - 1]) || !always_allows(judge, watched[i]))
			continue;
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, watched[i], 0, 1);
		code[length++] = ask;
	}
	if (length == HEAD_FIXED)
		return 0;
	for (uint32_t i = 0; i < HEAD_FIXED; i++)
		code[i] = head_part(i, length);
	return length;
}

int filter_report_program(const struct plan_filter *judge, const uint32_t *watched, size_t count, struct arena *arena,
			  struct filter_asking *ret, struct error *err)
{
	size_t room = HEAD_FIXED + count * HEAD_CALL + judge->length;
	struct sock_filter *code = arena_alloc(arena, room * sizeof(*code));
	uint32_t head = write_head(judge->code, watched, count, code);

	memcpy(code + head, judge->code, judge->length * sizeof(*code));
	for (uint32_t i = head; i < head + judge->length; i++)
		if (code[i].code == (BPF_RET | BPF_K) && denies(code[i].k))
			code[i].k = SECCOMP_RET_USER_NOTIF;
	*ret = (struct filter_asking){code, head + judge->length};
	return filter_report_check(judge->code, judge->length, ret, err);
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

static bool same(const struct sock_filter *one, const struct sock_filter *other)
{
	return one->code == other->code && one->jt == other->jt && one->jf == other->jf && one->k == other->k;
}

static bool asks_rightly_before(const struct sock_filter *judge, const struct sock_filter *head, uint32_t length)
{
	if (length == 0)
		return true;
	if (length < HEAD_FIXED || (length - HEAD_FIXED) % HEAD_CALL != 0)
		return false;
	for (uint32_t i = 0; i < HEAD_FIXED; i++) {
		struct sock_filter part = head_part(i, length);

		if (!same(&head[i], &part))
			return false;
	}
	for (uint32_t i = HEAD_FIXED; i < length; i += HEAD_CALL) {
		const struct sock_filter question = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, head[i].k, 0, 1);

		if (!same(&head[i], &question) || !same(&head[i + 1], &ask) || !always_allows(judge, head[i].k))
			return false;
	}
	return true;
}

/*
 * The judge was proved against its rules (filter_check.h). Behind the head both programs take the same way for any
 * call, since nothing differs but constant answers: comparing these proves more than any list of calls could.
 */
int filter_report_check(const struct sock_filter *judge, uint32_t length, const struct filter_asking *asking,
			struct error *err)
{
	if (asking->length < length || !filter_valid(judge, length) || !filter_valid(asking->code, asking->length))
		return error_set(err, ERROR_BUG, 0, "--report: the seccomp filter is not a valid program");
	uint32_t head = asking->length - length;

	if (!asks_rightly_before(judge, asking->code, head))
		return error_set(err, ERROR_BUG, 0, "--report: the filter that asks would ask about more than it says");
	for (uint32_t i = 0; i < length; i++)
		if (!asks_alike(&judge[i], &asking->code[head + i]))
			return error_set(err, ERROR_BUG, 0,
					 "--report: instruction %u of the filter that asks is not that of the filter",
					 i);
	return 0;
}

/* What is allowed and asked about: a network without limits, and a file system that was not asked for, cost nothing. */
static const uint32_t *watched_calls(const struct planner *p, size_t *ret_count)
{
	const struct plan *plan = p->plan;
	uint32_t *watched = arena_alloc(p->arena, (path_calls_count + 2) * sizeof(*watched));
	size_t count = 0;

	for (size_t i = 0; plan->reports_files && i < path_calls_count; i++)
		watched[count++] = path_calls[i].number;
	if ((plan->namespaces.fresh & CLONE_NEWNET) != 0 || plan->landlock.handled_net != 0) {
		watched[count++] = SYS_connect;
		watched[count++] = SYS_bind;
	}
	*ret_count = count;
	return watched;
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
	/* The listener travels by it, and nobody could answer for it before it has arrived. */
	for (size_t i = 0; i < plan->filters.count; i++)
		if (!plan->filters.at[i].added && !always_allows(plan->filters.at[i].code, SYS_sendmsg))
			return error_set(err, ERROR_USAGE, 0, "--report: the filter of %s must allow sendmsg(2) for it",
					 plan->filters.at[i].from);
	if (plan->filters.count > 1)
		planner_note(p, "report", plan->filters.at[1].from,
			     "what this filter denies by itself is not reported");
	struct filter_asking asking;
	size_t count;

	plan->reports_files = p->request->sandbox.report_files;
	const uint32_t *watched = watched_calls(p, &count);
	TRY(filter_report_program(first, watched, count, p->arena, &asking, err));
	first->judge = first->code;
	first->code = first->program->filter = asking.code;
	first->length = asking.length;
	first->program->len = (unsigned short)asking.length;
	first->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	plan->reports = true;
	return 0;
}

int filter_report_errno(const struct sock_filter *judge, const struct seccomp_data *data)
{
	bool by_args;
	uint32_t answer = filter_simulate(judge, data, &by_args);
	int value = (int)(answer & SECCOMP_RET_DATA);

	if (is_allowed(answer))
		return -1;
	if (!denies(answer))
		return EPERM;
	return value > KERNEL_MAX_ERRNO ? KERNEL_MAX_ERRNO : value;
}
