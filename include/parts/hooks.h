// SPDX-License-Identifier: Apache-2.0
/*
 * Hooks (config.md, "POSIX-platform Hooks"): programs that the config wants to be run at six points of a container's
 * life. The first three kinds are judged and run by the launch; `start` and `delete` run the others with what they read
 * again from their copy of config.json. Everything that runs with the launcher's rights must be a file that nobody but
 * root and the caller can write.
 */
#ifndef CASEMATE_PARTS_HOOKS_H
#define CASEMATE_PARTS_HOOKS_H

#include "model/explain.h"
#include "model/planner.h"

/* Plans all hooks; judges each by host->hooks. Fails as base/error.h says. */
int hooks_plan(struct planner *p, struct error *err);

/* Plans the hooks of a request without judging them: for what was judged when the container was made. */
void hooks_copy(const struct request_hooks *hooks, struct arena *arena, plan_hook_list ret[HOOK_COUNT]);

/* Says which hooks of @kind there are. */
void hooks_explain(const struct plan *plan, enum hook_kind kind, struct explain *out);

/* What a hook reads on its standard input: the state of the container (runtime.md, "State"). */
struct hook_state {
	const char *text; /* without the last '}': all but status and pid */
	const char *status;
	pid_t pid;
	int cwd;           /* directory to run in, or -1 */
	int interrupts;    /* what can be read when the hook is to be killed, or -1 */
	bool trusted_only; /* runs with the launcher's rights: the file must belong to root or to the caller */
	bool all;          /* one that fails does not keep the next from running */
	/* Called with `plan` right before execve(2), for one that runs inside: the last layer of the workload's, and no
	 * environment but the hook's own. NULL: the launcher's rights and environment. */
	int (*confine)(const struct plan *plan, struct error *err);
	const struct plan *plan;
};

/*
 * Runs every hook of @hooks in order and waits for each, at most its timeout. Stops at the first that cannot be run,
 * fails, takes too long or is interrupted, or with `all` goes on and tells of each: ERROR_SYSTEM with its exit status
 * and the end of what it printed.
 */
int hooks_run(const plan_hook_list *hooks, const struct hook_state *state, struct error *err);

/* Only makes sure that the programs of @hooks may run with the launcher's rights. ERROR_REFUSED, ERROR_SYSTEM. */
int hooks_check(const plan_hook_list *hooks, struct error *err);

#endif
