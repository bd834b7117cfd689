// SPDX-License-Identifier: Apache-2.0
#include "config/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "commands/command.h"
#include "config/bundle_out.h"
#include "config/profile.h"

struct spec_options {
	const char *bundle, *file;
	bool rootless, sandbox;
};

#define AT(member) offsetof(struct spec_options, member)

static const struct cli_option options[] = {
	{"--bundle", 'b', CLI_TEXT, AT(bundle), "DIR", "the bundle to write it into (default: .)", 0},
	{"--file", 'f', CLI_TEXT, AT(file), "FILE", "its name there (default: config.json)", 0},
	{"--rootless", 0, CLI_ON, AT(rootless), NULL, "for a caller that is not root: a user namespace with its own id",
	 0},
	{"--sandbox", 0, CLI_ON, AT(sandbox), NULL,
	 "what follows is for `casemate sandbox`: flags and a program, whose bundle becomes the new directory DIR", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate spec [OPTION]...\n       casemate spec --bundle DIR --sandbox [FLAG]... [--] COMMAND "
		 "[ARGUMENT]...",
	.summary = "Writes a config.json to begin with: a shell for an ordinary user, which starts under the profile "
		   "restricted as it is.",
	.options = options,
	.order = CLI_MIXED,
};

static int write_config(const struct spec_options *given, const struct request *request, struct error *err)
{
	AUTOCLOSE int dir = sys_openat(AT_FDCWD, given->bundle, O_PATH | O_DIRECTORY, 0);

	if (dir < 0)
		return error_set(err, ERROR_USAGE, errno, "cannot open the bundle '%s'", given->bundle);
	return bundle_write_config(dir, given->file, request, err);
}

/* The words behind --sandbox have a table of their own: ends @argv there and returns them. */
static char *const *cut_sandbox(struct arena *arena, char *const *argv, char ***ret_front)
{
	size_t count = 0;

	while (argv[count] != NULL && strcmp(argv[count], "--sandbox") != 0)
		count++;
	count += argv[count] != NULL;
	*ret_front = arena_alloc(arena, (count + 1) * sizeof(**ret_front));
	memcpy(*ret_front, argv, count * sizeof(**ret_front));
	return argv + count;
}

static int need_new(struct error *err)
{
	error_set(err, ERROR_USAGE, 0, "spec --sandbox needs --bundle DIR, and nothing else beside it");
	return error_hint(
		err, "casemate spec --bundle DIR --sandbox [FLAG]... -- COMMAND; DIR, which is not there yet, is made");
}

static int write_sandbox(const struct invocation *invocation, const struct spec_options *given, char *const *words,
			 struct error *err)
{
	struct sandbox_choice *choice = arena_alloc(invocation->arena, sizeof(*choice));
	struct invocation inner = *invocation;

	inner.argv = words;
	int help = command_read_sandbox(&inner, choice, err);
	if (help > 0)
		cli_help(command_sandbox.cli, stdout);
	if (help != 0)
		return help < 0 ? -1 : 0;
	if (strcmp(given->bundle, ".") == 0 || given->rootless)
		return need_new(err);
	if (choice->options.bundle_out != NULL)
		return error_set(err, ERROR_USAGE, 0, "--bundle-out: spec --sandbox writes to --bundle");
	return command_write_bundle(given->bundle, choice, err);
}

static int spec(const struct invocation *invocation, int *ret_status, struct error *err)
{
	struct spec_options given = {.bundle = ".", .file = "config.json"};
	struct request *request = arena_alloc(invocation->arena, sizeof(*request));
	struct profile *restricted = arena_alloc(invocation->arena, sizeof(*restricted));
	char **front, **rest;
	char *const *words = cut_sandbox(invocation->arena, invocation->argv, &front);

	(void)ret_status;
	int help = cli_parse(&cli, front, &given, invocation->arena, &rest, err);
	if (help > 0)
		cli_help(&cli, stdout);
	if (help != 0)
		return help < 0 ? -1 : 0;
	if (rest[0] != NULL)
		return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
	if (given.sandbox)
		return write_sandbox(invocation, &given, words, err);
	TRY(profile_builtin("restricted", invocation->arena, restricted, err));
	const struct spec_user user = {given.rootless, geteuid(), getegid()};
	spec_request(restricted, &user, invocation->arena, request);
	return write_config(&given, request, err);
}

const struct command command_spec = {"spec", &cli, spec};
