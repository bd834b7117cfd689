// SPDX-License-Identifier: Apache-2.0
#include "model/planner.h"

#include <string.h>

static void remember(struct arena *arena, remark_list *list, struct plan_remark remark)
{
	*LIST_ADD(arena, list) = remark;
}

/* What a process asks for by itself, wherever it runs. */
static bool is_of_process(const char *layer)
{
	static const char *const layers[] = {"user", "caps", "limits", "labels", "terminal", "filter", "process"};

	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		if (strcmp(layers[i], layer) == 0)
			return true;
	return false;
}

bool planner_judge(struct planner *p, enum verdict verdict, const char *layer, origin from, const char *what,
		   const char *remedy)
{
	struct plan_remark remark = {.layer = layer, .what = what, .remedy = remedy, .from = from};

	if (verdict == VERDICT_REFUSE && (!p->joining || is_of_process(layer)))
		remember(p->arena, &p->plan->refusals, remark);
	if (verdict == VERDICT_TIGHTEN)
		remember(p->arena, &p->plan->tightened, remark);
	return verdict == VERDICT_TIGHTEN;
}

void planner_note(struct planner *p, const char *layer, origin from, const char *what)
{
	remember(p->arena, &p->plan->notes, (struct plan_remark){.layer = layer, .what = what, .from = from});
}

origin planner_origin(const struct planner *p, const char *pointer)
{
	if (p->request->sandbox.given)
		return p->request->source;
	return arena_printf(p->arena, "%s:%s", p->request->source, pointer);
}
