// SPDX-License-Identifier: Apache-2.0
#include "parts/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/sys.h"

/* The kernel's limit (user_namespaces(7)), and the longest that so many are. */
enum { MAP_LINES = 340, MAP_TEXT = MAP_LINES * 34 };

static bool maps_only(const id_map_list *map, uint32_t host)
{
	return map->count == 1 && map->at[0].size == 1 && map->at[0].host == host;
}

static bool maps_container_id(const id_map_list *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id >= map->at[i].container && id - map->at[i].container < map->at[i].size)
			return true;
	return false;
}

static void add_map(struct planner *p, id_map_list *map, uint32_t container, uint32_t host)
{
	*LIST_ADD(p->arena, map) = (struct request_id_map){.container = container, .host = host, .size = 1};
}

/*
 * One id of the caller is all there is. The set-up needs id 0 (devpts refuses anything else), the workload must not be
 * 0: so it gets a second user namespace, in which its id is mapped to that 0 and which owns none of the other
 * namespaces.
 */
static void plan_single(struct planner *p, uint32_t host_uid, uint32_t host_gid)
{
	struct plan_ids *plan = &p->plan->ids;
	const struct request_user *user = &p->request->process.user;

	add_map(p, &plan->uid, 0, host_uid);
	add_map(p, &plan->gid, 0, host_gid);
	plan->inner = user->uid != 0 || user->gid != 0;
	plan->inner_uid = user->uid;
	plan->inner_gid = user->gid;
	plan->deny_setgroups = true;
	plan->from =
		p->request->linux_.namespaces[NAMESPACE_USER].given ? user->from : "default: the caller is not root";
}

static int check_mapped(const struct planner *p, const struct plan_ids *plan, struct error *err)
{
	const struct request_user *user = &p->request->process.user;
	const char *joined = p->plan->namespaces.join[NAMESPACE_USER].path;
	const char *mapped = arena_printf(p->arena, "mapped in the user namespace '%s'", joined == NULL ? "" : joined);

	if (!maps_container_id(&plan->uid, user->uid))
		return error_set(err, ERROR_CONFIG, 0, "%s: user id %u is not %s", user->from, user->uid,
				 joined == NULL ? "in linux.uidMappings" : mapped);
	if (!maps_container_id(&plan->gid, user->gid))
		return error_set(err, ERROR_CONFIG, 0, "%s: group id %u is not %s", user->from, user->gid,
				 joined == NULL ? "in linux.gidMappings" : mapped);
	for (size_t i = 0; !plan->deny_setgroups && i < user->additional_gids.count; i++)
		if (!maps_container_id(&plan->gid, user->additional_gids.at[i])) {
			error_set(err, ERROR_CONFIG, 0, "%s/additionalGids: group id %u is not %s", user->from,
				  user->additional_gids.at[i], joined == NULL ? "in linux.gidMappings" : mapped);
			return error_hint(err, "map it there, or remove it");
		}
	return 0;
}

static int plan_mappings(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	struct plan_ids *plan = &p->plan->ids;

	if (linux_->uid_mappings.count == 0 || linux_->gid_mappings.count == 0)
		return error_set(err, ERROR_CONFIG, 0,
				 "config.json:/linux/uidMappings and gidMappings are needed for a new user namespace");
	plan->uid = linux_->uid_mappings;
	plan->gid = linux_->gid_mappings;
	plan->from = "config.json:/linux/uidMappings";

	uint64_t both = 1ULL << CAP_SETUID | 1ULL << CAP_SETGID;
	if (p->host->uid == 0 && (p->host->capabilities & both) == both)
		plan->writer = IDS_LAUNCHER;
	else if (maps_only(&plan->uid, p->host->uid) && maps_only(&plan->gid, p->host->gid))
		plan->writer = IDS_SELF;
	else
		plan->writer = IDS_HELPERS;
	plan->deny_setgroups = plan->writer == IDS_SELF;
	return check_mapped(p, plan, err);
}

/* The child starts with ids that nothing maps; files that it would make then belong to nobody. */
static void plan_setup_ids(struct plan_ids *plan)
{
	plan->become = plan->writer != IDS_SELF;
	plan->setup_uid = maps_container_id(&plan->uid, 0) ? 0 : plan->uid.at[0].container;
	plan->setup_gid = maps_container_id(&plan->gid, 0) ? 0 : plan->gid.at[0].container;
}

/* ---- a user namespace that is joined */

/* In the order of the container's ids, and with one line where two say the same: so maps can be compared. */
static id_map_list in_order(struct arena *arena, const id_map_list *map)
{
	id_map_list sorted = {0}, merged = {0};

	for (size_t i = 0; i < map->count; i++) {
		size_t at = sorted.count;

		(void)LIST_ADD(arena, &sorted);
		for (; at > 0 && sorted.at[at - 1].container > map->at[i].container; at--)
			sorted.at[at] = sorted.at[at - 1];
		sorted.at[at] = map->at[i];
	}
	for (size_t i = 0; i < sorted.count; i++) {
		const struct request_id_map *next = &sorted.at[i];
		struct request_id_map *last = merged.count == 0 ? NULL : &merged.at[merged.count - 1];

		if (last != NULL && last->container + last->size == next->container &&
		    last->host + last->size == next->host)
			last->size += next->size;
		else
			*LIST_ADD(arena, &merged) = *next;
	}
	return merged;
}

static bool same(const id_map_list *a, const id_map_list *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++)
		if (a->at[i].container != b->at[i].container || a->at[i].host != b->at[i].host ||
		    a->at[i].size != b->at[i].size)
			return false;
	return a->count == b->count;
}

static const char *in_words(struct arena *arena, const id_map_list *map)
{
	enum { SAID = 4 };
	const char *text = map->count == 0 ? "nobody" : "";

	for (size_t i = 0; i < map->count && i < SAID; i++)
		text = arena_printf(arena, "%s%s%u is %u (%u of them)", text, i == 0 ? "" : ", ", map->at[i].container,
				    map->at[i].host, map->at[i].size);
	return map->count > SAID ? arena_printf(arena, "%s, ...", text) : text;
}

/* Engines write the maps as well, as they were when they made the namespace. */
static int check_same(const struct planner *p, const char *key, const id_map_list *asked, const id_map_list *joined,
		      struct error *err)
{
	if (asked->count == 0)
		return 0;
	id_map_list is = in_order(p->arena, joined);
	/* No namespace has so many, and they take their time to be put in order. */
	id_map_list wanted = asked->count > MAP_LINES ? *asked : in_order(p->arena, asked);

	if (same(&is, &wanted))
		return 0;
	error_set(err, ERROR_CONFIG, 0,
		  "%s: they are not those of the user namespace '%s', which is joined: asked for is %s, there %s",
		  planner_origin(p, key), p->plan->namespaces.join[NAMESPACE_USER].path, in_words(p->arena, &wanted),
		  in_words(p->arena, &is));
	return error_hint(err, "leave uidMappings and gidMappings out: what is joined has its own");
}

/* Its maps are facts of the host, and nobody writes them. */
static int plan_joined(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	const struct host_userns *joined = &p->host->userns;
	struct plan_ids *plan = &p->plan->ids;

	/* It is refused, where it is joined at all. */
	if (joined->own)
		return 0;
	plan->mapped = true;
	plan->from = p->plan->namespaces.join[NAMESPACE_USER].from;
	plan->unknown = joined->unknown;
	if (plan->unknown != NULL) {
		planner_note(p, "ids", plan->from,
			     arena_printf(p->arena, "whom it maps is not known: %s", plan->unknown));
		plan->uid = linux_->uid_mappings;
		plan->gid = linux_->gid_mappings;
		return 0;
	}
	TRY(check_same(p, "/linux/uidMappings", &linux_->uid_mappings, &joined->uid, err));
	TRY(check_same(p, "/linux/gidMappings", &linux_->gid_mappings, &joined->gid, err));
	plan->uid = joined->uid;
	plan->gid = joined->gid;
	plan->deny_setgroups = joined->deny_setgroups;
	plan->leave_groups = plan->deny_setgroups && p->host->privileged;
	TRY(check_mapped(p, plan, err));
	plan_setup_ids(plan);
	return 0;
}

/* Who asks for other users must not be given the launcher's. */
static int check_own(const struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;

	if (!p->host->userns.own || linux_->uid_mappings.count + linux_->gid_mappings.count == 0)
		return 0;
	error_set(err, ERROR_CONFIG, 0, "config.json:/linux/uidMappings: '%s' is the launcher's own user namespace",
		  linux_->namespaces[NAMESPACE_USER].path);
	return error_hint(err, "leave uidMappings and gidMappings out, or the path: a new one has them");
}

int ids_plan(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	const struct request_user *user = &p->request->process.user;
	struct plan_ids *plan = &p->plan->ids;
	bool asked = (p->plan->namespaces.fresh & CLONE_NEWUSER) != 0;
	/* In a user namespace that was made for us its root can do what a launch needs, and may map its ids further. */
	bool root = p->host->privileged || (p->host->nested && !p->request->sandbox.given);

	if (p->plan->namespaces.join[NAMESPACE_USER].path != NULL)
		return plan_joined(p, err);
	TRY(check_own(p, err));
	/* Who has no user namespace has no right to change groups either. */
	plan->deny_setgroups = p->plan->without_userns;
	if (p->plan->without_userns)
		return 0;
	if (p->request->sandbox.given && p->host->privileged) {
		plan_single(p, p->request->sandbox.host_uid.set ? p->request->sandbox.host_uid.value : user->uid,
			    p->request->sandbox.host_gid.set ? p->request->sandbox.host_gid.value : user->gid);
		plan->writer = IDS_LAUNCHER;
		/* The launcher's groups are root's: they are dropped before the inner user namespace denies any change.
		 */
		plan->deny_setgroups = false;
	} else if (!root && linux_->uid_mappings.count == 0 && linux_->gid_mappings.count == 0) {
		plan_single(p, p->host->uid, p->host->gid);
		plan->writer = IDS_SELF;
		if (!asked)
			planner_note(p, "ids", plan->from,
				     "a user namespace is added: without root there is no other way");
	} else if (asked) {
		TRY(plan_mappings(p, err));
	} else if (!root) {
		return error_set(err, ERROR_CONFIG, 0, "config.json:/linux/uidMappings needs a user namespace");
	} else {
		return 0;
	}
	p->plan->namespaces.fresh |= CLONE_NEWUSER;
	plan->mapped = true;
	plan_setup_ids(plan);
	return 0;
}

/* ---- the maps */

static void explain_map(const char *what, const id_map_list *map, origin from, struct explain *out)
{
	for (size_t i = 0; i < map->count; i++)
		explain_say(out, EXPLAIN_DOES, from, "%s %u of the container is %u of the host%s", what,
			    map->at[i].container, map->at[i].host, map->at[i].size > 1 ? ", and on" : "");
}

static void explain_maps(const struct plan *plan, struct explain *out)
{
	static const char *const writers[] = {
		[IDS_SELF] = "the child maps its own single id; no privilege is needed",
		[IDS_LAUNCHER] = "the launcher writes the maps; needs CAP_SETUID and CAP_SETGID",
		[IDS_HELPERS] = "newuidmap and newgidmap write the maps",
	};

	explain_say(out, EXPLAIN_DOES, NULL, "%s", writers[plan->ids.writer]);
	explain_map("user", &plan->ids.uid, plan->ids.from, out);
	explain_map("group", &plan->ids.gid, plan->ids.from, out);
}

/* "0 1000 1\n..." (user_namespaces(7)). Lines that do not fit are an error of the config, never cut off. */
static int map_text(const id_map_list *map, char *text, size_t size, struct error *err)
{
	size_t length = 0;

	for (size_t i = 0; i < map->count; i++) {
		int wrote = snprintf(text + length, size - length, "%u %u %u\n", map->at[i].container, map->at[i].host,
				     map->at[i].size);

		length += (size_t)wrote;
		if (length >= size)
			return error_set(err, ERROR_CONFIG, 0, "there are more id mappings than the kernel takes");
	}
	return 0;
}

static int write_map(int proc, const char *dir, const char *name, const id_map_list *map, struct error *err)
{
	char path[64], text[MAP_TEXT];

	TRY(map_text(map, text, sizeof(text), err));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (fd_write_file(proc, path, text) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s' of the container", name);
	return 0;
}

/* @dir: "self" or a pid, below the procfs @proc. gid_map cannot be written without privilege before setgroups is
 * denied. */
static int write_maps(const struct plan_ids *ids, int proc, const char *dir, struct error *err)
{
	char path[64];

	TRY(write_map(proc, dir, "uid_map", &ids->uid, err));
	snprintf(path, sizeof(path), "%s/setgroups", dir);
	if (ids->deny_setgroups && fd_write_file(proc, path, "deny") < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot deny setgroups(2) in the container");
	return write_map(proc, dir, "gid_map", &ids->gid, err);
}

/* The files of a process that is not dumpable belong to the host's root: nobody else could write its maps. */
static int write_own_maps(const struct plan_ids *ids, int proc, struct error *err)
{
	if (sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open this process to itself");
	TRY(write_maps(ids, proc, "self", err));
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	return 0;
}

static int run_helper(const char *helper, pid_t child, const id_map_list *map, struct error *err)
{
	char numbers[MAP_LINES * 3 + 1][12];
	char *argv[MAP_LINES * 3 + 3] = {(char *)helper, numbers[0]};
	char *envp[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	size_t count = 1;
	pid_t pid;
	int status;

	if (map->count > MAP_LINES)
		return error_set(err, ERROR_CONFIG, 0, "there are more id mappings than the kernel takes");
	snprintf(numbers[0], sizeof(numbers[0]), "%d", child);
	for (size_t i = 0; i < map->count; i++) {
		const uint32_t line[3] = {map->at[i].container, map->at[i].host, map->at[i].size};

		for (size_t j = 0; j < 3; j++, count++) {
			snprintf(numbers[count], sizeof(numbers[count]), "%u", line[j]);
			argv[count + 1] = numbers[count];
		}
	}
	int failed = posix_spawnp(&pid, helper, NULL, NULL, argv, envp);
	if (failed != 0) {
		error_set(err, ERROR_HOST, failed, "cannot run %s", helper);
		return error_hint(err, "install the package uidmap (shadow-utils), or map a single id");
	}
	if (waitpid(pid, &status, 0) < 0 || status != 0) {
		error_set(err, ERROR_HOST, 0, "%s refused the id mappings", helper);
		return error_hint(err, "the caller needs these ranges in /etc/subuid and /etc/subgid");
	}
	return 0;
}

bool ids_attach_wanted(const struct plan *plan)
{
	return plan->ids.writer == IDS_LAUNCHER || plan->ids.writer == IDS_HELPERS;
}

void ids_attach_explain(const struct plan *plan, struct explain *out)
{
	explain_maps(plan, out);
}

int ids_attach(const struct plan *plan, struct run *run, struct error *err)
{
	char dir[24];

	if (plan->ids.writer == IDS_HELPERS) {
		TRY(run_helper("newuidmap", run->child, &plan->ids.uid, err));
		return run_helper("newgidmap", run->child, &plan->ids.gid, err);
	}
	AUTOCLOSE int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	if (proc < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open /proc");
	snprintf(dir, sizeof(dir), "%d", run->child);
	return write_maps(&plan->ids, proc, dir, err);
}

bool ids_self_wanted(const struct plan *plan)
{
	return plan->ids.writer == IDS_SELF;
}

void ids_self_explain(const struct plan *plan, struct explain *out)
{
	explain_maps(plan, out);
}

int ids_self(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);

	(void)run;
	if (proc < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open /proc");
	return write_own_maps(&plan->ids, proc, err);
}

/* ---- the ids of the set-up */

bool ids_leave_groups_wanted(const struct plan *plan)
{
	return plan->ids.leave_groups;
}

void ids_leave_groups_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_STOPS, plan->ids.from, "the launcher's groups are left: in there nobody can");
}

int ids_leave_groups(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	(void)run;
	if (sys_setgroups(0, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot drop the launcher's groups");
	return 0;
}

bool ids_become_wanted(const struct plan *plan)
{
	return plan->ids.become;
}

void ids_become_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "the set-up goes on as user %u, group %u of the %suser namespace",
		    plan->ids.setup_uid, plan->ids.setup_gid, plan->ids.writer == IDS_NONE ? "joined " : "new ");
	if (plan->ids.writer != IDS_NONE)
		return;
	explain_map("user", &plan->ids.uid, plan->ids.from, out);
	explain_map("group", &plan->ids.gid, plan->ids.from, out);
}

int ids_become(const struct plan *plan, struct run *run, struct error *err)
{
	(void)run;
	if (!plan->ids.deny_setgroups && sys_setgroups(0, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot drop the launcher's groups");
	if (sys_setresgid(plan->ids.setup_gid) < 0 || sys_setresuid(plan->ids.setup_uid) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot become user %u of the user namespace",
				 plan->ids.setup_uid);
	/* A change of ids makes the process dumpable as fs.suid_dumpable says; the set-up must stay out of reach. */
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	return 0;
}

/* ---- the second user namespace */

bool ids_inner_wanted(const struct plan *plan)
{
	return plan->ids.inner;
}

void ids_inner_explain(const struct plan *plan, struct explain *out)
{
	explain_say(
		out, EXPLAIN_STOPS, plan->ids.from,
		"a second user namespace, where it is user %u, group %u: it owns no mount, network or pid namespace",
		plan->ids.inner_uid, plan->ids.inner_gid);
}

int ids_inner(const struct plan *plan, struct run *run, struct error *err)
{
	struct request_id_map uid = {.container = plan->ids.inner_uid, .host = 0, .size = 1};
	struct request_id_map gid = {.container = plan->ids.inner_gid, .host = 0, .size = 1};
	struct plan_ids inner = {.uid = {&uid, 1}, .gid = {&gid, 1}, .deny_setgroups = true};

	if (sys_unshare(CLONE_NEWUSER) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the workload's user namespace");
	/* setgroups is denied already where the outer namespace denies it; writing it again is harmless. */
	return write_own_maps(&inner, run->proc, err);
}
