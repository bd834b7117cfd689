// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_fields.h"

#include "parts/cgroup_limits.h"

bool cgroup_is_v2(const struct planner *p)
{
	return p->plan->cgroup.driver == CGROUP_V2;
}

bool cgroup_asked(const struct planner *p, struct opt_i64 value)
{
	return value.set && (value.value > 0 || (value.value < 0 && p->plan->cgroup.existing));
}

bool cgroup_asked_u64(struct opt_u64 value)
{
	return value.set && value.value > 0;
}

origin cgroup_origin(const struct planner *p, const char *key)
{
	return planner_origin(p, arena_printf(p->arena, "/linux/resources/%s", key));
}

int cgroup_check_limit(const struct planner *p, const char *key, struct opt_i64 value, struct error *err)
{
	if (!value.set || value.value >= -1)
		return 0;
	return error_set(err, ERROR_CONFIG, 0, "%s: %lld is not a limit", cgroup_origin(p, key),
			 (long long)value.value);
}

int cgroup_impossible(const struct planner *p, const char *key, const char *reason, const char *remedy,
		      struct error *err)
{
	error_set(err, ERROR_HOST, 0, "%s: %s", cgroup_origin(p, key), reason);
	return error_hint(err, "%s", remedy);
}

int cgroup_add_text(struct planner *p, const struct cgroup_field *field, const char *value, struct error *err)
{
	struct plan_cgroup_file file = {
		.name = field->files[cgroup_is_v2(p) ? CGROUP_FILE_V2 : CGROUP_FILE_V1],
		.value = value,
		.what = field->what,
		.from = cgroup_origin(p, field->key),
	};

	if (file.name == NULL)
		return cgroup_impossible(p, field->key, "cgroup v2 has no such limit",
					 "leave it out, or use a host with cgroup v1", err);
	return cgroup_add_file(p, file, err);
}

int cgroup_add_number(struct planner *p, const struct cgroup_field *field, uint64_t value, struct error *err)
{
	return cgroup_add_text(p, field, arena_printf(p->arena, "%llu", (unsigned long long)value), err);
}

int cgroup_add_limit(struct planner *p, const struct cgroup_field *field, int64_t value, struct error *err)
{
	if (value >= 0)
		return cgroup_add_number(p, field, (uint64_t)value, err);
	return cgroup_add_text(p, field, cgroup_is_v2(p) ? "max" : "-1", err);
}
