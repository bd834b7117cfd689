// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_tree.h"

enum { MOST_TEXT = 256 * 1024, MOST_CPUS = 65536 };

/* ---- reading */

const char *cgroup_stats_text(const struct cgroup_counts *counts, int dir, const char *name)
{
	AUTOCLOSE int fd = sys_openat(dir, name, O_RDONLY | O_NOFOLLOW, 0);
	char block[4096], *text = NULL;
	size_t length = 0;
	ssize_t got;

	while (fd >= 0 && length < MOST_TEXT && (got = read(fd, block, sizeof(block))) >= 0) {
		char *grown = arena_alloc(counts->arena, length + (size_t)got + 1);

		if (length > 0)
			memcpy(grown, text, length);
		memcpy(grown + length, block, (size_t)got);
		length += (size_t)got;
		text = grown;
		if (got == 0)
			break;
	}
	return text;
}

static uint64_t number(const char *text)
{
	return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

uint64_t cgroup_stats_number(const struct cgroup_counts *counts, int dir, const char *name)
{
	const char *text = cgroup_stats_text(counts, dir, name);

	return text == NULL ? 0 : number(text);
}

void cgroup_stats_raw(struct cgroup_counts *counts, const char *text)
{
	for (const char *at = text; at != NULL && *at != '\0';) {
		size_t length = strcspn(at, "\n"), key = strcspn(at, " ");

		if (key < length)
			*LIST_ADD(counts->arena, &counts->raw) = (struct cgroup_named_count){
				arena_strndup(counts->arena, at, key), number(at + key + 1)};
		at += length + (at[length] == '\n');
	}
}

/* The size in "hugetlb.SIZE.@suffix"; NULL when @name is another file. */
static const char *huge_size(struct arena *arena, const char *name, const char *suffix)
{
	static const char prefix[] = "hugetlb.";
	size_t length = strlen(name), behind = strlen(suffix), before = sizeof(prefix) - 1;

	if (strncmp(name, prefix, before) != 0 || length <= before + behind + 1)
		return NULL;
	const char *end = name + length - behind;
	if (strcmp(end, suffix) != 0 || end[-1] != '.' ||
	    memchr(name + before, '.', length - before - behind - 1) != NULL)
		return NULL;
	return arena_strndup(arena, name + before, length - before - behind - 1);
}

void cgroup_stats_huge(struct cgroup_counts *counts, int dir, const struct cgroup_huge_files *files)
{
	int copy = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (list == NULL) {
		fd_close(&copy);
		return;
	}
	while ((entry = readdir(list)) != NULL) {
		const char *size = huge_size(counts->arena, entry->d_name, files->usage);
		struct cgroup_huge_count count = {.size = size};

		if (size == NULL)
			continue;
		count.usage = cgroup_stats_number(counts, dir, entry->d_name);
		if (files->max != NULL)
			count.max = cgroup_stats_number(counts, dir,
							arena_printf(counts->arena, "hugetlb.%s.%s", size, files->max));
		const char *failures = cgroup_stats_text(
			counts, dir, arena_printf(counts->arena, "hugetlb.%s.%s", size, files->failures));
		/* v1 has a number there, v2 lines of events. */
		if (failures != NULL)
			count.failcnt = failures[0] == 'm' ? cgroup_tree_number(failures, "max") : number(failures);
		*LIST_ADD(counts->arena, &counts->huge) = count;
	}
	(void)closedir(list);
}

/* ---- writing: zeros are left out where Go's "omitempty" leaves them out */

static void member_unless_0(struct json_writer *out, const char *key, uint64_t value)
{
	if (value != 0)
		json_member_unsigned(out, key, value);
}

static void write_list(struct json_writer *out, const char *key, const u64_list *list)
{
	if (list->count == 0)
		return;
	json_member_array(out, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_unsigned(out, list->at[i]);
	json_write_end_array(out);
}

/* One line: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". */
static void write_stall(struct json_writer *out, const char *kind, const char *line, size_t length)
{
	json_member_object(out, kind);
	for (const char *at = line; at < line + length;) {
		size_t word = strcspn(at, " \n"), key = strcspn(at, "= \n");
		char name[16], value[32];

		if (key < word && key < sizeof(name) && word - key <= sizeof(value)) {
			snprintf(name, sizeof(name), "%.*s", (int)key, at);
			snprintf(value, sizeof(value), "%.*s", (int)(word - key - 1), at + key + 1);
			json_member_number(out, name, value);
		}
		at += word + 1;
	}
	json_write_end_object(out);
}

static void write_pressure(struct json_writer *out, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	json_member_object(out, "psi");
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "\n");

		if (strncmp(at, "some ", 5) == 0 || strncmp(at, "full ", 5) == 0)
			write_stall(out, at[0] == 's' ? "some" : "full", at + 5, length - 5);
		at += length + (at[length] == '\n');
	}
	json_write_end_object(out);
}

static void write_cpu(struct json_writer *out, const struct cgroup_counts *counts)
{
	json_member_object(out, "cpu");
	json_member_object(out, "usage");
	member_unless_0(out, "total", counts->cpu_total);
	write_list(out, "percpu", &counts->percpu);
	write_list(out, "percpu_kernel", &counts->percpu_kernel);
	write_list(out, "percpu_user", &counts->percpu_user);
	json_member_unsigned(out, "kernel", counts->cpu_kernel);
	json_member_unsigned(out, "user", counts->cpu_user);
	json_write_end_object(out);
	json_member_object(out, "throttling");
	member_unless_0(out, "periods", counts->periods);
	member_unless_0(out, "throttledPeriods", counts->throttled_periods);
	member_unless_0(out, "throttledTime", counts->throttled_time);
	json_write_end_object(out);
	write_pressure(out, counts->pressure[CGROUP_PRESSURE_CPU]);
	json_write_end_object(out);
}

/* "0-2,5" as [0,1,2,5]. */
static void write_set(struct json_writer *out, const char *key, const char *text)
{
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return;
	json_member_array(out, key);
	for (char *at = (char *)text; *at >= '0' && *at <= '9'; at += *at == ',') {
		unsigned long first = strtoul(at, &at, 10), last = *at == '-' ? strtoul(at + 1, &at, 10) : first;

		for (unsigned long i = first; i <= last && i < MOST_CPUS; i++)
			json_write_unsigned(out, i);
	}
	json_write_end_array(out);
}

static void write_cpuset(struct json_writer *out, const struct cgroup_counts *counts)
{
	static const char *const keys[] = {"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
					   "memory_migrate",  "memory_spread_page", "memory_spread_slab",
					   "memory_pressure", "sched_load_balance", "sched_relax_domain_level"};

	json_member_object(out, "cpuset");
	write_set(out, "cpus", counts->cpus);
	write_set(out, "mems", counts->mems);
	/* Some may be -1. */
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_member_signed(out, keys[i], i < counts->cpuset.count ? (int64_t)counts->cpuset.at[i].value : 0);
	json_write_end_object(out);
}

static void write_memory_count(struct json_writer *out, const char *key, const struct cgroup_memory_count *count)
{
	json_member_object(out, key);
	json_member_unsigned(out, "limit", count->limit);
	member_unless_0(out, "usage", count->usage);
	member_unless_0(out, "max", count->max);
	json_member_unsigned(out, "failcnt", count->failcnt);
	json_write_end_object(out);
}

static void write_memory(struct json_writer *out, const struct cgroup_counts *counts)
{
	json_member_object(out, "memory");
	member_unless_0(out, "cache", counts->cache);
	write_memory_count(out, "usage", &counts->memory);
	write_memory_count(out, "swap", &counts->swap);
	write_memory_count(out, "kernel", &counts->kernel);
	write_memory_count(out, "kernelTCP", &counts->kernel_tcp);
	if (counts->raw.count > 0) {
		json_member_object(out, "raw");
		for (size_t i = 0; i < counts->raw.count; i++)
			json_member_unsigned(out, counts->raw.at[i].name, counts->raw.at[i].value);
		json_write_end_object(out);
	}
	write_pressure(out, counts->pressure[CGROUP_PRESSURE_MEMORY]);
	json_write_end_object(out);
}

static void write_io_list(struct json_writer *out, const char *key, const io_count_list *list)
{
	if (list->count == 0)
		return;
	json_member_array(out, key);
	for (size_t i = 0; i < list->count; i++) {
		json_write_begin_object(out);
		member_unless_0(out, "major", list->at[i].major);
		member_unless_0(out, "minor", list->at[i].minor);
		if (list->at[i].op[0] != '\0')
			json_member_string(out, "op", list->at[i].op);
		member_unless_0(out, "value", list->at[i].value);
		json_write_end_object(out);
	}
	json_write_end_array(out);
}

static void write_rest(struct json_writer *out, const struct cgroup_counts *counts)
{
	json_member_object(out, "pids");
	member_unless_0(out, "current", counts->pids);
	member_unless_0(out, "limit", counts->pids_limit == UINT64_MAX ? 0 : counts->pids_limit);
	json_write_end_object(out);
	json_member_object(out, "blkio");
	write_io_list(out, "ioServiceBytesRecursive", &counts->io[CGROUP_IO_BYTES]);
	write_io_list(out, "ioServicedRecursive", &counts->io[CGROUP_IO_COUNT]);
	write_pressure(out, counts->pressure[CGROUP_PRESSURE_IO]);
	json_write_end_object(out);
	json_member_object(out, "hugetlb");
	for (size_t i = 0; i < counts->huge.count; i++) {
		json_member_object(out, counts->huge.at[i].size);
		member_unless_0(out, "usage", counts->huge.at[i].usage);
		member_unless_0(out, "max", counts->huge.at[i].max);
		json_member_unsigned(out, "failcnt", counts->huge.at[i].failcnt);
		json_write_end_object(out);
	}
	json_write_end_object(out);
	json_member_object(out, "intel_rdt");
	json_write_end_object(out);
	json_member_string(out, "network_interfaces", NULL);
}

int cgroup_stats(const struct plan_cgroup *plan, struct json_writer *out, struct error *err)
{
	struct cgroup_counts counts = {0};
	struct arena arena;

	TRY(arena_create(&arena, err));
	counts.arena = &arena;
	int result =
		plan->driver == CGROUP_V2 ? cgroup_count_v2(plan, &counts, err) : cgroup_count_v1(plan, &counts, err);
	if (result == 0) {
		json_write_begin_object(out);
		write_cpu(out, &counts);
		write_cpuset(out, &counts);
		write_memory(out, &counts);
		write_rest(out, &counts);
		json_write_end_object(out);
	}
	arena_destroy(&arena);
	return result;
}
