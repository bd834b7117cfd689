// SPDX-License-Identifier: Apache-2.0
/* How the flags of a sandbox become a request, kind by kind. */
#ifndef CASEMATE_CONFIG_OPTIONS_ADD_H
#define CASEMATE_CONFIG_OPTIONS_ADD_H

#include "config/options.h"

struct adding {
	struct arena *arena;
	const struct host *host;
	struct request *request;
};

/* All of these fail with ERROR_USAGE, naming the flag. */

/*
 * --ro, --rw, --dev, --overlay, --tmp-overlay, --tmpfs, --dir, --file, --symlink, --hide, and those with -fd: mounts,
 * in the order of the flags. Reads the files of --file and --file-fd.
 */
int options_add_files(const struct adding *a, const cli_words *words, struct error *err);

/* --net, --publish, --bind-tcp, --connect-tcp: namespaces and ports. */
int options_add_net(const struct adding *a, const struct sandbox_options *options, struct error *err);

/* --limits, --mem, --pids, --cpu, --rlimit. */
int options_add_limits(const struct adding *a, const struct sandbox_options *options, struct error *err);

/* --without: refuses by name what this sandbox cannot do without it. */
int options_check_without(const struct adding *a, const struct sandbox_options *options, struct error *err);

/* The view of a sandbox without mounts: programs and libraries where the host has them. */
void options_add_system_bare(const struct adding *a, bool host_network);

/*
 * --socket: a mount for each, by its name and what the caller's environment says, with what is said inside in its
 * place. Whether there is such a socket is for the plan to judge.
 */
int options_add_sockets(const struct adding *a, const cli_words *words, struct error *err);

/* The path of the first of the addresses in a variable of D-Bus that is a file's; NULL where there is none. */
const char *options_bus_path(struct arena *arena, const char *addresses);

/* --dbus-talk and the like: rules of the buses that --socket has added. */
int options_add_dbus(const struct adding *a, const cli_words *words, struct error *err);

/* Refuses @path, of the flag @word, unless it is a place in the sandbox: absolute, without "..". */
int options_check_target(const struct cli_word *word, const char *path, struct error *err);

/*
 * Takes the descriptor @number, of the flag @word, which the caller left open: it is closed by execve(2) from then on,
 * and no second flag may name it. Fails with ERROR_USAGE where it is not open.
 */
int options_descriptor(const struct cli_word *word, const char *number, int *ret_fd, struct error *err);

/* The path of what @fd is, for messages. Fails with ERROR_USAGE where it cannot be bound: it has no name, or none any
 * more. */
int options_open_name(const struct cli_word *word, int fd, struct arena *arena, const char **ret, struct error *err);

/* --keep-fd: refuses what would lead out of the sandbox: directories, O_PATH, devices and files of the kernel. */
int options_add_kept(const struct adding *a, const cli_words *words, struct error *err);

/* Reads @fd to its end and closes it. Fails with ERROR_USAGE for more than @limit bytes. */
int options_read(const struct cli_word *word, int fd, size_t limit, struct arena *arena, char **ret_text,
		 size_t *ret_length, struct error *err);

/* Where @word stands: its profile's file, or the flag itself. */
origin options_origin(struct arena *arena, const struct cli_word *word);

#endif
