// SPDX-License-Identifier: Apache-2.0
#include "parts/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"

/* What belongs to a namespace (config-linux.md, "Sysctl"): anything else would be set on the host. */
static const struct {
	const char *prefix;
	uint64_t needs;
	bool whole; /* the entry is a name, not a prefix */
} namespaced[] = {
	{"net.", CLONE_NEWNET, false},           {"fs.mqueue.", CLONE_NEWIPC, false},
	{"kernel.shm", CLONE_NEWIPC, false},     {"kernel.msg", CLONE_NEWIPC, false},
	{"kernel.sem", CLONE_NEWIPC, true},      {"kernel.domainname", CLONE_NEWUTS, true},
	{"kernel.hostname", CLONE_NEWUTS, true},
};

static uint64_t namespace_of(const char *key)
{
	for (size_t i = 0; i < sizeof(namespaced) / sizeof(namespaced[0]); i++) {
		size_t length = strlen(namespaced[i].prefix);

		if (strncmp(key, namespaced[i].prefix, length) == 0 && (!namespaced[i].whole || key[length] == '\0'))
			return namespaced[i].needs;
	}
	return 0;
}

/* Engines also name the host's by its path: Docker does for --network host. */
static bool is_host(const struct plan_namespaces *plan, uint64_t flag)
{
	bool joined = (flag == CLONE_NEWNET && plan->join[NAMESPACE_NETWORK].path != NULL) ||
		      (flag == CLONE_NEWIPC && plan->join[NAMESPACE_IPC].path != NULL) ||
		      (flag == CLONE_NEWUTS && plan->join[NAMESPACE_UTS].path != NULL);

	return joined ? (plan->hosts & flag) != 0 : (plan->fresh & flag) == 0;
}

static int refuse_host(const char *key, uint64_t flag, origin from, struct error *err)
{
	const char *kind = flag == CLONE_NEWNET ? "network" : flag == CLONE_NEWIPC ? "ipc" : "uts";

	error_set(err, ERROR_CONFIG, 0, "%s: sysctl \"%s\" not allowed in host %s namespace", from, key, kind);
	return error_hint(err, "remove it, or give the container a %s namespace of its own", kind);
}

static bool is_allowed(const struct profile *profile, const char *key)
{
	for (size_t i = 0; i < profile->sysctls_allowed.count; i++)
		if (strcmp(profile->sysctls_allowed.at[i], key) == 0)
			return true;
	return false;
}

/* "net/ipv4/conf/eth0.100/forwarding" is how a name with a dot in it is written; both forms become a path (sysctl(8)).
 */
static const char *normal_key(struct arena *arena, const char *key)
{
	const char *slash = strchr(key, '/');
	const char *dot = strchr(key, '.');

	if (slash == NULL || (dot != NULL && dot < slash))
		return key;
	char *normal = arena_strdup(arena, key);
	for (char *at = normal; *at != '\0'; at++)
		*at = *at == '/' ? '.' : *at == '.' ? '/' : *at;
	return normal;
}

int sysctl_plan(struct planner *p, struct error *err)
{
	for (size_t i = 0; i < p->request->linux_.sysctl.count; i++) {
		const struct pair *wanted = &p->request->linux_.sysctl.at[i];
		const char *key = normal_key(p->arena, wanted->key);
		uint64_t flag = namespace_of(key);
		origin from = planner_origin(p, arena_printf(p->arena, "/linux/sysctl/%s", wanted->key));

		if (flag == 0)
			return error_set(err, ERROR_CONFIG, 0, "%s belongs to the whole host", from);
		if (is_host(&p->plan->namespaces, flag))
			return refuse_host(key, flag, from, err);
		if (!is_allowed(p->profile, key) &&
		    planner_judge(p, p->profile->sysctls, "sysctl", from,
				  arena_printf(p->arena, "the sysctl %s is not a safe one", key),
				  "remove it, or allow it in a profile of your own"))
			continue;
		*LIST_ADD(p->arena, &p->plan->sysctl) = (struct pair){.key = key, .value = wanted->value};
	}
	return 0;
}

bool sysctl_apply_wanted(const struct plan *plan)
{
	return plan->sysctl.count > 0;
}

void sysctl_apply_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->sysctl.count; i++)
		explain_say(out, EXPLAIN_DOES, NULL, "%s = %s", plan->sysctl.at[i].key, plan->sysctl.at[i].value);
}

int sysctl_apply(const struct plan *plan, struct run *run, struct error *err)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < plan->sysctl.count; i++) {
		const struct pair *sysctl = &plan->sysctl.at[i];
		size_t length = strlen(sysctl->value);

		snprintf(path, sizeof(path), "sys/%s", sysctl->key);
		for (char *at = path; *at != '\0'; at++)
			*at = *at == '.' ? '/' : at > path + 3 && *at == '/' ? '.' : *at;
		AUTOCLOSE int file = sys_openat2(run->proc, path, O_WRONLY, 0,
						 RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
		if (file < 0 || sys_write(file, sysctl->value, length) != (ssize_t)length)
			return error_set(err, ERROR_SYSTEM, errno, "cannot set the sysctl %s", sysctl->key);
	}
	return 0;
}
