// SPDX-License-Identifier: Apache-2.0
/* What the request's bind mounts bind, as objects: for parts/mounts_sources.c, which decides. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/kernel.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/sys.h"
#include "model/host_bundle.h"
#include "model/host_secrets.h"
#include "model/host_sockets.h"

enum { DEEPEST = 256, TABLE_BUFFER = 16384, LINE = 20000 };

/* What is the host's own. Which of them a profile lets pass, and how, is decided by parts/mounts_sources.c. */
static const char *const sensitive_directories[] = {
	"/",
	"/bin",
	"/boot",
	"/dev",
	"/efi",
	"/etc",
	"/etc/ssh",
	"/home",
	"/lib",
	"/lib64",
	"/nix",
	"/opt",
	"/opt/cni",
	"/proc",
	"/root",
	"/root/.ssh",
	"/run",
	"/run/cloud-init",
	"/run/containerd",
	"/run/containerd/runc",
	"/run/credentials",
	"/run/crio",
	"/run/crun",
	"/run/dbus",
	"/run/docker",
	"/run/initramfs",
	"/run/podman",
	"/run/runc",
	"/run/sudo",
	"/run/systemd",
	"/run/udev",
	"/run/user",
	"/sbin",
	"/sys",
	"/sysroot",
	"/usr",
	"/var",
	"/var/backups",
	"/var/lib",
	"/var/lib/cloud",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/docker",
	"/var/lib/dpkg",
	"/var/lib/etcd",
	"/var/lib/incus",
	"/var/lib/kubelet",
	"/var/lib/libvirt",
	"/var/lib/lxc",
	"/var/lib/lxd",
	"/var/lib/machines",
	"/var/lib/pacman",
	"/var/lib/polkit-1",
	"/var/lib/rancher",
	"/var/lib/rpm",
	"/var/lib/snapd",
	"/var/lib/systemd",
	"/var/log",
	"/var/mail",
	"/var/spool",
	"/var/spool/cron",
};
static const char *const sensitive_files[] = {"/etc/gshadow", "/etc/shadow", "/etc/sudoers", "/run/initctl"};
static const char *const sensitive_sockets[] = {
	"/run/containerd/containerd.sock", "/run/crio/crio.sock",  "/run/dbus/system_bus_socket", "/run/docker.sock",
	"/run/podman/podman.sock",         "/run/systemd/private",
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
_Static_assert(COUNT(sensitive_directories) < HOST_OBJECT_BITS,
	       "host_object.below has a bit for each, and for request.state_root");

/* A directory in a mount: it has one name there, and so one directory above it. */
struct seen {
	uint64_t device, inode, mount;
	uint64_t around; /* bit N: sensitive.at[N] is it, or above it */
};

struct look {
	struct host *host;
	struct arena *arena;
	LIST(struct seen) seen;
	const char *directory; /* in which the last file was, and what is around it */
	uint64_t around;
	uint64_t device; /* of the file system that was asked last, and its type */
	uint32_t magic;
	int parent; /* the directory of the part of the default view that was looked at last; or -1 */
	const char *parent_path;
	size_t parent_length;
};

struct identity {
	uint64_t device, inode, mount;
	uint32_t mode, uid;
	uint64_t rdev;
	bool unique; /* `mount` is never used again, and listmount(2) knows it */
	bool top;    /* it is the root of a mount */
};

static int look_at_with(int flags, int dir, const char *path, struct identity *ret)
{
	static const unsigned asked =
		STATX_TYPE | STATX_MODE | STATX_UID | STATX_INO | STATX_MNT_ID | STATX_MNT_ID_UNIQUE;
	struct statx status;

	if (statx(dir, path, flags, asked, &status) < 0)
		return -1;
	*ret = (struct identity){.device = makedev(status.stx_dev_major, status.stx_dev_minor),
				 .inode = status.stx_ino,
				 .mount = status.stx_mnt_id,
				 .mode = status.stx_mode,
				 .rdev = makedev(status.stx_rdev_major, status.stx_rdev_minor),
				 .uid = status.stx_uid,
				 .unique = (status.stx_mask & STATX_MNT_ID_UNIQUE) != 0,
				 .top = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0};
	return 0;
}

static int look_at(int dir, const char *path, struct identity *ret)
{
	return look_at_with(AT_EMPTY_PATH, dir, path, ret);
}

/* Whether nothing is mounted anywhere in the mount that @is is in; not where the kernel cannot say (before 6.8). */
static bool is_bare(const struct identity *is)
{
	uint64_t first;

	return is->unique && sys_listmount(is->mount, &first, 1) == 0;
}

static uint64_t own_bits(const struct host *host, const struct identity *is)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < host->sensitive.count && i < HOST_OBJECT_BITS; i++)
		if (host->sensitive.at[i].device == is->device && host->sensitive.at[i].inode == is->inode)
			bits |= 1ULL << i;
	return bits;
}

static bool same(const struct seen *seen, const struct identity *is)
{
	return seen->device == is->device && seen->inode == is->inode && seen->mount == is->mount;
}

/* The root of a file system, for sure; all of an overlay is always shown but by those who bind a part of it. */
static bool is_whole(int fd, const struct identity *is)
{
	static const struct {
		uint32_t magic;
		uint64_t root; /* the number that no other directory there has; 0: any */
	} roots[] = {{EXT4_SUPER_MAGIC, 2}, {BTRFS_SUPER_MAGIC, 256}, {TMPFS_MAGIC, 1}, {OVERLAYFS_SUPER_MAGIC, 0}};
	struct statfs fs;

	if (!S_ISDIR(is->mode) || fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < COUNT(roots); i++)
		if ((uint32_t)fs.f_type == roots[i].magic && (roots[i].root == 0 || roots[i].root == is->inode))
			return true;
	return false;
}

/* The first of the sensitive is "/", which all others are below. */
static uint64_t unseen_above(const struct host *host, int fd, const struct identity *is)
{
	return !is->top || (own_bits(host, is) & 1) != 0 || is_whole(fd, is) ? 0 : HOST_ABOVE_UNSEEN;
}

/*
 * What directory @fd is and what is above it. Walks up by "..", so that an alias of a directory (a bind mount of it
 * elsewhere) is recognised by what it is; of what the alias itself lies in host_probe_layers() knows more. The
 * descriptor is closed.
 */
static uint64_t look_around(struct look *look, int fd)
{
	size_t first = look->seen.count;
	uint64_t around = 0;
	AUTOCLOSE int at = fd;

	for (int i = 0; i < DEEPEST && at >= 0; i++) {
		struct identity is;
		bool known = false;

		if (look_at(at, "", &is) < 0)
			break;
		for (size_t k = 0; k < look->seen.count && !known; k++) {
			known = same(&look->seen.at[k], &is);
			around = known ? look->seen.at[k].around : around;
		}
		/* Its own "..": the top of everything. */
		if (known)
			break;
		*LIST_ADD(look->arena, &look->seen) = (struct seen){
			is.device, is.inode, is.mount, own_bits(look->host, &is) | unseen_above(look->host, at, &is)};
		int next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_close(&at);
		at = next;
	}
	/* The last one is the uppermost. */
	for (size_t k = look->seen.count; k-- > first;)
		around = look->seen.at[k].around |= around;
	return around;
}

static uint64_t look_above(struct look *look, int directory)
{
	return look_around(look, openat(directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/*
 * A file has no ".."; its directory is asked, which may be looked up once more because it only adds to what is refused.
 * So are directories of the sandbox's default view: who could exchange those is root.
 */
static uint64_t look_above_by_name(struct look *look, const char *real)
{
	const char *slash = strrchr(real, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - real) + 1;

	if (length == 0)
		return 0;
	if (look->directory == NULL || strncmp(look->directory, real, length) != 0 || look->directory[length] != '.') {
		look->directory = arena_printf(look->arena, "%.*s.", (int)length, real);
		look->around = look_around(look, openat(AT_FDCWD, look->directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
	}
	return look->around;
}

/* One file system has one type. */
static int find_type(struct look *look, int fd, uint64_t device, uint32_t *ret)
{
	struct statfs fs;

	if (look->device != device || device == 0) {
		if (fstatfs(fd, &fs) < 0)
			return -1;
		look->device = device;
		look->magic = (uint32_t)fs.f_type;
	}
	*ret = look->magic;
	return 0;
}

/* Absolute, and without "." and ".." and empty parts: where no part is a link, such a path is where a thing is. */
static bool is_canonical(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *at = path; *at == '/'; at += 1 + strcspn(at + 1, "/")) {
		size_t length = strcspn(at + 1, "/");

		if (length == 0 || (at[1] == '.' && (length == 1 || (length == 2 && at[2] == '.'))))
			return false;
	}
	return true;
}

static const char *find_real(struct look *look, int fd)
{
	char real[4096];

	return fd_name(fd, real, sizeof(real)) < 0 ? NULL : arena_strdup(look->arena, real);
}

static int open_parent(struct look *look, const char *path)
{
	size_t length = (size_t)(strrchr(path, '/') - path) + 1;

	if (look->parent >= 0 && look->parent_length == length && memcmp(look->parent_path, path, length) == 0)
		return look->parent;
	fd_close(&look->parent);
	look->parent_path = arena_strndup(look->arena, path, length);
	look->parent_length = length;
	look->parent = sys_openat2(AT_FDCWD, look->parent_path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	return look->parent;
}

static void take_identity(struct host_object *object, const struct identity *is)
{
	object->device = is->device;
	object->inode = is->inode;
	object->mode = is->mode;
	object->rdev = is->rdev;
	object->uid = is->uid;
}

/*
 * The default view has dozens of parts in few directories: one that is missing, or is no link and of the file system
 * whose type is known, needs not be opened. Returns whether that was so.
 */
static bool probe_from_parent(struct look *look, struct host_object *object)
{
	struct identity is;
	int parent = open_parent(look, object->path);

	if (parent < 0)
		return false;
	if (look_at_with(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, parent, strrchr(object->path, '/') + 1, &is) < 0)
		return errno == ENOENT;
	if (S_ISLNK(is.mode) || is.device != look->device || is.device == 0)
		return false;
	take_identity(object, &is);
	object->magic = look->magic;
	object->real = object->path;
	object->below = look_above_by_name(look, object->path);
	return true;
}

/* A path that cannot be opened stays without `real`: the step that mounts it reports why. */
static int probe_object(struct look *look, struct host_object *object, const char *path, bool is_default,
			struct error *err)
{
	struct identity is;
	bool literal = is_canonical(path);

	*object = (struct host_object){.path = path, .is_default = is_default};
	if (is_default && literal && probe_from_parent(look, object))
		return 0;
	AUTOCLOSE int fd = literal ? sys_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_SYMLINKS) : -1;

	if (fd < 0 && (!literal || errno == ELOOP)) {
		literal = false;
		fd = sys_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);
	}
	object->magic_link = fd < 0 && errno == ELOOP;
	if (fd < 0 || look_at(fd, "", &is) < 0 || find_type(look, fd, is.device, &object->magic) < 0)
		return 0;
	object->real = literal ? path : find_real(look, fd);
	if (object->real == NULL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot find where '%s' really is", path);
	take_identity(object, &is);
	object->bare = S_ISDIR(is.mode) && !is_default && is_bare(&is);
	object->below = S_ISDIR(is.mode) && !is_default ? look_above(look, fd) : look_above_by_name(look, object->real);
	object->below |= unseen_above(look->host, fd, &is);
	return 0;
}

/* What the caller has open is judged as what it is, wherever it is by now. */
static int probe_descriptor(struct look *look, struct host_object *object, const struct request_mount *mount,
			    struct error *err)
{
	struct identity is;
	int fd = mount->descriptor;

	*object = (struct host_object){.path = mount->source, .real = find_real(look, fd)};
	if (object->real == NULL || look_at(fd, "", &is) < 0 || find_type(look, fd, is.device, &object->magic) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", mount->source);
	take_identity(object, &is);
	object->below = S_ISDIR(is.mode) ? look_above(look, fd) : look_above_by_name(look, object->real);
	object->below |= unseen_above(look->host, fd, &is);
	return 0;
}

static void add_sensitive(struct look *look, const char *path)
{
	struct identity is;

	if (look_at(AT_FDCWD, path, &is) == 0)
		*LIST_ADD(look->arena, &look->host->sensitive) = (struct host_object){
			.path = path, .real = path, .device = is.device, .inode = is.inode, .mode = is.mode};
}

/* What is to lie in it is no less sensitive before it is there; where the caller may not go it binds nothing. */
static int add_state_root(struct look *look, const char *path, struct error *err)
{
	struct identity is = {0};
	AUTOCLOSE int fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if ((fd < 0 && errno != ENOENT && errno != EACCES) || (fd >= 0 && look_at(fd, "", &is) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s', for the state of containers", path);
	const char *real = fd < 0 ? NULL : find_real(look, fd);
	*LIST_ADD(look->arena, &look->host->sensitive) = (struct host_object){.path = path,
									      .real = real == NULL ? path : real,
									      .device = is.device,
									      .inode = is.inode,
									      .mode = is.mode,
									      .is_state = true};
	return 0;
}

/* A file is only something of the host's when it is one; a socket can also lie inside what is bound. */
static bool concerns(const struct host_object *object, const char *path, uint32_t type)
{
	return object->real != NULL && ((object->mode & S_IFMT) == type || strcmp(object->real, path) == 0 ||
					(type == S_IFSOCK && path_is_below(path, object->real)));
}

static bool concerns_any(const struct host *host, const char *path, uint32_t type)
{
	bool found = concerns(&host->root, path, type);

	for (size_t i = 0; i < host->sources.count; i++)
		found = found || concerns(&host->sources.at[i], path, type);
	for (size_t i = 0; i < host->submounts.count; i++)
		found = found || concerns(&host->submounts.at[i], path, type);
	return found;
}

static void probe_sensitive_files(struct look *look)
{
	for (size_t i = 0; i < COUNT(sensitive_files); i++)
		if (concerns_any(look->host, sensitive_files[i], S_IFREG))
			add_sensitive(look, sensitive_files[i]);
	for (size_t i = 0; i < COUNT(sensitive_sockets); i++)
		if (concerns_any(look->host, sensitive_sockets[i], S_IFSOCK))
			add_sensitive(look, sensitive_sockets[i]);
}

static void identify(struct host_identity *identity, const char *path)
{
	struct identity is;

	if (look_at(AT_FDCWD, path, &is) == 0)
		*identity = (struct host_identity){.device = is.device, .inode = is.inode};
}

void host_probe_namespaces(struct host *host, const struct request *request)
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

/* The fifth field of a line of proc_pid_mountinfo(5); NULL where there is none. */
static char *mount_point(char *line)
{
	char *field = NULL;

	for (int i = 0; i < 5; i++)
		field = strsep(&line, " ");
	if (field != NULL)
		mountinfo_unescape(field);
	return field;
}

/* Whatever somebody mounted below a directory comes along with a recursive bind of it. */
static int probe_submounts(struct look *look, const string_list *directories, struct error *err)
{
	AUTOCLOSE_FILE FILE *table = fopen("/proc/self/mountinfo", "re");
	static char buffer[TABLE_BUFFER], line[LINE];

	if (table == NULL || setvbuf(table, buffer, _IOFBF, sizeof(buffer)) != 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the table of mounts");
	while (fgets(line, sizeof(line), table) != NULL) {
		struct host_object object;

		if (strchr(line, '\n') == NULL)
			return error_set(err, ERROR_HOST, 0, "cannot understand the table of mounts");
		const char *point = mount_point(line);

		for (size_t i = 0; point != NULL && i < directories->count; i++) {
			if (!path_is_below(point, directories->at[i]))
				continue;
			TRY(probe_object(look, &object, arena_strdup(look->arena, point), false, err));
			*LIST_ADD(look->arena, &look->host->submounts) = object;
			break;
		}
	}
	return 0;
}

static void add_source(struct look *look, const struct request_mount *mount, const struct host_object *object,
		       string_list *recursive)
{
	*LIST_ADD(look->arena, &look->host->sources) = *object;
	if (mount->recursive && object->real != NULL && !object->is_default && !object->bare)
		*LIST_ADD(look->arena, recursive) = object->real;
}

static int probe_binds(struct look *look, const struct request *request, string_list *recursive, struct error *err)
{
	struct host_object object;

	for (size_t i = 0; i < request->mounts.count; i++) {
		const struct request_mount *mount = &request->mounts.at[i];

		for (size_t k = 0; k < mount->layers.count; k++) {
			TRY(probe_object(look, &object, mount->layers.at[k].path, false, err));
			*LIST_ADD(look->arena, &look->host->sources) = object;
		}
		if (!mount->bind)
			continue;
		/* It is not there yet, and is no socket of the host's. */
		if (mount->socket != NULL && mount->socket->proxied) {
			*LIST_ADD(look->arena, &look->host->sources) = (struct host_object){.path = mount->source};
			continue;
		}
		/* The default view of a sandbox is the system's own, and is read-only with all that is below it. */
		if ((mount->special & MOUNT_SPECIAL_OPEN) != 0)
			TRY(probe_descriptor(look, &object, mount, err));
		else
			TRY(probe_object(look, &object, mount->source, strcmp(mount->from, "default") == 0, err));
		add_source(look, mount, &object, recursive);
		if (mount->changes == NULL)
			continue;
		TRY(probe_object(look, &object, mount->changes, false, err));
		add_source(look, mount, &object, recursive);
	}
	return 0;
}

static int probe_buses(struct look *look, const struct request *request, struct error *err)
{
	struct host_object object;

	for (size_t i = 0; i < request->sandbox.buses.count; i++) {
		TRY(probe_object(look, &object, request->sandbox.buses.at[i].path, false, err));
		*LIST_ADD(look->arena, &look->host->buses) = object;
	}
	return 0;
}

static void forget_parent(struct look *look)
{
	fd_close(&look->parent);
}

int host_probe_sources(struct host *host, const struct request *request, struct arena *arena, struct error *err)
{
	__attribute__((cleanup(forget_parent))) struct look look = {.host = host, .arena = arena, .parent = -1};
	string_list recursive = {0};

	host_probe_namespaces(host, request);
	if (request->root.path == NULL && request->mounts.count == 0)
		return 0;
	for (size_t i = 0; i < COUNT(sensitive_directories); i++)
		add_sensitive(&look, sensitive_directories[i]);
	if (request->state_root != NULL)
		TRY(add_state_root(&look, request->state_root, err));
	if (request->root.path != NULL) {
		TRY(probe_object(&look, &host->root, request->root.path, false, err));
		if (host->root.real != NULL && !host->root.bare)
			*LIST_ADD(arena, &recursive) = host->root.real;
	}
	TRY(probe_binds(&look, request, &recursive, err));
	host_probe_bundle(host, request, arena);
	TRY(probe_buses(&look, request, err));
	if (recursive.count > 0)
		TRY(probe_submounts(&look, &recursive, err));
	TRY(host_probe_layers(host, request, arena, err));
	probe_sensitive_files(&look);
	host_probe_sockets(host, arena);
	/* Who starts a sandbox, and who is not root, has but the rights that the program gets. */
	if (host->privileged && !request->sandbox.given)
		host_probe_secrets(host);
	return 0;
}
