// SPDX-License-Identifier: Apache-2.0
/* Landlock rules derived from the mounts (landlock(7)). */
#ifndef CASEMATE_PARTS_LANDLOCK_H
#define CASEMATE_PARTS_LANDLOCK_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/* What a kernel of an older version of Landlock than @abi does not restrict; ends with one without `lacks`. */
struct landlock_later {
	int abi;
	const char *lacks;
};
extern const struct landlock_later landlock_later[];

int landlock_plan(struct planner *p, struct error *err);

bool landlock_apply_wanted(const struct plan *plan);
void landlock_apply_explain(const struct plan *plan, struct explain *out);
int landlock_apply(const struct plan *plan, struct run *run, struct error *err);

/* --without userns: the program in a domain of its own below that of its init. */
bool landlock_scope_wanted(const struct plan *plan);
void landlock_scope_explain(const struct plan *plan, struct explain *out);
int landlock_scope(const struct plan *plan, struct run *run, struct error *err);

#endif
