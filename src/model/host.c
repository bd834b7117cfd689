// SPDX-License-Identifier: Apache-2.0
#include "model/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char cgroup_root[] = "/sys/fs/cgroup";

/* What programs expect at the top of the tree; with a merged /usr most are links. */
static const char *const top_directories[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

/* What is the host's own. Which of them a profile lets pass, and how, is decided by parts/sources.c. */
static const char *const sensitive_paths[] = {
	"/",
	"/boot",
	"/dev",
	"/etc",
	"/etc/gshadow",
	"/etc/shadow",
	"/etc/ssh",
	"/etc/sudoers",
	"/home",
	"/proc",
	"/root",
	"/root/.ssh",
	"/run",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/dbus/system_bus_socket",
	"/run/docker.sock",
	"/run/podman/podman.sock",
	"/run/systemd/private",
	"/sys",
	"/usr",
	"/var",
	"/var/lib",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/docker",
	"/var/lib/kubelet",
};

static int probe_kernel(struct host *host, struct error *err)
{
	struct utsname name;
	char *end;

	if (uname(&name) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot ask for the kernel's version");
	unsigned long major = strtoul(name.release, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	host->kernel = (uint32_t)(major << 16 | minor);
	if (!host_kernel_at_least(host, 5, 10))
		return error_set(err, ERROR_HOST, 0, "kernel %s is too old: casemate needs 5.10 or newer",
				 name.release);
	return 0;
}

/* Root of another user namespace has capabilities too, but none over the host's mounts: only the first maps all ids. */
static bool maps_every_id(void)
{
	char text[256];
	unsigned first, host, count;
	AUTOCLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length < 0)
		return false;
	text[length] = '\0';
	char *at = text;
	first = (unsigned)strtoul(at, &at, 10);
	host = (unsigned)strtoul(at, &at, 10);
	count = (unsigned)strtoul(at, &at, 10);
	return first == 0 && host == 0 && count == UINT32_MAX;
}

static void probe_capabilities(struct host *host)
{
	uint64_t permitted = 0, inheritable = 0;
	uint32_t last = CAP_LAST_CAP;

	(void)sys_capget(&host->capabilities, &permitted, &inheritable);
	/* The headers' last capability is a good first guess: usually two calls find the kernel's. */
	while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	host->last_capability = last;
	host->privileged = host->uid == 0 && (host->capabilities & 1ULL << CAP_SYS_ADMIN) != 0 && maps_every_id();
}

/* What is ignored stays so over execve(2) (proc_pid_status(5), SigIgn). */
static int probe_ignored_signals(struct host *host, struct error *err)
{
	static const char label[] = "\nSigIgn:\t";
	char text[4096];
	AUTOCLOSE int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '/proc/self/status'");
	text[length] = '\0';
	const char *at = strstr(text, label);
	if (at == NULL)
		return error_set(err, ERROR_HOST, 0, "cannot understand '/proc/self/status'");
	host->ignored_signals = strtoull(at + strlen(label), NULL, 16);
	return 0;
}

void host_probe_directories(struct host *host, struct arena *arena)
{
	char link[256];

	for (size_t i = 0; i < sizeof(top_directories) / sizeof(top_directories[0]); i++) {
		const char *path = top_directories[i];
		ssize_t length = readlink(path, link, sizeof(link));

		if (length < 0 && errno != EINVAL)
			continue;
		struct host_directory *directory = LIST_ADD(arena, &host->directories);
		directory->path = path;
		directory->link = length < 0 ? NULL : arena_strndup(arena, link, (size_t)length);
	}
}

/* A hierarchy of v1 is in use when it is mounted anywhere; for us it has to be where all are. */
static bool is_mounted(const char *name)
{
	char path[sizeof(cgroup_root) + 256];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s/%s", cgroup_root, name);
	return statfs(path, &fs) == 0 && fs.f_type == CGROUP_SUPER_MAGIC;
}

/* One line of /proc/self/cgroup: "4:cpu,cpuacct:/user.slice" or "1:name=systemd:/" or "0::/user.slice". */
static void add_hierarchy(struct host *host, struct arena *arena, char *line)
{
	char *controllers = strchr(line, ':');
	char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');

	if (path == NULL)
		return;
	*path++ = '\0';
	controllers++;
	if (strncmp(controllers, "name=", 5) == 0)
		controllers += 5;
	if (host->cgroup == HOST_CGROUP_V1 && controllers[0] != '\0' && !is_mounted(controllers))
		return;
	*LIST_ADD(arena, &host->cgroups) = (struct pair){.key = controllers, .value = path};
}

static int probe_cgroups(struct host *host, struct arena *arena, struct error *err)
{
	struct statfs fs;
	char text[4096], *at, *line;

	host->cgroup_root = cgroup_root;
	if (statfs(cgroup_root, &fs) < 0)
		return 0;
	if (fs.f_type == CGROUP2_SUPER_MAGIC)
		host->cgroup = HOST_CGROUP_V2;
	else if (fs.f_type == TMPFS_MAGIC)
		host->cgroup = HOST_CGROUP_V1;
	else
		return 0;

	AUTOCLOSE int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '/proc/self/cgroup'");
	at = arena_strndup(arena, text, (size_t)length);
	while ((line = strsep(&at, "\n")) != NULL)
		add_hierarchy(host, arena, line);
	return 0;
}

int host_probe(struct host *host, struct arena *arena, struct error *err)
{
	char cwd[4096];

	*host = (struct host){.uid = geteuid(), .gid = getegid(), .terminal = isatty(STDIN_FILENO)};
	TRY(probe_kernel(host, err));
	probe_capabilities(host);
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
	host->landlock_abi = abi < 0 ? 0 : (int)abi;
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot find the current directory");
	host->cwd = arena_strdup(arena, cwd);
	TRY(probe_ignored_signals(host, err));
	return probe_cgroups(host, arena, err);
}

bool host_seccomp_flag(uint32_t flag)
{
	/* Flags are looked at before the program, which is nowhere: nothing is ever loaded. */
	uint32_t flags =
		flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? flag | SECCOMP_FILTER_FLAG_NEW_LISTENER : flag;

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

bool host_kernel_at_least(const struct host *host, uint32_t major, uint32_t minor)
{
	return host->kernel >= (major << 16 | minor);
}

enum { DEEPEST = 256 };

static void close_stream(FILE **stream)
{
	if (*stream != NULL)
		(void)fclose(*stream);
}

/* Walks up by "..", so that an alias of a directory (a bind mount of it elsewhere) is recognised by what it is. */
static uint32_t find_above(const struct host *host, int fd)
{
	struct stat status, before = {0};
	uint32_t above = 0;
	AUTOCLOSE int at = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < DEEPEST && at >= 0 && fstat(at, &status) == 0; i++) {
		if (status.st_dev == before.st_dev && status.st_ino == before.st_ino)
			break;
		for (size_t j = 0; j < host->sensitive.count; j++)
			if (host->sensitive.at[j].device == status.st_dev &&
			    host->sensitive.at[j].inode == status.st_ino)
				above |= 1U << j;
		before = status;
		int next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_close(&at);
		at = next;
	}
	return above;
}

/* A file has no ".."; its directory is asked, which may be looked up once more because it only adds to what is refused.
 */
static uint32_t find_above_file(const struct host *host, const char *real)
{
	char directory[4096];
	const char *slash = strrchr(real, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - real) + 1;

	if (length == 0 || length + 1 >= sizeof(directory))
		return 0;
	snprintf(directory, sizeof(directory), "%.*s.", (int)length, real);
	AUTOCLOSE int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	struct stat status;
	uint32_t above = find_above(host, fd);
	for (size_t j = 0; fstat(fd, &status) == 0 && j < host->sensitive.count; j++)
		if (host->sensitive.at[j].device == status.st_dev && host->sensitive.at[j].inode == status.st_ino)
			above |= 1U << j;
	return above;
}

/* A path that cannot be opened stays without `real`: the step that mounts it reports why. */
static int probe_object(const struct host *host, struct host_object *object, const char *path, struct arena *arena,
			struct error *err)
{
	char name[64], real[4096];
	struct stat status;
	struct statfs fs;
	AUTOCLOSE int fd = sys_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);
	bool magic = fd < 0 && errno == ELOOP;

	*object = (struct host_object){.path = path, .magic_link = magic};
	if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &fs) < 0)
		return 0;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(name, real, sizeof(real));
	if (length < 0 || (size_t)length == sizeof(real))
		return error_set(err, ERROR_SYSTEM, errno, "cannot find where '%s' really is", path);
	object->real = arena_strndup(arena, real, (size_t)length);
	object->device = status.st_dev;
	object->inode = status.st_ino;
	object->mode = status.st_mode;
	object->magic = (uint32_t)fs.f_type;
	object->below = S_ISDIR(status.st_mode) ? find_above(host, fd) : find_above_file(host, object->real);
	return 0;
}

_Static_assert(sizeof(sensitive_paths) / sizeof(sensitive_paths[0]) <= 32, "host_object.below has a bit for each");

static void probe_sensitive(struct host *host, struct arena *arena)
{
	struct stat status;

	for (size_t i = 0; i < sizeof(sensitive_paths) / sizeof(sensitive_paths[0]); i++)
		if (stat(sensitive_paths[i], &status) == 0)
			*LIST_ADD(arena, &host->sensitive) = (struct host_object){
				.path = sensitive_paths[i],
				.real = sensitive_paths[i],
				.device = status.st_dev,
				.inode = status.st_ino,
				.mode = status.st_mode,
			};
}

static void identify(struct host_identity *identity, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		*identity = (struct host_identity){.device = status.st_dev, .inode = status.st_ino};
}

static void probe_namespaces(struct host *host, const struct request *request)
{
	static const char *const names[NAMESPACE_COUNT] = {
		[NAMESPACE_USER] = "user",     [NAMESPACE_PID] = "pid",   [NAMESPACE_NETWORK] = "net",
		[NAMESPACE_MOUNT] = "mnt",     [NAMESPACE_IPC] = "ipc",   [NAMESPACE_UTS] = "uts",
		[NAMESPACE_CGROUP] = "cgroup", [NAMESPACE_TIME] = "time",
	};
	char path[64];

	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++) {
		if (request->linux_.namespaces[kind].path == NULL)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[kind]);
		identify(&host->own_namespaces[kind], path);
		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[kind]);
		identify(&host->init_namespaces[kind], path);
		identify(&host->joined[kind], request->linux_.namespaces[kind].path);
	}
}

/* The fifth field of a line of proc_pid_mountinfo(5), with \NNN for blanks, made a path again in place. */
static char *mount_point(char *line)
{
	char *field = line;

	for (int i = 0; i < 4 && field != NULL; i++)
		field = strchr(field, ' ') == NULL ? NULL : strchr(field, ' ') + 1;
	if (field == NULL)
		return NULL;
	field[strcspn(field, " ")] = '\0';
	char *to = field;
	for (const char *at = field; *at != '\0'; at++, to++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] != '\0' && at[3] != '\0') {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 3;
		} else {
			*to = *at;
		}
	}
	*to = '\0';
	return field;
}

static bool lies_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return strncmp(path, parent, length) == 0 && (path[length] == '/' || strcmp(parent, "/") == 0);
}

/* Whatever somebody mounted below a directory comes along with a recursive bind of it. */
static int probe_submounts(struct host *host, const string_list *directories, struct arena *arena, struct error *err)
{
	__attribute__((cleanup(close_stream))) FILE *table = fopen("/proc/self/mountinfo", "re");
	char line[20000];

	if (table == NULL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the table of mounts");
	while (fgets(line, sizeof(line), table) != NULL) {
		struct host_object object;

		if (strchr(line, '\n') == NULL)
			return error_set(err, ERROR_HOST, 0, "cannot understand the table of mounts");
		const char *point = mount_point(line);

		for (size_t i = 0; point != NULL && i < directories->count; i++) {
			if (!lies_below(point, directories->at[i]))
				continue;
			TRY(probe_object(host, &object, arena_strdup(arena, point), arena, err));
			*LIST_ADD(arena, &host->submounts) = object;
			break;
		}
	}
	return 0;
}

int host_probe_sources(struct host *host, const struct request *request, struct arena *arena, struct error *err)
{
	string_list recursive = {0};
	struct host_object object;

	probe_namespaces(host, request);
	if (request->root.path == NULL && request->mounts.count == 0)
		return 0;
	probe_sensitive(host, arena);
	if (request->root.path != NULL) {
		TRY(probe_object(host, &host->root, request->root.path, arena, err));
		if (host->root.real != NULL)
			*LIST_ADD(arena, &recursive) = host->root.real;
	}
	for (size_t i = 0; i < request->mounts.count; i++) {
		const struct request_mount *mount = &request->mounts.at[i];

		if (!mount->bind)
			continue;
		TRY(probe_object(host, &object, mount->source, arena, err));
		*LIST_ADD(arena, &host->sources) = object;
		/* The default view of a sandbox is the system's own, and is read-only with all that is below it. */
		if (mount->recursive && object.real != NULL && strcmp(mount->from, "default") != 0)
			*LIST_ADD(arena, &recursive) = object.real;
	}
	return recursive.count == 0 ? 0 : probe_submounts(host, &recursive, arena, err);
}
