// SPDX-License-Identifier: Apache-2.0
/* What `create` and `run` share: the options of a launch from a bundle, and the plan that they lead to. */
#ifndef CASEMATE_COMMANDS_CONTAINER_H
#define CASEMATE_COMMANDS_CONTAINER_H

#include "commands/command.h"
#include "run/launch.h"

struct container_options {
	const char *bundle, *config, *profile, *pid_file, *console_socket, *pidfd_socket;
	bool no_pivot, no_new_keyring, ignored;
	bool detach, keep; /* run only */
	struct cli_number status_fd, trace_fd, preserve_fds;
};

#define CONTAINER_AT(member) offsetof(struct container_options, member)

#define CONTAINER_TEXT(name, letter, member, argument, help)                                                           \
	{                                                                                                              \
		name, letter, CLI_TEXT, CONTAINER_AT(member), argument, help, 0                                        \
	}
#define CONTAINER_SWITCH(name, member, help)                                                                           \
	{                                                                                                              \
		name, 0, CLI_ON, CONTAINER_AT(member), NULL, help, 0                                                   \
	}
#define CONTAINER_NUMBER(name, member, argument, help, most)                                                           \
	{                                                                                                              \
		name, 0, CLI_NUMBER, CONTAINER_AT(member), argument, help, most                                        \
	}

/* The rows of a table of options that both have. */
#define CONTAINER_OPTIONS                                                                                              \
	CONTAINER_TEXT("--bundle", 'b', bundle, "DIR", "the bundle: config.json and root file system (default: .)"),   \
		CONTAINER_TEXT("--config", 'f', config, "FILE", "another config.json than the bundle's"),              \
		CONTAINER_TEXT("--profile", 0, profile, "NAME|FILE",                                                   \
			       "the ceiling: restricted (default), baseline, privileged, a file"),                     \
		CONTAINER_TEXT("--pid-file", 0, pid_file, "FILE",                                                      \
			       "write the pid of the container's first process there"),                                \
		CONTAINER_TEXT("--console-socket", 0, console_socket, "PATH",                                          \
			       "send the master of the terminal to this socket"),                                      \
		CONTAINER_TEXT("--pidfd-socket", 0, pidfd_socket, "PATH",                                              \
			       "send a pidfd of the container's first process to this socket"),                        \
		CONTAINER_NUMBER("--preserve-fds", preserve_fds, "N", "keep N descriptors from 3 on open", 4096),      \
		CONTAINER_SWITCH("--no-pivot", no_pivot, "leave the host's tree below the root: for an initramfs"),    \
		CONTAINER_SWITCH("--no-new-keyring", no_new_keyring, "keep the caller's session keyring"),             \
		CONTAINER_SWITCH("--no-subreaper", ignored, NULL), CONTAINER_SWITCH("-no-subreaper", ignored, NULL)

/* The absolute path of the directory of all containers, by state_root(). */
const char *container_state_root(const struct invocation *invocation);

/* Executes the launcher again from where it cannot be written to, if @plan lets a container do so: self_protect(). */
int container_protect(const struct invocation *invocation, const struct plan *plan, struct error *err);

/*
 * Plans the container @id as @given says, for `create` (@waits) or `run`, and protects casemate's own file where the
 * container may write to it. Fails as base/error.h says.
 */
int container_plan(const struct invocation *invocation, const struct container_options *given, const char *id,
		   bool waits, struct plan **ret_plan, struct launch_options *ret_launch, struct error *err);

/* The one argument of a command, a container's id. */
int container_id(char **rest, const char *usage, const char **ret_id, struct error *err);

/* Whether the plan's terminal has somebody who holds its other end. ERROR_USAGE. */
int container_check_terminal(const struct plan *plan, struct error *err);

#endif
