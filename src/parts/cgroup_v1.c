// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_versions.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_devices.h"
#include "parts/cgroup_tree.h"

enum { LIST_TEXT = 4096 };

/* A new cpuset has no CPUs and no memory nodes; nothing can join it before it has (cpuset(7)). */
static int fill_one(int parent, int dir, const char *name, struct error *err)
{
	char text[LIST_TEXT];

	if (cgroup_tree_read(dir, name, text, sizeof(text)) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s' of the cgroup", name);
	if (text[0] != '\0')
		return 0;
	if (cgroup_tree_read(parent, name, text, sizeof(text)) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s' of the cgroup above", name);
	return cgroup_tree_write(dir, name, text, "default", err);
}

static int fill_cpuset(const struct plan_cgroup *plan, struct run *run, const struct cgroup_level *level,
		       struct error *err)
{
	(void)plan;
	(void)run;
	TRY(fill_one(level->parent, level->dir, "cpuset.cpus", err));
	return fill_one(level->parent, level->dir, "cpuset.mems", err);
}

/* One line a write. The rules are many, so each file is opened once. */
static int write_rules(const struct plan_cgroup *plan, int dir, struct error *err)
{
	AUTOCLOSE int deny = sys_openat(dir, "devices.deny", O_WRONLY | O_NOFOLLOW, 0);
	AUTOCLOSE int allow = sys_openat(dir, "devices.allow", O_WRONLY | O_NOFOLLOW, 0);
	char text[CGROUP_RULE_BYTES];

	if (deny < 0 || allow < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the device rules of the cgroup");
	for (size_t i = 0; i < plan->rules.count; i++) {
		const struct plan_cgroup_rule *rule = &plan->rules.at[i];
		const char *line = cgroup_rule_text(rule, text);

		if (sys_write(rule->allow ? allow : deny, line, strlen(line)) != (ssize_t)strlen(line)) {
			error_set(err, ERROR_SYSTEM, errno, "%s: cannot %s the device '%s'", rule->from,
				  rule->allow ? "allow" : "deny", line);
			return errno == EPERM ? error_hint(err, "the cgroup of this launch may not use it either") : -1;
		}
	}
	return 0;
}

static int open_tasks(int dir, size_t index, struct run *run, struct error *err)
{
	run->cgroup_join[index] = sys_openat(dir, "tasks", O_WRONLY | O_NOFOLLOW, 0);
	if (run->cgroup_join[index] < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open 'tasks' of the cgroup");
	return 0;
}

static int make_one(const struct plan_cgroup *plan, size_t index, struct run *run, struct error *err)
{
	cgroup_enter *enter = plan->hierarchies.at[index].fill ? fill_cpuset : NULL;
	AUTOCLOSE int dir = cgroup_tree_make(plan, index, enter, run, err);

	if (dir < 0)
		return -1;
	for (size_t i = 0; i < plan->files.count; i++) {
		const struct plan_cgroup_file *file = &plan->files.at[i];

		if (file->hierarchy == index)
			TRY(cgroup_tree_write_file(dir, file, err));
	}
	if (plan->devices && plan->devices_hierarchy == index)
		TRY(write_rules(plan, dir, err));
	return open_tasks(dir, index, run, err);
}

int cgroup_v1_make(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	if (plan->hierarchies.count > RUN_CGROUPS)
		return error_set(err, ERROR_BUG, 0, "there are more than %d cgroup hierarchies", RUN_CGROUPS);
	for (size_t i = 0; i < plan->hierarchies.count; i++)
		TRY(make_one(plan, i, run, err));
	return 0;
}

int cgroup_v1_open(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->hierarchies.count && i < RUN_CGROUPS; i++) {
		AUTOCLOSE int dir = cgroup_tree_open(plan, i, plan->components.count, err);

		if (dir < 0)
			return -1;
		TRY(open_tasks(dir, i, run, err));
	}
	return 0;
}

/*
 * "0" is the writer. To `tasks`, because the whole thread group by cgroup.procs waits for an RCU grace period of some
 * milliseconds, and there is only one thread.
 */
int cgroup_v1_join(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->hierarchies.count; i++) {
		if (sys_write(run->cgroup_join[i], "0", 1) != 1)
			return error_set(err, ERROR_SYSTEM, errno, "cannot join the cgroup '%s%s'",
					 plan->hierarchies.at[i].directory, plan->path);
		fd_close(&run->cgroup_join[i]);
	}
	return 0;
}
