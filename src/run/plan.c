// SPDX-License-Identifier: Apache-2.0
#include "run/plan.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "config/builtin.h"
#include "config/oci.h"
#include "parts/bare.h"
#include "parts/caps.h"
#include "parts/cgroup.h"
#include "parts/dbus.h"
#include "parts/devices.h"
#include "parts/filter.h"
#include "parts/home.h"
#include "parts/hooks.h"
#include "parts/hostname.h"
#include "parts/ids.h"
#include "parts/labels.h"
#include "parts/landlock.h"
#include "parts/limits.h"
#include "parts/masks.h"
#include "parts/mounts.h"
#include "parts/namespaces.h"
#include "parts/netdevices.h"
#include "parts/network.h"
#include "parts/pasta.h"
#include "parts/process.h"
#include "parts/rdt.h"
#include "parts/rootfs.h"
#include "parts/sysctl.h"
#include "parts/terminal.h"
#include "parts/user.h"
#include "run/runtime_hooks.h"

typedef int part_plan(struct planner *p, struct error *err);

/* Later parts read what earlier ones decided. */
static part_plan *const launch_parts[] = {
	bare_plan,  /* whether there are namespaces at all */
	hooks_plan, /* whether some run before the new root is entered */
	runtime_hooks_plan,
	namespaces_plan, /* first: most others ask whether a namespace is the container's own */
	ids_plan,        /* may add a user namespace, and says whether id 0 is mapped */
	dbus_plan,       /* says where its sockets are, which are mounted */
	cgroup_plan,
	rootfs_plan,
	mounts_plan,
	devices_plan, /* looks at the mount on /dev */
	masks_plan,
	sysctl_plan,
	network_plan,
	netdevices_plan,
	pasta_plan,
	hostname_plan,
	terminal_plan, /* needs a devpts among the mounts */
	rdt_plan,
	limits_plan,
	user_plan,
	caps_plan,
	labels_plan,
	landlock_plan, /* derived from the mounts */
	home_plan,
	process_plan, /* puts HOME into the environment */
	filter_plan,  /* lets the launch's own execve(2) through: needs its argv and environment */
	NULL,
};

/* Of a container that is there: what holds a process (join_steps of run/steps.c), and what that is derived from. */
static part_plan *const process_parts[] = {
	namespaces_plan, ids_plan,  cgroup_plan_process, rootfs_plan, mounts_plan, devices_plan,
	terminal_plan,   rdt_plan,  limits_plan,         user_plan,   caps_plan,   labels_plan,
	landlock_plan,   home_plan, process_plan,        filter_plan, NULL,
};

static int read_filter(struct planner *p, const char *name, const struct request_seccomp **ret, struct error *err)
{
	struct request_seccomp *filter = arena_alloc(p->arena, sizeof(*filter));
	struct oci_seccomp_text file = {.name = arena_printf(p->arena, "profiles/%s.json", name)};

	file.text = builtin_text(name, &file.length);
	if (file.text == NULL)
		return error_set(err, ERROR_BUG, 0, "the seccomp profile %s is missing from this binary", name);
	TRY(oci_parse_seccomp(&file, p->arena, filter, err));
	*ret = filter;
	return 0;
}

static int read_default_filter(struct planner *p, struct error *err)
{
	return filter_needs_rules(p->profile, p->request) ? read_filter(p, "seccomp/default", &p->default_filter, err)
							  : 0;
}

/* What Landlock does not know of TCP; without user namespaces what these hold elsewhere, and the network of the host.
 */
static int read_added_filters(struct planner *p, struct error *err)
{
	const struct request_sandbox *sandbox = &p->request->sandbox;

	if (!sandbox->without_userns)
		return sandbox->restrict_tcp ? read_filter(p, "seccomp/tcp-ports", &p->added_filters[0], err) : 0;
	TRY(read_filter(p, "seccomp/without-userns", &p->added_filters[0], err));
	if (!sandbox->host_network)
		return read_filter(p, "seccomp/no-sockets", &p->added_filters[1], err);
	return sandbox->restrict_tcp ? read_filter(p, "seccomp/tcp-only", &p->added_filters[1], err) : 0;
}

static void note_ignored(struct planner *p)
{
	for (size_t i = 0; i < p->request->ignored.count; i++)
		planner_note(p, "config", planner_origin(p, p->request->ignored.at[i]),
			     "this property means nothing here and was ignored");
}

/* What the other commands are told of a container. */
static void plan_identity(struct planner *p, const char *id)
{
	struct plan *plan = p->plan;

	plan->arena = p->arena;
	plan->id = arena_strdup(p->arena, id);
	plan->profile = p->profile->name;
	plan->images = p->profile->images == VERDICT_ALLOW;
	plan->oci_version = p->request->oci_version;
	plan->bundle = p->request->bundle;
	plan->remounts = p->host->remounts;
	plan->without_userns = p->request->sandbox.without_userns;
	plan->annotations = p->request->annotations;
}

static int build(const struct plan_input *input, part_plan *const *parts, struct arena *arena, struct plan **ret_plan,
		 struct error *err)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	struct planner planner = {.arena = arena,
				  .request = input->request,
				  .profile = input->profile,
				  .host = input->host,
				  .joining = input->joining,
				  .plan = plan};

	plan_identity(&planner, input->id);
	TRY(read_default_filter(&planner, err));
	TRY(read_added_filters(&planner, err));
	note_ignored(&planner);
	for (; *parts != NULL; parts++)
		TRY((*parts)(&planner, err));
	*ret_plan = plan;
	return 0;
}

int plan_build(const struct plan_input *input, struct arena *arena, struct plan **ret_plan, struct error *err)
{
	return build(input, launch_parts, arena, ret_plan, err);
}

int plan_build_process(const struct plan_input *input, struct arena *arena, struct plan **ret_plan, struct error *err)
{
	return build(input, process_parts, arena, ret_plan, err);
}

static bool maps_host_id(const id_map_list *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id >= map->at[i].host && id - map->at[i].host < map->at[i].size)
			return true;
	return false;
}

bool plan_may_write_to(const struct plan *plan, uint32_t owner, uint32_t caller)
{
	const struct plan_caps *caps = &plan->caps;
	uint64_t override = 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER | 1ULL << CAP_SETUID;

	if (plan->ids.unknown != NULL)
		return caller == 0 || caller == owner;
	if (plan->ids.mapped)
		return maps_host_id(&plan->ids.uid, owner);
	return plan->user.uid == 0 || ((caps->bounding | caps->permitted | caps->ambient) & override) != 0;
}

int plan_check_refusals(const struct plan *plan, struct error *err)
{
	size_t count = plan->refusals.count;
	int widest = 0;

	if (count == 0)
		return 0;
	error_set(err, ERROR_REFUSED, 0, "cannot start \"%s\": the profile \"%s\" refuses %zu %s", plan->id,
		  plan->profile, count, count == 1 ? "thing" : "things");
	for (size_t i = 0; i < count; i++) {
		int width = (int)strlen(plan->refusals.at[i].what);
		widest = width > widest && width <= 60 ? width : widest;
	}
	for (size_t i = 0; i < count; i++) {
		const struct plan_remark *refusal = &plan->refusals.at[i];

		error_add_line(err, "%-*s%s%s", widest, refusal->what, refusal->remedy == NULL ? "" : "  → ",
			       refusal->remedy == NULL ? "" : refusal->remedy);
	}
	return -1;
}
