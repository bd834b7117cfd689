// SPDX-License-Identifier: Apache-2.0
/*
 * A sandbox without namespaces (--without userns): nothing is mounted, and the host's own paths are seen. Landlock and
 * seccomp are all that holds it. This part judges that, and says what is weaker.
 */
#ifndef CASEMATE_PARTS_BARE_H
#define CASEMATE_PARTS_BARE_H

#include "model/planner.h"
#include "model/run.h"

/* Asks the profile whether it may be so, and notes what is weaker. Fails where Landlock cannot hold it. */
int bare_plan(struct planner *p, struct error *err);

#endif
