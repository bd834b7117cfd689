// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_control.h"
#include "parts/cgroup_devices.h"
#include "parts/cgroup_limits.h"
#include "parts/cgroup_scope.h"
#include "parts/cgroup_tree.h"
#include "parts/cgroup_versions.h"

enum {
	MAX_COMPONENTS = 32,
	MAX_NAME = 255, /* NAME_MAX */
};

/* ---- where: the path */

static int add_component(struct planner *p, const char *name, size_t length, struct error *err)
{
	struct plan_cgroup *plan = &p->plan->cgroup;

	if (length > MAX_NAME || plan->components.count == MAX_COMPONENTS)
		return error_set(err, ERROR_CONFIG, 0, "%s: the path is too long", plan->from);
	for (size_t i = 0; i < length; i++)
		if (iscntrl((unsigned char)name[i]))
			return error_set(err, ERROR_CONFIG, 0, "%s: the path has a control character", plan->from);
	const char *copy = arena_strndup(p->arena, name, length);
	if (strcmp(copy, ".") == 0 || strcmp(copy, "..") == 0)
		return error_set(err, ERROR_CONFIG, 0, "%s: the path may not have '%s' in it", plan->from, copy);
	*LIST_ADD(p->arena, &plan->components) = copy;
	plan->path = arena_printf(p->arena, "%s/%s", plan->path, copy);
	return 0;
}

static int add_path(struct planner *p, const char *path, struct error *err)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");

		if (length > 0)
			TRY(add_component(p, path, length, err));
		path += length + (path[length] == '/');
	}
	return 0;
}

/* The caller's own cgroup, below which another than root may be allowed to make one (v2 delegation, cgroups(7)). */
static const char *own_cgroup(const struct planner *p)
{
	for (size_t i = 0; i < p->host->cgroups.count; i++)
		if (p->host->cgroups.at[i].key[0] == '\0')
			return p->host->cgroups.at[i].value;
	return "";
}

static bool path_given(const struct planner *p)
{
	const char *asked = p->request->linux_.cgroups_path;

	return asked != NULL && asked[0] != '\0';
}

static int plan_path(struct planner *p, struct error *err)
{
	struct plan_cgroup *plan = &p->plan->cgroup;
	const char *asked = p->request->linux_.cgroups_path;
	bool given = path_given(p), root = p->host->privileged;
	const char *leaf = arena_printf(p->arena, "casemate-%s", p->plan->id);

	/* Sandboxes have no id that is theirs alone. */
	if (p->request->sandbox.given) {
		plan->leftovers = "casemate-sandbox-";
		leaf = arena_printf(p->arena, "%s%d", plan->leftovers, p->host->pid);
	}
	plan->path = "";
	plan->from = given ? planner_origin(p, "/linux/cgroupsPath") : "default";
	if (given && asked[0] != '/' && root) {
		TRY(add_path(p, "casemate", err));
		plan->ours = 1;
	} else if (!root && (!given || asked[0] != '/')) {
		TRY(add_path(p, own_cgroup(p), err));
	}
	plan->strangers = plan->components.count;
	TRY(add_path(p, given ? asked : leaf, err));
	if (plan->components.count == 0)
		return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is the cgroup of everybody", plan->from, asked);
	if (!given || p->profile->host_namespaces == VERDICT_ALLOW)
		plan->strangers = plan->components.count;
	else
		plan->fresh = asked[0] == '/';
	return 0;
}

/* ---- the ceiling of processes */

static bool may_change_user(const struct planner *p)
{
	const struct request_capabilities *asked = &p->request->process.capabilities;
	uint64_t caps = asked->bounding | asked->permitted | asked->effective | asked->inheritable | asked->ambient;
	bool new_privs = !p->request->process.no_new_privileges && p->profile->no_new_privileges == VERDICT_ALLOW;

	if (p->profile->capabilities != VERDICT_ALLOW)
		caps &= p->profile->capabilities_allowed;
	return new_privs || (caps & 1ULL << CAP_SETUID) != 0;
}

/* 0 when the workload is a user that RLIMIT_NPROC does not count, or one whom nothing is known of. */
static uint32_t workload_on_host(const struct planner *p)
{
	const struct plan_ids *ids = &p->plan->ids;
	uint32_t uid = ids->inner ? 0 : p->request->process.user.uid;

	for (size_t i = 0; i < ids->uid.count; i++)
		if (uid >= ids->uid.at[i].container && uid - ids->uid.at[i].container < ids->uid.at[i].size)
			return ids->uid.at[i].host + (uid - ids->uid.at[i].container);
	return 0;
}

/*
 * Since Linux 5.14 processes are counted in each user namespace by itself, for each user: in a new one of a single user
 * RLIMIT_NPROC does what pids.max does, without a cgroup and without privilege (user_namespaces(7), getrlimit(2)).
 */
static bool rlimit_holds(const struct planner *p)
{
	const struct plan_ids *ids = &p->plan->ids;
	bool single = ids->uid.count == 1 && ids->uid.at[0].size == 1;

	return (p->plan->namespaces.fresh & CLONE_NEWUSER) != 0 && host_kernel_at_least(p->host, 5, 14) &&
	       workload_on_host(p) != 0 && (single || !may_change_user(p));
}

static void add_rlimit(struct planner *p, uint64_t limit, origin from)
{
	/* Where the caller may not have so many, it is less: nobody raises its own limit. */
	uint64_t most = p->host->processes != 0 && p->host->processes < limit ? p->host->processes : limit;
	struct rlimit value = {.rlim_cur = most, .rlim_max = most};

	for (size_t i = 0; i < p->request->process.rlimits.count; i++) {
		const struct request_rlimit *own = &p->request->process.rlimits.at[i];

		if (own->type != RLIMIT_NPROC)
			continue;
		if (own->hard <= limit)
			return;
		value.rlim_cur = own->soft < most ? own->soft : most;
	}
	*LIST_ADD(p->arena, &p->plan->limits.rlimits) =
		(struct plan_rlimit){.type = RLIMIT_NPROC, .limit = value, .from = from};
}

static int no_rlimit(const struct planner *p, struct error *err)
{
	error_set(err, ERROR_HOST, 0, "--pids: here RLIMIT_NPROC would not count the processes of the sandbox alone");
	if (p->plan->without_userns)
		return error_hint(err,
				  "without user namespaces it counts all that the user runs: --rlimit NPROC=N, or a "
				  "cgroup (--limits cgroup)");
	return error_hint(err, host_kernel_at_least(p->host, 5, 14)
				       ? "run it as another user than root; only a cgroup (--limits cgroup) holds root"
				       : "that needs Linux 5.14, or a cgroup (--limits cgroup)");
}

static int add_pids_file(struct planner *p, uint64_t limit, origin from, struct error *err)
{
	return cgroup_add_file(
		p,
		(struct plan_cgroup_file){
			.name = "pids.max",
			.value = arena_printf(p->arena, "%llu", (unsigned long long)limit),
			.what = arena_printf(p->arena, "it cannot have more than %llu processes and threads",
					     (unsigned long long)limit),
			.from = from,
		},
		err);
}

/* The last limit to be planned: where any other needs a cgroup already, the pids controller is the exact one. */
static int plan_pids(struct planner *p, struct error *err)
{
	struct plan_cgroup *plan = &p->plan->cgroup;
	uint64_t ceiling = p->profile->pids_limit;
	origin from = planner_origin(p, "/linux/resources/pids");
	struct opt_i64 asked;
	bool above;

	TRY(cgroup_wanted_pids(p, &asked, err));
	above = ceiling > 0 && (!asked.set || (uint64_t)asked.value > ceiling);
	if (above && planner_judge(p, p->profile->pids, "cgroup", from,
				   asked.set ? arena_printf(p->arena, "a limit of %lld processes is above %llu",
							    (long long)asked.value, (unsigned long long)ceiling)
					     : "there is no limit of processes",
				   "set linux.resources.pids.limit (docker: --pids-limit; sandbox: --pids)")) {
		asked = (struct opt_i64){.set = true, .value = (int64_t)ceiling};
		from = arena_printf(p->arena, "profile %s", p->profile->name);
	} else {
		above = false;
	}
	if (!asked.set)
		return 0;
	bool counted = (p->host->privileged || cgroup_by_systemd(p)) && !p->request->sandbox.limits_by_rlimit;
	bool certain = plan->full && counted;
	if (!certain && plan->files.count == 0 && !plan->devices && rlimit_holds(p)) {
		add_rlimit(p, (uint64_t)asked.value, from);
		return 0;
	}
	if (!above && p->request->sandbox.limits_by_rlimit)
		return no_rlimit(p, err);
	if (above && !(counted && cgroup_has(p, "pids"))) {
		planner_note(p, "cgroup", from,
			     "the number of processes is not limited: there is no cgroup for it here");
		return 0;
	}
	return add_pids_file(p, (uint64_t)asked.value, from, err);
}

/*
 * An engine looks for the container in its cgroup, and freezes, counts and kills it there; another caller is root, or
 * named a path. A sandbox has nobody but its launcher.
 */
static bool is_full(const struct planner *p)
{
	return !p->request->sandbox.given && p->request->cgroup_manager != CGROUPS_NONE &&
	       (p->host->privileged || cgroup_by_systemd(p) || path_given(p));
}

static void finish(struct planner *p)
{
	struct plan_cgroup *plan = &p->plan->cgroup;

	/* Each hierarchy of v1 costs some hundred microseconds of a launch: one that nobody looks for is left out. */
	if (plan->full && path_given(p))
		cgroup_use_all(p);
	else if (plan->full)
		cgroup_use_basic(p);
	plan->wanted = plan->hierarchies.count > 0;
	plan->optional = plan->files.count == 0 && !plan->devices && !p->host->privileged && !cgroup_by_systemd(p);
	if (p->request->cgroup_manager == CGROUPS_NONE)
		planner_note(p, "cgroup", "--cgroup-manager", "no cgroup is made: it is disabled");
	if (plan->full && (!plan->wanted || plan->optional))
		planner_note(p, "cgroup", planner_origin(p, "/linux/cgroupsPath"),
			     plan->wanted ? "no cgroup is made where this user may not: no limit needs one"
					  : "no cgroup is made: there is none here that this launch has a use of");
	plan->unshare_namespace = plan->wanted && (p->plan->namespaces.fresh & CLONE_NEWCGROUP) != 0;
}

int cgroup_plan(struct planner *p, struct error *err)
{
	static const enum cgroup_driver drivers[] = {
		[HOST_CGROUP_NONE] = CGROUP_NONE,
		[HOST_CGROUP_V1] = CGROUP_V1,
		[HOST_CGROUP_V2] = CGROUP_V2,
	};
	struct plan_cgroup *plan = &p->plan->cgroup;

	plan->driver = p->request->cgroup_manager == CGROUPS_NONE ? CGROUP_NONE : drivers[p->host->cgroup];
	plan->full = is_full(p);
	TRY(cgroup_scope_check(p, err));
	TRY(cgroup_plan_limits(p, err));
	TRY(cgroup_plan_devices(p, err));
	TRY(plan_pids(p, err));
	finish(p);
	if (!plan->wanted)
		return 0;
	return cgroup_by_systemd(p) ? cgroup_scope_plan(p, err) : plan_path(p, err);
}

/* A limit of processes that holds by RLIMIT_NPROC is every process' own; where root's container has a cgroup, that does
 * it. */
int cgroup_plan_process(struct planner *p, struct error *err)
{
	bool held = p->host->privileged && p->request->cgroup_manager != CGROUPS_NONE;

	return held ? 0 : cgroup_plan(p, err);
}

/* ---- make and remove */

bool cgroup_make_wanted(const struct plan *plan)
{
	return plan->cgroup.wanted;
}

static void explain_rules(const struct plan_cgroup *plan, struct explain *out)
{
	char text[CGROUP_RULE_BYTES];

	for (size_t i = 0; i < plan->rules.count; i++) {
		const struct plan_cgroup_rule *rule = &plan->rules.at[i];

		explain_say(out, rule->allow ? EXPLAIN_GRANTS : EXPLAIN_STOPS, rule->from, "devices: %s %s",
			    rule->allow ? "may use" : "cannot make, read or write",
			    rule->type == 'a' ? (rule->allow ? "all" : "any but what follows")
					      : cgroup_rule_text(rule, text));
	}
}

void cgroup_make_explain(const struct plan *plan, struct explain *out)
{
	const struct plan_cgroup *cgroup = &plan->cgroup;
	/* The pid of who explains is not that of who launches. */
	const char *number = cgroup->leftovers == NULL ? NULL : strrchr(cgroup->path, '-') + 1;
	int named = number == NULL ? (int)strlen(cgroup->path) : (int)(number - cgroup->path);

	if (cgroup->scope.unit != NULL)
		cgroup_scope_explain(cgroup, out);
	for (size_t i = 0; i < cgroup->hierarchies.count && cgroup->scope.unit == NULL; i++)
		explain_say(out, EXPLAIN_DOES, cgroup->from, "makes the cgroup %s%.*s%s, and removes it in the end",
			    cgroup->hierarchies.at[i].directory, named, cgroup->path,
			    cgroup->leftovers == NULL ? "" : "PID");
	for (size_t i = 0; i < cgroup->files.count; i++) {
		const struct plan_cgroup_file *file = &cgroup->files.at[i];

		explain_say(out, EXPLAIN_STOPS, file->from, "%s %s: %s", file->name, file->value, file->what);
	}
	if (cgroup->devices)
		explain_rules(cgroup, out);
}

int cgroup_make(const struct plan *plan, struct run *run, struct error *err)
{
	struct error ignored;

	if (plan->cgroup.driver == CGROUP_V1)
		return cgroup_v1_make(&plan->cgroup, run, err);
	if (cgroup_v2_make(&plan->cgroup, run, err) == 0)
		return 0;
	if (!plan->cgroup.optional || err->kind != ERROR_HOST)
		return -1;
	(void)cgroup_remove(plan, run, &ignored);
	run->cgroup_left_out = true;
	return 0;
}

int cgroup_remove(const struct plan *plan, struct run *run, struct error *err)
{
	struct error later;
	int result = 0;

	if (plan->cgroup.scope.unit != NULL)
		return cgroup_scope_remove(&plan->cgroup, run, err);
	for (size_t i = 0; i < plan->cgroup.hierarchies.count; i++)
		if (cgroup_tree_remove(&plan->cgroup, i, run, result == 0 ? err : &later) < 0)
			result = -1;
	if (cgroup_v2_return(&plan->cgroup, run, result == 0 ? err : &later) < 0)
		result = -1;
	return result;
}

void cgroup_clear(const struct plan_cgroup *plan, bool unfinished)
{
	/* Only v2 has something beside the cgroup itself: the leaf of a launcher. */
	if (!unfinished && plan->driver != CGROUP_V2)
		return;
	for (size_t i = 0; i < plan->hierarchies.count && plan->components.count > 0 && plan->scope.unit == NULL; i++)
		cgroup_tree_clear(plan, i, unfinished);
}

/* ---- a container's that runs */

bool cgroup_open_wanted(const struct plan *plan)
{
	return plan->cgroup.wanted;
}

void cgroup_open_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_STOPS, NULL, "the limits of the container hold: it is in the cgroup %s",
		    plan->cgroup.path);
}

int cgroup_open(const struct plan *plan, struct run *run, struct error *err)
{
	return plan->cgroup.driver == CGROUP_V2 ? cgroup_v2_open(&plan->cgroup, run, err)
						: cgroup_v1_open(&plan->cgroup, run, err);
}

/* ---- join */

bool cgroup_join_wanted(const struct plan *plan)
{
	return plan->cgroup.wanted && (plan->cgroup.driver == CGROUP_V1 || plan->cgroup.unshare_namespace);
}

void cgroup_join_explain(const struct plan *plan, struct explain *out)
{
	if (plan->cgroup.driver == CGROUP_V1)
		explain_say(out, EXPLAIN_DOES, NULL, "joins the cgroup by files that the launcher opened");
	if (plan->cgroup.unshare_namespace)
		explain_say(out, EXPLAIN_STOPS, NULL, "its cgroup is the root of the cgroups that it can see");
}

int cgroup_join(const struct plan *plan, struct run *run, struct error *err)
{
	if (plan->cgroup.driver == CGROUP_V1)
		TRY(cgroup_v1_join(&plan->cgroup, run, err));
	if (plan->cgroup.unshare_namespace && sys_unshare(CLONE_NEWCGROUP) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a cgroup namespace");
	return 0;
}
