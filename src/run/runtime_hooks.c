// SPDX-License-Identifier: Apache-2.0
#include "run/runtime_hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json_write.h"
#include "base/sys.h"
#include "parts/filter.h"
#include "parts/hooks.h"
#include "run/sync.h"
#include "run/wait.h"

int runtime_hooks_plan(struct planner *p, struct error *err)
{
	struct plan *plan = p->plan;
	const struct hook_container container = {plan->oci_version, plan->id, plan->bundle, &plan->annotations};
	size_t count = 0;

	for (enum hook_kind kind = 0; kind < HOOK_COUNT; kind++)
		count += plan->hooks[kind].count;
	return count == 0 ? 0 : runtime_hooks_text(&container, p->arena, &plan->lifecycle.state_text, err);
}

bool runtime_hooks_create_wanted(const struct plan *plan)
{
	return plan->hooks[HOOK_PRESTART].count + plan->hooks[HOOK_CREATE_RUNTIME].count +
		       plan->hooks[HOOK_CREATE_CONTAINER].count >
	       0;
}

void runtime_hooks_create_explain(const struct plan *plan, struct explain *out)
{
	hooks_explain(plan, HOOK_PRESTART, out);
	hooks_explain(plan, HOOK_CREATE_RUNTIME, out);
	hooks_explain(plan, HOOK_CREATE_CONTAINER, out);
}

static int run_all(const plan_hook_list *hooks, const struct hook_state *state, const char *cwd, struct error *err)
{
	struct hook_state there = *state;
	AUTOCLOSE int directory = -1;

	if (hooks->count == 0)
		return 0;
	directory = sys_openat(AT_FDCWD, cwd, O_PATH | O_DIRECTORY, 0);
	if (directory < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' for the hooks", cwd);
	there.cwd = directory;
	return hooks_run(hooks, &there, err);
}

/* Whom a user namespace maps may not get to the bundle, and nobody promises a hook where it starts. */
static const char *reachable(const char *bundle)
{
	return faccessat(AT_FDCWD, bundle, X_OK, AT_EACCESS) == 0 ? bundle : "/";
}

int runtime_hooks_create(const struct plan *plan, struct run *run, struct error *err)
{
	struct hook_state now = {.text = plan->lifecycle.state_text, .status = "creating", .interrupts = -1};

	TRY(sync_tell(run->sync, SYNC_HOOKS, -1, err));
	int gone = sync_await(run->sync, SYNC_HOOKED, NULL, err);
	if (gone != 0)
		return gone < 0 ? -1 : error_set(err, ERROR_SYSTEM, 0, "the launcher gave up");
	now.pid = run->shared->child;
	return run_all(&plan->hooks[HOOK_CREATE_CONTAINER], &now, reachable(plan->bundle), err);
}

int runtime_hooks_launcher(const struct plan *plan, const struct run *run, struct error *err)
{
	const struct hook_state state = {.text = plan->lifecycle.state_text,
					 .status = "creating",
					 .pid = run->child,
					 .interrupts = run->interrupts,
					 .trusted_only = true};

	if (run_all(&plan->hooks[HOOK_PRESTART], &state, plan->bundle, err) < 0 ||
	    run_all(&plan->hooks[HOOK_CREATE_RUNTIME], &state, plan->bundle, err) < 0)
		return wait_interrupted(run, err);
	/* In a user namespace the child could not tell whose files they are. */
	return hooks_check(&plan->hooks[HOOK_CREATE_CONTAINER], err);
}

bool runtime_hooks_start_wanted(const struct plan *plan)
{
	return plan->hooks[HOOK_START_CONTAINER].count > 0;
}

void runtime_hooks_start_explain(const struct plan *plan, struct explain *out)
{
	hooks_explain(plan, HOOK_START_CONTAINER, out);
}

int runtime_hooks_start(const struct plan *plan, struct run *run, struct error *err)
{
	const struct hook_state state = {
		.text = plan->lifecycle.state_text,
		.status = "created",
		.pid = run->shared->child,
		.interrupts = -1,
		.confine = filter_load_all,
		.plan = plan,
	};

	return run_all(&plan->hooks[HOOK_START_CONTAINER], &state, "/", err);
}

int runtime_hooks_after(const plan_hook_list *hooks, const char *state_text, pid_t pid, const char *bundle,
			struct error *err)
{
	/* What a container left is cleared away by each poststop hook, whatever the others did (runtime.md,
	 * "Lifecycle"). */
	const struct hook_state state = {.text = state_text,
					 .status = pid == 0 ? "stopped" : "running",
					 .pid = pid,
					 .interrupts = -1,
					 .trusted_only = true,
					 .all = pid == 0};

	return run_all(hooks, &state, bundle, err);
}

int runtime_hooks_started(const struct plan *plan, const struct run *run, struct error *err)
{
	bool stays = !plan->lifecycle.detached;
	const struct hook_state state = {.text = plan->lifecycle.state_text,
					 .status = "running",
					 .pid = run->child,
					 .interrupts = stays ? -1 : run->interrupts,
					 .trusted_only = true};
	int result = run_all(&plan->hooks[HOOK_POSTSTART], &state, plan->bundle, err);

	return result == 0 || stays ? result : wait_interrupted(run, err);
}

int runtime_hooks_ended(const struct plan *plan, const struct run *run, struct error *err)
{
	const plan_hook_list *hooks = &plan->hooks[HOOK_POSTSTOP];

	/* Whoever deleted it has run them. */
	if (run->deleted || hooks->count == 0)
		return 0;
	return runtime_hooks_after(hooks, plan->lifecycle.state_text, 0, plan->bundle, err);
}

int runtime_hooks_text(const struct hook_container *container, struct arena *arena, const char **ret_text,
		       struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(json_writer_create(&json, false, err));
	json_write_begin_object(&json);
	json_member_string(&json, "ociVersion", container->oci_version);
	json_member_string(&json, "id", container->id);
	json_member_string(&json, "bundle", container->bundle);
	json_member_object(&json, "annotations");
	for (size_t i = 0; i < container->annotations->count; i++)
		json_member_string(&json, container->annotations->at[i].key, container->annotations->at[i].value);
	json_write_end_object(&json);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	*ret_text = arena_strndup(arena, text, length - 1);
	return 0;
}
