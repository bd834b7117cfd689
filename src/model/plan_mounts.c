// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/path.h"
#include "model/plan.h"

const struct plan_mount *plan_mount_at(const struct plan *plan, const char *path, const struct plan_mount *but)
{
	const struct plan_mount *seen = NULL;

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *mount = &plan->mounts.at[i];

		if (mount != but && path_is_within(path, mount->target) &&
		    (seen == NULL || strlen(mount->target) >= strlen(seen->target)))
			seen = mount;
	}
	return seen;
}
