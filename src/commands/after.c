// SPDX-License-Identifier: Apache-2.0
#include "commands/after.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/sys.h"
#include "config/oci.h"
#include "config/profile.h"
#include "parts/cgroup.h"
#include "parts/cgroup_control.h"
#include "parts/hooks.h"
#include "parts/rdt.h"
#include "run/alive.h"
#include "run/runtime_hooks.h"
#include "run/state_files.h"

enum { PATIENCE_MS = 10000 };

int after_config(const struct state *state, struct arena *arena, struct request *ret, struct error *err)
{
	char *text;
	size_t length;

	TRY(file_read(state->dir, STATE_CONFIG, JSON_MAX_BYTES, arena, &text, &length, err));
	return oci_parse(text, length, state->bundle, arena, ret, err);
}

int after_profile(const struct state *state, struct arena *arena, struct profile *ret, struct error *err)
{
	char *text;
	size_t length;

	if (state->builtin)
		return profile_builtin(state->profile, arena, ret, err);
	TRY(file_read(state->dir, STATE_PROFILE, PROFILE_MAX_BYTES, arena, &text, &length, err));
	return profile_parse(text, length, STATE_PROFILE, arena, ret, err);
}

int after_hooks(const struct state *state, enum hook_kind kind, struct arena *arena, struct error *err)
{
	const struct hook_container container = {state->oci_version, state->id, state->bundle, &state->annotations};
	struct request *request = arena_alloc(arena, sizeof(*request));
	plan_hook_list hooks[HOOK_COUNT] = {0};
	const char *text;

	if (!state->hooks)
		return 0;
	TRY(after_config(state, arena, request, err));
	hooks_copy(&request->hooks, arena, hooks);
	TRY(runtime_hooks_text(&container, arena, &text, err));
	return runtime_hooks_after(&hooks[kind], text, kind == HOOK_POSTSTOP ? 0 : state->process.pid, state->bundle,
				   err);
}

int after_kill(const struct state *state, int signal, struct error *err)
{
	AUTOCLOSE int process = state_process_open(state, err);
	/* The kernel ends a pid namespace with its first process; what shares another's is left to us. */
	bool first = signal != SIGKILL || alive_is_first(state->process.pid);

	if (process < 0)
		return -1;
	if (sys_pidfd_send_signal(process, signal) < 0)
		return error_set(err, errno == ESRCH ? ERROR_GONE : ERROR_SYSTEM, errno,
				 "cannot signal the container \"%s\"", state->id);
	if (signal != SIGKILL)
		return 0;
	cgroup_let_die(&state->cgroup);
	return first ? 0 : cgroup_kill_all(&state->cgroup, SIGKILL, err);
}

/* Without a cgroup its first process is all that is known of it. */
int after_kill_all(const struct state *state, int signal, struct error *err)
{
	return state->cgroup.wanted ? cgroup_kill_all(&state->cgroup, signal, err) : after_kill(state, signal, err);
}

int after_end(const struct state *state, struct error *err)
{
	struct pollfd ended = {.events = POLLIN};
	AUTOCLOSE int process = state_process_open(state, err);

	if (process < 0)
		return err->kind == ERROR_GONE ? 0 : -1;
	if (sys_pidfd_send_signal(process, SIGKILL) < 0 && errno != ESRCH)
		return error_set(err, ERROR_SYSTEM, errno, "cannot kill the container \"%s\"", state->id);
	cgroup_let_die(&state->cgroup);
	ended.fd = process;
	if (poll(&ended, 1, PATIENCE_MS) <= 0)
		return error_set(err, ERROR_SYSTEM, 0, "the container \"%s\" does not end", state->id);
	return 0;
}

static int remove_cgroup(const struct state *state, struct error *err)
{
	struct plan plan = {.cgroup = state->cgroup};
	struct run run = {0};

	if (!plan.cgroup.wanted)
		return 0;
	for (size_t i = 0; i < plan.cgroup.hierarchies.count; i++) {
		run.cgroup_made[i] = state->cgroup_made[i];
		run.cgroup_parent[i] = -1;
	}
	TRY(cgroup_remove(&plan, &run, err));
	/* The first record of a launch cannot say yet what will be made. */
	cgroup_clear(&plan.cgroup, state->process.pid == 0);
	return 0;
}

static int remove_rdt(const struct state *state, struct error *err)
{
	const struct plan plan = {.id = state->id, .rdt = state->rdt};
	struct run run = {.rdt_made = state->rdt_made};

	return rdt_remove(&plan, &run, err);
}

/* Their failure is logged and stops nothing (runtime.md, "Lifecycle"). */
static void run_poststop(const struct state *state, struct arena *arena)
{
	struct error err;
	char text[sizeof(err.what) + sizeof(err.hint)];

	if (after_hooks(state, HOOK_POSTSTOP, arena, &err) == 0)
		return;
	error_text(&err, text, sizeof(text));
	fprintf(stderr, "casemate: warning: %s\n", text);
}

int after_remove(const char *root, const struct state *state, struct arena *arena, struct error *err)
{
	TRY(remove_cgroup(state, err));
	TRY(remove_rdt(state, err));
	if (state->hooks)
		run_poststop(state, arena);
	return state_delete(root, state, err);
}
