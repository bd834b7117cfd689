// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_limits.h"

#include <stdlib.h>
#include <string.h>

enum {
	V1,
	V2,
	VERSIONS,
	DEFAULT_PERIOD = 100000, /* of cpu.max, in microseconds */
};

/* ---- controllers */

static bool is_word_of(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

/* The name of the hierarchy's directory; NULL where there is none. */
static const char *hierarchy_of(const struct planner *p, const char *controller)
{
	if (p->plan->cgroup.driver == CGROUP_V2)
		return p->host->privileged || strcmp(controller, "devices") != 0 ? "" : NULL;
	if (p->plan->cgroup.driver == CGROUP_NONE || !p->host->privileged)
		return NULL;
	for (size_t i = 0; i < p->host->cgroups.count; i++)
		if (is_word_of(p->host->cgroups.at[i].key, controller))
			return p->host->cgroups.at[i].key;
	return NULL;
}

bool cgroup_has(const struct planner *p, const char *controller)
{
	return hierarchy_of(p, controller) != NULL;
}

static void enable(struct planner *p, const char *controller)
{
	string_list *list = &p->plan->cgroup.controllers;

	/* "cgroup.max.depth" is there without any, and devices are a program. */
	if (strcmp(controller, "cgroup") == 0 || strcmp(controller, "devices") == 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i], controller) == 0)
			return;
	*LIST_ADD(p->arena, list) = controller;
}

static int no_controller(const struct planner *p, const char *controller, origin from, struct error *err)
{
	error_set(err, ERROR_HOST, 0, "%s: this launch has no use of the cgroup controller '%s'", from, controller);
	if (!p->host->privileged)
		return error_hint(err, "run it as root, or with cgroup v2 in a cgroup that is delegated to you: "
				       "systemd-run --user --scope -p Delegate=yes");
	return error_hint(err, "mount the cgroup file systems below /sys/fs/cgroup, or leave the limit out");
}

int cgroup_use(struct planner *p, const char *controller, origin from, size_t *ret_hierarchy, struct error *err)
{
	struct plan_cgroup *plan = &p->plan->cgroup;
	const char *name = hierarchy_of(p, controller);
	bool fill = plan->driver == CGROUP_V1 && strcmp(controller, "cpuset") == 0;

	if (name == NULL)
		return no_controller(p, controller, from, err);
	if (plan->driver == CGROUP_V2)
		enable(p, controller);
	for (size_t i = 0; i < plan->hierarchies.count; i++)
		if (strcmp(plan->hierarchies.at[i].name, name) == 0) {
			plan->hierarchies.at[i].fill |= fill;
			*ret_hierarchy = i;
			return 0;
		}
	*ret_hierarchy = plan->hierarchies.count;
	*LIST_ADD(p->arena, &plan->hierarchies) = (struct plan_cgroup_hierarchy){
		.name = name,
		.directory = name[0] == '\0' ? p->host->cgroup_root
					     : arena_printf(p->arena, "%s/%s", p->host->cgroup_root, name),
		.fill = fill,
	};
	return 0;
}

int cgroup_add_file(struct planner *p, struct plan_cgroup_file file, struct error *err)
{
	const char *controller = arena_strndup(p->arena, file.name, strcspn(file.name, "."));

	TRY(cgroup_use(p, controller, file.from, &file.hierarchy, err));
	*LIST_ADD(p->arena, &p->plan->cgroup.files) = file;
	return 0;
}

/* ---- numbers */

struct limit {
	const char *key; /* below linux.resources, with '/' */
	const char *files[VERSIONS];
	const char *what;
};

static int add_text(struct planner *p, const struct limit *limit, const char *value, struct error *err)
{
	struct plan_cgroup_file file = {
		.name = limit->files[p->plan->cgroup.driver == CGROUP_V2 ? V2 : V1],
		.value = value,
		.what = limit->what,
		.from = planner_origin(p, arena_printf(p->arena, "/linux/resources/%s", limit->key)),
	};

	return cgroup_add_file(p, file, err);
}

static int add_number(struct planner *p, const struct limit *limit, uint64_t value, struct error *err)
{
	return add_text(p, limit, arena_printf(p->arena, "%llu", (unsigned long long)value), err);
}

/* 0 and absent are the same to engines, and -1 is what a new cgroup has: no limit was asked for. */
static int check_number(const struct planner *p, const char *key, struct opt_i64 value, struct error *err)
{
	if (!value.set || value.value >= -1)
		return 0;
	return error_set(err, ERROR_CONFIG, 0, "%s: %lld is not a limit",
			 planner_origin(p, arena_printf(p->arena, "/linux/resources/%s", key)), (long long)value.value);
}

static bool is_asked(struct opt_i64 value)
{
	return value.set && value.value > 0;
}

static bool is_asked_u64(struct opt_u64 value)
{
	return value.set && value.value > 0;
}

/* ---- memory */

static const struct limit memory_limits[] = {
	{"memory/limit", {"memory.limit_in_bytes", "memory.max"}, "it is killed when it needs more bytes of memory"},
	{"memory/reservation",
	 {"memory.soft_limit_in_bytes", "memory.low"},
	 "the bytes of memory that it keeps when the host is short of them"},
	{"memory/swap", {"memory.memsw.limit_in_bytes", "memory.swap.max"}, "it cannot fill the host's swap"},
};

/* The config and v1 count memory and swap together, v2 swap alone. */
static int check_swap(const struct planner *p, const struct request_memory *memory, struct error *err)
{
	if (!is_asked(memory->swap) || (is_asked(memory->limit) && memory->swap.value >= memory->limit.value))
		return 0;
	return error_set(err, ERROR_CONFIG, 0,
			 "%s: it counts memory and swap together, and must not be below memory.limit",
			 planner_origin(p, "/linux/resources/memory/swap"));
}

static int plan_memory(struct planner *p, const struct request_memory *memory, struct error *err)
{
	struct opt_i64 values[] = {memory->limit, memory->reservation, memory->swap};

	TRY(check_swap(p, memory, err));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		bool swap_v2 = i == 2 && p->plan->cgroup.driver == CGROUP_V2;

		TRY(check_number(p, memory_limits[i].key, values[i], err));
		if (is_asked(values[i]))
			TRY(add_number(p, &memory_limits[i],
				       (uint64_t)(values[i].value - (swap_v2 ? memory->limit.value : 0)), err));
	}
	return 0;
}

/* ---- CPUs */

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

static int plan_bandwidth(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct limit period = {
		"cpu/period", {"cpu.cfs_period_us", NULL}, "microseconds in which quota counts"};
	static const struct limit quota = {
		"cpu/quota", {"cpu.cfs_quota_us", "cpu.max"}, "the microseconds of CPU that it gets in each period"};
	static const struct limit burst = {
		"cpu/burst", {"cpu.cfs_burst_us", "cpu.max.burst"}, "the microseconds of quota that it can save up"};
	bool v2 = p->plan->cgroup.driver == CGROUP_V2, has_period = is_asked_u64(cpu->period);
	uint64_t micros = has_period ? cpu->period.value : DEFAULT_PERIOD;

	TRY(check_number(p, quota.key, cpu->quota, err));
	if (has_period && !v2)
		TRY(add_number(p, &period, micros, err));
	if (is_asked(cpu->quota) && !v2)
		TRY(add_number(p, &quota, (uint64_t)cpu->quota.value, err));
	if (is_asked(cpu->quota) && v2)
		TRY(add_text(
			p, &quota,
			arena_printf(p->arena, "%lld %llu", (long long)cpu->quota.value, (unsigned long long)micros),
			err));
	/* It may not be above the quota, so the quota is there first. */
	return is_asked_u64(cpu->burst) ? add_number(p, &burst, cpu->burst.value, err) : 0;
}

static int plan_cpu(struct planner *p, const struct request_cpu *cpu, struct error *err)
{
	static const struct limit shares = {"cpu/shares", {"cpu.shares", "cpu.weight"}, "its share of busy CPUs"};
	static const struct limit idle = {
		"cpu/idle", {"cpu.idle", "cpu.idle"}, "it runs only when nobody else wants to"};
	static const struct limit cpus = {"cpu/cpus", {"cpuset.cpus", "cpuset.cpus"}, "it runs on these CPUs only"};
	static const struct limit mems = {
		"cpu/mems", {"cpuset.mems", "cpuset.mems"}, "it has memory of these nodes only"};
	bool v2 = p->plan->cgroup.driver == CGROUP_V2;

	if (is_asked_u64(cpu->shares))
		TRY(add_number(p, &shares, v2 ? cgroup_cpu_weight(cpu->shares.value) : cpu->shares.value, err));
	TRY(plan_bandwidth(p, cpu, err));
	/* After the shares, which cannot be set for what is idle. */
	if (is_asked(cpu->idle))
		TRY(add_number(p, &idle, 1, err));
	if (cpu->cpus != NULL && cpu->cpus[0] != '\0')
		TRY(add_text(p, &cpus, cpu->cpus, err));
	if (cpu->mems != NULL && cpu->mems[0] != '\0')
		TRY(add_text(p, &mems, cpu->mems, err));
	return 0;
}

/* ---- unified */

/* Of the core files only those that limit: cgroup.procs would move others, cgroup.freeze would stop the launch itself.
 */
static bool is_limit_file(const char *key)
{
	if (strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != strlen(key))
		return false;
	if (strncmp(key, "cgroup.", 7) == 0)
		return strcmp(key, "cgroup.max.depth") == 0 || strcmp(key, "cgroup.max.descendants") == 0;
	return key[0] != '.' && strchr(key, '.') != NULL && key[strlen(key) - 1] != '.' && strlen(key) < 128;
}

/* Files such as io.max take one line at a time. */
static int plan_lines(struct planner *p, const struct pair *asked, origin from, struct error *err)
{
	struct plan_cgroup_file file = {.name = asked->key, .what = "as cgroups(7) says", .from = from};

	for (const char *at = asked->value; *at != '\0';) {
		size_t length = strcspn(at, "\n");

		file.value = arena_strndup(p->arena, at, length);
		if (length > 0)
			TRY(cgroup_add_file(p, file, err));
		at += length + (at[length] == '\n');
	}
	return 0;
}

static int plan_unified(struct planner *p, const pair_list *unified, struct error *err)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *key = unified->at[i].key;
		origin from = planner_origin(p, arena_printf(p->arena, "/linux/resources/unified/%s", key));

		if (!is_limit_file(key))
			return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is not a limit of a cgroup", from, key);
		if (p->plan->cgroup.driver == CGROUP_V1)
			return error_set(err, ERROR_HOST, 0, "%s: this host has cgroup v1, 'unified' is for v2", from);
		/* It is judged with the limit that it stands for. */
		if (strcmp(key, "pids.max") != 0)
			TRY(plan_lines(p, &unified->at[i], from, err));
	}
	return 0;
}

int cgroup_wanted_pids(const struct planner *p, struct opt_i64 *ret_limit, struct error *err)
{
	const struct request_resources *resources = &p->request->linux_.resources;
	char *end = NULL;

	*ret_limit = resources->pids_limit;
	for (size_t i = 0; i < resources->unified.count; i++) {
		const char *value = resources->unified.at[i].value;

		if (strcmp(resources->unified.at[i].key, "pids.max") != 0)
			continue;
		ret_limit->set = true;
		ret_limit->value = strcmp(value, "max") == 0 ? -1 : strtoll(value, &end, 10);
		if (strcmp(value, "max") != 0 && (*value < '0' || *value > '9' || end == NULL || *end != '\0'))
			return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is not a number of processes",
					 planner_origin(p, "/linux/resources/unified/pids.max"), value);
	}
	/* Engines write 0 where their users asked for no limit. */
	if (ret_limit->value <= 0)
		*ret_limit = (struct opt_i64){0};
	return 0;
}

/* ---- what is not there yet */

static bool has_block_io(const struct request_block_io *io)
{
	return io != NULL && (io->weight.value != 0 || io->leaf_weight.value != 0 || io->weight_device.count > 0 ||
			      io->throttle_read_bps.count > 0 || io->throttle_write_bps.count > 0 ||
			      io->throttle_read_iops.count > 0 || io->throttle_write_iops.count > 0);
}

/* Engines write whole objects with zeros in them; what counts is whether they ask for anything. */
static int check_supported(const struct request_resources *resources, struct error *err)
{
	static const struct request_memory no_memory;
	static const struct request_cpu no_cpu;
	const struct request_memory *memory = resources->memory != NULL ? resources->memory : &no_memory;
	const struct request_cpu *cpu = resources->cpu != NULL ? resources->cpu : &no_cpu;
	const struct request_network *network = resources->network;
	const struct {
		const char *field;
		bool asked;
	} fields[] = {
		{"blockIO", has_block_io(resources->block_io)},
		{"hugepageLimits", resources->hugepage_limits.count > 0},
		{"network", network != NULL && (network->class_id.value != 0 || network->priorities.count > 0)},
		{"rdma", resources->rdma.count > 0},
		{"memory.kernel", is_asked(memory->kernel)},
		{"memory.kernelTCP", is_asked(memory->kernel_tcp)},
		{"memory.swappiness", memory->swappiness.set},
		{"memory.disableOOMKiller", memory->disable_oom_killer.value},
		{"memory.useHierarchy", memory->use_hierarchy.set && !memory->use_hierarchy.value},
		{"cpu.realtimeRuntime", is_asked(cpu->realtime_runtime)},
		{"cpu.realtimePeriod", is_asked_u64(cpu->realtime_period)},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].asked)
			return error_set(err, ERROR_UNSUPPORTED, 0, "not supported yet: linux.resources.%s",
					 fields[i].field);
	return 0;
}

int cgroup_plan_limits(struct planner *p, struct error *err)
{
	const struct request_resources *resources = &p->request->linux_.resources;

	TRY(check_supported(resources, err));
	if (resources->memory != NULL)
		TRY(plan_memory(p, resources->memory, err));
	if (resources->cpu != NULL)
		TRY(plan_cpu(p, resources->cpu, err));
	return plan_unified(p, &resources->unified, err);
}
