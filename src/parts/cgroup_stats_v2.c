// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "parts/cgroup_control.h"
#include "parts/cgroup_stats.h"
#include "parts/cgroup_tree.h"

enum { NANO_OF_MICRO = 1000 };

static void count_cpu(struct cgroup_counts *counts, int dir)
{
	const char *text = cgroup_stats_text(counts, dir, "cpu.stat");

	counts->cpu_total = cgroup_tree_number(text, "usage_usec") * NANO_OF_MICRO;
	counts->cpu_user = cgroup_tree_number(text, "user_usec") * NANO_OF_MICRO;
	counts->cpu_kernel = cgroup_tree_number(text, "system_usec") * NANO_OF_MICRO;
	counts->periods = cgroup_tree_number(text, "nr_periods");
	counts->throttled_periods = cgroup_tree_number(text, "nr_throttled");
	counts->throttled_time = cgroup_tree_number(text, "throttled_usec") * NANO_OF_MICRO;
	counts->cpus = cgroup_stats_text(counts, dir, "cpuset.cpus.effective");
	counts->mems = cgroup_stats_text(counts, dir, "cpuset.mems.effective");
}

/* Readers of runc's statistics know memory and swap together, as in v1. */
static void count_memory(struct cgroup_counts *counts, int dir)
{
	const char *text = cgroup_stats_text(counts, dir, "memory.stat");

	cgroup_stats_raw(counts, text);
	counts->cache = cgroup_tree_number(text, "file");
	counts->memory = (struct cgroup_memory_count){
		.limit = cgroup_stats_number(counts, dir, "memory.max"),
		.usage = cgroup_stats_number(counts, dir, "memory.current"),
		.max = cgroup_stats_number(counts, dir, "memory.peak"),
		.failcnt = cgroup_tree_number(cgroup_stats_text(counts, dir, "memory.events"), "max"),
	};
	counts->swap = (struct cgroup_memory_count){
		.limit = cgroup_stats_number(counts, dir, "memory.swap.max"),
		.usage = cgroup_stats_number(counts, dir, "memory.swap.current") + counts->memory.usage,
		.failcnt = cgroup_tree_number(cgroup_stats_text(counts, dir, "memory.swap.events"), "max"),
	};
	if (counts->swap.limit != UINT64_MAX)
		counts->swap.limit =
			counts->memory.limit == UINT64_MAX ? UINT64_MAX : counts->swap.limit + counts->memory.limit;
}

static const struct {
	const char *key;
	enum cgroup_io_kind kind;
	const char *op;
} io_keys[] = {
	{"rbytes=", CGROUP_IO_BYTES, "Read"},    {"wbytes=", CGROUP_IO_BYTES, "Write"},
	{"rios=", CGROUP_IO_COUNT, "Read"},      {"wios=", CGROUP_IO_COUNT, "Write"},
	{"dbytes=", CGROUP_IO_BYTES, "Discard"}, {"dios=", CGROUP_IO_COUNT, "Discard"},
};

static void count_word(struct cgroup_counts *counts, const char *word, struct cgroup_io_count count)
{
	for (size_t i = 0; i < sizeof(io_keys) / sizeof(io_keys[0]); i++) {
		size_t length = strlen(io_keys[i].key);

		if (strncmp(word, io_keys[i].key, length) != 0)
			continue;
		count.op = io_keys[i].op;
		count.value = strtoull(word + length, NULL, 10);
		*LIST_ADD(counts->arena, &counts->io[io_keys[i].kind]) = count;
	}
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void count_io(struct cgroup_counts *counts, int dir)
{
	const char *text = cgroup_stats_text(counts, dir, "io.stat");

	for (const char *at = text; at != NULL && *at != '\0';) {
		size_t length = strcspn(at, "\n");
		char *end;
		struct cgroup_io_count count = {.major = strtoull(at, &end, 10)};

		if (*end == ':')
			count.minor = strtoull(end + 1, &end, 10);
		while (end < at + length && *end == ' ') {
			count_word(counts, end + 1, count);
			end += 1 + strcspn(end + 1, " \n");
		}
		at += length + (at[length] == '\n');
	}
}

int cgroup_count_v2(const struct plan_cgroup *plan, struct cgroup_counts *counts, struct error *err)
{
	static const char *const pressures[CGROUP_PRESSURES] = {"cpu.pressure", "memory.pressure", "io.pressure"};
	static const struct cgroup_huge_files huge = {"current", NULL, "events"};
	AUTOCLOSE int dir = cgroup_control_open(plan, "", err);

	if (dir < 0)
		return -1;
	count_cpu(counts, dir);
	count_memory(counts, dir);
	count_io(counts, dir);
	counts->pids = cgroup_stats_number(counts, dir, "pids.current");
	counts->pids_limit = cgroup_stats_number(counts, dir, "pids.max");
	cgroup_stats_huge(counts, dir, &huge);
	for (size_t i = 0; i < CGROUP_PRESSURES; i++)
		counts->pressure[i] = cgroup_stats_text(counts, dir, pressures[i]);
	return 0;
}
