// SPDX-License-Identifier: Apache-2.0
/* A command of casemate: arguments in, words and an exit status out. It holds no mechanism. */
#ifndef CASEMATE_COMMANDS_COMMAND_H
#define CASEMATE_COMMANDS_COMMAND_H

#include "base/cli.h"
#include "config/options.h"
#include "model/host.h"
#include "model/plan.h"
#include "model/profile.h"

/* What a command is called with. */
struct invocation {
	const char *argv0;         /* casemate's own name: casemate-baseline asks for that profile */
	char *const *argv;         /* the command's arguments, NULL-terminated */
	char *const *whole;        /* the whole command line, as main() got it */
	const char *root;          /* --root; NULL: not given */
	const struct cli *globals; /* the options that stand before the command */
	enum cgroup_manager cgroups;
	struct arena *arena; /* for all that it reads and plans */
};

struct command {
	const char *name;
	const struct cli *cli;
	/* Sets *@ret_status to the exit status (0 before the call). Fails as base/error.h says; main() prints the
	 * error. */
	int (*run)(const struct invocation *invocation, int *ret_status, struct error *err);
};

extern const struct command command_run, command_sandbox, command_explain, command_completion, command_create,
	command_start, command_exec, command_state, command_kill, command_delete, command_list, command_pause,
	command_resume, command_update, command_events, command_ps, command_features, command_spec, command_checkpoint,
	command_restore, command_doctor;

/* All commands; ends with one without a name. */
extern const struct command *const commands[];

/*
 * Parses the command's arguments as cli_parse() does, into @into and *@ret_rest, and prints the help where that was
 * asked for. Returns 1 when the command goes on, 0 when it is done, -1 with ERROR_USAGE.
 */
int command_parse(const struct cli *cli, const struct invocation *invocation, void *into, char ***ret_rest,
		  struct error *err);

/* What the command line of a sandbox says. */
struct sandbox_choice {
	struct sandbox_options options; /* of the profile and of the command line */
	struct profile profile;
	struct request request;
	struct host host;
};

/* Reads the flags and the program of a sandbox from @argv. Returns 1, with no request, when --help was asked for. */
int command_read_sandbox(const struct invocation *invocation, struct sandbox_choice *ret, struct error *err);

/* Plans what command_read_sandbox() has read; @choice must live as long as the plan. */
int command_plan_sandbox(const struct invocation *invocation, struct sandbox_choice *choice, struct plan **ret_plan,
			 struct error *err);

/*
 * Writes what @choice asks for as the bundle @directory. Nothing starts, so a flag that is about the start is refused
 * (ERROR_USAGE). Otherwise as bundle_write().
 */
int command_write_bundle(const char *directory, const struct sandbox_choice *choice, struct error *err);

/* What the command line of a container says. */
struct bundle_choice {
	const char *bundle, *config; /* its directory; another config.json than the one in it, or NULL */
	const char *profile, *id;
	const char *state_root, *notify; /* as in struct request */
	bool no_pivot, no_new_keyring;
};

/* Plans the bundle of @choice for its container. Fails as plan_build() does, and where config.json cannot be read. */
int command_plan_bundle(const struct invocation *invocation, const struct bundle_choice *choice, struct plan **ret_plan,
			struct error *err);

/* Writes @length bytes of @text to standard output. Fails with ERROR_SYSTEM. */
int command_print(const char *text, size_t length, struct error *err);

/* The descriptor that an option named, open and not a standard stream, or -1 when it was not given. */
int command_descriptor(const struct cli_number *number, const char *option, int *ret_fd, struct error *err);

#endif
