// SPDX-License-Identifier: Apache-2.0
#include "commands/container.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/self.h"
#include "run/plan.h"
#include "run/state.h"
#include "run/state_files.h"

int container_id(char **rest, const char *usage, const char **ret_id, struct error *err)
{
	if (rest[0] == NULL || rest[1] != NULL) {
		error_set(err, ERROR_USAGE, 0,
			  rest[0] == NULL ? "the container's id is missing" : "there are too many arguments");
		return error_hint(err, "%s", usage);
	}
	*ret_id = rest[0];
	return state_check_id(rest[0], err);
}

int container_check_terminal(const struct plan *plan, struct error *err)
{
	const struct plan_lifecycle *lifecycle = &plan->lifecycle;

	if (plan->terminal.pty && lifecycle->detached && lifecycle->console_socket == NULL) {
		error_set(err, ERROR_USAGE, 0, "process.terminal needs --console-socket when nobody waits for it");
		return error_hint(err,
				  "set process.terminal to false, name a socket, or let `casemate run` wait for it");
	}
	if (!plan->terminal.pty && lifecycle->console_socket != NULL)
		return error_set(err, ERROR_USAGE, 0, "--console-socket without process.terminal");
	return 0;
}

/* sd_listen_fds(3): the sockets that systemd passed on follow the standard streams, and their owner is pid 1. */
static uint64_t listen_fds(void)
{
	const char *count = getenv("LISTEN_FDS");

	return count == NULL ? 0 : strtoul(count, NULL, 10);
}

static void add_variable(struct plan *plan, const char *text)
{
	size_t count = 0;

	while (plan->process.envp[count] != NULL)
		count++;
	const char **more = arena_alloc(plan->arena, (count + 2) * sizeof(*more));
	memcpy(more, plan->process.envp, count * sizeof(*more));
	more[count] = text;
	plan->process.envp = more;
}

static void plan_fds(struct plan *plan, const struct container_options *given)
{
	uint64_t sockets = listen_fds();

	if (sockets > 4096)
		sockets = 0;
	plan->process.keep_fds = (uint32_t)(given->preserve_fds.value + sockets);
	if (sockets == 0)
		return;
	add_variable(plan, arena_printf(plan->arena, "LISTEN_FDS=%u", (unsigned)sockets));
	add_variable(plan, "LISTEN_PID=1");
	if (getenv("LISTEN_FDNAMES") != NULL)
		add_variable(plan, arena_printf(plan->arena, "LISTEN_FDNAMES=%s", getenv("LISTEN_FDNAMES")));
}

static const char *absolute(const char *path, struct arena *arena)
{
	char cwd[4096];

	if (path == NULL || path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		return path;
	return arena_printf(arena, "%s/%s", cwd, path);
}

const char *container_state_root(const struct invocation *invocation)
{
	return absolute(state_root(invocation->root, invocation->arena), invocation->arena);
}

int container_protect(const struct invocation *invocation, const struct plan *plan, struct error *err)
{
	uint32_t owner;

	TRY(self_owner(&owner, err));
	return plan_may_write_to(plan, owner, self_uid()) ? self_protect(invocation->whole, err) : 0;
}

int container_plan(const struct invocation *invocation, const struct container_options *given, const char *id,
		   bool waits, struct plan **ret_plan, struct launch_options *ret_launch, struct error *err)
{
	const char *root = container_state_root(invocation);
	const struct bundle_choice choice = {
		.bundle = given->bundle,
		.config = given->config,
		.profile = given->profile,
		.id = id,
		.state_root = root,
		.no_pivot = given->no_pivot,
		.no_new_keyring = given->no_new_keyring,
		.notify = getenv("NOTIFY_SOCKET") == NULL
				  ? NULL
				  : arena_printf(invocation->arena, "%s/%s/" STATE_NOTIFY, root, id)};
	struct plan *plan;

	*ret_launch = (struct launch_options){.pid_file = given->pid_file};
	TRY(command_descriptor(&given->status_fd, "--json-status-fd", &ret_launch->status_fd, err));
	TRY(command_descriptor(&given->trace_fd, "--trace-fd", &ret_launch->trace_fd, err));
	TRY(command_plan_bundle(invocation, &choice, &plan, err));
	plan->lifecycle.state_root = root;
	plan->lifecycle.waits = waits;
	plan->lifecycle.detached = waits || given->detach;
	plan->lifecycle.keep = given->keep;
	plan->lifecycle.console_socket = given->console_socket;
	plan->lifecycle.pidfd_socket = given->pidfd_socket;
	plan->lifecycle.announced = given->pid_file != NULL || given->pidfd_socket != NULL;
	plan_fds(plan, given);
	TRY(container_check_terminal(plan, err));
	TRY(container_protect(invocation, plan, err));
	/* There is no old tree that it could be left in. */
	if (plan->rootfs.joined)
		self_end_view();
	*ret_plan = plan;
	return 0;
}
