// SPDX-License-Identifier: Apache-2.0
#include "commands/command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "config/bundle_out.h"
#include "config/oci.h"
#include "config/profile.h"
#include "config/profile_sandbox.h"
#include "run/plan.h"

const struct command *const commands[] = {
	&command_sandbox,    &command_run,
	&command_explain,    &command_create,
	&command_start,      &command_exec,
	&command_state,      &command_kill,
	&command_delete,     &command_list,
	&command_ps,         &command_pause,
	&command_resume,     &command_update,
	&command_events,     &command_checkpoint,
	&command_restore,    &command_features,
	&command_spec,       &command_doctor,
	&command_completion, NULL,
};

int command_parse(const struct cli *cli, const struct invocation *invocation, void *into, char ***ret_rest,
		  struct error *err)
{
	int help = cli_parse(cli, invocation->argv, into, invocation->arena, ret_rest, err);

	if (help > 0)
		cli_help(cli, stdout);
	return help < 0 ? -1 : help == 0;
}

/* The profile that --profile, the program's name or the site's file choose (casemate-profile(5)). */
static int choose_profile(const struct invocation *invocation, const char *argument, struct profile *ret,
			  struct error *err)
{
	const struct profile_choice choice = {.argument = argument, .argv0 = invocation->argv0, .site_file = SITE_FILE};

	return profile_select(&choice, invocation->arena, ret, err);
}

/* Without a ceiling nothing is judged; what an overlay would uncover and a socket is has to be known all the same. */
static bool wants_look(const struct request *request, const struct profile *profile)
{
	bool wanted = profile->sensitive_sources != VERDICT_ALLOW || profile->host_namespaces != VERDICT_ALLOW ||
		      request->linux_.namespaces[NAMESPACE_CGROUP].path != NULL;

	for (size_t i = 0; i < request->mounts.count; i++)
		wanted = wanted || (request->mounts.at[i].special & MOUNT_SPECIAL_OVERLAY) != 0 ||
			 request->mounts.at[i].socket != NULL;
	return wanted;
}

static int plan(const struct invocation *invocation, const struct request *request, const struct profile *profile,
		struct host *host, const char *id, struct plan **ret_plan, struct error *err)
{
	const struct plan_input input = {.request = request, .profile = profile, .host = host, .id = id};

	if (wants_look(request, profile))
		TRY(host_probe_sources(host, request, invocation->arena, err));
	else if (request->linux_.sysctl.count > 0)
		host_probe_namespaces(host, request);
	host_probe_userns(host, request, invocation->arena);
	if (profile->hooks != VERDICT_ALLOW)
		host_probe_hooks(host, request, &profile->hooks_allowed, invocation->arena);
	if (profile->oom_score != VERDICT_ALLOW)
		host_probe_oom_score(host, request);
	TRY(plan_build(&input, invocation->arena, ret_plan, err));
	(*ret_plan)->lifecycle.config = request->text;
	(*ret_plan)->lifecycle.config_length = request->length;
	/* A built-in one is found again by its name. */
	if (request->text == NULL || profile->builtin)
		return 0;
	return profile_write(profile, invocation->arena, &(*ret_plan)->lifecycle.profile,
			     &(*ret_plan)->lifecycle.profile_length, err);
}

static void probe_manager(const struct invocation *invocation, struct request *request, struct host *host)
{
	request->cgroup_manager = invocation->cgroups;
	if (invocation->cgroups == CGROUPS_BY_SYSTEMD)
		host_probe_manager(host, invocation->arena);
}

/* What is typed adds to the flags of the profile that is typed, and wins where there can be only one. */
static int read_flags(const struct invocation *invocation, struct sandbox_choice *ret, char ***ret_program,
		      struct error *err)
{
	const struct cli *cli = command_sandbox.cli;
	struct sandbox_options typed = {0};
	char **argv;

	TRY(options_expand(invocation->argv, invocation->arena, &argv, err));
	int help = cli_parse(cli, argv, &typed, invocation->arena, ret_program, err);
	if (help != 0)
		return help;
	TRY(host_probe(&ret->host, invocation->arena, err));
	TRY(choose_profile(invocation, typed.profile, &ret->profile, err));
	if (ret->profile.sandbox.count == 0) {
		ret->options = typed;
		return 0;
	}
	TRY(profile_sandbox_take(&ret->profile, &ret->host, invocation->arena, &ret->options, err));
	return cli_parse(cli, argv, &ret->options, invocation->arena, ret_program, err);
}

int command_read_sandbox(const struct invocation *invocation, struct sandbox_choice *ret, struct error *err)
{
	char **program;
	int help = read_flags(invocation, ret, &program, err);

	if (help != 0)
		return help;
	host_probe_sandbox(&ret->host, invocation->arena);
	if (ret->options.sockets.count > 0)
		host_probe_dbus(&ret->host, invocation->arena);
	if (ret->options.net != NULL && strcmp(ret->options.net, "pasta") == 0)
		host_probe_pasta(&ret->host);
	TRY(options_request(&ret->options, program, &ret->host, invocation->arena, &ret->request, err));
	probe_manager(invocation, &ret->request, &ret->host);
	return 0;
}

int command_plan_sandbox(const struct invocation *invocation, struct sandbox_choice *choice, struct plan **ret_plan,
			 struct error *err)
{
	return plan(invocation, &choice->request, &choice->profile, &choice->host, "sandbox", ret_plan, err);
}

int command_write_bundle(const char *directory, const struct sandbox_choice *choice, struct error *err)
{
	const struct sandbox_options *options = &choice->options;
	const struct {
		bool given;
		const char *flag;
	} of_start[] = {{options->save != NULL, "--save"},
			{options->report, "--report"},
			{options->report_files, "--report-files"},
			{options->report_fd.set, "--report-fd"},
			{options->status_fd.set, "--json-status-fd"},
			{options->block_fd.set, "--block-fd"},
			{options->sync_fd.set, "--sync-fd"},
			{options->keep_fds.count > 0, "--keep-fd"},
			{options->trace_fd.set, "--trace-fd"}};

	for (size_t i = 0; i < sizeof(of_start) / sizeof(of_start[0]); i++)
		if (of_start[i].given)
			return error_set(err, ERROR_USAGE, 0, "%s: a bundle is written, nothing is started",
					 of_start[i].flag);
	return bundle_write(directory, &choice->request, err);
}

int command_plan_bundle(const struct invocation *invocation, const struct bundle_choice *choice, struct plan **ret_plan,
			struct error *err)
{
	struct request *request = arena_alloc(invocation->arena, sizeof(*request));
	struct profile *profile = arena_alloc(invocation->arena, sizeof(*profile));
	struct host host;

	TRY(oci_read_bundle(choice->bundle, choice->config, invocation->arena, request, err));
	request->no_pivot = choice->no_pivot;
	request->no_new_keyring = choice->no_new_keyring;
	request->state_root = choice->state_root;
	request->notify = choice->notify;
	TRY(host_probe(&host, invocation->arena, err));
	probe_manager(invocation, request, &host);
	TRY(choose_profile(invocation, choice->profile, profile, err));
	return plan(invocation, request, profile, &host, choice->id, ret_plan, err);
}

int command_print(const char *text, size_t length, struct error *err)
{
	if (fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write to standard output");
	return 0;
}

int command_descriptor(const struct cli_number *number, const char *option, int *ret_fd, struct error *err)
{
	*ret_fd = -1;
	if (!number->set)
		return 0;
	/* Marked here: the workload gets only what --preserve-fds says. */
	if (number->value < 3 || fcntl((int)number->value, F_SETFD, FD_CLOEXEC) < 0) {
		error_set(err, ERROR_USAGE, EBADF, "%s %llu", option, (unsigned long long)number->value);
		return error_hint(err, "a number from 3 that the caller has open, as a shell does by 3<FILE or 3>FILE");
	}
	*ret_fd = (int)number->value;
	return 0;
}
