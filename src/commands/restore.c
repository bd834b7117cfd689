// SPDX-License-Identifier: Apache-2.0
#include "commands/criu.h"

static const struct cli_option options[] = {
	CRIU_OPTIONS,
	{"--bundle", 'b', CLI_TEXT, CRIU_AT(container.bundle), "DIR", "the bundle (default: .)", 0},
	{"--config", 'f', CLI_TEXT, CRIU_AT(container.config), "FILE", "another config.json than the bundle's", 0},
	{"--detach", 'd', CLI_ON, CRIU_AT(container.detach), NULL, "end when it runs, and not with it", 0},
	CRIU_TEXT("--profile", container.profile, "NAME|FILE", "the ceiling: it must allow images"),
	CRIU_TEXT("--pid-file", container.pid_file, "FILE", "write the pid of the container's first process there"),
	CRIU_TEXT("--console-socket", container.console_socket, "PATH",
		  "send the master of the terminal to this socket"),
	CRIU_TEXT("--lsm-profile", options.lsm_profile, "TYPE:NAME", "another profile of AppArmor or SELinux"),
	CRIU_TEXT("--lsm-mount-context", options.lsm_mount_context, "CONTEXT", "another SELinux context of its mounts"),
	CRIU_SWITCH("--tcp-close", options.tcp_close, "close its connections"),
	/* Of callers that use the same words for other commands: a restore has neither. */
	CRIU_SWITCH("--no-pivot", container.ignored, NULL),
	CRIU_SWITCH("--no-new-keyring", container.ignored, NULL),
	CRIU_SWITCH("--no-subreaper", container.ignored, NULL),
	CRIU_SWITCH("-no-subreaper", container.ignored, NULL),
	CRIU_TEXT("--parent-path", options.parent_path, "DIR", NULL),
	CRIU_TEXT("--page-server", page_server, "ADDRESS:PORT", NULL),
	CRIU_NUMBER("--status-fd", status_fd, "N", NULL),
	CRIU_SWITCH("--leave-running", options.leave_running, NULL),
	CRIU_SWITCH("--pre-dump", options.pre_dump, NULL),
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate restore [OPTION]... ID",
	.summary = "Makes a container of its image, by criu(8), and ends with its exit status.",
	.options = options,
	.order = CLI_MIXED,
};

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct criu_options given = {.container.bundle = "."};
	struct launch_options launch;
	struct plan *plan;
	const char *id;
	char **rest;

	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	TRY(container_id(rest, cli.usage, &id, err));
	TRY(criu_complete(&given, err));
	TRY(container_plan(invocation, &given.container, id, false, &plan, &launch, err));
	plan->lifecycle.restores = true;
	return restore_container(plan, &given.options, &launch, ret_status, err);
}

const struct command command_restore = {"restore", &cli, run};
