// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "parts/cgroup_control.h"
#include "parts/cgroup_stats.h"
#include "parts/cgroup_tree.h"

/* USER_HZ, in which cpuacct.stat counts, is 100 wherever there is Linux on our processors. */
enum { NANO_OF_TICK = 10000000 };

/* "1 2 3 ", a number for each CPU. */
static void count_each_cpu(struct cgroup_counts *counts, const char *text)
{
	for (char *at = (char *)text; at != NULL && *at >= '0' && *at <= '9'; at += strspn(at, " "))
		*LIST_ADD(counts->arena, &counts->percpu) = strtoull(at, &at, 10);
}

/* "cpu user system\n0 1 2\n1 3 4" */
static void count_modes(struct cgroup_counts *counts, const char *text)
{
	for (const char *line = text == NULL ? NULL : strchr(text, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
		char *end;

		if (line[1] < '0' || line[1] > '9')
			continue;
		(void)strtoull(line + 1, &end, 10);
		*LIST_ADD(counts->arena, &counts->percpu_user) = strtoull(end, &end, 10);
		*LIST_ADD(counts->arena, &counts->percpu_kernel) = strtoull(end, &end, 10);
	}
}

static void count_cpuacct(struct cgroup_counts *counts, int dir)
{
	const char *text = cgroup_stats_text(counts, dir, "cpuacct.stat");

	counts->cpu_total = cgroup_stats_number(counts, dir, "cpuacct.usage");
	counts->cpu_user = cgroup_tree_number(text, "user") * NANO_OF_TICK;
	counts->cpu_kernel = cgroup_tree_number(text, "system") * NANO_OF_TICK;
	count_each_cpu(counts, cgroup_stats_text(counts, dir, "cpuacct.usage_percpu"));
	count_modes(counts, cgroup_stats_text(counts, dir, "cpuacct.usage_all"));
}

static void count_cpu(struct cgroup_counts *counts, int dir)
{
	const char *text = cgroup_stats_text(counts, dir, "cpu.stat");

	counts->periods = cgroup_tree_number(text, "nr_periods");
	counts->throttled_periods = cgroup_tree_number(text, "nr_throttled");
	counts->throttled_time = cgroup_tree_number(text, "throttled_time");
}

/* In the order in which they are written. */
static void count_cpuset(struct cgroup_counts *counts, int dir)
{
	static const char *const names[] = {
		"cpuset.cpu_exclusive",   "cpuset.mem_hardwall",       "cpuset.mem_exclusive",
		"cpuset.memory_migrate",  "cpuset.memory_spread_page", "cpuset.memory_spread_slab",
		"cpuset.memory_pressure", "cpuset.sched_load_balance", "cpuset.sched_relax_domain_level"};

	counts->cpus = cgroup_stats_text(counts, dir, "cpuset.cpus");
	counts->mems = cgroup_stats_text(counts, dir, "cpuset.mems");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		*LIST_ADD(counts->arena, &counts->cpuset) =
			(struct cgroup_named_count){names[i], cgroup_stats_number(counts, dir, names[i])};
}

static void count_part(struct cgroup_counts *counts, int dir, const char *part, struct cgroup_memory_count *count)
{
	const struct {
		const char *name;
		uint64_t *value;
	} files[] = {{"limit_in_bytes", &count->limit},
		     {"usage_in_bytes", &count->usage},
		     {"max_usage_in_bytes", &count->max},
		     {"failcnt", &count->failcnt}};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		*files[i].value = cgroup_stats_number(counts, dir,
						      arena_printf(counts->arena, "memory.%s%s", part, files[i].name));
}

static void count_memory(struct cgroup_counts *counts, int dir)
{
	const char *text = cgroup_stats_text(counts, dir, "memory.stat");

	cgroup_stats_raw(counts, text);
	counts->cache = cgroup_tree_number(text, "cache");
	count_part(counts, dir, "", &counts->memory);
	count_part(counts, dir, "memsw.", &counts->swap);
	count_part(counts, dir, "kmem.", &counts->kernel);
	count_part(counts, dir, "kmem.tcp.", &counts->kernel_tcp);
}

/* "8:0 Read 4096", and a last line "Total 4096". */
static void count_io_file(struct cgroup_counts *counts, const char *text, io_count_list *list)
{
	for (const char *at = text; at != NULL && *at != '\0';) {
		size_t length = strcspn(at, "\n");
		char *end;
		struct cgroup_io_count count = {.major = strtoull(at, &end, 10)};

		if (end != at && *end == ':') {
			count.minor = strtoull(end + 1, &end, 10);
			end += *end == ' ';
			size_t word = strcspn(end, " \n");
			count.op = arena_strndup(counts->arena, end, word);
			count.value = strtoull(end + word, NULL, 10);
			*LIST_ADD(counts->arena, list) = count;
		}
		at += length + (at[length] == '\n');
	}
}

/* BFQ counts where it is the scheduler, the throttle everywhere. */
static void count_io(struct cgroup_counts *counts, int dir)
{
	static const char *const files[CGROUP_IO_KINDS][2] = {
		{"blkio.bfq.io_service_bytes_recursive", "blkio.throttle.io_service_bytes_recursive"},
		{"blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced_recursive"},
	};

	for (size_t i = 0; i < CGROUP_IO_KINDS; i++)
		for (size_t j = 0; j < 2 && counts->io[i].count == 0; j++)
			count_io_file(counts, cgroup_stats_text(counts, dir, files[i][j]), &counts->io[i]);
}

static void count_pids(struct cgroup_counts *counts, int dir)
{
	counts->pids = cgroup_stats_number(counts, dir, "pids.current");
	counts->pids_limit = cgroup_stats_number(counts, dir, "pids.max");
}

static void count_huge(struct cgroup_counts *counts, int dir)
{
	static const struct cgroup_huge_files files = {"usage_in_bytes", "max_usage_in_bytes", "failcnt"};

	cgroup_stats_huge(counts, dir, &files);
}

int cgroup_count_v1(const struct plan_cgroup *plan, struct cgroup_counts *counts, struct error *err)
{
	static const struct {
		const char *controller;
		void (*count)(struct cgroup_counts *counts, int dir);
	} rows[] = {{"cpuacct", count_cpuacct}, {"cpu", count_cpu},  {"cpuset", count_cpuset},
		    {"memory", count_memory},   {"blkio", count_io}, {"pids", count_pids},
		    {"hugetlb", count_huge}};
	size_t found = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTOCLOSE int dir = cgroup_control_open(plan, rows[i].controller, err);

		if (dir < 0 && err->kind != ERROR_HOST)
			return -1;
		if (dir < 0)
			continue;
		rows[i].count(counts, dir);
		found++;
	}
	return found > 0 ? 0 : -1;
}
