// SPDX-License-Identifier: Apache-2.0
/* What several commands do to a container that another one has made. */
#ifndef CASEMATE_COMMANDS_AFTER_H
#define CASEMATE_COMMANDS_AFTER_H

#include "run/state.h"

/* Reads the container's copy of its config.json into *@ret (zeroed). ERROR_SYSTEM, ERROR_CONFIG. */
int after_config(const struct state *state, struct arena *arena, struct request *ret, struct error *err);

/* The ceiling of the launch, which holds for every later change. ERROR_SYSTEM, ERROR_CONFIG. */
int after_profile(const struct state *state, struct arena *arena, struct profile *ret, struct error *err);

/* Runs the poststart or poststop hooks of the container. Fails as hooks_run() does. */
int after_hooks(const struct state *state, enum hook_kind kind, struct arena *arena, struct error *err);

/*
 * Sends @signal to the container's first process; SIGKILL ends its others too, also where they live in a pid namespace
 * that is not the container's own. ERROR_GONE when the first process is not there any more.
 */
int after_kill(const struct state *state, int signal, struct error *err);

/* Sends @signal to every process of the container: all of its cgroup. ERROR_SYSTEM. */
int after_kill_all(const struct state *state, int signal, struct error *err);

/* Kills the container's first process, where it still lives, and waits for its end. ERROR_SYSTEM. */
int after_end(const struct state *state, struct error *err);

/*
 * Removes everything that is left of the container, whose lock the caller holds and whose first process has ended: its
 * other processes, its cgroup, what hooks made, its state in @root. ERROR_SYSTEM; what cannot be removed can be tried
 * again.
 */
int after_remove(const char *root, const struct state *state, struct arena *arena, struct error *err);

#endif
