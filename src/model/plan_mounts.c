// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "model/plan.h"

static bool is_at_or_below(const char *path, const char *parent)
{
	size_t length = strcmp(parent, "/") == 0 ? 0 : strlen(parent);

	return strncmp(path, parent, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const struct plan_mount *plan_mount_at(const struct plan *plan, const char *path, const struct plan_mount *but)
{
	const struct plan_mount *seen = NULL;

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *mount = &plan->mounts.at[i];

		if (mount != but && is_at_or_below(path, mount->target) &&
		    (seen == NULL || strlen(mount->target) >= strlen(seen->target)))
			seen = mount;
	}
	return seen;
}
