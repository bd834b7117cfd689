// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/printable.h"
#include "base/sys.h"
#include "commands/container.h"
#include "commands/existing.h"
#include "parts/cgroup_control.h"

struct ps_options {
	const char *format;
};

static const struct cli_option options[] = {
	{"--format", 'f', CLI_TEXT, offsetof(struct ps_options, format), "table|json", "the form of the output", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate ps [OPTION]... ID [PS-ARGUMENT]...",
	.summary = "Lists the processes of a container, as ps(1) shows them (-ef, or other arguments) or as JSON.",
	.options = options,
	.order = CLI_IN_FRONT,
};

static int print_json(const pid_list *pids, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};

	TRY(json_writer_create(&json, false, err));
	json_write_begin_array(&json);
	for (size_t i = 0; i < pids->count; i++)
		json_write_signed(&json, pids->at[i]);
	json_write_end_array(&json);
	return existing_print(&json, err);
}

/* ---- the table: the lines of ps(1) that are about our processes */

/* Which column says PID; -1 when none does. */
static int pid_column(const char *header)
{
	int column = 0;

	for (const char *at = header + strspn(header, " "); *at != '\0' && *at != '\n'; column++) {
		size_t length = strcspn(at, " \n");

		if (length == 3 && strncmp(at, "PID", 3) == 0)
			return column;
		at += length;
		at += strspn(at, " ");
	}
	return -1;
}

static long pid_in(const char *line, int column)
{
	const char *at = line + strspn(line, " ");

	for (int i = 0; i < column; i++) {
		at += strcspn(at, " \n");
		at += strspn(at, " ");
	}
	return strtol(at, NULL, 10);
}

static bool is_listed(const pid_list *pids, long pid)
{
	for (size_t i = 0; i < pids->count; i++)
		if (pids->at[i] == pid)
			return true;
	return false;
}

static int filter(FILE *lines, const pid_list *pids, struct error *err)
{
	char *line = NULL;
	size_t room = 0;
	int column = -1, result = 0;

	for (bool first = true; getline(&line, &room, lines) > 0; first = false) {
		if (first)
			column = pid_column(line);
		if (first && column < 0) {
			result = error_set(err, ERROR_USAGE, 0, "ps(1) prints no column PID with these arguments");
			break;
		}
		if (!first && !is_listed(pids, pid_in(line, column)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		print_printable(line, stdout);
		putchar('\n');
	}
	free(line);
	return result == 0 && fflush(stdout) != 0
		       ? error_set(err, ERROR_SYSTEM, errno, "cannot write to standard output")
		       : result;
}

/* Starts ps(1) with @arguments, its output in *@ret_output. */
static int start(char *const *arguments, struct arena *arena, pid_t *ret_pid, int *ret_output, struct error *err)
{
	static char *const usual[] = {"-ef", NULL};
	LIST(char *) argv = {0};
	posix_spawn_file_actions_t actions;
	int ends[2];

	*LIST_ADD(arena, &argv) = "ps";
	for (char *const *at = arguments[0] == NULL ? usual : arguments; *at != NULL; at++)
		*LIST_ADD(arena, &argv) = *at;
	*LIST_ADD(arena, &argv) = NULL;
	if (sys_pipe(ends) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a pipe for ps(1)");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	int reason = posix_spawnp(ret_pid, "ps", &actions, NULL, argv.at, environ);
	posix_spawn_file_actions_destroy(&actions);
	fd_close(&ends[1]);
	*ret_output = ends[0];
	if (reason == 0)
		return 0;
	fd_close(&ends[0]);
	error_set(err, ERROR_HOST, reason, "cannot execute ps(1)");
	return error_hint(err, "install procps, or use --format json");
}

static int print_table(char *const *arguments, const pid_list *pids, struct arena *arena, struct error *err)
{
	int output = -1, status = 0;
	pid_t pid;

	TRY(start(arguments, arena, &pid, &output, err));
	FILE *lines = fdopen(output, "r");
	int result = lines == NULL ? error_set(err, ERROR_SYSTEM, errno, "cannot read from ps(1)")
				   : filter(lines, pids, err);
	if (lines != NULL)
		(void)fclose(lines);
	else
		fd_close(&output);
	(void)waitpid(pid, &status, 0);
	if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
		error_set(err, ERROR_USAGE, 0, "ps(1) failed");
		return error_hint(err, "what is behind the id is for ps(1); --format goes in front of it");
	}
	return result;
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct ps_options given = {.format = "table"};
	pid_list pids;
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	bool json = strcmp(given.format, "json") == 0;
	if (!json && strcmp(given.format, "table") != 0)
		return error_set(err, ERROR_USAGE, 0, "--format %s: expected table or json", given.format);
	char *id[] = {rest[0], NULL};
	TRY(existing_open(invocation, id, cli.usage, STATE_LOOK, &state, err));
	TRY(cgroup_pids(&state.cgroup, invocation->arena, &pids, err));
	/* Without a cgroup no more is known of it. */
	if (!state.cgroup.wanted && state.process.pid > 0 && state_status(&state) != CONTAINER_STOPPED)
		*LIST_ADD(invocation->arena, &pids) = state.process.pid;
	return json ? print_json(&pids, err) : print_table(rest + 1, &pids, invocation->arena, err);
}

const struct command command_ps = {"ps", &cli, run};
