// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "CPU". */
#include "parts/cgroup_fields.h"
#include "parts/cgroup_limits.h"

enum { DEFAULT_PERIOD = 100000 /* of cpu.max, in microseconds */ };

/* ---- shares */

/* By squaring: each bit of the logarithm's fraction is whether the square of what is left reaches 2. Needs no libm. */
static double binary_logarithm(uint64_t number)
{
	enum { FRACTION_BITS = 40 };
	double result = 63 - __builtin_clzll(number), bit = 0.5;
	double left = (double)number / (double)(1ULL << (63 - __builtin_clzll(number)));

	for (int i = 0; i < FRACTION_BITS; i++) {
		left *= left;
		if (left >= 2) {
			left /= 2;
			result += bit;
		}
		bit /= 2;
	}
	return result;
}

uint64_t cgroup_cpu_weight(uint64_t shares)
{
	enum { SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_MAX = 10000 };
	const double binary_of_ten = 3.321928094887362, tolerance = 1e-9;
	uint64_t low = 1, high = WEIGHT_MAX;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	double logarithm = binary_logarithm(shares);
	double wanted = ((logarithm * logarithm + 125 * logarithm) / 612 - 7.0 / 34) * binary_of_ten;
	/* The smallest weight that reaches it. */
	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (binary_logarithm(middle) + tolerance >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* ---- quota */

static int plan_quota_v1(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct cgroup_field period = {
		"cpu/period", {"cpu.cfs_period_us", NULL}, "microseconds in which quota counts"};
	static const struct cgroup_field quota = {
		"cpu/quota", {"cpu.cfs_quota_us", NULL}, "the microseconds of CPU that it gets in each period"};

	if (cgroup_asked_u64(cpu->period))
		TRY(cgroup_add_number(p, &period, cpu->period.value, err));
	return cgroup_asked(p, cpu->quota) ? cgroup_add_limit(p, &quota, cpu->quota.value, err) : 0;
}

static int plan_quota_v2(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct cgroup_field max = {
		"cpu/quota", {NULL, "cpu.max"}, "the microseconds of CPU that it gets in each period"};
	bool has_period = cgroup_asked_u64(cpu->period), has_quota = cgroup_asked(p, cpu->quota);
	uint64_t period = has_period ? cpu->period.value : DEFAULT_PERIOD;
	const char *quota =
		has_quota && cpu->quota.value > 0 ? arena_printf(p->arena, "%lld", (long long)cpu->quota.value) : "max";

	if (!has_period && !has_quota)
		return 0;
	/* Without a period the one that is there stays. */
	if (p->plan->cgroup.existing && !has_period)
		return cgroup_add_text(p, &max, quota, err);
	return cgroup_add_text(p, &max, arena_printf(p->arena, "%s %llu", quota, (unsigned long long)period), err);
}

static int plan_bandwidth(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct cgroup_field burst = {
		"cpu/burst", {"cpu.cfs_burst_us", "cpu.max.burst"}, "the microseconds of quota that it can save up"};

	TRY(cgroup_check_limit(p, "cpu/quota", cpu->quota, err));
	TRY(cgroup_is_v2(p) ? plan_quota_v2(p, cpu, err) : plan_quota_v1(p, cpu, err));
	/* It may not be above the quota, so the quota is there first. */
	if (cgroup_asked_u64(cpu->burst) || (cpu->burst.set && p->plan->cgroup.existing))
		return cgroup_add_number(p, &burst, cpu->burst.value, err);
	return 0;
}

/* The runtime is a part of the period, so the period is there first. */
static int plan_realtime(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct cgroup_field period = {
		"cpu/realtimePeriod", {"cpu.rt_period_us", NULL}, "microseconds in which real-time runtime counts"};
	static const struct cgroup_field runtime = {
		"cpu/realtimeRuntime", {"cpu.rt_runtime_us", NULL}, "the microseconds that it can run in real time"};

	TRY(cgroup_check_limit(p, runtime.key, cpu->realtime_runtime, err));
	if (cgroup_asked_u64(cpu->realtime_period))
		TRY(cgroup_add_number(p, &period, cpu->realtime_period.value, err));
	if (cgroup_asked(p, cpu->realtime_runtime))
		TRY(cgroup_add_limit(p, &runtime, cpu->realtime_runtime.value, err));
	return 0;
}

static int plan_set(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct cgroup_field cpus = {
		"cpu/cpus", {"cpuset.cpus", "cpuset.cpus"}, "it runs on these CPUs only"};
	static const struct cgroup_field mems = {
		"cpu/mems", {"cpuset.mems", "cpuset.mems"}, "it has memory of these nodes only"};

	if (cpu->cpus != NULL && cpu->cpus[0] != '\0')
		TRY(cgroup_add_text(p, &cpus, cpu->cpus, err));
	if (cpu->mems != NULL && cpu->mems[0] != '\0')
		TRY(cgroup_add_text(p, &mems, cpu->mems, err));
	return 0;
}

int cgroup_plan_cpu(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct cgroup_field shares = {
		"cpu/shares", {"cpu.shares", "cpu.weight"}, "its share of busy CPUs"};
	static const struct cgroup_field idle = {
		"cpu/idle", {"cpu.idle", "cpu.idle"}, "it runs only when nobody else wants to"};
	bool existing = p->plan->cgroup.existing;

	/* Shares cannot be set for what is idle. */
	if (existing && cpu->idle.set && cpu->idle.value == 0)
		TRY(cgroup_add_number(p, &idle, 0, err));
	if (cgroup_asked_u64(cpu->shares))
		TRY(cgroup_add_number(p, &shares,
				      cgroup_is_v2(p) ? cgroup_cpu_weight(cpu->shares.value) : cpu->shares.value, err));
	TRY(plan_bandwidth(p, cpu, err));
	TRY(plan_realtime(p, cpu, err));
	if (cpu->idle.set && cpu->idle.value > 0)
		TRY(cgroup_add_number(p, &idle, 1, err));
	return plan_set(p, cpu, err);
}
