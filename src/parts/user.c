// SPDX-License-Identifier: Apache-2.0
#include "parts/user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/place.h"

enum { MAX_GROUPS = 65536 };

static bool find_mapped(const id_map_list *map, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < map->count; i++)
		if (inside >= map->at[i].container && inside - map->at[i].container < map->at[i].size) {
			*ret_outside = map->at[i].host + (inside - map->at[i].container);
			return true;
		}
	return false;
}

/* The id that the kernel knows the workload by, outside of the namespaces of this launch. */
static uint32_t uid_on_host(const struct planner *p, const struct request_user *user)
{
	const struct plan_ids *ids = &p->plan->ids;
	uint32_t uid = ids->inner ? 0 : user->uid;

	if (ids->mapped)
		(void)find_mapped(&ids->uid, uid, &uid);
	return uid;
}

/* Whatever it is called inside: files and switches of the host go by the id outside. */
static void judge_mapped_root(struct planner *p)
{
	const struct plan_ids *ids = &p->plan->ids;

	for (size_t i = 0; p->host->privileged && i < ids->uid.count; i++)
		if (ids->uid.at[i].host == 0)
			planner_judge(
				p, p->profile->root_user == VERDICT_ALLOW ? VERDICT_ALLOW : VERDICT_REFUSE, "user",
				ids->from,
				arena_printf(p->arena, "user %u inside is root on the host", ids->uid.at[i].container),
				ids->writer == IDS_NONE ? "join a user namespace that maps nobody to it"
							: "map it to another user of the host");
}

/* An idmapped mount can make any user the owner of root's files on the disk below, where others find what it leaves. */
static void judge_idmapped_root(struct planner *p, const struct request_user *user)
{
	uint32_t seen = 0, own = uid_on_host(p, user);

	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *mount = &p->plan->mounts.at[i];

		if (find_mapped(&mount->uid_mappings, 0, &seen) && seen == own)
			planner_judge(p, p->profile->root_user == VERDICT_ALLOW ? VERDICT_ALLOW : VERDICT_REFUSE,
				      "user", mount->from,
				      arena_printf(p->arena, "the program would own root's files in %s", mount->target),
				      "do not map id 0 of the mount to its user");
	}
}

static void judge_root(struct planner *p, const struct request_user *user)
{
	judge_mapped_root(p);
	judge_idmapped_root(p, user);
	if (user->uid != 0)
		return;
	planner_judge(p, p->profile->root_user, "user", user->from,
		      p->request->sandbox.given ? "the program would run as root (uid 0)"
						: "process.user.uid is 0 (root)",
		      p->request->sandbox.given ? "give it another --uid, or use the baseline profile"
						: "docker run --user 1000:1000, or the baseline profile");
}

static void plan_groups(struct planner *p, const struct request_user *user)
{
	struct plan_user *plan = &p->plan->user;

	/* Where only the inner user namespace denies it, the launcher's groups are gone before (ids_become). */
	plan->set_groups = !p->plan->ids.deny_setgroups && !p->plan->ids.inner;
	plan->keeps_groups = p->plan->ids.deny_setgroups && !p->plan->ids.leave_groups;
	if (plan->set_groups)
		plan->groups = user->additional_gids;
	else if (user->additional_gids.count > 0)
		planner_note(p, "user", user->from, "additional groups cannot be set in this user namespace");
}

int user_plan(struct planner *p, struct error *err)
{
	const struct request_user *user = &p->request->process.user;
	struct plan_user *plan = &p->plan->user;

	if (user->additional_gids.count > MAX_GROUPS)
		return error_set(err, ERROR_CONFIG, 0, "%s: there are more than %d groups", user->from, MAX_GROUPS);
	judge_root(p, user);
	plan->uid = user->uid;
	plan->gid = user->gid;
	plan->umask = user->umask.set ? user->umask.value & 0777 : 0022;
	plan->cwd = p->request->process.cwd != NULL ? p->request->process.cwd : "/";
	plan->make_cwd = !p->request->sandbox.given && !p->request->root.readonly && !p->plan->rootfs.joined;
	plan->from = user->from;
	plan_groups(p, user);
	return 0;
}

bool user_cwd_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void user_cwd_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "the working directory is %s", plan->user.cwd);
}

/* With the rights of the set-up: a working directory need not be readable for the user who starts in it. */
int user_cwd(const struct plan *plan, struct run *run, struct error *err)
{
	const char *cwd = plan->user.cwd;
	bool linked;
	AUTOLEAVE int directory = place_open(cwd, PLACE_FOLLOW);

	(void)run;
	if (directory < 0 && errno == ENOENT && plan->user.make_cwd) {
		directory = place_make(cwd, PLACE_FOLLOW, -1, &linked, err);
		if (directory < 0)
			return -1;
	}
	if (directory < 0 || sys_fchdir(directory) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot use the working directory '%s'", cwd);
		return errno == ELOOP ? error_hint(err, "it must lie inside the container")
				      : error_hint(err, "it must exist inside the container");
	}
	return 0;
}

bool user_apply_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void user_apply_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, plan->user.uid == 0 ? EXPLAIN_GRANTS : EXPLAIN_STOPS, plan->user.from,
		    "user %u, group %u, umask %04o", plan->user.uid, plan->user.gid, plan->user.umask);
	for (size_t i = 0; i < plan->user.groups.count; i++)
		explain_say(out, EXPLAIN_GRANTS, plan->user.from, "group %u", plan->user.groups.at[i]);
	if (plan->user.keeps_groups)
		explain_say(out, EXPLAIN_LACKS, NULL, "the caller's other groups stay: only root can drop them");
}

/* What the kernel says afterwards counts: a wrong user is the one mistake that no other layer makes good. */
static int verify(const struct plan_user *user, struct error *err)
{
	uint32_t uid[3], gid[3];

	if (sys_getresuid(uid) < 0 || sys_getresgid(gid) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read back the user");
	for (size_t i = 0; i < 3; i++)
		if (uid[i] != user->uid || gid[i] != user->gid)
			return error_set(err, ERROR_BUG, 0, "the process is user %u, group %u after the change", uid[i],
					 gid[i]);
	return 0;
}

int user_apply(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_user *user = &plan->user;

	(void)run;
	if (user->set_groups && sys_setgroups(user->groups.count, user->groups.at) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the groups");
	if (sys_setresgid(user->gid) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot become group %u", user->gid);
	if (sys_setresuid(user->uid) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot become user %u", user->uid);
	/* The change of ids made this process as dumpable as fs.suid_dumpable says. */
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect the set-up from others");
	sys_umask(user->umask);
	return verify(user, err);
}
