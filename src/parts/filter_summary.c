// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_summary.h"

#include <errno.h>
#include <linux/seccomp.h>

static const char *action_text(struct arena *arena, uint32_t action)
{
	uint32_t data = action & SECCOMP_RET_DATA;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
		return "killing the process";
	case SECCOMP_RET_KILL_THREAD:
		return "killing the thread";
	case SECCOMP_RET_TRAP:
		return "SIGSYS";
	case SECCOMP_RET_ERRNO:
		if (data == EPERM || data == ENOSYS)
			return data == EPERM ? "EPERM" : "ENOSYS";
		return arena_printf(arena, "errno %u", data);
	case SECCOMP_RET_TRACE:
		return "a tracer's decision";
	case SECCOMP_RET_LOG:
		return "a log entry";
	default:
		return "permission";
	}
}

static bool lets_through(uint32_t action)
{
	return filter_rank(action) >= filter_rank(SECCOMP_RET_LOG);
}

const char *filter_summary(struct arena *arena, const struct filter_rules *rules, uint32_t length)
{
	const struct filter_arch *native = &rules->archs[0];
	unsigned allowed = 0, refused = 0, by_args = 0;
	const char *others = action_text(arena, rules->default_action);

	for (size_t i = 0; i < native->count; i++) {
		if (native->calls[i].count > 0)
			by_args++;
		else if (lets_through(native->calls[i].otherwise))
			allowed++;
		else
			refused++;
	}
	if (rules->newer_action != rules->default_action)
		others = arena_printf(arena, "%s, newer ones with %s", others, action_text(arena, rules->newer_action));
	return arena_printf(
		arena,
		"allows %u system calls, %u depending on their arguments, refuses %u by name, answers all others "
		"with %s (%u instructions)",
		allowed, by_args, refused, others, length);
}
