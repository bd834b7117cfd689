// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_scope.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/gvariant.h"

enum {
	MAX_UNIT = 255, /* systemd's limit of a unit's name */
	DEFAULT_PERIOD = 100000,
};

static const char prefix[] = "org.systemd.property.";

bool cgroup_by_systemd(const struct planner *p)
{
	return p->request->cgroup_manager == CGROUPS_BY_SYSTEMD && !p->joining;
}

/* "slice:prefix:name", as runc's systemd.md has it, and no directory. */
static bool is_systemd_form(const char *path)
{
	const char *colon = path == NULL || path[0] == '/' ? NULL : strchr(path, ':');

	return colon != NULL && strchr(colon + 1, ':') != NULL;
}

int cgroup_scope_check(const struct planner *p, struct error *err)
{
	const char *asked = p->request->linux_.cgroups_path;

	if (!cgroup_by_systemd(p)) {
		if (p->joining || p->request->cgroup_manager == CGROUPS_NONE || !is_systemd_form(asked))
			return 0;
		error_set(err, ERROR_CONFIG, 0, "%s: '%s' is for systemd, and the cgroups are made by files",
			  planner_origin(p, "/linux/cgroupsPath"), asked);
		return error_hint(err, "casemate --systemd-cgroup, or let the engine use the cgroupfs driver");
	}
	if (p->host->cgroup == HOST_CGROUP_V2)
		return 0;
	error_set(err, ERROR_HOST, 0, "--systemd-cgroup needs cgroup v2, which this host does not have at %s",
		  p->host->cgroup_root == NULL ? "/sys/fs/cgroup" : p->host->cgroup_root);
	return error_hint(err, "use the cgroupfs driver: leave --systemd-cgroup out");
}

/* ---- properties that stand for files */

static void add_property(struct planner *p, const char *text)
{
	*LIST_ADD(p->arena, &p->plan->cgroup.scope.properties) = text;
}

static void add_u64(struct planner *p, const char *name, uint64_t value)
{
	add_property(p, arena_printf(p->arena, "%s=uint64 %llu", name, (unsigned long long)value));
}

/* "max" is what systemd calls infinity. */
static uint64_t limit_of(const char *value)
{
	return strncmp(value, "max", 3) == 0 ? UINT64_MAX : strtoull(value, NULL, 10);
}

static void add_limit(struct planner *p, const char *name, const char *value)
{
	add_u64(p, name, limit_of(value));
}

/* systemd keeps a quota as whole per cents of a CPU; rounded up, so that nobody gets less than asked for. */
static void add_quota(struct planner *p, const char *value, uint64_t period)
{
	const char *second = strchr(value, ' ');
	uint64_t quota = limit_of(value), a_percent = 10000;

	if (second != NULL)
		period = strtoull(second + 1, NULL, 10);
	if (second != NULL && period > 0)
		add_u64(p, "CPUQuotaPeriodUSec", period);
	if (quota != UINT64_MAX && period > 0 && quota < UINT64_MAX / 1000000)
		quota = (quota * 1000000 / period + a_percent - 1) / a_percent * a_percent;
	add_u64(p, "CPUQuotaPerSecUSec", quota);
}

enum { SET_BYTES = 1024 };

/* "3" or "0-2". Returns what follows, NULL when it is none. */
static const char *take_range(const char *at, uint8_t mask[SET_BYTES], size_t *used)
{
	char *end;
	unsigned long first = strtoul(at, &end, 10), last = first;

	if (end == at)
		return NULL;
	if (*end == '-') {
		at = end + 1;
		last = strtoul(at, &end, 10);
	}
	if (end == at || last < first || last >= 8UL * SET_BYTES || (*end != ',' && *end != '\0'))
		return NULL;
	for (unsigned long bit = first; bit <= last; bit++)
		mask[bit / 8] = (uint8_t)(mask[bit / 8] | 1U << bit % 8);
	*used = last / 8 + 1 > *used ? last / 8 + 1 : *used;
	return *end == ',' ? end + 1 : end;
}

/* "0-2,5" as a bit mask: [byte 0x27]. What cannot be read is left to the file, and the kernel's judgement. */
static void add_set(struct planner *p, const char *name, const char *value)
{
	uint8_t mask[SET_BYTES] = {0};
	size_t used = 0;

	for (const char *at = value; *at != '\0';) {
		at = take_range(at, mask, &used);
		if (at == NULL)
			return;
	}
	const char *text = arena_printf(p->arena, "%s=[byte 0x%02x", name, mask[0]);
	for (size_t i = 1; i < used; i++)
		text = arena_printf(p->arena, "%s, 0x%02x", text, mask[i]);
	if (used > 0)
		add_property(p, arena_printf(p->arena, "%s]", text));
}

static void add_weight(struct planner *p, const char *name, const char *value)
{
	const char *number = strncmp(value, "default ", 8) == 0 ? value + 8 : value;

	if (strspn(number, "0123456789") == strlen(number) && number[0] != '\0')
		add_limit(p, name, number);
}

/* The files that systemd writes again when it reloads or changes the unit; all others are ours alone. */
static const struct {
	const char *file, *property;
	void (*add)(struct planner *p, const char *name, const char *value);
} owned[] = {
	{"memory.max", "MemoryMax", add_limit},          {"memory.high", "MemoryHigh", add_limit},
	{"memory.low", "MemoryLow", add_limit},          {"memory.min", "MemoryMin", add_limit},
	{"memory.swap.max", "MemorySwapMax", add_limit}, {"pids.max", "TasksMax", add_limit},
	{"cpu.weight", "CPUWeight", add_weight},         {"io.weight", "IOWeight", add_weight},
	{"io.bfq.weight", "IOWeight", add_weight},       {"cpuset.cpus", "AllowedCPUs", add_set},
	{"cpuset.mems", "AllowedMemoryNodes", add_set},
};

void cgroup_scope_properties(struct planner *p, uint64_t period)
{
	const struct plan_cgroup *plan = &p->plan->cgroup;

	for (size_t i = 0; i < plan->files.count; i++) {
		const struct plan_cgroup_file *file = &plan->files.at[i];

		if (strcmp(file->name, "cpu.max") == 0)
			add_quota(p, file->value, period);
		for (size_t j = 0; j < sizeof(owned) / sizeof(owned[0]); j++)
			if (strcmp(file->name, owned[j].file) == 0)
				owned[j].add(p, owned[j].property, file->value);
	}
}

/* ---- annotations */

static bool is_allowed(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->unit_properties_allowed.count; i++)
		if (strcmp(profile->unit_properties_allowed.at[i], name) == 0)
			return true;
	return false;
}

/* On these the launch itself stands. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"PIDs", "PIDFDs", "Slice", "Delegate", "DelegateSubgroup", "Scope"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(ours[i], name) == 0)
			return true;
	return false;
}

/* Unit files say TimeoutStopSec=, D-Bus TimeoutStopUSec; a number of seconds is given to either by the first name. */
static int add_seconds(struct planner *p, const char *name, const struct gvariant_node *value, origin from,
		       struct error *err)
{
	size_t length = strlen(name) - strlen("Sec");
	double seconds = value->type == 'd' ? value->number : (double)value->bits;

	if (strchr("nqiuxtd", value->type) == NULL || (int64_t)value->bits < 0 || !(seconds >= 0 && seconds < 1e12))
		return error_set(err, ERROR_CONFIG, 0, "%s: it is not a number of seconds", from);
	add_property(p, arena_printf(p->arena, "%.*sUSec=uint64 %llu", (int)length, name,
				     (unsigned long long)(seconds * 1e6)));
	return 0;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]))
			return false;
	return length > 0 && length < 100 && isupper((unsigned char)name[0]);
}

static int add_annotation(struct planner *p, const struct pair *annotation, struct gvariant *value, struct error *err)
{
	const char *name = annotation->key + strlen(prefix);
	origin from = planner_origin(p, arena_printf(p->arena, "/annotations/%s", annotation->key));
	size_t length = strlen(name);

	if (!is_name(name))
		return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is not the name of a property", from, name);
	if (is_ours(name))
		return error_set(err, ERROR_CONFIG, 0, "%s: the property %s is the launcher's own", from, name);
	if (gvariant_parse(annotation->value, value, err) < 0)
		return error_wrap(err, "%s", from);
	if (!is_allowed(p->profile, name) &&
	    planner_judge(p, p->profile->unit_properties, "cgroup", from,
			  arena_printf(p->arena, "the property %s of the unit", name),
			  "leave the annotation out, or allow it in a profile: unit_properties"))
		return 0;
	if (length > 4 && strcmp(name + length - 3, "Sec") == 0 && name[length - 4] != 'U')
		return add_seconds(p, name, &value->nodes[0], from, err);
	add_property(p, arena_printf(p->arena, "%s=%s", name, annotation->value));
	return 0;
}

static int add_annotations(struct planner *p, struct error *err)
{
	struct gvariant *value = arena_alloc(p->arena, sizeof(*value));

	for (size_t i = 0; i < p->request->annotations.count; i++)
		if (strncmp(p->request->annotations.at[i].key, prefix, strlen(prefix)) == 0)
			TRY(add_annotation(p, &p->request->annotations.at[i], value, err));
	return 0;
}

/* ---- the unit */

static bool is_unit_name(const char *name, const char *suffix)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && length <= MAX_UNIT && name[0] != '.' && strspn(name, allowed) == length &&
	       strcmp(name + length - end, suffix) == 0;
}

static int plan_unit(struct planner *p, struct error *err)
{
	struct plan_scope *scope = &p->plan->cgroup.scope;
	const char *asked = p->request->linux_.cgroups_path;
	origin from = p->plan->cgroup.from;

	scope->slice = scope->user ? "user.slice" : "system.slice";
	scope->unit = p->request->sandbox.given ? arena_printf(p->arena, "casemate-sandbox-%d.scope", p->host->pid)
						: arena_printf(p->arena, "casemate-%s.scope", p->plan->id);
	if (asked != NULL && asked[0] != '\0') {
		if (!is_systemd_form(asked))
			return error_set(err, ERROR_CONFIG, 0,
					 "%s: expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
					 "cgroups, got \"%s\" instead",
					 from, asked);
		size_t slice = strcspn(asked, ":"), middle = strcspn(asked + slice + 1, ":");
		const char *name = asked + slice + 1 + middle + 1;

		if (slice > 0)
			scope->slice = arena_strndup(p->arena, asked, slice);
		scope->unit = arena_printf(p->arena, "%.*s%s%s.scope", (int)middle, asked + slice + 1,
					   middle > 0 ? "-" : "", name);
		if (is_unit_name(name, ".slice"))
			return error_set(err, ERROR_CONFIG, 0, "%s: a slice holds no processes: '%s'", from, name);
	}
	if (!is_unit_name(scope->slice, ".slice") || strstr(scope->slice, "--") != NULL)
		return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is not the name of a slice", from, scope->slice);
	if (!is_unit_name(scope->unit, ".scope"))
		return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is not the name of a scope", from, scope->unit);
	return 0;
}

static void add_component(struct planner *p, const char *name)
{
	struct plan_cgroup *plan = &p->plan->cgroup;

	*LIST_ADD(p->arena, &plan->components) = name;
	plan->path = arena_printf(p->arena, "%s/%s", plan->path, name);
}

/* "a-b.slice" lies in "a.slice" (systemd.slice(5)); "-.slice" is the root of all. */
static void plan_path(struct planner *p)
{
	const struct plan_scope *scope = &p->plan->cgroup.scope;
	const char *root = p->host->manager_cgroup == NULL ? "" : p->host->manager_cgroup;
	size_t stem = strlen(scope->slice) - strlen(".slice");

	p->plan->cgroup.path = "";
	for (const char *at = root + strspn(root, "/"); *at != '\0'; at += strspn(at, "/")) {
		size_t length = strcspn(at, "/");

		add_component(p, arena_strndup(p->arena, at, length));
		at += length;
	}
	for (size_t i = 1; i <= stem && strcmp(scope->slice, "-.slice") != 0; i++)
		if (i == stem || scope->slice[i] == '-')
			add_component(p, arena_printf(p->arena, "%.*s.slice", (int)i, scope->slice));
	add_component(p, scope->unit);
}

static void add_own(struct planner *p)
{
	const struct plan_cgroup *plan = &p->plan->cgroup;
	bool limited = false;

	add_property(p, arena_printf(p->arena, "Slice='%s'", plan->scope.slice));
	add_property(p, arena_printf(p->arena, "Description='casemate container %s'", p->plan->id));
	/* What is below it is the container's, and all controllers are there. */
	add_property(p, "Delegate=true");
	add_property(p, "DefaultDependencies=false");
	/* Otherwise one that was killed stays, and its name with it. */
	add_property(p, "CollectMode='inactive-or-failed'");
	for (size_t i = 0; i < plan->files.count; i++)
		limited |= strcmp(plan->files.at[i].name, "pids.max") == 0;
	/* systemd would set one of its own. */
	if (!limited)
		add_u64(p, "TasksMax", UINT64_MAX);
}

int cgroup_scope_plan(struct planner *p, struct error *err)
{
	struct plan_cgroup *plan = &p->plan->cgroup;
	const char *asked = p->request->linux_.cgroups_path;

	plan->from = asked != NULL && asked[0] != '\0' ? planner_origin(p, "/linux/cgroupsPath") : "default";
	plan->scope.user = !p->host->privileged;
	for (size_t i = 0; i < plan->files.count; i++)
		if (strcmp(plan->files.at[i].name, "pids.max") == 0 && limit_of(plan->files.at[i].value) < 2) {
			error_set(err, ERROR_CONFIG, 0,
				  "%s: a scope of systemd is made with a process in it, so that the limit must be 2 or "
				  "more",
				  plan->files.at[i].from);
			return error_hint(err, "use the cgroupfs driver for a container of a single process");
		}
	TRY(plan_unit(p, err));
	plan_path(p);
	plan->strangers = plan->components.count;
	add_own(p);
	cgroup_scope_properties(p, DEFAULT_PERIOD);
	return add_annotations(p, err);
}

void cgroup_scope_explain(const struct plan_cgroup *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, plan->from, "asks %s for the scope %s in %s, and ends it in the end",
		    plan->scope.user ? "the user's systemd" : "systemd", plan->scope.unit, plan->scope.slice);
	for (size_t i = 0; i < plan->scope.properties.count; i++)
		explain_say(out, EXPLAIN_DOES, NULL, "%s", plan->scope.properties.at[i]);
}
