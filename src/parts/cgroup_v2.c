// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_devices.h"
#include "parts/cgroup_scope.h"
#include "parts/cgroup_tree.h"
#include "parts/cgroup_versions.h"

enum {
	LIST_TEXT = 1024,
	WORD = 160, /* a controller is at most as long as its file's name */
};

/* What others count a container by. Without one of them it can be run all the same. */
static const char *const counted[] = {"cpu", "io", "memory", "pids"};

enum { COUNTED = sizeof(counted) / sizeof(counted[0]) };

static bool is_in(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static int cannot_enable(const char *controller, struct error *err)
{
	int reason = errno;

	error_set(err, ERROR_HOST, reason, "cannot enable the cgroup controller '%s' above the container", controller);
	if (reason == EBUSY)
		return error_hint(err,
				  "processes may only be in the leaves of cgroup v2: move those beside this one into a "
				  "cgroup of their own, or run it alone: systemd-run --user --scope -p Delegate=yes");
	if (reason == ENOENT || reason == EINVAL)
		return error_hint(err, "it must be in cgroup.controllers of the cgroup above");
	return error_hint(err, "run it as root, or in a cgroup that is delegated to you: "
			       "systemd-run --user --scope -p Delegate=yes (sandbox: or --limits rlimit)");
}

/* ---- the launcher steps aside */

/*
 * A cgroup whose controllers are passed on may not hold processes itself, but the one that is delegated to us holds us.
 * What else is in it is not ours to move: then the kernel goes on saying EBUSY.
 */
static int step_aside(const struct plan_cgroup *plan, struct run *run, const struct cgroup_level *level)
{
	char name[CGROUP_LEAF_NAME], path[CGROUP_LEAF_NAME + 16];

	if (run->cgroup_aside != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup_leaf_name(plan, name));
	if (sys_mkdirat(level->parent, name, 0755) < 0)
		return -1;
	if (fd_write_file(level->parent, path, "0") < 0) {
		(void)sys_unlinkat(level->parent, name, AT_REMOVEDIR);
		return -1;
	}
	run->cgroup_aside = (uint8_t)(level->depth + 1);
	return 0;
}

int cgroup_v2_return(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	char name[CGROUP_LEAF_NAME], word[WORD];

	if (run->cgroup_aside == 0)
		return 0;
	AUTOCLOSE int dir = cgroup_tree_open(plan, 0, run->cgroup_aside - 1U, err);
	if (dir < 0)
		return -1;
	for (size_t i = 0; i < plan->controllers.count; i++) {
		snprintf(word, sizeof(word), "-%s", plan->controllers.at[i]);
		(void)fd_write_file(dir, "cgroup.subtree_control", word);
	}
	for (size_t i = 0; plan->full && i < COUNTED; i++) {
		snprintf(word, sizeof(word), "-%s", counted[i]);
		(void)fd_write_file(dir, "cgroup.subtree_control", word);
	}
	if (fd_write_file(dir, "cgroup.procs", "0") < 0 ||
	    sys_unlinkat(dir, cgroup_leaf_name(plan, name), AT_REMOVEDIR) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot go back to the cgroup above '%s'", plan->path);
	run->cgroup_aside = 0;
	return 0;
}

/* ---- making */

static const char control[] = "cgroup.subtree_control";

static bool is_planned(const struct plan_cgroup *plan, const char *controller)
{
	for (size_t i = 0; i < plan->controllers.count; i++)
		if (strcmp(plan->controllers.at[i], controller) == 0)
			return true;
	return false;
}

static void add_word(char words[LIST_TEXT], const char *controller)
{
	size_t length = strlen(words);

	snprintf(words + length, LIST_TEXT - length, "%s+%s", length > 0 ? " " : "", controller);
}

/* Those of `counted` that are neither enabled nor planned, but could be enabled. */
static void find_counted(const struct plan_cgroup *plan, const struct cgroup_level *level, const char *enabled,
			 char words[LIST_TEXT])
{
	char available[LIST_TEXT] = "";
	bool asked = false;

	for (size_t i = 0; plan->full && i < COUNTED; i++) {
		if (is_in(enabled, counted[i]) || is_planned(plan, counted[i]))
			continue;
		if (!asked && cgroup_tree_read(level->parent, "cgroup.controllers", available, sizeof(available)) < 0)
			return;
		asked = true;
		if (is_in(available, counted[i]))
			add_word(words, counted[i]);
	}
}

static int enable(const struct plan_cgroup *plan, struct run *run, const struct cgroup_level *level,
		  const char *controller)
{
	char word[LIST_TEXT] = "";

	add_word(word, controller);
	if (fd_write_file(level->parent, control, word) == 0)
		return 0;
	if (errno != EBUSY)
		return -1;
	if (run != NULL && step_aside(plan, run, level) == 0)
		return fd_write_file(level->parent, control, word);
	errno = EBUSY;
	return -1;
}

/* A directory has the files of a controller only if the one above says so. What is on already stays as it is. */
int cgroup_v2_enable(const struct plan_cgroup *plan, struct run *run, const struct cgroup_level *level,
		     struct error *err)
{
	char enabled[LIST_TEXT], words[LIST_TEXT] = "";

	if (plan->controllers.count == 0 && !plan->full)
		return 0;
	if (cgroup_tree_read(level->parent, control, enabled, sizeof(enabled)) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read 'cgroup.subtree_control'");
	find_counted(plan, level, enabled, words);
	/* All at once is the usual case. Otherwise one by one, so that the error names the right one. */
	bool counts = words[0] == '\0';
	for (size_t i = 0; i < plan->controllers.count; i++)
		if (!is_in(enabled, plan->controllers.at[i]))
			add_word(words, plan->controllers.at[i]);
	if (words[0] == '\0' || fd_write_file(level->parent, control, words) == 0)
		return 0;
	for (size_t i = 0; i < plan->controllers.count; i++)
		if (!is_in(enabled, plan->controllers.at[i]) && enable(plan, run, level, plan->controllers.at[i]) < 0)
			return cannot_enable(plan->controllers.at[i], err);
	for (size_t i = 0; !counts && i < COUNTED; i++) {
		words[0] = '\0';
		add_word(words, counted[i]);
		(void)fd_write_file(level->parent, control, words);
	}
	return 0;
}

static int make_scope(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	TRY(cgroup_scope_make(plan, run, err));
	return cgroup_tree_open(plan, 0, plan->components.count, err);
}

int cgroup_v2_make(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int dir = plan->scope.unit != NULL ? make_scope(plan, run, err)
						     : cgroup_tree_make(plan, 0, cgroup_v2_enable, run, err);

	if (dir < 0)
		return -1;
	for (size_t i = 0; i < plan->files.count; i++)
		TRY(cgroup_tree_write_file(dir, &plan->files.at[i], err));
	if (plan->devices)
		TRY(cgroup_attach_devices(plan, dir, err));
	run->cgroup = fd_take(&dir);
	return 0;
}

int cgroup_v2_open(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	run->cgroup = cgroup_tree_open(plan, 0, plan->components.count, err);
	return run->cgroup < 0 ? -1 : 0;
}
