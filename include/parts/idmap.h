// SPDX-License-Identifier: Apache-2.0
/* Idmapped mounts (mount_setattr(2), "ID-mapped mounts"): files on disk keep their owners, the container sees others.
 */
#ifndef CASEMATE_PARTS_IDMAP_H
#define CASEMATE_PARTS_IDMAP_H

#include "model/plan.h"

/* Maps the detached mount @tree by the mappings of @mount. Needs CAP_SYS_ADMIN over the file system: the host's root.
 */
int idmap_mount(const struct plan_mount *mount, int tree, struct error *err);

#endif
