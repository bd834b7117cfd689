// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "config/options_add.h"
#include "model/names.h"

/* What programs need of /etc, and nothing that tells about the host or its users. */
static const char *const etc_files[] = {
	"/etc/alternatives",    /* links from /usr/bin: awk, java, editors */
	"/etc/ca-certificates", /* TLS */
	"/etc/crypto-policies", /* OpenSSL and GnuTLS on Fedora */
	"/etc/fonts",           /* fontconfig */
	"/etc/java",
	"/etc/java-17-openjdk", /* the JVM's configuration, linked from /usr */
	"/etc/java-21-openjdk",
	"/etc/ld.so.cache", /* the dynamic loader */
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/localtime",
	"/etc/mime.types",
	"/etc/pki",
	"/etc/protocols", /* getprotobyname(3) */
	"/etc/services",  /* getservbyname(3) */
	"/etc/ssl/certs",
	"/etc/ssl/openssl.cnf",
};

/* Only with the host's network do its names mean anything. */
static const char *const network_files[] = {"/etc/gai.conf", "/etc/hosts", "/etc/resolv.conf"};

static const struct {
	const char *path, *type, *options;
} filesystems[] = {
	{"/proc", "proc", "nosuid,nodev,noexec"},
	{"/dev", "tmpfs", "nosuid,noexec,mode=755,size=64k"},
	{"/dev/pts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"},
	{"/dev/shm", "tmpfs", "nosuid,nodev,noexec,mode=1777,size=64m"},
	{"/dev/mqueue", "mqueue", "nosuid,nodev,noexec"},
	{"/tmp", "tmpfs", "nosuid,nodev,mode=1777,size=50%"},
	{"/run", "tmpfs", "nosuid,nodev,mode=1777,size=16m"},
	{OPTIONS_HOME, "tmpfs", "nosuid,nodev,mode=1777,size=50%"},
};

static const char *const masked_paths[] = {
	"/proc/acpi",          "/proc/asound",      "/proc/interrupts", "/proc/kcore",      "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",       "/proc/timer_list", "/proc/timer_stats",
};
static const char *const readonly_paths[] = {"/proc/bus",      "/proc/fs",  "/proc/irq",
					     "/proc/pressure", "/proc/sys", "/proc/sysrq-trigger"};

struct request_mount *options_add_mount(struct arena *arena, struct request *request, const char *destination,
					origin from)
{
	struct request_mount *mount = LIST_ADD(arena, &request->mounts);

	mount->destination = destination;
	mount->from = from;
	return mount;
}

void options_apply_words(struct arena *arena, struct request_mount *mount, const char *words)
{
	char *copy = arena_strdup(arena, words);
	char *word;

	while ((word = strsep(&copy, ",")) != NULL)
		if (word[0] != '\0' && !names_mount_option(word, mount))
			*LIST_ADD(arena, &mount->data) = word;
}

static void add_bind(struct arena *arena, struct request *request, const char *path, bool optional)
{
	struct request_mount *mount = options_add_mount(arena, request, path, "default");

	mount->source = path;
	mount->type = "bind";
	options_apply_words(arena, mount, OPTIONS_BIND_RO);
	mount->special |= optional ? MOUNT_SPECIAL_OPTIONAL : 0;
}

void options_add_system_bare(const struct adding *a, bool host_network)
{
	for (size_t i = 0; i < a->host->directories.count; i++)
		if (a->host->directories.at[i].link == NULL)
			add_bind(a->arena, a->request, a->host->directories.at[i].path, true);
	for (size_t i = 0; i < sizeof(etc_files) / sizeof(etc_files[0]); i++)
		add_bind(a->arena, a->request, etc_files[i], true);
	for (size_t i = 0; host_network && i < sizeof(network_files) / sizeof(network_files[0]); i++)
		add_bind(a->arena, a->request, network_files[i], true);
}

static void add_file(struct arena *arena, struct request *request, const char *path, const char *content)
{
	struct request_mount *mount = options_add_mount(arena, request, path, "default");

	mount->content = content;
	mount->content_length = strlen(content);
}

static void add_link(struct arena *arena, struct request *request, const char *path, const char *text)
{
	options_add_mount(arena, request, path, "default")->link = text;
}

/* A directory of the host that is itself, or the link that a merged /usr has in its place. */
static void add_directories(const struct host *host, struct arena *arena, struct request *request)
{
	for (size_t i = 0; i < host->directories.count; i++) {
		const struct host_directory *directory = &host->directories.at[i];

		if (directory->link != NULL)
			add_link(arena, request, directory->path, directory->link);
		else
			add_bind(arena, request, directory->path, false);
	}
}

/* Programs ask who they are; the host's users are none of their business. */
static void add_identity(struct arena *arena, struct request *request)
{
	const struct request_user *user = &request->process.user;

	add_file(arena, request, "/etc/passwd",
		 arena_printf(arena,
			      "sandbox:x:%u:%u::/home/sandbox:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n",
			      user->uid, user->gid));
	add_file(arena, request, "/etc/group", arena_printf(arena, "sandbox:x:%u:\nnogroup:x:65534:\n", user->gid));
	add_file(arena, request, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
}

static void add_network(struct arena *arena, struct request *request, const char *net)
{
	if (strcmp(net, "host") != 0)
		add_file(arena, request, "/etc/hosts", "127.0.0.1\tlocalhost sandbox\n::1\tlocalhost\n");
	if (strcmp(net, "pasta") == 0)
		add_file(arena, request, "/etc/resolv.conf", "nameserver " PASTA_DNS "\n");
	if (strcmp(net, "host") != 0)
		return;
	for (size_t i = 0; i < sizeof(network_files) / sizeof(network_files[0]); i++)
		add_bind(arena, request, network_files[i], true);
}

static void add_paths(struct arena *arena, string_list *list, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*LIST_ADD(arena, list) = paths[i];
}

int options_add_system(const struct host *host, const char *net, struct arena *arena, struct request *request,
		       struct error *err)
{
	if (host->directories.count == 0)
		return error_set(err, ERROR_HOST, 0, "this host has no /usr or /bin to show to the program");
	add_directories(host, arena, request);
	for (size_t i = 0; i < sizeof(etc_files) / sizeof(etc_files[0]); i++)
		add_bind(arena, request, etc_files[i], true);
	add_identity(arena, request);
	add_network(arena, request, net);
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++) {
		struct request_mount *mount = options_add_mount(arena, request, filesystems[i].path, "default");

		mount->type = filesystems[i].type;
		mount->source = filesystems[i].type;
		options_apply_words(arena, mount, filesystems[i].options);
	}
	add_link(arena, request, "/var/tmp", "../tmp");
	add_link(arena, request, "/var/run", "../run");
	add_paths(arena, &request->linux_.masked_paths, masked_paths, sizeof(masked_paths) / sizeof(masked_paths[0]));
	add_paths(arena, &request->linux_.readonly_paths, readonly_paths,
		  sizeof(readonly_paths) / sizeof(readonly_paths[0]));
	return 0;
}

void options_open_low_ports(struct arena *arena, struct request *request)
{
	if (request->linux_.namespaces[NAMESPACE_NETWORK].given)
		*LIST_ADD(arena, &request->linux_.sysctl) =
			(struct pair){.key = "net.ipv4.ip_unprivileged_port_start", .value = "0"};
}
