// SPDX-License-Identifier: Apache-2.0
#include "run/hold.h"

#include "run/sync.h"

bool hold_wanted(const struct plan *plan)
{
	return plan->process.held;
}

void hold_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, "--block-fd", "waits until its caller lets the program begin");
}

int hold(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	TRY(sync_tell(run->sync, SYNC_READY, -1, err));
	int gone = sync_await(run->sync, SYNC_RELEASED, NULL, err);
	if (gone != 0)
		return gone < 0 ? -1 : error_set(err, ERROR_SYSTEM, 0, "the launcher gave up");
	return 0;
}
