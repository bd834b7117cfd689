// SPDX-License-Identifier: Apache-2.0
/*
 * What a container used, as `runc events --stats` prints it: the version files fill the counts from the files of the
 * cgroup, one function writes them. A controller that is not there leaves zeros.
 */
#ifndef CASEMATE_PARTS_CGROUP_STATS_H
#define CASEMATE_PARTS_CGROUP_STATS_H

#include "base/json_write.h"
#include "model/plan.h"

typedef LIST(uint64_t) u64_list;

struct cgroup_memory_count {
	uint64_t limit, usage, max, failcnt;
};

struct cgroup_io_count {
	uint64_t major, minor;
	const char *op; /* "Read", "Write", "Total"; "" for none */
	uint64_t value;
};
typedef LIST(struct cgroup_io_count) io_count_list;

struct cgroup_named_count {
	const char *name;
	uint64_t value;
};

struct cgroup_huge_count {
	const char *size; /* "2MB" */
	uint64_t usage, max, failcnt;
};

/* Pressure stall information, as the kernel writes it: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull ...". */
enum cgroup_pressure { CGROUP_PRESSURE_CPU, CGROUP_PRESSURE_MEMORY, CGROUP_PRESSURE_IO, CGROUP_PRESSURES };

/* The lists of "blkio", in the order in which they are written. */
enum cgroup_io_kind { CGROUP_IO_BYTES, CGROUP_IO_COUNT, CGROUP_IO_KINDS };

struct cgroup_counts {
	struct arena *arena;
	/* nanoseconds */
	uint64_t cpu_total, cpu_kernel, cpu_user, throttled_time;
	u64_list percpu, percpu_kernel, percpu_user;
	uint64_t periods, throttled_periods;
	const char *cpus, *mems; /* lists: "0-3,5" */
	LIST(struct cgroup_named_count) cpuset;
	uint64_t cache;
	struct cgroup_memory_count memory, swap, kernel, kernel_tcp;
	LIST(struct cgroup_named_count) raw;
	uint64_t pids, pids_limit;
	io_count_list io[CGROUP_IO_KINDS];
	LIST(struct cgroup_huge_count) huge;
	const char *pressure[CGROUP_PRESSURES]; /* NULL: this kernel does not say */
};

/* Writes the object "data" of an event of type "stats". Fails with ERROR_HOST when the container has no cgroup. */
int cgroup_stats(const struct plan_cgroup *plan, struct json_writer *out, struct error *err);

/* Fill @counts with what the files tell; what they do not have stays 0. Fail as cgroup_stats(). */
int cgroup_count_v1(const struct plan_cgroup *plan, struct cgroup_counts *counts, struct error *err);
int cgroup_count_v2(const struct plan_cgroup *plan, struct cgroup_counts *counts, struct error *err);

/* What both versions read: the whole text of a file, NULL where there is none; its number, of which "max" is the
 * highest. */
const char *cgroup_stats_text(const struct cgroup_counts *counts, int dir, const char *name);
uint64_t cgroup_stats_number(const struct cgroup_counts *counts, int dir, const char *name);

/* Adds every line "KEY NUMBER" of memory.stat. */
void cgroup_stats_raw(struct cgroup_counts *counts, const char *text);

/* Fills counts->huge: @usage, @max and @failures are what stands behind "hugetlb.SIZE.". @max may be NULL. */
struct cgroup_huge_files {
	const char *usage, *max, *failures;
};
void cgroup_stats_huge(struct cgroup_counts *counts, int dir, const struct cgroup_huge_files *files);

#endif
