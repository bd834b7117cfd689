// SPDX-License-Identifier: Apache-2.0
/*
 * What planning the fields of linux.resources has in common: from a key and a value to a file of the cgroup. One file
 * of parts/ for each object: cgroup_memory.c, cgroup_cpu.c, cgroup_io.c, cgroup_misc.c.
 */
#ifndef CASEMATE_PARTS_CGROUP_FIELDS_H
#define CASEMATE_PARTS_CGROUP_FIELDS_H

#include "model/planner.h"

enum { CGROUP_FILE_V1, CGROUP_FILE_V2, CGROUP_VERSIONS };

struct cgroup_field {
	const char *key;                    /* below linux.resources, with '/' */
	const char *files[CGROUP_VERSIONS]; /* NULL: this version has no such limit */
	const char *what;                   /* in words, for explain */
};

/* Whether the cgroup is one of v2. */
bool cgroup_is_v2(const struct planner *p);

/*
 * Whether a limit was asked for. Engines write 0 where their users said nothing, and -1 for no limit, which is what a
 * new cgroup has: it is written only into one that exists.
 */
bool cgroup_asked(const struct planner *p, struct opt_i64 value);
bool cgroup_asked_u64(struct opt_u64 value);

/* -1, 0 and what is above are limits. Fails with ERROR_CONFIG. */
int cgroup_check_limit(const struct planner *p, const char *key, struct opt_i64 value, struct error *err);

/* The origin of linux.resources.KEY. */
origin cgroup_origin(const struct planner *p, const char *key);

/*
 * Plan the file of @field: text, a number, or a limit of which -1 is none. Fail with ERROR_HOST and the remedy where
 * this version of cgroups has no such file, or this launch no use of its controller.
 */
int cgroup_add_text(struct planner *p, const struct cgroup_field *field, const char *value, struct error *err);
int cgroup_add_number(struct planner *p, const struct cgroup_field *field, uint64_t value, struct error *err);
int cgroup_add_limit(struct planner *p, const struct cgroup_field *field, int64_t value, struct error *err);

/* ERROR_HOST: @reason is why linux.resources.KEY cannot be had here, @remedy what to do about it. */
int cgroup_impossible(const struct planner *p, const char *key, const char *reason, const char *remedy,
		      struct error *err);

/* Each plans one object of linux.resources. Fail with ERROR_CONFIG for values without sense, and as above. */
int cgroup_plan_memory(struct planner *p, const struct request_memory *memory, struct error *err);
int cgroup_plan_cpu(struct planner *p, const struct request_cpu *cpu, struct error *err);
int cgroup_plan_io(struct planner *p, const struct request_block_io *io, struct error *err);
int cgroup_plan_huge_pages(struct planner *p, struct error *err);
int cgroup_plan_network(struct planner *p, const struct request_network *network, struct error *err);
int cgroup_plan_rdma(struct planner *p, struct error *err);

#endif
