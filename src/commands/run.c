// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <string.h>

#include "base/self.h"
#include "commands/command.h"
#include "run/launch.h"
#include "run/plan.h"

struct run_options {
	const char *bundle, *config, *profile, *pid_file;
	struct cli_number status_fd, trace_fd, preserve_fds;
};

#define AT(member) offsetof(struct run_options, member)

static const struct cli_option options[] = {
	{"--bundle", 'b', CLI_TEXT, AT(bundle), "DIR", "the bundle: config.json and root file system (default: .)", 0},
	{"--config", 'f', CLI_TEXT, AT(config), "FILE", "another config.json than the bundle's", 0},
	{"--profile", 0, CLI_TEXT, AT(profile), "NAME|FILE",
	 "the ceiling: restricted (default), baseline, privileged, a file", 0},
	{"--pid-file", 0, CLI_TEXT, AT(pid_file), "FILE", "write the pid of the container's first process there", 0},
	{"--preserve-fds", 0, CLI_NUMBER, AT(preserve_fds), "N", "keep N descriptors from 3 on open", 4096},
	{"--json-status-fd", 0, CLI_NUMBER, AT(status_fd), "N", "write JSON lines about the launch to this descriptor",
	 1 << 20},
	{"--trace-fd", 0, CLI_NUMBER, AT(trace_fd), "N", "write the names of the applied steps to this descriptor",
	 1 << 20},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate run [OPTION]... ID",
	.summary = "Runs the container of an OCI bundle under a profile, and ends with its exit status.",
	.options = options,
	.order = CLI_MIXED,
};

/* The name appears in paths of cgroups and state: what runc and crun allow, and nothing that could lead elsewhere. */
static int check_id(const char *id, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
	size_t length = strlen(id);

	if (length == 0 || length > 128 || id[strspn(id, allowed)] != '\0' || id[0] == '.' || id[0] == '-')
		return error_set(err, ERROR_USAGE, 0,
				 "'%s' is not a container id: letters, digits and _+-. are allowed", id);
	return 0;
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct run_options given = {.bundle = "."};
	struct launch_options launch = {.status_fd = -1, .trace_fd = -1};
	struct plan *plan;
	char **rest;

	int help = cli_parse(&cli, invocation->argv, &given, invocation->arena, &rest, err);
	if (help != 0) {
		if (help > 0)
			cli_help(&cli, stdout);
		return help < 0 ? -1 : 0;
	}
	if (rest[0] == NULL || rest[1] != NULL) {
		error_set(err, ERROR_USAGE, 0,
			  rest[0] == NULL ? "the container's id is missing" : "there are too many arguments");
		return error_hint(err, "casemate run --bundle DIR ID");
	}
	TRY(check_id(rest[0], err));
	TRY(command_descriptor(&given.status_fd, "--json-status-fd", &launch.status_fd, err));
	TRY(command_descriptor(&given.trace_fd, "--trace-fd", &launch.trace_fd, err));
	launch.pid_file = given.pid_file;
	const struct bundle_choice choice = {given.bundle, given.config, given.profile, rest[0]};
	TRY(command_plan_bundle(invocation, &choice, &plan, err));
	plan->process.keep_fds = (uint32_t)given.preserve_fds.value;
	/* Root on the host could write to the launcher's file through /proc/PID/exe; nobody else owns it. */
	if (plan_runs_as_host_root(plan))
		TRY(self_protect(invocation->whole, err));
	return launch_run(plan, &launch, ret_status, err);
}

const struct command command_run = {"run", &cli, run};
