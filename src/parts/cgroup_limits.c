// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_limits.h"

#include <stdlib.h>
#include <string.h>

#include "parts/cgroup_fields.h"

/* ---- controllers */

bool cgroup_is_word_of(const char *list, const char *word)
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
		if (cgroup_is_word_of(p->host->cgroups.at[i].key, controller))
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
	if (p->request->cgroup_manager == CGROUPS_NONE)
		return error_hint(err, "--cgroup-manager disabled makes no cgroups: leave it out, or the limit");
	if (!p->host->privileged)
		return error_hint(err,
				  "run it as root, or with cgroup v2 in a cgroup that is delegated to you: "
				  "systemd-run --user --scope -p Delegate=yes%s",
				  p->request->sandbox.given ? "; --limits rlimit holds each process by itself" : "");
	return error_hint(err, "mount the cgroup file systems below /sys/fs/cgroup, or leave the limit out");
}

/* The index of the hierarchy whose directory has this name, added where it is not there yet. */
static size_t add_hierarchy(struct planner *p, const char *name, bool fill)
{
	struct plan_cgroup *plan = &p->plan->cgroup;

	for (size_t i = 0; i < plan->hierarchies.count; i++)
		if (strcmp(plan->hierarchies.at[i].name, name) == 0) {
			plan->hierarchies.at[i].fill |= fill;
			return i;
		}
	*LIST_ADD(p->arena, &plan->hierarchies) = (struct plan_cgroup_hierarchy){
		.name = name,
		.directory = name[0] == '\0' ? p->host->cgroup_root
					     : arena_printf(p->arena, "%s/%s", p->host->cgroup_root, name),
		.fill = fill,
	};
	return plan->hierarchies.count - 1;
}

static bool needs_filling(const struct planner *p, const char *controller)
{
	return p->plan->cgroup.driver == CGROUP_V1 && strcmp(controller, "cpuset") == 0;
}

int cgroup_use(struct planner *p, const char *controller, origin from, size_t *ret_hierarchy, struct error *err)
{
	const char *name = hierarchy_of(p, controller);

	if (name == NULL)
		return no_controller(p, controller, from, err);
	if (p->plan->cgroup.driver == CGROUP_V2)
		enable(p, controller);
	*ret_hierarchy = add_hierarchy(p, name, needs_filling(p, controller));
	return 0;
}

static void use_each(struct planner *p, const char *const *controllers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = hierarchy_of(p, controllers[i]);

		if (name != NULL)
			add_hierarchy(p, name, needs_filling(p, controllers[i]));
	}
}

void cgroup_use_all(struct planner *p)
{
	/* "name=systemd" of a v1 limits nothing: a systemd in the container would take the launcher's cgroup there. */
	static const char *const controllers[] = {"freezer", "pids",  "memory",  "cpu",    "cpuacct",
						  "cpuset",  "blkio", "devices", "systemd"};

	use_each(p, controllers, sizeof(controllers) / sizeof(controllers[0]));
}

void cgroup_use_basic(struct planner *p)
{
	static const char *const controllers[] = {"freezer", "pids"};

	use_each(p, controllers, sizeof(controllers) / sizeof(controllers[0]));
}

int cgroup_add_file(struct planner *p, struct plan_cgroup_file file, struct error *err)
{
	const char *controller = arena_strndup(p->arena, file.name, strcspn(file.name, "."));

	TRY(cgroup_use(p, controller, file.from, &file.hierarchy, err));
	*LIST_ADD(p->arena, &p->plan->cgroup.files) = file;
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
	/* A partition takes its CPUs away from everybody else. */
	if (strcmp(key, "cpuset.cpus.partition") == 0 || strcmp(key, "cpuset.cpus.exclusive") == 0)
		return false;
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

/* "promote-to-rt" and "none-to-rt": what process.ioPriority may not ask for either. */
static bool makes_realtime(const struct pair *asked)
{
	return strcmp(asked->key, "io.prio.class") == 0 && strstr(asked->value, "-rt") != NULL;
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
		if (makes_realtime(&unified->at[i]) &&
		    planner_judge(p, p->profile->realtime, "cgroup", from,
				  "the real-time I/O class can starve the host", "use restrict-to-be, or leave it out"))
			continue;
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
	if (!cgroup_asked(p, *ret_limit))
		*ret_limit = (struct opt_i64){0};
	return 0;
}

int cgroup_plan_limits(struct planner *p, struct error *err)
{
	const struct request_resources *resources = &p->request->linux_.resources;

	if (resources->memory != NULL)
		TRY(cgroup_plan_memory(p, resources->memory, err));
	if (resources->cpu != NULL)
		TRY(cgroup_plan_cpu(p, resources->cpu, err));
	if (resources->block_io != NULL)
		TRY(cgroup_plan_io(p, resources->block_io, err));
	TRY(cgroup_plan_huge_pages(p, err));
	if (resources->network != NULL)
		TRY(cgroup_plan_network(p, resources->network, err));
	TRY(cgroup_plan_rdma(p, err));
	return plan_unified(p, &resources->unified, err);
}
