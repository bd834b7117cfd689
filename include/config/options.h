// SPDX-License-Identifier: Apache-2.0
/* The flags of `casemate sandbox`, and the request that they mean. */
#ifndef CASEMATE_CONFIG_OPTIONS_H
#define CASEMATE_CONFIG_OPTIONS_H

#include "base/cli.h"
#include "model/host.h"

#define OPTIONS_HOME "/home/sandbox"

/* How the host's files are shown, also those mounted below them: "ro" alone would leave these writable. */
#define OPTIONS_BIND_RW "rbind,nosuid,nodev,rnosuid,rnodev"
#define OPTIONS_BIND_RO OPTIONS_BIND_RW ",ro,rro"

struct sandbox_options {
	cli_words files; /* --ro --rw --dev --overlay --tmp-overlay --tmpfs --dir --file --symlink, their -try and -fd
			    forms, in order */
	cli_words env;   /* --env NAME[=VALUE], --setenv NAME=VALUE */
	cli_words unset; /* --unsetenv NAME */
	cli_words keep_fds; /* --keep-fd N */
	cli_words rlimits;
	cli_words caps;
	cli_words bind_tcp;
	cli_words connect_tcp;
	cli_words publish;
	const char *args;  /* options_expand() has put what it means in its place */
	cli_words sockets; /* --socket NAME */
	cli_words dbus;    /* --dbus-talk and the like */
	const char *net;
	const char *cwd;
	const char *hostname;
	const char *limits;
	const char *without;
	const char *profile;
	const char *seccomp;
	const char *bundle_out;
	const char *save;
	struct cli_number uid, gid;
	struct cli_number mem, pids, cpu, time;
	struct cli_number status_fd, block_fd, sync_fd, trace_fd, report_fd;
	bool no_die_with_parent;
	bool no_pty;
	bool report, report_files;
};

extern const struct cli_option sandbox_options[];

enum option_mark {
	FLAG_TYPED = 1 << 0,     /* makes no sense in a profile's file */
	FLAG_HOST_PATH = 1 << 1, /* its value begins with a path of the host */
	FLAG_OPEN = 1 << 2,      /* it gives what the caller has open, and a number means nothing later */
	FLAG_TWO_PATHS = 1 << 3, /* and goes on with a second one */
};

/* The marks of a flag of that table. */
uint32_t options_marks(const struct cli_option *option);

/*
 * Puts the arguments that each --args of @argv names into its place, in *@ret, NULL-terminated; reads and closes their
 * descriptors. Fails with ERROR_USAGE, naming the argument: they must be flags, complete, and not name others again.
 */
int options_expand(char *const *argv, struct arena *arena, char ***ret, struct error *err);

/*
 * Makes the request of @options for the program @argv (NULL-terminated) on @host, with @environ for what --env passes
 * on. Reads files for --file and --seccomp. Fails with ERROR_USAGE, naming the flag.
 */
int options_request(const struct sandbox_options *options, char *const *argv, const struct host *host,
		    struct arena *arena, struct request *ret, struct error *err);

/* Adds the default view of the system: read-only programs and libraries, an empty home and /tmp, procfs and devices. */
/* The standard streams are inherited as they are: fails with ERROR_USAGE where one of them is a directory. */
int options_check_streams(struct error *err);

int options_add_system(const struct host *host, const char *net, struct arena *arena, struct request *request,
		       struct error *err);

/*
 * Lets the program listen on every port of a network of the sandbox's own: its user namespace does not own that
 * network, so CAP_NET_BIND_SERVICE alone opens none (ip(7)).
 */
void options_open_low_ports(struct arena *arena, struct request *request);

/* A mount of a request, with its origin, appended. Good until the next one is added. */
struct request_mount *options_add_mount(struct arena *arena, struct request *request, const char *destination,
					origin from);

/* Applies mount option words, "nosuid,nodev,size=1m", to @mount (config.md's table). */
void options_apply_words(struct arena *arena, struct request_mount *mount, const char *words);

#endif
