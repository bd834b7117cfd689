// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/log.h"
#include "base/lookup.h"
#include "base/version.h"
#include "base/self.h"
#include "commands/command.h"
#include "model/names.h"

struct globals {
	const char *log, *log_format, *log_level, *root, *rootless, *cgroup_manager;
	bool debug, version, systemd_cgroup;
};

#define AT(member) offsetof(struct globals, member)

static const struct cli_option options[] = {
	{"--log", 0, CLI_TEXT, AT(log), "FILE", "append errors to this file as well", 0},
	{"--log-format", 0, CLI_TEXT, AT(log_format), "text|json", "the form of its lines (default: text)", 0},
	{"--log-level", 0, CLI_TEXT, AT(log_level), "LEVEL", NULL, 0},
	{"--root", 0, CLI_TEXT, AT(root), "DIR", "where the state of containers is kept", 0},
	{"--systemd-cgroup", 0, CLI_ON, AT(systemd_cgroup), NULL, "let systemd make the cgroups", 0},
	{"--cgroup-manager", 0, CLI_TEXT, AT(cgroup_manager), "cgroupfs|systemd|disabled", "who makes the cgroups", 0},
	{"--rootless", 0, CLI_TEXT, AT(rootless), "auto|true|false", NULL, 0},
	{"--debug", 0, CLI_ON, AT(debug), NULL, "accepted for other runtimes' callers", 0},
	{"--version", 'v', CLI_ON, AT(version), NULL, "print the version", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate [OPTION]... COMMAND [ARGUMENT]...",
	.summary = "A hardened, minimal container launcher: every launch is a plan that can be explained, and a "
		   "profile is the "
		   "ceiling that holds whoever wrote the config.",
	.options = options,
	.order = CLI_IN_FRONT,
};

/* How long the first words are: to a colon, or to the dot that ends a sentence, not the one of a file's name. */
static int first_words(const char *summary)
{
	size_t end = strcspn(summary, ":.");

	while (summary[end] == '.' && summary[end + 1] > ' ')
		end += 1 + strcspn(summary + end + 1, ":.");
	return (int)end;
}

static void print_help(void)
{
	cli_help(&cli, stdout);
	puts("\ncommands:");
	for (const struct command *const *command = commands; *command != NULL; command++)
		printf("  %-12s %.*s\n", (*command)->name, first_words((*command)->cli->summary),
		       (*command)->cli->summary);
	puts("\n`casemate COMMAND --help` tells more, and so do casemate(8) and its other pages.");
}

static void print_version(void)
{
	/* Engines look for these words at the beginning of lines; the order is that of runc(8). */
	printf("casemate version %s\ncommit: %s\nspec: " SPEC_VERSION "\n", version_number, version_commit);
}

/* The launcher has no business with rights that its caller does not have. */
static int check_privilege(struct error *err)
{
	if (getauxval(AT_SECURE) == 0 && getauxval(AT_UID) == getauxval(AT_EUID) &&
	    getauxval(AT_GID) == getauxval(AT_EGID))
		return 0;
	error_set(err, ERROR_USAGE, EPERM,
		  "casemate must not be set-user-ID or set-group-ID, or have file capabilities");
	return error_hint(err, "remove them: without root it uses a user namespace");
}

/* A closed standard stream would let the next file that is opened take its place. */
static int open_streams(struct error *err)
{
	struct pollfd streams[] = {{.fd = STDIN_FILENO}, {.fd = STDOUT_FILENO}, {.fd = STDERR_FILENO}};

	if (poll(streams, 3, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at the standard streams");
	for (int i = 0; i < 3; i++)
		if ((streams[i].revents & POLLNVAL) != 0 && fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDWR) != i)
			return error_set(err, ERROR_SYSTEM, errno, "cannot open /dev/null in place of a closed stream");
	return 0;
}

static int find_command(const char *name, const struct command **ret, struct error *err)
{
	const char *names[64];
	size_t count = 0;

	for (const struct command *const *command = commands; *command != NULL && count < 63; command++) {
		names[count++] = (*command)->name;
		if (strcmp((*command)->name, name) == 0) {
			*ret = *command;
			return 0;
		}
	}
	names[count] = NULL;
	error_set(err, ERROR_USAGE, 0, "there is no command '%s'", name);
	const char *near = cli_nearest(name, names);
	return near == NULL ? error_hint(err, "see casemate --help") : error_hint(err, "did you mean '%s'?", near);
}

/* False where the format is none of ours. */
static bool set_log(const struct globals *globals, struct log *ret_log)
{
	const char *format = globals->log_format;

	ret_log->path = globals->log;
	ret_log->json = format != NULL && strcmp(format, "json") == 0;
	return format == NULL || ret_log->json || strcmp(format, "text") == 0;
}

static int choose_cgroups(const struct globals *globals, enum cgroup_manager *ret, struct error *err)
{
	static const struct lookup_row rows[] = {
		{"cgroupfs", CGROUPS_BY_FILES}, {"systemd", CGROUPS_BY_SYSTEMD}, {"disabled", CGROUPS_NONE}};
	static LOOKUP(managers, "a manager of cgroups", rows);
	const char *name = globals->cgroup_manager;
	uint64_t value = CGROUPS_BY_FILES;

	if (name != NULL && !lookup_value(&managers, name, strlen(name), &value))
		return error_set(err, ERROR_USAGE, 0, "--cgroup-manager %s: expected cgroupfs, systemd or disabled",
				 name);
	*ret = globals->systemd_cgroup ? CGROUPS_BY_SYSTEMD : (enum cgroup_manager)value;
	return 0;
}

static int run_command(char **argv, struct arena *arena, struct log *ret_log, int *ret_status, struct error *err)
{
	struct globals globals = {0};
	struct invocation invocation = {.argv0 = argv[0], .whole = argv, .globals = &cli, .arena = arena};
	const struct command *command = NULL;
	char **rest;

	TRY(check_privilege(err));
	TRY(open_streams(err));
	TRY(self_keep_view(err));
	int help = cli_parse(&cli, argv + 1, &globals, arena, &rest, err);
	if (help < 0) {
		/* The log is wanted all the same, as far as it was named. */
		(void)set_log(&globals, ret_log);
		return -1;
	}
	if (!set_log(&globals, ret_log))
		return error_set(err, ERROR_USAGE, 0, "--log-format %s: expected text or json", globals.log_format);
	if (globals.version) {
		print_version();
		return 0;
	}
	if (help == 0 && rest[0] != NULL && strcmp(rest[0], "help") == 0 && rest[1] != NULL) {
		TRY(find_command(rest[1], &command, err));
		cli_help(command->cli, stdout);
		return 0;
	}
	if (help > 0 || rest[0] == NULL || strcmp(rest[0], "help") == 0) {
		print_help();
		*ret_status = help > 0 || rest[0] != NULL ? 0 : 125;
		return 0;
	}
	TRY(find_command(rest[0], &command, err));
	TRY(choose_cgroups(&globals, &invocation.cgroups, err));
	invocation.root = globals.root;
	invocation.argv = rest + 1;
	return command->run(&invocation, ret_status, err);
}

/* What a command only put into the buffer may not have arrived. */
static int flush_output(struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return error_set(err, ERROR_SYSTEM, errno, "cannot write to standard output");
}

/* Reasons that mean the same wherever they come from. */
static void advise(struct error *err)
{
	switch (err->errnum) {
	case EMFILE:
		return error_advise(err, "raise the limit of open files: `ulimit -n 1024`");
	case EFBIG:
		return error_advise(err, "raise the limit of a file's size: `ulimit -f unlimited`");
	case ENOSPC:
	case EDQUOT:
		return error_advise(err, "make room there, or name another place");
	default:
		return;
	}
}

/* By itself: the room for texts would be pages of main()'s stack that are touched without a failure, too. */
static __attribute__((noinline)) int fail(const struct log *log, struct error *err)
{
	char text[sizeof(err->what) + sizeof(err->hint)];
	struct error ignored;

	advise(err);
	error_text(err, text, sizeof(text));
	fprintf(stderr, "casemate: %s\n", text);
	(void)log_error(log, err, &ignored);
	return error_exit_status(err);
}

int main(int argc, char **argv)
{
	struct arena arena = {0};
	struct log log = {0};
	struct error err = {0};
	int status = 0;

	if (argc < 1)
		return 125;
	self_remember_arguments(argv);
	if (arena_create(&arena, &err) == 0 && run_command(argv, &arena, &log, &status, &err) == 0 &&
	    flush_output(&err) == 0)
		return status;
	return fail(&log, &err);
}
