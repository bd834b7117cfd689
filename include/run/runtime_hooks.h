// SPDX-License-Identifier: Apache-2.0
/* When the hooks of parts/hooks.h run: steps of a launch for the first four kinds, functions for the last two. */
#ifndef CASEMATE_RUN_RUNTIME_HOOKS_H
#define CASEMATE_RUN_RUNTIME_HOOKS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/* What the hooks are told of the container, where there are any. Runs after the hooks are planned. ERROR_SYSTEM. */
int runtime_hooks_plan(struct planner *p, struct error *err);

/*
 * Step, child: the host's tree is still there, and the root of the container is on its own path. The launcher runs the
 * prestart and createRuntime hooks meanwhile (runtime_hooks_launcher), then the child the createContainer ones.
 */
bool runtime_hooks_create_wanted(const struct plan *plan);
void runtime_hooks_create_explain(const struct plan *plan, struct explain *out);
int runtime_hooks_create(const struct plan *plan, struct run *run, struct error *err);

/* Launcher's side of that step. A signal that means "stop" ends it, as it ends a launch. */
int runtime_hooks_launcher(const struct plan *plan, const struct run *run, struct error *err);

/* Step, child: in the container, with nothing but the container's rights. */
bool runtime_hooks_start_wanted(const struct plan *plan);
void runtime_hooks_start_explain(const struct plan *plan, struct explain *out);
int runtime_hooks_start(const struct plan *plan, struct run *run, struct error *err);

/* Launcher: the poststart hooks. Such a signal ends them where the launcher does not stay to forward it. */
int runtime_hooks_started(const struct plan *plan, const struct run *run, struct error *err);

/* Launcher that undid its container: the poststop hooks. Fails as one of them does, after all have run. */
int runtime_hooks_ended(const struct plan *plan, const struct run *run, struct error *err);

/* The poststart hooks of a program that runs as process @pid, or the poststop hooks of one that is gone (@pid 0). */
int runtime_hooks_after(const plan_hook_list *hooks, const char *state_text, pid_t pid, const char *bundle,
			struct error *err);

/*
 * The state of a container as hooks read it (runtime.md, "State"), without status and pid and without its last '}', in
 * @arena. Fails with ERROR_SYSTEM.
 */
struct hook_container {
	const char *oci_version, *id, *bundle;
	const pair_list *annotations;
};
int runtime_hooks_text(const struct hook_container *container, struct arena *arena, const char **ret_text,
		       struct error *err);

#endif
