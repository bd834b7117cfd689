// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "parts/cgroup_control.h"
#include "parts/cgroup_fields.h"
#include "parts/cgroup_limits.h"
#include "parts/cgroup_scope.h"
#include "parts/cgroup_tree.h"
#include "parts/cgroup_versions.h"

/* ---- what is there */

/* The first number in the file @name; 0 where it is "max", or not there. */
static int64_t present(const struct plan_cgroup *plan, const char *controller, const char *name)
{
	struct error ignored;
	char text[64];
	AUTOCLOSE int dir = cgroup_control_open(plan, controller, &ignored);

	if (dir < 0 || cgroup_tree_read(dir, name, text, sizeof(text)) < 0)
		return 0;
	return strtoll(text, NULL, 10);
}

/* The second number of "max 100000": what a quota without a period counts in. */
static uint64_t present_period(const struct plan_cgroup *plan)
{
	struct error ignored;
	char text[64];
	AUTOCLOSE int dir = cgroup_control_open(plan, "cpu", &ignored);
	const char *second = NULL;

	if (dir >= 0 && cgroup_tree_read(dir, "cpu.max", text, sizeof(text)) == 0)
		second = strchr(text, ' ');
	return second == NULL ? 0 : strtoull(second + 1, NULL, 10);
}

/* v2 writes two values of the config as one, or as their difference: the one that is not given is the present one. */
static void complete(struct planner *p, struct request_resources *resources)
{
	const struct plan_cgroup *plan = &p->plan->cgroup;

	if (plan->driver != CGROUP_V2)
		return;
	if (resources->cpu != NULL && cgroup_asked_u64(resources->cpu->period) && !resources->cpu->quota.set) {
		struct request_cpu *cpu = arena_alloc(p->arena, sizeof(*cpu));

		*cpu = *resources->cpu;
		cpu->quota.value = present(plan, "cpu", "cpu.max");
		cpu->quota.set = cpu->quota.value > 0;
		resources->cpu = cpu;
	}
	if (resources->memory != NULL && resources->memory->swap.value > 0 && !resources->memory->limit.set) {
		struct request_memory *memory = arena_alloc(p->arena, sizeof(*memory));

		*memory = *resources->memory;
		memory->limit.value = present(plan, "memory", "memory.max");
		memory->limit.set = memory->limit.value > 0;
		resources->memory = memory;
	}
}

static int check_memory(const struct planner *p, const struct request_memory *memory, struct error *err)
{
	const char *name = cgroup_is_v2(p) ? "memory.current" : "memory.usage_in_bytes";

	if (memory == NULL || !memory->check_before_update.value || memory->limit.value <= 0)
		return 0;
	int64_t used = present(&p->plan->cgroup, "memory", name);
	if (used <= memory->limit.value)
		return 0;
	return error_set(err, ERROR_CONFIG, 0, "unable to set memory limit to %lld (current usage: %lld)",
			 (long long)memory->limit.value, (long long)used);
}

/* ---- planning */

static int plan_pids(struct planner *p, struct error *err)
{
	static const struct cgroup_field field = {"pids/limit", {"pids.max", "pids.max"}, "processes and threads"};
	uint64_t ceiling = p->profile->pids_limit;
	struct opt_i64 asked;

	TRY(cgroup_check_limit(p, field.key, p->request->linux_.resources.pids_limit, err));
	TRY(cgroup_wanted_pids(p, &asked, err));
	if (!asked.set)
		return 0;
	if (ceiling > 0 && (asked.value < 0 || (uint64_t)asked.value > ceiling) &&
	    planner_judge(p, p->profile->pids, "cgroup", cgroup_origin(p, field.key),
			  arena_printf(p->arena, "a limit of %lld processes is above %llu", (long long)asked.value,
				       (unsigned long long)ceiling),
			  "ask for fewer"))
		asked.value = (int64_t)ceiling;
	return cgroup_add_limit(p, &field, asked.value, err);
}

static int check_refusals(const struct planner *p, struct error *err)
{
	if (p->plan->refusals.count == 0)
		return 0;
	return error_set(err, ERROR_REFUSED, 0, "the profile \"%s\" refuses it: %s", p->profile->name,
			 p->plan->refusals.at[0].what);
}

static int check_hierarchies(const struct plan_cgroup *plan, size_t existing, struct error *err)
{
	if (plan->hierarchies.count == existing)
		return 0;
	error_set(err, ERROR_HOST, 0, "the container is in no cgroup of '%s'", plan->hierarchies.at[existing].name);
	return error_hint(err, "launch it with a limit of this kind, or with linux.cgroupsPath");
}

/* ---- writing */

static int enable(const struct plan_cgroup *plan, struct error *err)
{
	/* systemd has given the scope all that there is. */
	for (size_t i = 0; plan->driver == CGROUP_V2 && plan->scope.unit == NULL && i < plan->components.count; i++) {
		AUTOCLOSE int parent = cgroup_tree_open(plan, 0, i, err);
		const struct cgroup_level level = {.parent = parent, .dir = -1, .depth = (uint8_t)i};

		if (parent < 0)
			return -1;
		TRY(cgroup_v2_enable(plan, NULL, &level, err));
	}
	return 0;
}

static int write_one(const struct plan_cgroup *plan, const struct plan_cgroup_file *file, struct error *err)
{
	AUTOCLOSE int dir = cgroup_tree_open(plan, file->hierarchy, plan->components.count, err);

	return dir < 0 ? -1 : cgroup_tree_write_file(dir, file, err);
}

/*
 * Which of two limits must be written first depends on whether they go up or down: memory and swap, quota and burst,
 * runtime and period. What the kernel refuses for the sake of another is written again after all others.
 */
static int write_all(struct planner *p, struct error *err)
{
	const struct plan_cgroup *plan = &p->plan->cgroup;
	LIST(struct plan_cgroup_file) again = {0};

	for (size_t i = 0; i < plan->files.count; i++) {
		if (write_one(plan, &plan->files.at[i], err) == 0)
			continue;
		if (err->errnum != EINVAL && err->errnum != EBUSY)
			return -1;
		*LIST_ADD(p->arena, &again) = plan->files.at[i];
	}
	for (size_t i = 0; i < again.count; i++)
		TRY(write_one(plan, &again.at[i], err));
	return 0;
}

int cgroup_update(const struct plan_cgroup *existing, const struct cgroup_update *update, struct error *err)
{
	struct request request = {.source = update->source};
	struct plan plan = {.arena = update->arena};
	struct planner p = {.arena = update->arena,
			    .request = &request,
			    .profile = update->profile,
			    .host = update->host,
			    .plan = &plan};

	if (existing->hierarchies.count == 0 || existing->components.count == 0)
		return cgroup_control_none(err);
	plan.cgroup = (struct plan_cgroup){.driver = existing->driver,
					   .path = existing->path,
					   .components = existing->components,
					   .scope = existing->scope,
					   .existing = true};
	for (size_t i = 0; i < existing->hierarchies.count; i++)
		*LIST_ADD(p.arena, &plan.cgroup.hierarchies) = existing->hierarchies.at[i];
	request.linux_.resources = *update->resources;
	complete(&p, &request.linux_.resources);
	TRY(cgroup_plan_limits(&p, err));
	TRY(plan_pids(&p, err));
	TRY(check_refusals(&p, err));
	TRY(check_hierarchies(&plan.cgroup, existing->hierarchies.count, err));
	TRY(check_memory(&p, request.linux_.resources.memory, err));
	TRY(enable(&plan.cgroup, err));
	if (plan.cgroup.scope.unit != NULL) {
		plan.cgroup.scope.properties = (string_list){0};
		cgroup_scope_properties(&p, present_period(existing));
		TRY(cgroup_scope_set(&plan.cgroup, err));
	}
	return write_all(&p, err);
}
