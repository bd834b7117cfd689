// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "parts/cgroup_devices.h"
#include "parts/cgroup_tree.h"
#include "parts/cgroup_versions.h"

enum { LIST_TEXT = 1024 };

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
			       "systemd-run --user --scope -p Delegate=yes");
}

/* A directory has the files of a controller only if the one above says so. What is on already stays as it is. */
static int enable_controllers(const struct plan_cgroup *plan, int parent, int dir, struct error *err)
{
	static const char file[] = "cgroup.subtree_control";
	char enabled[LIST_TEXT], word[64] = "+";

	(void)dir;
	if (plan->controllers.count == 0)
		return 0;
	if (cgroup_tree_read(parent, file, enabled, sizeof(enabled)) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s'", file);
	for (size_t i = 0; i < plan->controllers.count; i++) {
		const char *controller = plan->controllers.at[i];

		if (is_in(enabled, controller))
			continue;
		strncpy(word + 1, controller, sizeof(word) - 2);
		if (fd_write_file(parent, file, word) < 0)
			return cannot_enable(controller, err);
	}
	return 0;
}

int cgroup_v2_make(const struct plan_cgroup *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int dir = cgroup_tree_make(plan, 0, enable_controllers, &run->cgroup_made[0], err);

	if (dir < 0)
		return -1;
	for (size_t i = 0; i < plan->files.count; i++)
		TRY(cgroup_tree_write(dir, plan->files.at[i].name, plan->files.at[i].value, plan->files.at[i].from,
				      err));
	if (plan->devices)
		TRY(cgroup_attach_devices(plan, dir, err));
	run->cgroup = fd_take(&dir);
	return 0;
}
