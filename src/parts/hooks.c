// SPDX-License-Identifier: Apache-2.0
#include "parts/hooks.h"

static const struct {
	const char *name;
	size_t offset; /* of its list in struct request_hooks */
	const char *when;
} kinds[HOOK_COUNT] = {
	[HOOK_PRESTART] = {"prestart", offsetof(struct request_hooks, prestart), "before the new root is entered"},
	[HOOK_CREATE_RUNTIME] = {"createRuntime", offsetof(struct request_hooks, create_runtime),
				 "before the new root is entered"},
	[HOOK_CREATE_CONTAINER] = {"createContainer", offsetof(struct request_hooks, create_container),
				   "in the container's namespaces, before the new root is entered"},
	[HOOK_START_CONTAINER] = {"startContainer", offsetof(struct request_hooks, start_container),
				  "inside, before the program"},
	[HOOK_POSTSTART] = {"poststart", offsetof(struct request_hooks, poststart), "when the program runs"},
	[HOOK_POSTSTOP] = {"poststop", offsetof(struct request_hooks, poststop), "when the container is deleted"},
};

static const hook_list *list_of(const struct request_hooks *hooks, enum hook_kind kind)
{
	return (const hook_list *)(const void *)((const char *)hooks + kinds[kind].offset);
}

static struct plan_hook copy_hook(const struct request_hook *hook, struct arena *arena)
{
	return (struct plan_hook){
		.path = arena_strdup(arena, hook->path),
		.argv = hook->args.count > 0 ? arena_strings(arena, hook->args.at, hook->args.count)
					     : arena_strings(arena, &hook->path, 1),
		.envp = hook->env.count > 0 ? arena_strings(arena, hook->env.at, hook->env.count) : NULL,
		.timeout = hook->timeout.set ? (uint32_t)hook->timeout.value : 0,
		.from = hook->from,
	};
}

void hooks_copy(const struct request_hooks *hooks, struct arena *arena, plan_hook_list ret[HOOK_COUNT])
{
	for (enum hook_kind kind = 0; kind < HOOK_COUNT; kind++) {
		const hook_list *list = list_of(hooks, kind);

		for (size_t i = 0; i < list->count; i++)
			*LIST_ADD(arena, &ret[kind]) = copy_hook(&list->at[i], arena);
	}
}

/* What runs inside has the container's rights alone; everything else has the launcher's. */
static void judge(struct planner *p, enum hook_kind kind, struct plan_hook *hook, const struct host_hook *found)
{
	if (p->profile->hooks == VERDICT_ALLOW || kind == HOOK_START_CONTAINER)
		return;
	if (found != NULL && found->allowed) {
		hook->judged = true;
		hook->device = found->file.device;
		hook->inode = found->file.inode;
		return;
	}
	planner_judge(p, VERDICT_REFUSE, "hooks", hook->from,
		      arena_printf(p->arena, "a %s hook would run %s with the launcher's rights", kinds[kind].name,
				   hook->path),
		      "remove it, or name its program in \"hooks\" of a profile of your own");
}

int hooks_plan(struct planner *p, struct error *err)
{
	size_t index = 0;

	(void)err;
	hooks_copy(&p->request->hooks, p->arena, p->plan->hooks);
	for (enum hook_kind kind = 0; kind < HOOK_COUNT; kind++)
		for (size_t i = 0; i < p->plan->hooks[kind].count; i++, index++)
			judge(p, kind, &p->plan->hooks[kind].at[i],
			      index < p->host->hooks.count ? &p->host->hooks.at[index] : NULL);
	return 0;
}

void hooks_explain(const struct plan *plan, enum hook_kind kind, struct explain *out)
{
	for (size_t i = 0; i < plan->hooks[kind].count; i++) {
		const struct plan_hook *hook = &plan->hooks[kind].at[i];

		explain_say(out, kind == HOOK_START_CONTAINER ? EXPLAIN_DOES : EXPLAIN_GRANTS, hook->from,
			    "%s hook %s runs %s%s", kinds[kind].name, hook->path, kinds[kind].when,
			    kind == HOOK_START_CONTAINER ? "" : ", with the launcher's rights");
	}
}
