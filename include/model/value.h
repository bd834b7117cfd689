// SPDX-License-Identifier: Apache-2.0
/* The small types of which requests, profiles and plans are made. */
#ifndef CASEMATE_MODEL_VALUE_H
#define CASEMATE_MODEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Where a fact comes from: "config.json:/mounts/3", "--ro", "profile restricted", "default". Lives as long as its plan.
 */
typedef const char *origin;

/* A number or switch that may be absent; absent is not the same as 0. */
struct opt_bool {
	bool set;
	bool value;
};
struct opt_u32 {
	bool set;
	uint32_t value;
};
struct opt_u64 {
	bool set;
	uint64_t value;
};
struct opt_i64 {
	bool set;
	int64_t value;
};

/* One entry of a JSON object whose values are strings: annotations, sysctls, cgroup files. */
struct pair {
	const char *key;
	const char *value;
};

typedef LIST(const char *) string_list;
typedef LIST(uint32_t) u32_list;
typedef LIST(struct pair) pair_list;

#endif
