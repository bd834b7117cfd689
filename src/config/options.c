// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/oci.h"
#include "config/options_add.h"
#include "config/options_order.h"
#include "model/names.h"

enum { SECCOMP_BYTES = 1 << 20, NOBODY = 65534, DEFAULT_ID = 1000, LAST_ID = 0x7fffffff };

#define AT(member) offsetof(struct sandbox_options, member)

const struct cli_option sandbox_options[] = {
	{"--ro", 0, CLI_WORDS, AT(files), "SRC[:DST]", "show a file or directory of the host, read-only", 0},
	{"--ro-try", 0, CLI_WORDS, AT(files), "SRC[:DST]", "the same where it exists", 0},
	{"--rw", 0, CLI_WORDS, AT(files), "SRC[:DST]", "show it, writable", 0},
	{"--rw-try", 0, CLI_WORDS, AT(files), "SRC[:DST]", "the same where it exists", 0},
	{"--ro-fd", 0, CLI_WORDS, AT(files), "FD:DST", "show the file or directory that is open as FD, read-only", 0},
	{"--rw-fd", 0, CLI_WORDS, AT(files), "FD:DST", "show it, writable", 0},
	{"--dev", 0, CLI_WORDS, AT(files), "SRC[:DST]", "show a device of the host", 0},
	{"--dev-try", 0, CLI_WORDS, AT(files), "SRC[:DST]", "the same where it exists", 0},
	{"--overlay", 0, CLI_WORDS, AT(files), "SRC:CHANGES[:DST]",
	 "show a directory of the host as writable; changes are kept in another one, CHANGES", 0},
	{"--tmp-overlay", 0, CLI_WORDS, AT(files), "SRC[:DST]",
	 "show a directory of the host as writable; changes are thrown away", 0},
	{"--tmpfs", 0, CLI_WORDS, AT(files), "DST[:OPTIONS]",
	 "an empty, writable directory; OPTIONS as size=64m,mode=700", 0},
	{"--dir", 0, CLI_WORDS, AT(files), "DST[:mode=MODE]", "an empty directory", 0},
	{"--file", 0, CLI_WORDS, AT(files), "SRC:DST", "a private copy of a file", 0},
	{"--file-fd", 0, CLI_WORDS, AT(files), "FD:DST", "a private file with what FD has, which may be a pipe", 0},
	{"--symlink", 0, CLI_WORDS, AT(files), "TEXT:DST", "a symbolic link with this text", 0},
	{"--hide", 0, CLI_WORDS, AT(files), "DST", "show nothing of what is there: an empty directory or file instead",
	 0},
	{"--env", 0, CLI_WORDS, AT(env), "NAME[=VALUE]", "pass a variable on, or set it", 0},
	{"--setenv", 0, CLI_WORDS, AT(env), "NAME=VALUE", "set a variable", 0},
	{"--unsetenv", 0, CLI_WORDS, AT(unset), "NAME", "do not set a variable, by default or by another flag", 0},
	{"--net", 0, CLI_TEXT, AT(net), "none|pasta|host|PATH",
	 "the network: none (default), the caller's through pasta(1), the host's own, or a network namespace", 0},
	{"--socket", 0, CLI_WORDS, AT(sockets), "NAME",
	 "show one socket of the host: wayland, x11, pulseaudio, pipewire, ssh-agent, gpg-agent, "
	 "dbus-session or dbus-system",
	 0},
	{"--dbus-talk", 0, CLI_WORDS, AT(dbus), "[BUS:]NAME",
	 "with --socket dbus-session: call who has this name, or NAME.*; BUS is session or system", 0},
	{"--dbus-own", 0, CLI_WORDS, AT(dbus), "[BUS:]NAME", "have this name, and talk to it", 0},
	{"--dbus-see", 0, CLI_WORDS, AT(dbus), "[BUS:]NAME", "see that somebody has this name", 0},
	{"--dbus-call", 0, CLI_WORDS, AT(dbus), "[BUS:]NAME=METHOD[@PATH]", "call these methods of this name", 0},
	{"--dbus-broadcast", 0, CLI_WORDS, AT(dbus), "[BUS:]NAME=SIGNAL[@PATH]", "receive these signals of this name",
	 0},
	{"--publish", 0, CLI_WORDS, AT(publish), "[ADDRESS:]PORT[:INSIDE]",
	 "with --net pasta: pass connections to this port of the host (127.0.0.1) on", 0},
	{"--bind-tcp", 0, CLI_WORDS, AT(bind_tcp), "PORT", "listen on no TCP port but these (Landlock)", 0},
	{"--connect-tcp", 0, CLI_WORDS, AT(connect_tcp), "PORT", "connect to no TCP port but these (Landlock)", 0},
	{"--cwd", 0, CLI_TEXT, AT(cwd), "DIR", "start in this directory of the sandbox (default: its home)", 0},
	{"--hostname", 0, CLI_TEXT, AT(hostname), "NAME", "the host name inside (default: sandbox)", 0},
	{"--uid", 0, CLI_NUMBER, AT(uid), "N",
	 "the user id inside (default: the caller's); for root it is also the one outside, and nobody is the default "
	 "there",
	 LAST_ID},
	{"--gid", 0, CLI_NUMBER, AT(gid), "N", "the group id inside", LAST_ID},
	{"--without", 0, CLI_TEXT, AT(without), "userns",
	 "where user namespaces cannot be had: Landlock and seccomp alone, which is weaker", 0},
	{"--limits", 0, CLI_TEXT, AT(limits), "cgroup|rlimit",
	 "how --mem and --pids are held: by a cgroup (default), or process by process where none can be had", 0},
	{"--mem", 0, CLI_SIZE, AT(mem), "SIZE", "limit memory, as 512M (needs a cgroup, or --limits rlimit)", 0},
	{"--pids", 0, CLI_NUMBER, AT(pids), "N", "limit processes and threads", 1 << 22},
	{"--cpu", 0, CLI_PERCENT, AT(cpu), "SHARE", "limit CPU time, as 0.5 or 150% of one CPU (needs a cgroup)", 0},
	{"--time", 0, CLI_DURATION, AT(time), "TIME", "kill it after this time, as 10s or 5m: exit status 124", 0},
	{"--rlimit", 0, CLI_WORDS, AT(rlimits), "NAME=SOFT[:HARD]", "set a limit of setrlimit(2), as NOFILE=1024", 0},
	{"--cap", 0, CLI_WORDS, AT(caps), "CAP", "keep a capability inside, as CAP_NET_BIND_SERVICE", 0},
	{"--seccomp", 0, CLI_TEXT, AT(seccomp), "FILE",
	 "load a filter (linux.seccomp as JSON) on top of the default one", 0},
	{"--profile", 0, CLI_TEXT, AT(profile), "NAME|FILE",
	 "the ceiling, restricted (default), baseline or privileged; or a file, with the flags that it holds", 0},
	{"--args", 0, CLI_TEXT, AT(args), "FD", "read further flags from FD, each ended by a NUL", 0},
	{"--bundle-out", 0, CLI_TEXT, AT(bundle_out), "DIR", "write the equivalent OCI bundle and start nothing", 0},
	{"--save", 0, CLI_TEXT, AT(save), "FILE", "write these flags as a profile into the new FILE, then start", 0},
	{"--json-status-fd", 0, CLI_NUMBER, AT(status_fd), "N", "write JSON lines about the launch to this descriptor",
	 1 << 20},
	{"--keep-fd", 0, CLI_WORDS, AT(keep_fds), "N", "let the program have this open file, pipe or socket as well",
	 0},
	{"--block-fd", 0, CLI_NUMBER, AT(block_fd), "N",
	 "begin the program only when there is something to read from this descriptor, or its end", 1 << 20},
	{"--sync-fd", 0, CLI_NUMBER, AT(sync_fd), "N", "keep this descriptor open as long as the sandbox lives",
	 1 << 20},
	{"--trace-fd", 0, CLI_NUMBER, AT(trace_fd), "N", "write the names of the applied steps to this descriptor",
	 1 << 20},
	{"--no-die-with-parent", 0, CLI_ON, AT(no_die_with_parent), NULL, "go on when casemate itself is killed", 0},
	{"--report", 0, CLI_ON, AT(report), NULL, "say at the end which system calls and connections were denied", 0},
	{"--report-files", 0, CLI_ON, AT(report_files), NULL,
	 "and which files were not found or not written; calls that name a file get slower", 0},
	{"--report-fd", 0, CLI_NUMBER, AT(report_fd), "N", "and write JSON lines to this descriptor while it runs",
	 1 << 20},
	{"--no-pty", 0, CLI_ON, AT(no_pty), NULL, "give it the caller's terminal itself, not one of its own", 0},
	CLI_END,
};

static const struct {
	const char *name;
	uint32_t marks;
} flag_marks[] = {
	{"--ro", FLAG_HOST_PATH},
	{"--ro-try", FLAG_HOST_PATH},
	{"--rw", FLAG_HOST_PATH},
	{"--rw-try", FLAG_HOST_PATH},
	{"--dev", FLAG_HOST_PATH},
	{"--dev-try", FLAG_HOST_PATH},
	{"--file", FLAG_HOST_PATH},
	{"--seccomp", FLAG_HOST_PATH},
	{"--hide", FLAG_HOST_PATH},
	{"--tmp-overlay", FLAG_HOST_PATH},
	{"--overlay", FLAG_HOST_PATH | FLAG_TWO_PATHS},
	{"--args", FLAG_TYPED},
	{"--profile", FLAG_TYPED},
	{"--bundle-out", FLAG_TYPED},
	{"--save", FLAG_TYPED},
	{"--json-status-fd", FLAG_TYPED},
	{"--trace-fd", FLAG_TYPED},
	{"--keep-fd", FLAG_TYPED | FLAG_OPEN},
	{"--block-fd", FLAG_TYPED},
	{"--sync-fd", FLAG_TYPED},
	{"--report", FLAG_TYPED},
	{"--report-files", FLAG_TYPED},
	{"--report-fd", FLAG_TYPED},
	{"--ro-fd", FLAG_TYPED | FLAG_OPEN},
	{"--rw-fd", FLAG_TYPED | FLAG_OPEN},
	{"--file-fd", FLAG_TYPED | FLAG_OPEN},
	{"--without", FLAG_TYPED},
};

uint32_t options_marks(const struct cli_option *option)
{
	for (size_t i = 0; i < sizeof(flag_marks) / sizeof(flag_marks[0]); i++)
		if (strcmp(flag_marks[i].name, option->name) == 0)
			return flag_marks[i].marks;
	return 0;
}

/* ---- the rest of the request */

static void set_variable(struct arena *arena, string_list *env, const char *name, const char *value)
{
	size_t length = strlen(name);
	const char *entry = arena_printf(arena, "%s=%s", name, value);

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->at[i], name, length) == 0 && env->at[i][length] == '=') {
			env->at[i] = entry;
			return;
		}
	*LIST_ADD(arena, env) = entry;
}

static int unset_variables(string_list *env, const cli_words *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->at[i].value;
		size_t length = strlen(name), kept = 0;

		if (length == 0 || strchr(name, '=') != NULL)
			return error_set(err, ERROR_USAGE, 0, "--unsetenv %s: expected a NAME", name);
		for (size_t j = 0; j < env->count; j++)
			if (strncmp(env->at[j], name, length) != 0 || env->at[j][length] != '=')
				env->at[kept++] = env->at[j];
		env->count = kept;
	}
	return 0;
}

static void add_basics(const struct adding *a, string_list *env)
{
	/* What is no place of the sandbox's own exists without user namespaces as well. */
	static const struct {
		const char *name, *value;
		bool everywhere;
	} basics[] = {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", true},
		      {"HOME", OPTIONS_HOME, false},
		      {"USER", "sandbox", false},
		      {"LANG", "C.UTF-8", true},
		      {"TMPDIR", "/tmp", false}};

	for (size_t i = 0; i < sizeof(basics) / sizeof(basics[0]); i++)
		if (!a->request->sandbox.without_userns || basics[i].everywhere)
			set_variable(a->arena, env, basics[i].name, basics[i].value);
	if ((a->host->terminals & 1U << STDIN_FILENO) != 0 && getenv("TERM") != NULL)
		set_variable(a->arena, env, "TERM", getenv("TERM"));
}

static int add_environment(const struct adding *a, const cli_words *words, struct error *err)
{
	string_list *env = &a->request->process.env;

	add_basics(a, env);
	for (size_t i = 0; i < words->count; i++) {
		char *name = arena_strdup(a->arena, words->at[i].value);
		char *equals = strchr(name, '=');

		if (name[0] == '=' || name[0] == '\0' ||
		    (equals == NULL && strcmp(words->at[i].option, "--setenv") == 0))
			return error_set(err, ERROR_USAGE, 0, "%s %s: expected NAME=VALUE", words->at[i].option, name);
		if (equals != NULL)
			*equals = '\0';
		const char *value = equals != NULL ? equals + 1 : getenv(name);
		if (value != NULL)
			set_variable(a->arena, env, name, value);
	}
	return 0;
}

static int add_caps(const struct adding *a, const cli_words *words, struct error *err)
{
	struct request_capabilities *caps = &a->request->process.capabilities;
	uint64_t set = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *name = words->at[i].value;
		int number =
			names_capability(strncmp(name, "CAP_", 4) == 0 ? name : arena_printf(a->arena, "CAP_%s", name));

		if (number < 0) {
			error_set(err, ERROR_USAGE, 0, "--cap %s: there is no such capability", name);
			return error_hint(err, "capabilities(7) lists them, such as CAP_NET_BIND_SERVICE");
		}
		set |= 1ULL << number;
	}
	caps->given = true;
	caps->bounding = caps->permitted = caps->effective = caps->inheritable = caps->ambient = set;
	if ((set & 1ULL << CAP_NET_BIND_SERVICE) != 0)
		options_open_low_ports(a->arena, a->request);
	return 0;
}

static int add_seccomp(const struct adding *a, const char *path, struct error *err)
{
	struct request_seccomp *seccomp = arena_alloc(a->arena, sizeof(*seccomp));
	struct oci_seccomp_text file = {.name = path};
	char *text;

	TRY(file_read(AT_FDCWD, path, SECCOMP_BYTES, a->arena, &text, &file.length, err));
	file.text = text;
	TRY(oci_parse_seccomp(&file, a->arena, seccomp, err));
	a->request->linux_.seccomp = seccomp;
	return 0;
}

static void add_user(const struct adding *a, const struct sandbox_options *options)
{
	struct request_user *user = &a->request->process.user;

	bool root = a->host->uid == 0;

	user->uid = options->uid.set ? (uint32_t)options->uid.value : root ? DEFAULT_ID : a->host->uid;
	user->gid = options->gid.set ? (uint32_t)options->gid.value : root ? DEFAULT_ID : a->host->gid;
	user->from = options->uid.set ? "--uid" : "default";
	/* Root is never kept by default: a caller who is root runs it as nobody, who owns no file of the host. */
	a->request->sandbox.host_uid = (struct opt_u32){.set = root && !options->uid.set, .value = NOBODY};
	a->request->sandbox.host_gid = (struct opt_u32){.set = root && !options->gid.set, .value = NOBODY};
}

static void add_sandbox(struct request *request, const struct sandbox_options *options, const struct host *host)
{
	request->sandbox = (struct request_sandbox){
		.given = true,
		.init = true,
		.pty = (host->terminals & 1U << STDIN_FILENO) != 0 && !options->no_pty,
		.report = options->report || options->report_files || options->report_fd.set,
		.report_files = options->report_files,
		.held = options->block_fd.set,
		.die_with_parent = !options->no_die_with_parent,
		.time_limit_ms = options->time.value,
		.without_userns = options->without != NULL,
		.host_network = options->net != NULL && strcmp(options->net, "host") == 0,
		.restrict_tcp = options->bind_tcp.count + options->connect_tcp.count > 0,
	};
	request->source = "sandbox";
	request->root.readonly = true;
	request->process.no_new_privileges = true;
	if (options->without == NULL)
		request->hostname = options->hostname != NULL ? options->hostname : "sandbox";
}

static bool has_mount(const struct request *request, const char *destination)
{
	for (size_t i = 0; i < request->mounts.count; i++)
		if (strcmp(request->mounts.at[i].destination, destination) == 0)
			return true;
	return false;
}

static int add_view(const struct adding *a, const struct sandbox_options *options, struct error *err)
{
	const char *net = options->net != NULL ? options->net : "none";

	if (options->without == NULL)
		return options_add_system(a->host, net, a->arena, a->request, err);
	options_add_system_bare(a, a->request->sandbox.host_network);
	return 0;
}

int options_request(const struct sandbox_options *options, char *const *argv, const struct host *host,
		    struct arena *arena, struct request *ret, struct error *err)
{
	struct adding a = {.arena = arena, .host = host, .request = ret};

	if (argv[0] == NULL) {
		error_set(err, ERROR_USAGE, 0, "there is no program to run");
		return error_hint(err,
				  "it comes behind the flags: casemate sandbox [FLAG]... -- COMMAND [ARGUMENT]...");
	}
	for (; *argv != NULL; argv++)
		*LIST_ADD(arena, &ret->process.args) = arena_strdup(arena, *argv);
	add_sandbox(ret, options, host);
	add_user(&a, options);
	if (options->without != NULL)
		TRY(options_check_without(&a, options, err));
	TRY(options_add_net(&a, options, err));
	TRY(add_view(&a, options, err));
	TRY(options_add_files(&a, &options->files, err));
	TRY(options_add_sockets(&a, &options->sockets, err));
	TRY(options_add_dbus(&a, &options->dbus, err));
	TRY(options_order(ret, a.arena, err));
	TRY(add_environment(&a, &options->env, err));
	TRY(unset_variables(&ret->process.env, &options->unset, err));
	TRY(options_add_limits(&a, options, err));
	TRY(options_add_kept(&a, &options->keep_fds, err));
	TRY(add_caps(&a, &options->caps, err));
	if (options->seccomp != NULL)
		TRY(add_seccomp(&a, options->seccomp, err));
	if (options->cwd != NULL &&
	    options_check_target(&(struct cli_word){"--cwd", options->cwd, NULL}, options->cwd, err) < 0)
		return error_hint(err, "such as --cwd \"$PWD\", where this directory is shown");
	ret->process.cwd = options->cwd != NULL ? options->cwd : has_mount(ret, OPTIONS_HOME) ? OPTIONS_HOME : "/";
	return 0;
}
