// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/kernel.h"
#include "check.h"
#include "config/options.h"
#include "config/options_add.h"
#include "config/options_x11.h"

static struct arena arena;
static struct error err;
static struct host host;
static struct request request;

static const struct cli cli = {"sandbox", "", sandbox_options, CLI_IN_FRONT};

/* A host with a merged /usr, whose caller is an ordinary user without a terminal. */
static void make_host(uint32_t uid)
{
	host = (struct host){.uid = uid, .gid = uid, .cwd = "/home/me/work"};
	*LIST_ADD(&arena, &host.directories) = (struct host_directory){.path = "/usr"};
	*LIST_ADD(&arena, &host.directories) = (struct host_directory){.path = "/bin", .link = "usr/bin"};
	*LIST_ADD(&arena, &host.directories) = (struct host_directory){.path = "/lib", .link = "usr/lib"};
}

/* The request of a command line of up to 15 words. */
static int parse(const char *const *words)
{
	struct sandbox_options options = {0};
	char *argv[16] = {0}, **program;

	for (size_t i = 0; i < 15 && words[i] != NULL; i++)
		argv[i] = arena_strdup(&arena, words[i]);
	memset(&err, 0, sizeof(err));
	memset(&request, 0, sizeof(request));
	if (cli_parse(&cli, argv, &options, &arena, &program, &err) != 0)
		return -1;
	return options_request(&options, program, &host, &arena, &request, &err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})
/* The flags before the program "true". */
#define FLAGS(...) PARSE(__VA_ARGS__, "--", "true")

static bool says(const char *text)
{
	bool good = err.kind == ERROR_USAGE && strstr(err.what, text) != NULL;

	if (!good)
		printf("# said (%d): %s\n", err.kind, err.what);
	return good;
}

static const struct request_mount *mount_at(const char *destination)
{
	for (size_t i = 0; i < request.mounts.count; i++)
		if (strcmp(request.mounts.at[i].destination, destination) == 0)
			return &request.mounts.at[i];
	return NULL;
}

static size_t position(const char *destination)
{
	return (size_t)(mount_at(destination) - request.mounts.at);
}

static const char *variable(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < request.process.env.count; i++)
		if (strncmp(request.process.env.at[i], name, length) == 0 && request.process.env.at[i][length] == '=')
			return request.process.env.at[i] + length + 1;
	return NULL;
}

static bool is_bind(const char *destination, const char *source, bool readonly)
{
	const struct request_mount *mount = mount_at(destination);
	const uint64_t always = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (readonly ? MOUNT_ATTR_RDONLY : 0);

	/* Both alike: what is mounted below a source must not be more open than the source. */
	return mount != NULL && mount->bind && mount->recursive && strcmp(mount->source, source) == 0 &&
	       mount->attr_set == always && mount->rec_attr_set == always;
}

static void check_default_view(void)
{
	test("without flags the system is read-only, home and /tmp are empty");
	CHECK(PARSE("ls", "--all") == 0);
	CHECK(request.process.args.count == 2 && strcmp(request.process.args.at[1], "--all") == 0);
	CHECK(is_bind("/usr", "/usr", true));
	CHECK(mount_at("/bin") != NULL && strcmp(mount_at("/bin")->link, "usr/bin") == 0 && !mount_at("/bin")->bind);
	CHECK(mount_at("/tmp") != NULL && strcmp(mount_at("/tmp")->type, "tmpfs") == 0);
	CHECK(mount_at("/home/sandbox") != NULL && strcmp(request.process.cwd, "/home/sandbox") == 0);
	CHECK(mount_at("/proc") != NULL && mount_at("/dev/pts") != NULL && mount_at("/dev/shm") != NULL);
	CHECK(request.root.readonly && request.root.path == NULL);

	test("nothing of the host that is not needed is in view");
	CHECK(mount_at("/sys") == NULL && mount_at("/home") == NULL && mount_at("/etc") == NULL);
	CHECK(mount_at("/etc/shadow") == NULL && mount_at("/etc/machine-id") == NULL &&
	      mount_at("/etc/resolv.conf") == NULL);
	for (size_t i = 0; i < request.mounts.count; i++)
		CHECK(!request.mounts.at[i].bind || (request.mounts.at[i].attr_set & MOUNT_ATTR_RDONLY) != 0);

	test("every mount but a link is nosuid, and only /dev and /dev/pts may have devices");
	for (size_t i = 0; i < request.mounts.count; i++) {
		const struct request_mount *mount = &request.mounts.at[i];
		bool device = strcmp(mount->destination, "/dev") == 0 || strcmp(mount->destination, "/dev/pts") == 0;

		if (mount->link != NULL || mount->content != NULL)
			continue;
		CHECK((mount->attr_set & MOUNT_ATTR_NOSUID) != 0);
		CHECK(device || (mount->attr_set & MOUNT_ATTR_NODEV) != 0);
	}

	test("passwd and group are generated and name nobody of the host");
	const char *passwd = mount_at("/etc/passwd") != NULL ? mount_at("/etc/passwd")->content : NULL;
	CHECK(passwd != NULL && strstr(passwd, "sandbox:x:4242:4242:") != NULL && strstr(passwd, "root") == NULL);
	CHECK(mount_at("/etc/group") != NULL && mount_at("/etc/group")->content != NULL);

	test("a host without programs is an error");
	host.directories.count = 0;
	CHECK(PARSE("true") == -1 && err.kind == ERROR_HOST);
	make_host(4242);

	test("a program is needed");
	CHECK(FLAGS("--net", "none") == 0);
	CHECK(PARSE("--net", "none") == -1 && says("no program"));
	CHECK(PARSE("--net", "none", "--") == -1 && says("no program"));
}

static void check_privilege(void)
{
	test("without flags there is no privilege and everything is its own");
	CHECK(PARSE("true") == 0);
	CHECK(request.process.no_new_privileges && request.process.capabilities.given);
	CHECK((request.process.capabilities.bounding | request.process.capabilities.permitted |
	       request.process.capabilities.effective | request.process.capabilities.inheritable |
	       request.process.capabilities.ambient) == 0);
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++)
		CHECK(request.linux_.namespaces[kind].given || kind == NAMESPACE_TIME);
	CHECK(request.sandbox.given && request.sandbox.init && request.sandbox.die_with_parent && !request.sandbox.pty);
	CHECK(request.linux_.masked_paths.count > 0 && request.linux_.readonly_paths.count > 0);

	test("the caller's own id is kept, root's never");
	CHECK(request.process.user.uid == 4242 && request.process.user.gid == 4242);
	make_host(0);
	CHECK(PARSE("true") == 0 && request.process.user.uid != 0 && request.process.user.gid != 0);
	CHECK(FLAGS("--uid", "0") == 0 && request.process.user.uid == 0);
	make_host(4242);
	CHECK(FLAGS("--uid", "7", "--gid", "8") == 0 && request.process.user.uid == 7 && request.process.user.gid == 8);
	CHECK(FLAGS("--uid", "4294967295") == -1);

	test("--cap fills all five sets, and only with names that exist");
	CHECK(FLAGS("--cap", "CAP_NET_BIND_SERVICE", "--cap", "CAP_KILL") == 0);
	CHECK(request.process.capabilities.ambient == (1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_KILL));
	CHECK(request.process.capabilities.bounding == request.process.capabilities.ambient);
	CHECK(FLAGS("--cap", "CAP_NONE") == -1 && says("CAP_NONE"));
	CHECK(FLAGS("--cap", "net_admin") == -1);

	test("the network is shared only by --net host");
	CHECK(FLAGS("--net", "host") == 0 && !request.linux_.namespaces[NAMESPACE_NETWORK].given);
	CHECK(mount_at("/etc/resolv.conf") != NULL &&
	      (mount_at("/etc/resolv.conf")->special & MOUNT_SPECIAL_OPTIONAL) != 0);
	CHECK(FLAGS("--net", "None") == -1 && says("none, pasta, host or"));

	test("--net PATH joins that namespace, and has one of its own of all others");
	CHECK(FLAGS("--net", "/run/netns/vpn") == 0 && request.linux_.namespaces[NAMESPACE_NETWORK].given);
	CHECK(strcmp(request.linux_.namespaces[NAMESPACE_NETWORK].path, "/run/netns/vpn") == 0);
	CHECK(request.linux_.namespaces[NAMESPACE_PID].given && request.linux_.namespaces[NAMESPACE_PID].path == NULL);

	test("--publish is for --net pasta, and for this machine unless an address says otherwise");
	CHECK(FLAGS("--publish", "80") == -1 && says("needs --net pasta"));
	CHECK(FLAGS("--net", "pasta", "--publish", "8080:80", "--publish", "[::1]:9", "--publish", "1.2.3.4:5:6") == 0);
	CHECK(request.sandbox.pasta && request.sandbox.publish.count == 3);
	CHECK(strcmp(request.sandbox.publish.at[0], "127.0.0.1/8080:80") == 0);
	CHECK(strcmp(request.sandbox.publish.at[1], "::1/9:9") == 0);
	CHECK(strcmp(request.sandbox.publish.at[2], "1.2.3.4/5:6") == 0);
	CHECK(FLAGS("--net", "pasta", "--publish", "[::1]80") == -1 &&
	      FLAGS("--net", "pasta", "--publish", "1.2.3:80") == -1);

	test("a profile's file has room for every flag");
	size_t flags = 0;
	while (sandbox_options[flags].name != NULL)
		flags++;
	CHECK(flags <= JSON_MAX_FIELDS);

	test("ports restrict all of TCP");
	CHECK(FLAGS("--bind-tcp", "8080", "--connect-tcp", "443", "--connect-tcp", "80") == 0);
	CHECK(request.sandbox.restrict_tcp && request.sandbox.bind_tcp.count == 1 &&
	      request.sandbox.connect_tcp.count == 2);
	CHECK(request.sandbox.connect_tcp.at[1] == 80);
	CHECK(FLAGS("--bind-tcp", "65536") == -1 && FLAGS("--bind-tcp", "http") == -1 && FLAGS("--bind-tcp", "") == -1);

	test("a terminal is replaced by one of its own unless --no-pty");
	host.terminals = 1;
	CHECK(PARSE("true") == 0 && request.sandbox.pty);
	CHECK(FLAGS("--no-pty") == 0 && !request.sandbox.pty);
	host.terminals = 0;
	CHECK(FLAGS("--no-die-with-parent") == 0 && !request.sandbox.die_with_parent);
}

static void check_files(void)
{
	test("a source is shown at its own place, or where the flag says");
	CHECK(FLAGS("--ro", "/srv/a", "--rw", "/srv/b:/b", "--rw", "data") == 0);
	CHECK(is_bind("/srv/a", "/srv/a", true));
	CHECK(is_bind("/b", "/srv/b", false));
	CHECK(is_bind("/home/me/work/data", "/home/me/work/data", false));
	CHECK(strcmp(mount_at("/b")->from, "--rw /srv/b:/b") == 0);

	test("sources are relative to the current directory, '.' and '..' are resolved");
	CHECK(FLAGS("--ro", "../x/./y//z:/z") == 0 && is_bind("/z", "/home/me/x/y/z", true));
	CHECK(FLAGS("--ro", "../../../../../x:/x") == 0 && is_bind("/x", "/x", true));

	test("a colon in a path is escaped");
	CHECK(FLAGS("--ro", "/a\\:b:/c\\:d") == 0 && is_bind("/c:d", "/a:b", true));

	test("-try forms are optional, the others are not");
	CHECK(FLAGS("--ro-try", "/srv/a", "--rw", "/srv/b") == 0);
	CHECK((mount_at("/srv/a")->special & MOUNT_SPECIAL_OPTIONAL) != 0);
	CHECK((mount_at("/srv/b")->special & MOUNT_SPECIAL_OPTIONAL) == 0);

	test("a device keeps its use but nothing else");
	CHECK(FLAGS("--dev", "/dev/fuse") == 0);
	CHECK(mount_at("/dev/fuse")->attr_set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC) &&
	      !mount_at("/dev/fuse")->recursive);

	test("a place that is no absolute path is an error that names the flag");
	CHECK(FLAGS("--ro", "/a:b") == -1 && says("--ro /a:b"));
	CHECK(FLAGS("--ro", "/a:/b/../../c") == -1 && says("'..'"));
	CHECK(FLAGS("--ro", "/a:") == -1 && FLAGS("--file", "/a") == -1 && FLAGS("--symlink", "a") == -1);
	CHECK(FLAGS("--tmpfs", "x") == -1 && FLAGS("--cwd", "x") == -1);

	test("a tmpfs takes its own options and no others");
	CHECK(FLAGS("--tmpfs", "/x:size=1m,mode=700,noexec") == 0);
	CHECK((mount_at("/x")->attr_set & MOUNT_ATTR_NOEXEC) != 0 && mount_at("/x")->data.count == 2);
	CHECK(FLAGS("--tmpfs", "/x:bind") == -1 && says("'bind'"));
	CHECK(FLAGS("--tmpfs", "/x:suid") == -1 && FLAGS("--tmpfs", "/x:dev") == -1 &&
	      FLAGS("--tmpfs", "/x:remount") == -1);
	CHECK(FLAGS("--tmpfs", "/x:size") == -1 && FLAGS("--tmpfs", "/x:") == -1);
}

static void check_order(void)
{
	test("parents come first, whatever was typed first");
	CHECK(FLAGS("--ro", "/a/b/c", "--tmpfs", "/a/b", "--rw", "/a") == 0);
	CHECK(position("/a") < position("/a/b") && position("/a/b") < position("/a/b/c"));

	test("two flags for one place are refused, both named");
	CHECK(FLAGS("--ro", "/a", "--rw", "/b:/a") == -1 && says("'--ro /a'") && says("'--rw /b:/a'"));
	CHECK(FLAGS("--ro", "/a", "--rw", "/a/") == -1 && says("'--rw /a/'"));

	test("a flag takes the place of a default");
	CHECK(FLAGS("--rw", "/srv/tmp:/tmp") == 0 && is_bind("/tmp", "/srv/tmp", false));
	CHECK(FLAGS("--tmpfs", "/usr") == 0 && !mount_at("/usr")->bind);

	test("what a flag shows of the host is shown as it is");
	CHECK(FLAGS("--ro", "/srv/etc:/etc") == 0 && mount_at("/etc/passwd") == NULL &&
	      mount_at("/etc/ssl/certs") == NULL);
	CHECK(FLAGS("--tmpfs", "/etc") == 0 && mount_at("/etc/passwd") != NULL);
	CHECK(FLAGS("--ro", "/srv/e:/et") == 0 && mount_at("/etc/passwd") != NULL);

	test("without a home the program starts in the root");
	CHECK(FLAGS("--rw", "/srv/h:/home") == 0 && strcmp(request.process.cwd, "/") == 0);
	CHECK(FLAGS("--cwd", "/srv") == 0 && strcmp(request.process.cwd, "/srv") == 0);

	test("a place behind a link is the place that the link leads to");
	CHECK(FLAGS("--ro", "/srv/x:/var/run/x") == 0 && mount_at("/var/run/x") == NULL &&
	      is_bind("/run/x", "/srv/x", true));
	CHECK(FLAGS("--symlink", "b:/a", "--ro", "/srv/x:/a/x") == 0 && is_bind("/b/x", "/srv/x", true));
	CHECK(FLAGS("--ro", "/srv/x:/var/run/x", "--ro", "/srv/y:/run/x") == -1 && says("'--ro /srv/y:/run/x'"));
	CHECK(FLAGS("--symlink", "/b:/a", "--symlink", "/a:/b", "--ro", "/srv/x:/a/x") == -1);
}

static void check_made(void)
{
	char path[] = "/tmp/casemate-options-XXXXXX";
	int fd = mkstemp(path);

	test("--file copies what the file holds now");
	if (!CHECK(fd >= 0 && write(fd, "content", 7) == 7))
		return;
	const char *flag = arena_printf(&arena, "%s:/data/file", path);
	CHECK(FLAGS("--file", flag) == 0);
	const struct request_mount *mount = mount_at("/data/file");
	CHECK(mount != NULL && mount->content_length == 7 && strcmp(mount->content, "content") == 0 &&
	      mount->mode == 0644);
	CHECK(fchmod(fd, 0755) == 0 && FLAGS("--file", flag) == 0 && mount_at("/data/file")->mode == 0755);

	test("--file and --symlink leave nothing in a directory of the host");
	CHECK(FLAGS("--file", flag, "--rw", "/srv:/data") == -1 && says("left in a directory of the host"));
	CHECK(FLAGS("--symlink", "x:/data/y", "--rw", "/srv:/data") == -1 && says("left in a directory of the host"));
	CHECK(FLAGS("--file", arena_printf(&arena, "%s:/bin/tool", path)) == -1 &&
	      says("left in a directory of the host"));
	CHECK(FLAGS("--file", flag, "--tmpfs", "/data") == 0);

	test("--file of a missing file, or of a device, is an error");
	CHECK(unlink(path) == 0 && FLAGS("--file", flag) == -1 && err.errnum != 0);
	CHECK(FLAGS("--file", "/dev/null:/x") == -1);
	close(fd);

	test("--seccomp of a missing file is an error");
	CHECK(FLAGS("--seccomp", path) == -1 && err.errnum != 0);
}

static void check_environment(void)
{
	test("the environment is the basics and no more");
	setenv("OPTIONS_TEST", "inherited", 1);
	unsetenv("OPTIONS_MISSING");
	CHECK(PARSE("true") == 0);
	CHECK(variable("PATH") != NULL && variable("HOME") != NULL && variable("LANG") != NULL &&
	      variable("TMPDIR") != NULL);
	CHECK(variable("OPTIONS_TEST") == NULL && variable("TERM") == NULL);

	test("--env passes on or sets, --setenv sets; the last one counts");
	CHECK(FLAGS("--env", "OPTIONS_TEST", "--env", "A=1", "--setenv", "B=x=y", "--setenv", "A=2", "--env",
		    "HOME=/x") == 0);
	CHECK(strcmp(variable("OPTIONS_TEST"), "inherited") == 0 && strcmp(variable("A"), "2") == 0);
	CHECK(strcmp(variable("B"), "x=y") == 0 && strcmp(variable("HOME"), "/x") == 0);
	CHECK(FLAGS("--env", "OPTIONS_MISSING") == 0 && variable("OPTIONS_MISSING") == NULL);
	CHECK(FLAGS("--setenv", "A") == -1 && FLAGS("--env", "=x") == -1 && FLAGS("--env", "") == -1);
}

static void check_limits(void)
{
	test("limits go where the cgroup part looks for them");
	CHECK(FLAGS("--mem", "64M", "--pids", "10", "--cpu", "150%", "--time", "2s") == 0);
	CHECK(request.linux_.resources.memory != NULL && request.linux_.resources.memory->limit.value == 64 << 20);
	CHECK(request.linux_.resources.pids_limit.set && request.linux_.resources.pids_limit.value == 10);
	CHECK(request.linux_.resources.cpu != NULL &&
	      request.linux_.resources.cpu->quota.value * 2 == 3 * (int64_t)request.linux_.resources.cpu->period.value);
	CHECK(request.sandbox.time_limit_ms == 2000);
	CHECK(FLAGS("--mem", "0") == -1 && FLAGS("--cpu", "0") == -1);
	CHECK(PARSE("true") == 0 && request.linux_.resources.memory == NULL &&
	      !request.linux_.resources.pids_limit.set);

	test("no core is dumped unless --rlimit says so");
	CHECK(PARSE("true") == 0 && request.process.rlimits.count == 1 &&
	      request.process.rlimits.at[0].type == RLIMIT_CORE && request.process.rlimits.at[0].hard == 0);
	CHECK(FLAGS("--rlimit", "CORE=0:unlimited", "--rlimit", "RLIMIT_NOFILE=64") == 0 &&
	      request.process.rlimits.count == 2);
	CHECK(request.process.rlimits.at[0].hard == RLIM_INFINITY && request.process.rlimits.at[1].soft == 64 &&
	      request.process.rlimits.at[1].hard == 64);
	CHECK(FLAGS("--rlimit", "NOFILE") == -1 && FLAGS("--rlimit", "NOFILE=") == -1 &&
	      FLAGS("--rlimit", "NONE=1") == -1);
	CHECK(FLAGS("--rlimit", "NOFILE=2:1") == -1 && FLAGS("--rlimit", "NOFILE=99999999999999999999") == -1);
}

static bool path_is(const char *addresses, const char *expected)
{
	const char *path = options_bus_path(&arena, addresses);

	return expected == NULL ? path == NULL : path != NULL && strcmp(path, expected) == 0;
}

/* Address, number, name and data of an entry of Xauthority(5), with the family before. */
static const char xauthority[] = "\x01\x00\0\2me\0\1"
				 "7\0\1c\0\2ab" /* the display that is meant */
				 "\x01\x00\0\2me\0\1"
				 "8\0\1c\0\2cd" /* another one */
				 "\0\0\0\4wxyz\0\1"
				 "7\0\1c\0\2ef"; /* by network */

static void check_sockets(void)
{
	static const char kept[] = "\xff\xff\0\0\0\2"
				   "99\0\1c\0\2ab";
	const struct request_bus *bus;
	size_t length;

	test("the socket of a bus is the first path among its addresses, without escapes");
	CHECK(path_is("unix:path=/a,guid=1;unix:path=/b", "/a") && path_is("tcp:host=x;unix:path=/b%2f%20c", "/b/ c"));
	CHECK(path_is("unix:abstract=/a", NULL) && path_is("", NULL) && path_is("unix:path=a", NULL));
	CHECK(path_is("unix:path=/a%2", NULL) && path_is("unix:path=/a%", NULL) && path_is("unix:path=/a%zz", NULL));

	test("of cookies only those of the display are kept, and a cut file is no reason to read on");
	const char *cookies = x11_cookies(&arena, xauthority, sizeof(xauthority) - 1, "7", &length);
	CHECK(length == sizeof(kept) - 1 && memcmp(cookies, kept, length) == 0);
	for (size_t cut = 0; cut <= 16; cut++) {
		char *copy = malloc(cut + 1);

		memcpy(copy, xauthority, cut);
		x11_cookies(&arena, copy, cut, "7", &length);
		CHECK(length == (cut < 16 ? 0 : sizeof(kept) - 1));
		free(copy);
	}
	CHECK(x11_number(&arena, ":") == NULL && x11_number(&arena, ":1x") == NULL &&
	      x11_number(&arena, "a:1") == NULL);
	CHECK(strcmp(x11_number(&arena, "unix:12.3"), "12") == 0 && x11_number(&arena, ":123456") == NULL);

	test("a rule is of the bus that it names");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	CHECK(FLAGS("--socket", "dbus-system", "--socket", "dbus-session", "--dbus-talk", "a.b", "--dbus-own",
		    "system:c.d.*") == 0);
	CHECK(request.sandbox.buses.count == 2);
	bus = request.sandbox.buses.at;
	CHECK(strcmp(bus[0].path, "/run/dbus/system_bus_socket") == 0 && strcmp(bus[1].path, "/run/user/7/bus") == 0);
	CHECK(bus[0].rules.count == 1 && strcmp(bus[0].rules.at[0].name, "c.d.*") == 0 && bus[1].rules.count == 1);
	CHECK(mount_at("/run/sandbox/bus")->socket->proxied && mount_at("/run/sandbox") != NULL);

	test("a flag takes the place of the directory that sockets are in");
	CHECK(FLAGS("--socket", "wayland", "--socket", "wayland", "--tmpfs", "/run/sandbox:size=1m") == 0);
	CHECK(position("/run/sandbox") < position("/run/sandbox/wayland-0") &&
	      mount_at("/run/sandbox")->data.count == 1);
}

int main(void)
{
	if (arena_create(&arena, &err) < 0)
		return 1;
	make_host(4242);
	check_default_view();
	check_privilege();
	check_files();
	check_order();
	check_made();
	check_environment();
	check_limits();
	check_sockets();
	arena_destroy(&arena);
	return check_done();
}
