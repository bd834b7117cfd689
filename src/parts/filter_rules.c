// SPDX-License-Identifier: Apache-2.0
#include "parts/filter_rules.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/kernel.h"

static const uint32_t returns[] = {
	[SECCOMP_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
	[SECCOMP_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
	[SECCOMP_TRAP] = SECCOMP_RET_TRAP,
	[SECCOMP_ERRNO] = SECCOMP_RET_ERRNO,
	[SECCOMP_NOTIFY] = SECCOMP_RET_USER_NOTIF,
	[SECCOMP_TRACE] = SECCOMP_RET_TRACE,
	[SECCOMP_LOG] = SECCOMP_RET_LOG,
	[SECCOMP_ALLOW] = SECCOMP_RET_ALLOW,
};

int32_t filter_rank(uint32_t action)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL);
}

static int read_action(uint32_t action, struct opt_u32 errno_ret, uint32_t *ret, struct error *err)
{
	if (action >= sizeof(returns) / sizeof(returns[0]))
		return error_set(err, ERROR_CONFIG, 0, "unknown seccomp action %u", action);
	if (action != SECCOMP_ERRNO && action != SECCOMP_TRACE) {
		if (errno_ret.set)
			return error_set(err, ERROR_CONFIG, 0, "errnoRet has a meaning only for ERRNO and TRACE");
		*ret = returns[action];
		return 0;
	}
	uint32_t largest = action == SECCOMP_ERRNO ? KERNEL_MAX_ERRNO : SECCOMP_RET_DATA;
	uint32_t data = errno_ret.set ? errno_ret.value : EPERM;

	if (data > largest)
		return error_set(err, ERROR_CONFIG, 0, "errnoRet is %u, the largest one is %u", data, largest);
	*ret = returns[action] | data;
	return 0;
}

static int check_args(const struct request_seccomp_rule *rule, struct error *err)
{
	for (size_t i = 0; i < rule->args.count; i++) {
		const struct request_seccomp_arg *arg = &rule->args.at[i];

		if (arg->index >= FILTER_ARGS)
			return error_set(err, ERROR_CONFIG, 0, "argument index %u: there are 0 to 5", arg->index);
		if (arg->op > SECCOMP_MASKED_EQ)
			return error_set(err, ERROR_CONFIG, 0, "unknown seccomp operator %u", arg->op);
	}
	return 0;
}

static int read_actions(struct filter_rules *rules, struct arena *arena, struct error *err)
{
	const struct request_seccomp *request = rules->request;

	if (read_action(request->default_action, request->default_errno_ret, &rules->default_action, err) < 0)
		return error_wrap(err, "%s", request->from);
	rules->newer_action = rules->default_action;
	if (request->default_action == SECCOMP_ERRNO)
		rules->newer_action = SECCOMP_RET_ERRNO | ENOSYS;
	rules->actions = arena_alloc(arena, request->syscalls.count * sizeof(*rules->actions));
	for (size_t i = 0; i < request->syscalls.count; i++) {
		const struct request_seccomp_rule *rule = &request->syscalls.at[i];

		if (read_action(rule->action, rule->errno_ret, &rules->actions[i], err) < 0 ||
		    check_args(rule, err) < 0)
			return error_wrap(err, "%s/syscalls/%zu", request->from, i);
	}
	return 0;
}

static void add_arch(struct filter_rules *rules, uint32_t arch)
{
	for (size_t i = 0; i < rules->arch_count; i++) {
		if (rules->archs[i].arch == arch)
			return;
	}
	rules->archs[rules->arch_count++] = (struct filter_arch){
		.arch = arch,
		.audit = syscalls_audit_arch(arch),
		.first = arch != syscalls_audit_arch(arch) ? SYSCALLS_X32_BIT : 0,
	};
}

static void read_archs(struct filter_rules *rules, uint32_t native, struct arena *arena)
{
	const struct request_seccomp *request = rules->request;

	add_arch(rules, native);
	for (size_t i = 0; i < request->architectures.count; i++) {
		uint32_t arch = request->architectures.at[i];

		if (syscalls_runs(native, arch))
			add_arch(rules, arch);
		else
			*LIST_ADD(arena, &rules->foreign) = syscalls_arch_name(arch);
	}
}

static size_t count_names(const struct request_seccomp *request)
{
	size_t names = 0;

	for (size_t i = 0; i < request->syscalls.count; i++)
		names += request->syscalls.at[i].names.count;
	return names;
}

/* Names become numbers once; both the compiler and the check work with these. */
static void resolve(struct filter_rules *rules, struct filter_arch *arch, size_t names, struct arena *arena)
{
	int32_t *next = arena_alloc(arena, names * sizeof(*next));

	arch->numbers = next;
	for (size_t i = 0; i < rules->request->syscalls.count; i++) {
		const string_list *list = &rules->request->syscalls.at[i].names;

		for (size_t k = 0; k < list->count; k++) {
			int32_t number = syscalls_number(arch->arch, list->at[k]);

			if (number == SYSCALLS_UNKNOWN && arch == rules->archs)
				*LIST_ADD(arena, &rules->unknown) = list->at[k];
			if (number >= 0 && (!arch->names_any || (uint32_t)number > arch->highest)) {
				arch->names_any = true;
				arch->highest = (uint32_t)number;
			}
			*next++ = number;
		}
	}
}

uint32_t filter_unnamed(const struct filter_rules *rules, const struct filter_arch *arch, uint32_t number)
{
	return arch->names_any && number > arch->highest ? rules->newer_action : rules->default_action;
}

struct filter_rule filter_rule_at(const struct filter_rules *rules, uint32_t index)
{
	size_t own = rules->request->syscalls.count;

	if (index < own) {
		const struct request_seccomp_rule *rule = &rules->request->syscalls.at[index];

		return (struct filter_rule){rule->args.at, rule->args.count, rules->actions[index]};
	}
	if (index - own >= rules->exemptions.count)
		return (struct filter_rule){.action = SECCOMP_RET_KILL_PROCESS};
	const struct filter_exemption *exemption = &rules->exemptions.at[index - own];

	return (struct filter_rule){exemption->args, exemption->count, SECCOMP_RET_ALLOW};
}

/* A call by number, and the rule that names it. */
struct entry {
	uint32_t number;
	uint32_t rule;
};

/* Stable, linear and without memory of its own but @spare: four passes, those skipped in which all bytes are equal. */
static struct entry *sort_entries(struct entry *entries, struct entry *spare, size_t count)
{
	for (unsigned shift = 0; shift < 32; shift += 8) {
		size_t start[257] = {0};

		for (size_t i = 0; i < count; i++)
			start[(entries[i].number >> shift & 0xff) + 1]++;
		if (count == 0 || start[(entries[0].number >> shift & 0xff) + 1] == count)
			continue;
		for (size_t i = 1; i < 257; i++)
			start[i] += start[i - 1];
		for (size_t i = 0; i < count; i++)
			spare[start[entries[i].number >> shift & 0xff]++] = entries[i];
		struct entry *sorted = spare;
		spare = entries;
		entries = sorted;
	}
	return entries;
}

static size_t list_entries(const struct filter_rules *rules, const struct filter_arch *arch, struct entry *entries)
{
	const struct request_seccomp *request = rules->request;
	const int32_t *number = arch->numbers;
	size_t count = 0;

	for (size_t i = 0; arch == rules->archs && i < rules->exemptions.count; i++)
		entries[count++] =
			(struct entry){rules->exemptions.at[i].number, (uint32_t)(request->syscalls.count + i)};
	for (size_t i = 0; i < request->syscalls.count; i++) {
		for (size_t k = 0; k < request->syscalls.at[i].names.count; k++, number++) {
			if (*number >= 0)
				entries[count++] = (struct entry){(uint32_t)*number, (uint32_t)i};
		}
	}
	return count;
}

/* Reads the run of entries that name one call; @conditional is where its rules with comparisons go. */
static size_t read_call(const struct filter_rules *rules, const struct filter_arch *arch, const struct entry *entries,
			size_t left, struct filter_call *call, uint32_t *conditional)
{
	bool decided = false;
	size_t used = 0;

	*call = (struct filter_call){.number = entries->number,
				     .rules = conditional,
				     .otherwise = filter_unnamed(rules, arch, entries->number)};
	for (; used < left && entries[used].number == call->number; used++) {
		struct filter_rule rule = filter_rule_at(rules, entries[used].rule);

		if (rule.count > 0) {
			conditional[call->count++] = entries[used].rule;
		} else if (!decided || filter_rank(rule.action) < filter_rank(call->otherwise)) {
			call->otherwise = rule.action;
			decided = true;
		}
	}
	return used;
}

static int group(struct filter_rules *rules, struct filter_arch *arch, size_t names, struct arena *arena,
		 struct error *err)
{
	size_t room = names + rules->exemptions.count;
	struct entry *entries = arena_alloc(arena, room * sizeof(*entries));
	struct entry *spare = arena_alloc(arena, room * sizeof(*spare));
	uint32_t *conditional = arena_alloc(arena, room * sizeof(*conditional));
	size_t compared = 0;
	size_t count = list_entries(rules, arch, entries);

	entries = sort_entries(entries, spare, count);
	arch->calls = arena_alloc(arena, count * sizeof(*arch->calls));
	for (size_t i = 0; i < count;) {
		struct filter_call *call = &arch->calls[arch->count++];

		i += read_call(rules, arch, &entries[i], count - i, call, conditional);
		conditional += call->count;
		compared += call->count;
		if (compared > FILTER_MAX_ARG_RULES)
			return error_set(err, ERROR_CONFIG, 0, "%s: more than %d rules with args", rules->request->from,
					 FILTER_MAX_ARG_RULES);
	}
	return 0;
}

static bool allowed_anyway(const struct filter_rules *rules, uint32_t number)
{
	const struct filter_arch *native = rules->archs;
	const int32_t *at = native->numbers;
	bool named = false;

	for (size_t i = 0; i < rules->request->syscalls.count; i++) {
		const struct request_seccomp_rule *rule = &rules->request->syscalls.at[i];

		for (size_t k = 0; k < rule->names.count; k++) {
			if (*at++ != (int32_t)number)
				continue;
			if (rules->actions[i] != SECCOMP_RET_ALLOW)
				return false;
			named = named || rule->args.count == 0;
		}
	}
	return named || filter_unnamed(rules, native, number) == SECCOMP_RET_ALLOW;
}

int filter_rules_read(const struct request_seccomp *request, uint32_t native, const struct filter_exemption *exemptions,
		      size_t count, struct arena *arena, struct filter_rules *rules, struct error *err)
{
	size_t names = count_names(request);

	*rules = (struct filter_rules){.request = request};
	TRY(read_actions(rules, arena, err));
	read_archs(rules, native, arena);
	for (size_t i = 0; i < rules->arch_count; i++)
		resolve(rules, &rules->archs[i], names, arena);
	for (size_t i = 0; i < count; i++) {
		if (!allowed_anyway(rules, exemptions[i].number))
			*LIST_ADD(arena, &rules->exemptions) = exemptions[i];
	}
	for (size_t i = 0; i < rules->arch_count; i++)
		TRY(group(rules, &rules->archs[i], names, arena, err));
	return 0;
}
