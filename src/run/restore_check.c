// SPDX-License-Identifier: Apache-2.0
#include "run/restore_check.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_control.h"

static int read_about(pid_t pid, const char *file, char *text, size_t size, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	if (file_read_once(path, text, size) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s'", path);
	return 0;
}

/* What follows "NAME:\t" on a line of its own; "" where there is none, which is no number. */
static const char *value_of(const char *status, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = strchr(status, '\n'); line != NULL; line = strchr(line + 1, '\n'))
		if (strncmp(line + 1, name, length) == 0 && line[1 + length] == ':')
			return line + 1 + length + 1;
	return "";
}

static int too_much(pid_t pid, const char *what, struct error *err)
{
	error_set(err, ERROR_REFUSED, 0, "process %d of the image has %s", pid, what);
	return error_hint(err, "restore it with the config.json that it was made with, or a profile that allows it");
}

static int check_caps(const struct plan *plan, pid_t pid, const char *status, struct error *err)
{
	static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const char *text = value_of(status, sets[i]);

		if (text[0] == '\0' || (strtoull(text, NULL, 16) & ~plan->caps.bounding) != 0)
			return too_much(pid, "capabilities that the plan does not grant", err);
	}
	if (plan->caps.no_new_privs && strtoul(value_of(status, "NoNewPrivs"), NULL, 10) != 1)
		return too_much(pid, "no no_new_privs", err);
	return 0;
}

/* Who is not root and can gain nothing cannot have become root. */
static int check_user(const struct plan *plan, pid_t pid, const char *status, struct error *err)
{
	char *at;

	if (plan->ids.mapped || plan->user.uid == 0 || !plan->caps.no_new_privs || plan->caps.bounding != 0)
		return 0;
	at = (char *)(uintptr_t)value_of(status, "Uid");
	for (int i = 0; i < 4; i++)
		if (strtoul(at, &at, 10) == 0)
			return too_much(pid, "the host's root as its user", err);
	return 0;
}

static int check_filters(const struct plan *plan, pid_t pid, const char *status, struct error *err)
{
	if (plan->filters.count > 0 && strtoul(value_of(status, "Seccomp_filters"), NULL, 10) < plan->filters.count)
		return too_much(pid, "fewer seccomp filters than the plan has", err);
	return 0;
}

static int namespace_of(const char *who, const char *kind, struct stat *ret, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", who, kind);
	if (stat(path, ret) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", path);
	return 0;
}

static int check_namespaces(const struct plan *plan, pid_t pid, struct error *err)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} kinds[] = {
		{CLONE_NEWNS, "mnt"},  {CLONE_NEWPID, "pid"},       {CLONE_NEWNET, "net"},   {CLONE_NEWIPC, "ipc"},
		{CLONE_NEWUTS, "uts"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWUSER, "user"}, {CLONE_NEWTIME, "time"},
	};
	struct stat own, its;
	char who[16];

	snprintf(who, sizeof(who), "%d", pid);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((plan->namespaces.fresh & kinds[i].flag) == 0)
			continue;
		TRY(namespace_of("self", kinds[i].name, &own, err));
		TRY(namespace_of(who, kinds[i].name, &its, err));
		if (own.st_ino == its.st_ino && own.st_dev == its.st_dev)
			return too_much(pid, arena_printf(plan->arena, "the host's %s namespace", kinds[i].name), err);
	}
	return 0;
}

static int check_label(const struct plan *plan, pid_t pid, struct error *err)
{
	char text[512];
	size_t length;

	if (plan->labels.apparmor == NULL)
		return 0;
	TRY(read_about(pid, "attr/current", text, sizeof(text), err));
	length = strlen(plan->labels.apparmor);
	if (strncmp(text, plan->labels.apparmor, length) != 0 || (text[length] != ' ' && text[length] != '\n'))
		return too_much(pid, "another AppArmor profile", err);
	return 0;
}

static int check_process(const struct plan *plan, pid_t pid, struct error *err)
{
	char status[8192];

	TRY(read_about(pid, "status", status, sizeof(status), err));
	TRY(check_caps(plan, pid, status, err));
	TRY(check_user(plan, pid, status, err));
	TRY(check_filters(plan, pid, status, err));
	TRY(check_namespaces(plan, pid, err));
	return check_label(plan, pid, err);
}

/* criu itself and its helpers are in the cgroup as well, and in our pid namespace. */
static int is_of_container(pid_t pid, struct error *err)
{
	struct stat own, its;
	char who[16];

	snprintf(who, sizeof(who), "%d", pid);
	TRY(namespace_of("self", "pid", &own, err));
	TRY(namespace_of(who, "pid", &its, err));
	return own.st_ino != its.st_ino;
}

static int check_all(const struct plan *plan, pid_t first, struct error *err)
{
	pid_list pids = {0};
	bool found = !plan->cgroup.wanted;

	TRY(check_process(plan, first, err));
	if (plan->cgroup.wanted)
		TRY(cgroup_pids(&plan->cgroup, plan->arena, &pids, err));
	for (size_t i = 0; i < pids.count; i++) {
		int its = is_of_container(pids.at[i], err);

		found = found || pids.at[i] == first;
		/* A helper of criu's may have ended by now. */
		if (its < 0 && err->errnum == ENOENT)
			continue;
		if (its < 0 || (its > 0 && check_process(plan, pids.at[i], err) < 0))
			return -1;
	}
	return found ? 0 : too_much(first, "a cgroup that is not the container's", err);
}

int restore_check(const struct plan *plan, pid_t first, struct error *err)
{
	if (first <= 0)
		return error_set(err, ERROR_BUG, 0, "there is no restored process to look at");
	if (check_all(plan, first, err) == 0)
		return 0;
	/* It has not run yet, and will not: the others end with the first of their pid namespace. */
	(void)sys_kill(first, SIGKILL);
	return -1;
}
