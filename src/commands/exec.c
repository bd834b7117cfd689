// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/self.h"
#include "commands/after.h"
#include "commands/container.h"
#include "config/oci.h"
#include "model/names.h"
#include "run/join.h"
#include "run/plan.h"

struct exec_options {
	const char *process, *cwd, *user, *groups, *pid_file, *console_socket, *pidfd_socket, *label, *apparmor,
		*cgroup;
	cli_words env, caps;
	bool tty, detach, no_new_privs, ignore_paused;
	struct cli_number preserve_fds, status_fd, trace_fd;
};

#define AT(member) offsetof(struct exec_options, member)

static const struct cli_option options[] = {
	{"--process", 'p', CLI_TEXT, AT(process), "FILE",
	 "take the whole process from this file (config.md, \"Process\")", 0},
	{"--cwd", 0, CLI_TEXT, AT(cwd), "DIR", "its working directory", 0},
	{"--env", 'e', CLI_WORDS, AT(env), "NAME=VALUE", "add a variable to its environment", 0},
	{"--tty", 't', CLI_ON, AT(tty), NULL, "give it a terminal", 0},
	{"--user", 'u', CLI_TEXT, AT(user), "UID[:GID]", "its user and group", 0},
	{"--additional-gids", 'g', CLI_TEXT, AT(groups), "GID[,GID]...", "its other groups", 0},
	{"--cap", 'c', CLI_WORDS, AT(caps), "CAP_NAME", "add a capability, as far as the profile allows", 0},
	{"--no-new-privs", 0, CLI_ON, AT(no_new_privs), NULL, "execve(2) gives it no privilege", 0},
	{"--process-label", 0, CLI_TEXT, AT(label), "LABEL", "its SELinux label", 0},
	{"--apparmor", 0, CLI_TEXT, AT(apparmor), "PROFILE", "its AppArmor profile", 0},
	{"--cgroup", 0, CLI_TEXT, AT(cgroup), "PATH", "a cgroup below the container's", 0},
	{"--detach", 'd', CLI_ON, AT(detach), NULL, "end when it runs, and not with it", 0},
	{"--pid-file", 0, CLI_TEXT, AT(pid_file), "FILE", "write its pid there", 0},
	{"--console-socket", 0, CLI_TEXT, AT(console_socket), "PATH", "send the master of the terminal to this socket",
	 0},
	{"--pidfd-socket", 0, CLI_TEXT, AT(pidfd_socket), "PATH", "send a pidfd of it to this socket", 0},
	{"--preserve-fds", 0, CLI_NUMBER, AT(preserve_fds), "N", "keep N descriptors from 3 on open", 4096},
	{"--ignore-paused", 0, CLI_ON, AT(ignore_paused), NULL, "also in a container that is paused", 0},
	{"--json-status-fd", 0, CLI_NUMBER, AT(status_fd), "N", "write JSON lines about it to this descriptor",
	 1 << 20},
	{"--trace-fd", 0, CLI_NUMBER, AT(trace_fd), "N", "write the names of the applied steps to this descriptor",
	 1 << 20},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate exec [OPTION]... ID COMMAND [ARGUMENT]...\n       casemate exec [OPTION]... --process FILE "
		 "ID",
	.summary = "Runs another program in a container, under the container's own ceiling.",
	.options = options,
	.order = CLI_IN_FRONT,
};

/* Digits only: a sign, a blank or a name would be another user than was meant. */
static int parse_id(const char **at, const char *what, uint32_t *ret, struct error *err)
{
	size_t digits = strspn(*at, "0123456789");
	unsigned long long value = digits == 0 || digits > 10 ? UINT32_MAX : strtoull(*at, NULL, 10);

	if (value >= UINT32_MAX)
		return error_set(err, ERROR_USAGE, 0, "%s: '%s' is not a number of a user or group", what, *at);
	*ret = (uint32_t)value;
	*at += digits;
	return 0;
}

static int take_user(const char *text, struct request_user *user, struct error *err)
{
	const char *at = text;

	TRY(parse_id(&at, "--user", &user->uid, err));
	if (*at == ':') {
		at++;
		TRY(parse_id(&at, "--user", &user->gid, err));
	}
	return *at == '\0' ? 0 : error_set(err, ERROR_USAGE, 0, "--user: '%s' is not UID[:GID]", text);
}

static int take_groups(const char *text, struct arena *arena, struct request_user *user, struct error *err)
{
	for (const char *at = text;; at++) {
		uint32_t *group = LIST_ADD(arena, &user->additional_gids);

		TRY(parse_id(&at, "--additional-gids", group, err));
		if (*at == '\0')
			return 0;
		if (*at != ',')
			return error_set(err, ERROR_USAGE, 0, "--additional-gids: '%s' is not a list of numbers", text);
	}
}

static int take_caps(const cli_words *caps, struct request_capabilities *into, struct error *err)
{
	for (size_t i = 0; i < caps->count; i++) {
		int number = names_capability(caps->at[i].value);

		if (number < 0)
			return error_set(err, ERROR_USAGE, 0, "--cap: '%s' is not a capability", caps->at[i].value);
		/* Not inheritable: files of the container could make them theirs. */
		into->bounding |= 1ULL << number;
		into->permitted |= 1ULL << number;
		into->effective |= 1ULL << number;
	}
	into->given = into->given || caps->count > 0;
	return 0;
}

/* The container's own process, changed by what the command line says. */
static int change_process(const struct exec_options *given, char **command, struct arena *arena,
			  struct request_process *process, struct error *err)
{
	process->args = (string_list){0};
	for (char **word = command; *word != NULL; word++)
		*LIST_ADD(arena, &process->args) = *word;
	for (size_t i = 0; i < given->env.count; i++) {
		if (strchr(given->env.at[i].value, '=') == NULL)
			return error_set(err, ERROR_USAGE, 0, "--env: '%s' has no '='", given->env.at[i].value);
		*LIST_ADD(arena, &process->env) = given->env.at[i].value;
	}
	if (given->cwd != NULL && given->cwd[0] != '/')
		return error_set(err, ERROR_USAGE, 0, "--cwd: '%s' is not an absolute path", given->cwd);
	process->cwd = given->cwd != NULL ? given->cwd : process->cwd;
	process->terminal = given->tty;
	process->no_new_privileges = process->no_new_privileges || given->no_new_privs;
	process->selinux_label = given->label != NULL ? given->label : process->selinux_label;
	process->apparmor_profile = given->apparmor != NULL ? given->apparmor : process->apparmor_profile;
	if (given->user != NULL)
		TRY(take_user(given->user, &process->user, err));
	if (given->groups != NULL)
		TRY(take_groups(given->groups, arena, &process->user, err));
	return take_caps(&given->caps, &process->capabilities, err);
}

static int read_process(const char *path, struct arena *arena, struct request *request, struct error *err)
{
	const struct request_process container = request->process;
	char *text;
	size_t length;

	TRY(file_read(AT_FDCWD, path, JSON_MAX_BYTES, arena, &text, &length, err));
	TRY(oci_parse_process(text, length, arena, request, err));
	if (!request->process.capabilities.given)
		request->process.capabilities = container.capabilities;
	if (request->process.apparmor_profile == NULL)
		request->process.apparmor_profile = container.apparmor_profile;
	if (request->process.selinux_label == NULL)
		request->process.selinux_label = container.selinux_label;
	return 0;
}

static int read_request(const struct exec_options *given, char **command, const struct state *state,
			struct arena *arena, struct request *ret, struct error *err)
{
	TRY(after_config(state, arena, ret, err));
	/* What a cgroup would have held, each process of the container has to hold by itself. */
	if (!state->cgroup.wanted)
		ret->cgroup_manager = CGROUPS_NONE;
	if (given->process != NULL)
		return read_process(given->process, arena, ret, err);
	if (command[0] == NULL) {
		error_set(err, ERROR_USAGE, 0, "there is no program to run");
		return error_hint(err, "casemate exec ID COMMAND, or: casemate exec --process FILE ID");
	}
	return change_process(given, command, arena, &ret->process, err);
}

static int make_plan(const struct invocation *invocation, const struct request *request, const struct state *state,
		     struct plan **ret_plan, struct error *err)
{
	struct arena *arena = invocation->arena;
	struct profile *profile = arena_alloc(arena, sizeof(*profile));
	struct host *host = arena_alloc(arena, sizeof(*host));
	const struct plan_input input = {
		.request = request, .profile = profile, .host = host, .id = state->id, .joining = true};

	TRY(after_profile(state, arena, profile, err));
	TRY(host_probe_process(host, arena, err));
	host_probe_userns_of(host, request, state->process.pid, arena);
	if (profile->oom_score != VERDICT_ALLOW)
		host_probe_oom_score(host, request);
	TRY(plan_build_process(&input, arena, ret_plan, err));
	TRY(container_protect(invocation, *ret_plan, err));
	/* The container's own processes see the one that joins them. */
	self_end_view();
	join_plan(*ret_plan, state);
	return 0;
}

static int check_status(const struct state *state, const struct exec_options *given, struct error *err)
{
	enum container_status status = state_status(state);

	if (status == CONTAINER_PAUSED && !given->ignore_paused) {
		error_set(err, ERROR_USAGE, 0, "cannot exec in a paused container");
		return error_hint(err, "casemate resume %s, or --ignore-paused", state->id);
	}
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return error_set(err, ERROR_GONE, 0, "cannot exec in a container that is %s: container not running",
				 state_status_word(status));
	return 0;
}

static int prepare(const struct invocation *invocation, const struct exec_options *given, char **command,
		   const struct state *state, struct plan **ret_plan, struct error *err)
{
	struct request *request = arena_alloc(invocation->arena, sizeof(*request));

	TRY(check_status(state, given, err));
	TRY(read_request(given, command, state, invocation->arena, request, err));
	return make_plan(invocation, request, state, ret_plan, err);
}

static int apply_options(const struct exec_options *given, struct plan *plan, struct launch_options *launch,
			 struct error *err)
{
	*launch = (struct launch_options){.pid_file = given->pid_file};
	TRY(command_descriptor(&given->status_fd, "--json-status-fd", &launch->status_fd, err));
	TRY(command_descriptor(&given->trace_fd, "--trace-fd", &launch->trace_fd, err));
	plan->lifecycle.detached = given->detach;
	plan->lifecycle.console_socket = given->console_socket;
	plan->lifecycle.pidfd_socket = given->pidfd_socket;
	plan->lifecycle.announced = given->pid_file != NULL || given->pidfd_socket != NULL;
	plan->process.keep_fds = (uint32_t)given->preserve_fds.value;
	if (given->cgroup != NULL)
		TRY(join_below(plan, given->cgroup, err));
	return container_check_terminal(plan, err);
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct exec_options given = {0};
	struct launch_options launch;
	struct plan *plan;
	char **rest;

	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	if (rest[0] == NULL)
		return error_set(err, ERROR_USAGE, 0, "the container's id is missing");
	TRY(state_open(state_root(invocation->root, invocation->arena), rest[0], STATE_LOOK, invocation->arena, &state,
		       err));
	if (prepare(invocation, &given, rest + 1, &state, &plan, err) < 0)
		return state_explain_failure(&state, err);
	state_close(&state);
	TRY(apply_options(&given, plan, &launch, err));
	return launch_run(plan, &launch, ret_status, err);
}

const struct command command_exec = {"exec", &cli, run};
