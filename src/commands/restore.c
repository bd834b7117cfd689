// SPDX-License-Identifier: Apache-2.0
#include "commands/container.h"
#include "commands/criu.h"

static const struct cli_option options[] = {
	CRIU_OPTIONS,
	{"--bundle", 'b', CLI_TEXT, offsetof(struct criu_options, text), "DIR", "the bundle", 0},
	{"--detach", 'd', CLI_ON, offsetof(struct criu_options, on), NULL, "end when it runs, and not with it", 0},
	CRIU_TEXT("--pid-file", "FILE", "write the pid of the container's first process there"),
	CRIU_TEXT("--console-socket", "PATH", "send the master of the terminal to this socket"),
	CRIU_TEXT("--lsm-profile", "TYPE:NAME", "another profile of AppArmor or SELinux"),
	CRIU_TEXT("--lsm-mount-context", "CONTEXT", "another SELinux context of its mounts"),
	CRIU_SWITCH("--tcp-close", "close its connections"),
	CRIU_SWITCH("--no-pivot", "leave the host's tree below the root"),
	CRIU_SWITCH("--no-new-keyring", "keep the caller's session keyring"),
	CRIU_SWITCH("--no-subreaper", NULL),
	CRIU_SWITCH("-no-subreaper", NULL),
	/* Of callers that use the same words for both commands. */
	CRIU_TEXT("--parent-path", "DIR", NULL),
	CRIU_TEXT("--page-server", "ADDRESS:PORT", NULL),
	CRIU_TEXT("--status-fd", "N", NULL),
	CRIU_SWITCH("--leave-running", NULL),
	CRIU_SWITCH("--pre-dump", NULL),
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate restore [OPTION]... ID",
	.summary = "Refused: would make a container of its image, by criu(8).",
	.options = options,
	.order = CLI_MIXED,
};

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct criu_options given = {0};
	const char *id;
	char **rest;

	(void)ret_status;
	int go = container_help(&cli, cli_parse(&cli, invocation->argv, &given, invocation->arena, &rest, err));
	if (go <= 0)
		return go;
	TRY(container_id(rest, cli.usage, &id, err));
	return criu_refuse("restore", id, err);
}

const struct command command_restore = {"restore", &cli, run};
