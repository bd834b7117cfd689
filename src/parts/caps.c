// SPDX-License-Identifier: Apache-2.0
#include "parts/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/sys.h"
#include "model/names.h"

enum {
	LOCKED = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
		 SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
};

#define NAME(cap) names_capability_text((cap), (char[NAMES_CAPABILITY_BYTES]){0})

/* "CAP_CHOWN CAP_KILL": for sentences about sets. */
static const char *names_of(struct arena *arena, uint64_t set)
{
	const char *text = "";

	for (uint32_t cap = 0; cap < 64; cap++)
		if ((set & 1ULL << cap) != 0)
			text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : " ", NAME(cap));
	return text;
}

static uint64_t all_known(const struct planner *p)
{
	return p->host->last_capability >= 63 ? ~0ULL : (1ULL << (p->host->last_capability + 1)) - 1;
}

static void note_unknown(struct planner *p, const struct request_capabilities *wanted, uint64_t beyond)
{
	origin from = planner_origin(p, "/process/capabilities");
	const char *text = "";

	for (size_t i = 0; i < wanted->unknown.count; i++)
		text = arena_printf(p->arena, "%s%s%s", text, i == 0 ? "" : " ", wanted->unknown.at[i]);
	if (beyond != 0)
		text = arena_printf(p->arena, "%s%s%s", text, *text == '\0' ? "" : " ", names_of(p->arena, beyond));
	if (*text != '\0')
		planner_note(p, "caps", from,
			     arena_printf(p->arena, "ignoring unknown or unavailable capabilities: [%s]", text));
}

static void tighten(struct planner *p, struct plan_caps *plan)
{
	uint64_t asked = plan->bounding | plan->permitted | plan->effective | plan->inheritable | plan->ambient;
	uint64_t beyond = asked & ~p->profile->capabilities_allowed;
	const char *what = arena_printf(p->arena, "it asked for %s", names_of(p->arena, beyond));

	if (beyond == 0 || !planner_judge(p, p->profile->capabilities, "caps", plan->from, what,
					  "leave them out, or use a profile that allows them"))
		return;
	plan->bounding &= ~beyond;
	plan->permitted &= ~beyond;
	plan->effective &= ~beyond;
	plan->inheritable &= ~beyond;
	plan->ambient &= ~beyond;
}

/* Inheritable capabilities that are not ambient only serve files that carry them, which an image can bring along. */
static void tighten_inheritable(struct planner *p, struct plan_caps *plan)
{
	uint64_t extra = plan->inheritable & ~plan->ambient;
	const char *what = arena_printf(p->arena, "%s could be inherited by files", names_of(p->arena, extra));

	if (extra != 0 && planner_judge(p, p->profile->capabilities, "caps", plan->from, what, NULL))
		plan->inheritable &= ~extra;
}

/* The kernel raises nothing to ambient that is not inheritable; other runtimes drop it silently, as configs of theirs
 * expect. */
static void note_ambient(struct planner *p, struct plan_caps *plan)
{
	uint64_t powerless = plan->ambient & ~(plan->permitted & plan->inheritable);

	if (powerless != 0)
		planner_note(p, "caps", plan->from,
			     arena_printf(p->arena, "not ambient, because not inheritable: %s",
					  names_of(p->arena, powerless)));
	plan->ambient &= ~powerless;
}

/* What a sandbox protects is owned by its outer user namespace. */
static void note_powerless(struct planner *p, const struct plan_caps *plan)
{
	uint64_t powerless = plan->permitted & ~(1ULL << CAP_NET_BIND_SERVICE);

	if (p->plan->ids.inner && powerless != 0)
		planner_note(p, "caps", plan->from,
			     arena_printf(p->arena,
					  "in a sandbox these hold only over what the program makes itself: %s",
					  names_of(p->arena, powerless)));
}

static int check_sets(const struct plan_caps *plan, struct error *err)
{
	if ((plan->effective & ~plan->permitted) != 0)
		return error_set(err, ERROR_CONFIG, 0, "%s: effective has capabilities that permitted lacks",
				 plan->from);
	return 0;
}

int caps_plan(struct planner *p, struct error *err)
{
	const struct request_capabilities *wanted = &p->request->process.capabilities;
	struct plan_caps *plan = &p->plan->caps;
	uint64_t known = all_known(p);

	plan->from = planner_origin(p, "/process/capabilities");
	plan->last = p->host->last_capability;
	plan->bounding = wanted->bounding & known;
	plan->permitted = wanted->permitted & known;
	plan->effective = wanted->effective & known;
	plan->inheritable = wanted->inheritable & known;
	plan->ambient = wanted->ambient & known;
	note_unknown(p, wanted, (wanted->bounding | wanted->permitted | wanted->effective) & ~known);
	tighten(p, plan);
	note_ambient(p, plan);
	tighten_inheritable(p, plan);
	note_powerless(p, plan);
	TRY(check_sets(plan, err));
	if (p->profile->lock_securebits && !p->plan->without_userns && p->request->process.user.uid != 0)
		plan->securebits = LOCKED;

	plan->no_new_privs = p->request->process.no_new_privileges;
	plan->no_new_privs_from = planner_origin(p, "/process/noNewPrivileges");
	if (!plan->no_new_privs && planner_judge(p, p->profile->no_new_privileges, "caps", plan->no_new_privs_from,
						 "no_new_privs was not asked for: it is set now", NULL))
		plan->no_new_privs = true;
	return 0;
}

bool caps_bound_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void caps_bound_explain(const struct plan *plan, struct explain *out)
{
	int dropped = 0;

	for (uint32_t cap = 0; cap <= plan->caps.last; cap++)
		dropped += (plan->caps.bounding & 1ULL << cap) == 0;
	explain_say(out, EXPLAIN_STOPS, plan->caps.from,
		    "%d of %u capabilities can never be gained, by no file and no user id", dropped,
		    plan->caps.last + 1);
}

int caps_bound(const struct plan *plan, struct run *run, struct error *err)
{
	(void)run;
	for (uint32_t cap = 0; cap <= plan->caps.last; cap++)
		if ((plan->caps.bounding & 1ULL << cap) == 0 && sys_prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot drop %s for good", NAME(cap));
	/* The change of user must not empty the permitted set before the final sets are made from it. */
	if (sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot keep capabilities over the change of user");
	return 0;
}

bool caps_apply_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

static void explain_set(const char *what, uint64_t set, origin from, struct explain *out)
{
	char text[64 * 24] = "";
	size_t length = 0;

	for (uint32_t cap = 0; cap < 64; cap++)
		if ((set & 1ULL << cap) != 0)
			length += (size_t)snprintf(text + length, sizeof(text) - length, " %s", NAME(cap));
	if (set != 0)
		explain_say(out, EXPLAIN_GRANTS, from, "%s:%s", what, text);
}

void caps_apply_explain(const struct plan *plan, struct explain *out)
{
	const struct plan_caps *caps = &plan->caps;

	if ((caps->permitted | caps->bounding) == 0)
		explain_say(out, EXPLAIN_STOPS, caps->from, "no capability at all");
	explain_set("bounding", caps->bounding, caps->from, out);
	explain_set("permitted", caps->permitted, caps->from, out);
	explain_set("effective", caps->effective, caps->from, out);
	explain_set("inheritable", caps->inheritable, caps->from, out);
	explain_set("ambient", caps->ambient, caps->from, out);
	if (caps->securebits != 0)
		explain_say(out, EXPLAIN_STOPS, NULL,
			    "securebits are locked: user id 0 means nothing, none can become ambient");
	if (caps->no_new_privs)
		explain_say(out, EXPLAIN_STOPS, caps->no_new_privs_from,
			    "no_new_privs: execve(2) adds no privilege, set-user-ID files are plain files");
	else
		explain_say(out, EXPLAIN_GRANTS, caps->no_new_privs_from,
			    "execve(2) of set-user-ID files adds privileges");
}

static int raise_ambient(const struct plan_caps *caps, struct error *err)
{
	if (sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot clear the ambient capabilities");
	for (uint32_t cap = 0; cap <= caps->last; cap++)
		if ((caps->ambient & 1ULL << cap) != 0 &&
		    sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make %s ambient", NAME(cap));
	return 0;
}

static int verify(uint64_t effective, uint64_t permitted, uint64_t inheritable, struct error *err)
{
	uint64_t now[3];

	if (sys_capget(&now[0], &now[1], &now[2]) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read back the capabilities");
	if (now[0] != effective || now[1] != permitted || now[2] != inheritable)
		return error_set(err, ERROR_BUG, 0, "the capabilities are not the planned ones after the change");
	return 0;
}

int caps_apply(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_caps *caps = &plan->caps;
	uint64_t had[3];
	/*
	 * Without no_new_privs a filter can only be loaded with CAP_SYS_ADMIN, and loading it is the last call but
	 * execve(2). So it is kept until then: execve(2) makes the sets anew from the bounding, inheritable and ambient
	 * ones.
	 */
	uint64_t until_exec = !caps->no_new_privs && plan->filters.count > 0 ? 1ULL << CAP_SYS_ADMIN : 0;

	(void)run;
	if (sys_capget(&had[0], &had[1], &had[2]) < 0 || sys_capset(had[1], had[1], caps->inheritable) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot prepare the capabilities");
	TRY(raise_ambient(caps, err));
	if (caps->securebits != 0 && sys_prctl(PR_SET_SECUREBITS, caps->securebits, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot lock the securebits");
	uint64_t effective = caps->effective | until_exec, permitted = caps->permitted | until_exec;
	if (sys_capset(effective, permitted, caps->inheritable) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the capabilities");
	TRY(verify(effective, permitted, caps->inheritable, err));
	if (caps->no_new_privs && sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set no_new_privs");
	return 0;
}
