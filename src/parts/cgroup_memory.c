// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "Memory". */
#include "parts/cgroup_fields.h"

static const struct cgroup_field limit = {
	"memory/limit", {"memory.limit_in_bytes", "memory.max"}, "it is killed when it needs more bytes of memory"};
static const struct cgroup_field reservation = {"memory/reservation",
						{"memory.soft_limit_in_bytes", "memory.low"},
						"the bytes of memory that it keeps when the host is short of them"};
static const struct cgroup_field swap = {
	"memory/swap", {"memory.memsw.limit_in_bytes", "memory.swap.max"}, "it cannot fill the host's swap"};

static bool has_limit(struct opt_i64 value)
{
	return value.set && value.value > 0;
}

/* ---- swap */

/* The config and v1 count memory and swap together, v2 swap alone. */
static int check_swap(const struct planner *p, const struct request_memory *memory, struct error *err)
{
	/* In a cgroup that exists, v1 compares with the limit that is there. */
	bool known = has_limit(memory->limit) || !p->plan->cgroup.existing || cgroup_is_v2(p);

	if (!has_limit(memory->swap) || !known ||
	    (has_limit(memory->limit) && memory->swap.value >= memory->limit.value))
		return 0;
	return error_set(err, ERROR_CONFIG, 0,
			 "%s: it counts memory and swap together, and must not be below memory.limit",
			 cgroup_origin(p, swap.key));
}

static int plan_swap(struct planner *p, const struct request_memory *memory, struct error *err)
{
	struct opt_i64 asked = memory->swap;

	/* v1 allows no memory without a limit below a limit of both. */
	if (!asked.set && memory->limit.set && memory->limit.value < 0)
		asked = memory->limit;
	if (!cgroup_asked(p, asked))
		return 0;
	return cgroup_add_limit(
		p, &swap, asked.value > 0 && cgroup_is_v2(p) ? asked.value - memory->limit.value : asked.value, err);
}

/* ---- what is only in v1 */

/* Whether a limit of the kernel's memory says nothing more than that of all memory, of which it is a part. */
static bool is_implied(const struct request_memory *memory, struct opt_i64 part)
{
	return part.value < 0 || (has_limit(memory->limit) && part.value >= memory->limit.value);
}

static int plan_kernel_part(struct planner *p, const struct request_memory *memory, bool tcp, struct error *err)
{
	static const struct cgroup_field fields[] = {
		{"memory/kernel", {"memory.kmem.limit_in_bytes", NULL}, "the kernel's memory for it is limited"},
		{"memory/kernelTCP",
		 {"memory.kmem.tcp.limit_in_bytes", NULL},
		 "the memory of its TCP buffers is limited"}};
	struct opt_i64 asked = tcp ? memory->kernel_tcp : memory->kernel;
	bool apart = !cgroup_is_v2(p) && (tcp || !host_kernel_at_least(p->host, 5, 16));

	TRY(cgroup_check_limit(p, fields[tcp].key, asked, err));
	if (!cgroup_asked(p, asked))
		return 0;
	if (apart)
		return cgroup_add_limit(p, &fields[tcp], asked.value, err);
	return is_implied(memory, asked)
		       ? 0
		       : cgroup_impossible(
				 p, fields[tcp].key,
				 "this kernel counts it as a part of memory.limit, and has no other limit of it",
				 "leave it out, or set memory.limit (docker: --memory)", err);
}

static int plan_switches(struct planner *p, const struct request_memory *memory, struct error *err)
{
	static const struct cgroup_field swappiness = {
		"memory/swappiness", {"memory.swappiness", NULL}, "how readily its memory is swapped out"};
	static const struct cgroup_field no_oom = {
		"memory/disableOOMKiller", {"memory.oom_control", NULL}, "it waits instead of being killed"};
	static const struct cgroup_field hierarchy = {
		"memory/useHierarchy", {"memory.use_hierarchy", NULL}, "whether cgroups below it count as its own"};
	bool always = cgroup_is_v2(p) || host_kernel_at_least(p->host, 5, 11);

	if (memory->swappiness.set)
		TRY(cgroup_add_number(p, &swappiness, memory->swappiness.value, err));
	if (memory->disable_oom_killer.value || (memory->disable_oom_killer.set && p->plan->cgroup.existing))
		TRY(cgroup_is_v2(p) && !memory->disable_oom_killer.value
			    ? 0
			    : cgroup_add_number(p, &no_oom, memory->disable_oom_killer.value, err));
	if (memory->use_hierarchy.set && !memory->use_hierarchy.value && always)
		return cgroup_impossible(p, hierarchy.key, "this kernel always counts what is below a cgroup",
					 "leave it out", err);
	return memory->use_hierarchy.set && !always ? cgroup_add_number(p, &hierarchy, memory->use_hierarchy.value, err)
						    : 0;
}

int cgroup_plan_memory(struct planner *p, const struct request_memory *memory, struct error *err)
{
	TRY(cgroup_check_limit(p, limit.key, memory->limit, err));
	TRY(cgroup_check_limit(p, reservation.key, memory->reservation, err));
	TRY(cgroup_check_limit(p, swap.key, memory->swap, err));
	TRY(check_swap(p, memory, err));
	/* Before there is any limit that could be above or below it. */
	TRY(plan_switches(p, memory, err));
	if (cgroup_asked(p, memory->limit))
		TRY(cgroup_add_limit(p, &limit, memory->limit.value, err));
	/* No reservation is 0 in v2, where it is what the cgroup keeps, and no limit in v1. */
	if (cgroup_asked(p, memory->reservation))
		TRY(cgroup_add_limit(p, &reservation,
				     memory->reservation.value < 0 && cgroup_is_v2(p) ? 0 : memory->reservation.value,
				     err));
	TRY(plan_swap(p, memory, err));
	TRY(plan_kernel_part(p, memory, false, err));
	return plan_kernel_part(p, memory, true, err);
}
