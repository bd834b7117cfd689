// SPDX-License-Identifier: Apache-2.0
#include <fnmatch.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "parts/mounts.h"

#ifndef CGROUP_SUPER_MAGIC
#define CGROUP_SUPER_MAGIC 0x27e0eb
#endif

/* Numbers that no header has (statfs(2)). */
enum { CONFIGFS = 0x62656570, FUSECTL = 0x65735543, MQUEUE = 0x19800202, RPC_PIPE = 0x67596969 };

enum scope {
	SCOPE_EVER = 1,       /* the object itself, however it is mounted */
	SCOPE_WRITABLE = 2,   /* the object itself, when it is writable */
	SCOPE_BELOW = 4,      /* everything below it, when it is writable */
	SCOPE_BELOW_EVER = 8, /* everything below it */
	SCOPE_INSIDE = 16,    /* a directory that it is in: a read-only mount does not stop connect(2) */
	SCOPE_SECRET = 32,    /* what is below it and not for everybody on the host */
};

static const char believed[] = "it holds the state of the containers, which is believed";
static const char containers[] = "it holds the images and containers of this host";
static const char programs[] = "it holds the host's programs";
static const char sockets[] = "it holds the sockets of the host's services";
static const char runs_as_root[] = "the host runs what is in it as root";
static const char socket_is_root[] = "there is a socket that is root on the host";

/*
 * What is the host's own (CIS 5.6, Pod Security Standards "HostPath Volumes"). Read-only /usr and single files of /etc
 * are how a sandbox shows the system to a program.
 */
static const struct {
	const char *path;
	unsigned scope;
	const char *why;
} ceiling[] = {
	{"/", SCOPE_EVER, "it is the whole host"},
	{"/bin", SCOPE_WRITABLE | SCOPE_BELOW, programs},
	{"/boot", SCOPE_EVER | SCOPE_BELOW, "it holds the host's kernel"},
	{"/dev", SCOPE_EVER, "it holds the host's devices"},
	{"/efi", SCOPE_EVER | SCOPE_BELOW, "it holds the host's kernel"},
	{"/etc", SCOPE_EVER | SCOPE_BELOW | SCOPE_SECRET, "it holds the host's configuration and secrets"},
	{"/etc/gshadow", SCOPE_EVER, "it holds the host's passwords"},
	{"/etc/shadow", SCOPE_EVER, "it holds the host's passwords"},
	{"/etc/ssh", SCOPE_EVER | SCOPE_BELOW_EVER, "it holds the host's keys"},
	{"/etc/sudoers", SCOPE_EVER, "it says who may become root"},
	{"/home", SCOPE_EVER, "it holds everybody's files"},
	{"/lib", SCOPE_WRITABLE | SCOPE_BELOW, programs},
	{"/lib64", SCOPE_WRITABLE | SCOPE_BELOW, programs},
	{"/nix", SCOPE_WRITABLE | SCOPE_BELOW, programs},
	{"/opt", SCOPE_WRITABLE, programs},
	{"/opt/cni", SCOPE_WRITABLE | SCOPE_BELOW, runs_as_root},
	{"/proc", SCOPE_EVER | SCOPE_BELOW_EVER, "it shows the host's processes"},
	{"/root", SCOPE_EVER, "it is root's home"},
	{"/root/.ssh", SCOPE_EVER | SCOPE_BELOW_EVER, "it holds root's keys"},
	{"/run", SCOPE_EVER, sockets},
	{"/run/cloud-init", SCOPE_EVER | SCOPE_BELOW_EVER, "it holds secrets of the host, and a FIFO that root reads"},
	{"/run/containerd", SCOPE_EVER, sockets},
	{"/run/containerd/runc", SCOPE_EVER | SCOPE_BELOW_EVER, believed},
	{"/run/credentials", SCOPE_EVER | SCOPE_BELOW_EVER, "it holds the secrets of the host's services"},
	{"/run/crio", SCOPE_EVER, sockets},
	{"/run/crun", SCOPE_EVER | SCOPE_BELOW_EVER, believed},
	{"/run/dbus", SCOPE_EVER | SCOPE_BELOW_EVER, sockets},
	{"/run/docker", SCOPE_EVER | SCOPE_BELOW_EVER, believed},
	{"/run/initctl", SCOPE_EVER, "it commands the host's init"},
	{"/run/initramfs", SCOPE_WRITABLE | SCOPE_BELOW, runs_as_root},
	{"/run/podman", SCOPE_EVER, sockets},
	{"/run/runc", SCOPE_EVER | SCOPE_BELOW_EVER, believed},
	{"/run/sudo", SCOPE_EVER | SCOPE_BELOW_EVER, "it says who may become root"},
	{"/run/systemd", SCOPE_EVER | SCOPE_BELOW, sockets},
	{"/run/udev", SCOPE_EVER | SCOPE_BELOW, sockets},
	{"/run/user", SCOPE_EVER, sockets},
	{"/sbin", SCOPE_WRITABLE | SCOPE_BELOW, programs},
	{"/sys", SCOPE_EVER | SCOPE_BELOW_EVER, "it is the host's kernel and hardware"},
	{"/sysroot", SCOPE_EVER | SCOPE_BELOW_EVER, "it is the whole host"},
	{"/usr", SCOPE_WRITABLE | SCOPE_BELOW, programs},
	{"/var", SCOPE_EVER, "it holds the state of the host's services"},
	{"/var/backups", SCOPE_EVER | SCOPE_BELOW_EVER, "it holds copies of the host's passwords"},
	{"/var/lib", SCOPE_EVER, "it holds the state of the host's services"},
	{"/var/lib/cloud", SCOPE_EVER | SCOPE_BELOW, runs_as_root},
	{"/var/lib/containerd", SCOPE_EVER, containers},
	{"/var/lib/containers", SCOPE_EVER, containers},
	{"/var/lib/docker", SCOPE_EVER, containers},
	{"/var/lib/dpkg", SCOPE_BELOW | SCOPE_WRITABLE, runs_as_root},
	{"/var/lib/etcd", SCOPE_EVER | SCOPE_BELOW_EVER, "it holds the secrets of all pods"},
	{"/var/lib/incus", SCOPE_EVER, containers},
	{"/var/lib/kubelet", SCOPE_EVER, "it holds the secrets of all pods of this host"},
	{"/var/lib/libvirt", SCOPE_EVER, containers},
	{"/var/lib/lxc", SCOPE_EVER, containers},
	{"/var/lib/lxd", SCOPE_EVER, containers},
	{"/var/lib/machines", SCOPE_EVER, containers},
	{"/var/lib/pacman", SCOPE_BELOW | SCOPE_WRITABLE, runs_as_root},
	{"/var/lib/polkit-1", SCOPE_EVER | SCOPE_BELOW, "it says who may do what root does"},
	{"/var/lib/rancher", SCOPE_EVER, containers},
	{"/var/lib/rpm", SCOPE_BELOW | SCOPE_WRITABLE, runs_as_root},
	{"/var/lib/snapd", SCOPE_BELOW | SCOPE_WRITABLE, runs_as_root},
	{"/var/lib/systemd", SCOPE_EVER | SCOPE_BELOW, runs_as_root},
	{"/var/log", SCOPE_WRITABLE, "the host's services write there, and follow links"},
	{"/var/mail", SCOPE_EVER, "it holds everybody's mail"},
	{"/var/spool", SCOPE_EVER, "it holds what the host runs as root later"},
	{"/var/spool/cron", SCOPE_EVER | SCOPE_BELOW_EVER, runs_as_root},
	{"/run/containerd/containerd.sock", SCOPE_EVER | SCOPE_INSIDE, socket_is_root},
	{"/run/crio/crio.sock", SCOPE_EVER | SCOPE_INSIDE, socket_is_root},
	{"/run/dbus/system_bus_socket", SCOPE_EVER | SCOPE_INSIDE,
	 "there is a socket that speaks to the host's services"},
	{"/run/docker.sock", SCOPE_EVER | SCOPE_INSIDE, socket_is_root},
	{"/run/podman/podman.sock", SCOPE_EVER | SCOPE_INSIDE, socket_is_root},
	{"/run/systemd/private", SCOPE_EVER | SCOPE_INSIDE, socket_is_root},
};

/* File systems through which the kernel is configured or watched: no part of them is for a container. */
static const struct {
	uint32_t magic;
	const char *why;
} kernel_filesystems[] = {
	{PROC_SUPER_MAGIC, "it is a part of the host's procfs"},
	{SYSFS_MAGIC, "it is a part of the host's sysfs"},
	{CGROUP_SUPER_MAGIC, "it is a cgroup of the host"},
	{CGROUP2_SUPER_MAGIC, "it is a cgroup of the host"},
	{DEBUGFS_MAGIC, "it is debugfs"},
	{TRACEFS_MAGIC, "it is tracefs"},
	{SECURITYFS_MAGIC, "it is securityfs"},
	{BPF_FS_MAGIC, "it is the bpf file system"},
	{NSFS_MAGIC, "it is a namespace of the host"},
	{DEVPTS_SUPER_MAGIC, "it holds the host's terminals"},
	{BINFMTFS_MAGIC, "it says what the host's kernel executes"},
	{CONFIGFS, "it configures the host's kernel"},
	{EFIVARFS_MAGIC, "it is the host's firmware"},
	{FUSECTL, "it controls the host's file systems"},
	{MQUEUE, "it holds the host's message queues"},
	{PSTOREFS_MAGIC, "it holds the host kernel's last messages"},
	{RDTGROUP_SUPER_MAGIC, "it configures the host's processors"},
	{RPC_PIPE, "it holds the sockets of the host's services"},
	{SELINUX_MAGIC, "it is the host's security policy"},
	{SMACK_MAGIC, "it is the host's security policy"},
};

static unsigned scope_of(const char *path, const char **ret_why)
{
	for (size_t i = 0; i < sizeof(ceiling) / sizeof(ceiling[0]); i++)
		if (strcmp(ceiling[i].path, path) == 0) {
			*ret_why = ceiling[i].why;
			return ceiling[i].scope;
		}
	*ret_why = "the host counts it as its own";
	return SCOPE_EVER;
}

/* @parent and @path are canonical, so whole components can be compared: "/usr" is not above "/usr2". */
static bool lies_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return strncmp(path, parent, length) == 0 && path[length] == '/';
}

static const char *compare(const struct host *host, const struct host_object *source, size_t index, bool writable)
{
	const struct host_object *own = &host->sensitive.at[index];
	bool same = source->device == own->device && source->inode == own->inode;
	bool below = host_object_is_below(source, index);
	uint32_t for_all = S_ISDIR(source->mode) ? S_IROTH | S_IXOTH : S_IROTH;
	const char *why = believed;
	unsigned scope = own->is_state ? SCOPE_EVER | SCOPE_BELOW_EVER | SCOPE_INSIDE : scope_of(own->path, &why);

	if (same && ((scope & SCOPE_EVER) != 0 || (writable && (scope & SCOPE_WRITABLE) != 0)))
		return why;
	if (below && ((scope & SCOPE_BELOW_EVER) != 0 || (writable && (scope & SCOPE_BELOW) != 0)))
		return why;
	if (below && (scope & SCOPE_SECRET) != 0 && (source->mode & for_all) != for_all)
		return "not everybody on the host may read it";
	if (below && (scope & SCOPE_SECRET) != 0 && source->secret)
		return "not everybody on the host may read all that is in it";
	if ((scope & SCOPE_INSIDE) != 0 && lies_below(own->real, source->real))
		return why;
	return NULL;
}

const char *mounts_source_risk(const char *path, mode_t mode, bool writable)
{
	uint32_t for_all = S_ISDIR(mode) ? S_IROTH | S_IXOTH : S_IROTH;
	const char *why = NULL;

	for (size_t i = 0; i < sizeof(ceiling) / sizeof(ceiling[0]); i++) {
		unsigned scope = ceiling[i].scope;
		bool below = lies_below(path, ceiling[i].path);

		if (strcmp(path, ceiling[i].path) == 0 && (scope & (SCOPE_EVER | (writable ? SCOPE_WRITABLE : 0))) != 0)
			return ceiling[i].why;
		if ((below && (scope & (SCOPE_BELOW_EVER | (writable ? SCOPE_BELOW : 0))) != 0) ||
		    (below && (scope & SCOPE_SECRET) != 0 && (mode & for_all) != for_all) ||
		    ((scope & SCOPE_INSIDE) != 0 && lies_below(ceiling[i].path, path)))
			why = ceiling[i].why;
	}
	return why;
}

static const char *why_sensitive(const struct host *host, const struct host_object *source, bool writable)
{
	for (size_t i = 0; i < sizeof(kernel_filesystems) / sizeof(kernel_filesystems[0]); i++)
		if (source->magic == kernel_filesystems[i].magic)
			return kernel_filesystems[i].why;
	if (S_ISBLK(source->mode))
		return "it is a disk of the host";
	for (size_t i = 0; i < host->sensitive.count; i++) {
		const char *why = compare(host, source, i, writable);

		if (why != NULL)
			return why;
	}
	return NULL;
}

/* What is judged, in one place: a bind source or the root, and how much of it can be written. */
struct judged {
	const char *layer;
	const char *path;
	origin from;
	bool writable;
	bool recursive;
	bool below_writable;
};

static void refuse(struct planner *p, const struct judged *j, const char *path, bool writable, const char *why)
{
	planner_judge(p, VERDICT_REFUSE, j->layer, j->from,
		      arena_printf(p->arena, "%s is bound %s: %s", path, writable ? "writable" : "read-only", why),
		      "remove it, or bind only what the program needs");
}

/* Sockets below /run/user/N by which programs are started outside of the sandbox. */
static const struct {
	const char *name, *why, *remedy;
} user_sockets[] = {
	{"bus", "all programs of the desktop answer there, and systemd", "--socket dbus-session has a filter"},
	{"docker.sock", "it starts containers with all files of its user", "leave it out"},
	{"podman/podman.sock", "it starts containers with all files of its user", "leave it out"},
	{"systemd/private", "it starts programs outside of the sandbox", "leave it out"},
};

static bool judge_user_socket(struct planner *p, const struct judged *j, const struct host_object *object)
{
	static const char runtime[] = "/run/user/";
	const char *name = strncmp(object->real, runtime, strlen(runtime)) == 0
				   ? strchr(object->real + strlen(runtime), '/')
				   : NULL;

	for (size_t i = 0; name != NULL && i < sizeof(user_sockets) / sizeof(user_sockets[0]); i++) {
		if (strcmp(name + 1, user_sockets[i].name) != 0)
			continue;
		planner_judge(p, VERDICT_REFUSE, j->layer, j->from,
			      arena_printf(p->arena, "%s: %s", object->path, user_sockets[i].why),
			      user_sockets[i].remedy);
		return true;
	}
	return false;
}

/* A sandbox's user may name a socket; nobody gets one by binding what it lies in. */
static void judge_socket(struct planner *p, const struct judged *j, const struct host_object *object)
{
	if (object->unsearched)
		planner_note(p, j->layer, j->from,
			     arena_printf(p->arena, "not all of %s was looked through for sockets of the host",
					  object->path));
	if (S_ISSOCK(object->mode) && judge_user_socket(p, j, object))
		return;
	if (object->socket == NULL || (S_ISSOCK(object->mode) && p->request->sandbox.given))
		return;
	planner_judge(
		p, VERDICT_REFUSE, j->layer, j->from,
		arena_printf(p->arena, "%s: the host listens on the socket %s there", object->path, object->socket),
		"bind only what the program needs: a read-only mount does not stop it from connecting");
}

static void judge_submounts(struct planner *p, const struct judged *j, const char *real)
{
	for (size_t i = 0; j->recursive && i < p->host->submounts.count; i++) {
		const struct host_object *mount = &p->host->submounts.at[i];

		if (!lies_below(mount->path, real))
			continue;
		const char *why = mount->real == NULL ? "what is mounted there could not be looked at"
						      : why_sensitive(p->host, mount, j->below_writable);
		if (why != NULL)
			refuse(p, j, mount->path, j->below_writable, why);
		else
			judge_socket(p, j, mount);
	}
}

static void judge_object(struct planner *p, const struct judged *j, const struct host_object *source)
{
	if (source->magic_link)
		planner_judge(p, VERDICT_REFUSE, j->layer, j->from,
			      arena_printf(p->arena, "%s leads through a link of procfs", j->path),
			      "bind the real path");
	if (source->real == NULL)
		return; /* nothing there: the launch will say so, unless it appears meanwhile, which is refused there */
	const char *why = why_sensitive(p->host, source, j->writable);
	if (why != NULL)
		refuse(p, j, j->path, j->writable, why);
	else
		judge_socket(p, j, source);
	judge_submounts(p, j, source->real);
}

/* What follows the name of somebody's home: "" for the home itself, NULL for what is in none. */
static const char *below_home(const char *real)
{
	static const char *const homes[] = {"/home/", "/var/home/"};

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		if (strncmp(real, homes[i], strlen(homes[i])) == 0) {
			const char *name = real + strlen(homes[i]);

			return name + strcspn(name, "/");
		}
	return NULL;
}

enum store { STORE_NONE, STORE_OF_ALL, STORE_OF_ONE };

/* What follows the place where engines keep things: /var/lib, /run, or the home of who runs them; or NULL. */
static const char *below_place(const char *real)
{
	static const char *const places[] = {"/var/lib/", "/run/"};
	static const char shared[] = "/.local/share/";
	const char *home = below_home(real);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strncmp(real, places[i], strlen(places[i])) == 0)
			return real + strlen(places[i]);
	return home != NULL && strncmp(home, shared, sizeof(shared) - 1) == 0 ? home + sizeof(shared) - 1 : NULL;
}

/* There is what belongs to all containers, and deeper what belongs to one. */
static enum store store_of(const char *real)
{
	static const struct {
		const char *name;
		int levels; /* so many below it are of all */
	} stores[] = {{"containerd", 2}, {"containers", 2}, {"crio", 1}, {"docker", 1}, {"kubelet", 1}};
	const char *path = below_place(real);
	int levels = 0;

	for (const char *at = path == NULL ? NULL : strchr(path, '/'); at != NULL; at = strchr(at + 1, '/'))
		levels++;
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]) && levels > 0; i++)
		if (strncmp(path, stores[i].name, strlen(stores[i].name)) == 0 && path[strlen(stores[i].name)] == '/')
			return levels <= stores[i].levels ? STORE_OF_ALL : STORE_OF_ONE;
	return STORE_NONE;
}

/*
 * Of what belongs to one container: its whole directory, its bundle with config.json and root, and what the engine and
 * the runtime have noted of it, with its variables. What engines bind from there are single files beside these, volumes
 * and layers: whose those are nothing tells.
 */
static bool is_private(const char *real)
{
	static const struct {
		const char *pattern;
		bool below; /* all that is in it as well */
	} private[] = {
		{"containerd/*/containers/*", false},
		{"containerd/*/sandboxes/*", false},
		{"containerd/io.containerd.runtime.*", true},
		{"containerd/runc", true},
		{"containers/storage/*-containers/*", false},
		{"containers/storage/*-containers/*/userdata", false},
		{"containers/storage/*-containers/*/userdata/config.json", false},
		{"crun", true},
		{"docker/containerd/daemon/io.containerd.runtime.*", true},
		{"docker/containers/*", false},
		{"docker/containers/*/*[.-]json*", false},
		{"docker/runtime-*", true},
		{"kubelet/pods/*", false},
		{"runc", true},
	};
	const char *path = below_place(real);

	for (size_t i = 0; path != NULL && i < sizeof(private) / sizeof(private[0]); i++)
		if (fnmatch(private[i].pattern, path, FNM_PATHNAME | (private[i].below ? FNM_LEADING_DIR : 0)) == 0)
			return true;
	return false;
}

/* What is in the bundle is its own, and not what a link in it leads to. */
static bool is_of_bundle(const struct planner *p, const char *real)
{
	const char *bundle = p->request->bundle;

	return (bundle != NULL && path_is_below(real, bundle)) ||
	       (p->host->bundle != NULL && path_is_below(real, p->host->bundle));
}

/* Somebody's home, and the settings, keys and start files in it: a sandbox's user may show its own. */
static bool is_personal(const char *real)
{
	const char *home = below_home(real);

	return (home != NULL && (home[0] == '\0' || home[1] == '.')) || strncmp(real, "/root/.", 7) == 0;
}

static void judge_others(struct planner *p, const struct judged *j, const struct host_object *source)
{
	if (source->real == NULL || p->request->sandbox.given)
		return;
	enum store store = store_of(source->real);
	if (store == STORE_OF_ALL || (is_private(source->real) && !is_of_bundle(p, source->real)))
		planner_judge(p, VERDICT_REFUSE, j->layer, j->from,
			      arena_printf(p->arena, "%s holds what belongs to other containers", j->path),
			      "bind only what the program needs");
	else if (store == STORE_NONE && is_personal(source->real))
		planner_judge(p, VERDICT_REFUSE, j->layer, j->from,
			      arena_printf(p->arena, "%s holds somebody's settings or keys", j->path),
			      "copy what the program needs to another place");
}

static bool is_below_dev(const struct planner *p, const struct host_object *source)
{
	for (size_t i = 0; i < p->host->sensitive.count; i++)
		if (strcmp(p->host->sensitive.at[i].path, "/dev") == 0 && host_object_is_below(source, i))
			return true;
	return false;
}

/* What every container has anyway: /dev/null is how people empty a file of an image. */
static bool is_everybodys(const struct host_object *source)
{
	static const unsigned minors[] = {3, 5, 7, 8, 9}; /* null, zero, full, random, urandom */

	for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++)
		if (S_ISCHR(source->mode) && source->rdev == makedev(1, minors[i]))
			return true;
	return false;
}

void mounts_know_device(const struct planner *p, struct plan_mount *mount, size_t bind)
{
	const struct host_object *source = bind < p->host->sources.count ? &p->host->sources.at[bind] : NULL;

	if (source == NULL || p->profile->devices == VERDICT_ALLOW || p->request->sandbox.given ||
	    !is_everybodys(source))
		return;
	mount->special |= MOUNT_SPECIAL_DEVICE;
	mount->attr_set |= MOUNT_ATTR_RDONLY;
	mount->attr_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
}

/* A device by way of a mount is a device all the same; a sandbox's --dev is its user's own word. */
static void judge_device(struct planner *p, const struct plan_mount *mount, const struct host_object *source)
{
	bool device = S_ISCHR(source->mode) || (S_ISDIR(source->mode) && is_below_dev(p, source));

	if (!device || p->request->sandbox.given || is_everybodys(source))
		return;
	planner_judge(
		p, p->profile->devices == VERDICT_ALLOW ? VERDICT_ALLOW : VERDICT_REFUSE, "mounts", mount->from,
		arena_printf(p->arena,
			     S_ISCHR(source->mode) ? "%s is a device of the host" : "%s is part of the host's /dev",
			     mount->source),
		"remove it, or use the privileged profile");
}

void mounts_judge_source(struct planner *p, struct plan_mount *mount, size_t bind)
{
	const struct judged judged = {
		.layer = "mounts",
		.path = mount->source,
		.from = mount->from,
		.writable = (mount->attr_set & MOUNT_ATTR_RDONLY) == 0,
		.recursive = mount->recursive,
		.below_writable = (mount->rec_attr_set & MOUNT_ATTR_RDONLY) == 0,
	};

	/* What lies behind a proxy is judged by parts/dbus.c. */
	if (p->profile->sensitive_sources == VERDICT_ALLOW || mount->late)
		return;
	if (bind >= p->host->sources.count) {
		planner_judge(p, VERDICT_REFUSE, "mounts", mount->from, "nobody looked at what is bound here", NULL);
		return;
	}
	const struct host_object *source = &p->host->sources.at[bind];
	mount->judged = true;
	mount->device = source->device;
	mount->inode = source->inode;
	mount->directory = S_ISDIR(source->mode);
	if (p->host->sockets_unknown && S_ISDIR(source->mode) && !source->is_default)
		planner_note(p, "mounts", mount->from,
			     arena_printf(p->arena,
					  "nobody knows whether %s has sockets of the host: the kernel does not tell",
					  mount->source));
	judge_object(p, &judged, source);
	judge_device(p, mount, source);
	judge_others(p, &judged, source);
}

int mounts_check_socket(struct planner *p, struct plan_mount *mount, size_t bind, struct error *err)
{
	const struct host_object *source = bind < p->host->sources.count ? &p->host->sources.at[bind] : NULL;

	if (mount->socket == NULL)
		return 0;
	if (mount->socket->proxied) {
		mount->source = arena_printf(p->arena, "%s/%s", p->plan->dbus.directory, mount->source);
		mount->late = true;
		mount->owner = (struct opt_u32){.set = p->plan->dbus.become, .value = p->plan->dbus.uid};
		return 0;
	}
	TRY(planner_check_socket(p, mount->socket, mount->source, source, err));
	mount->judged = true;
	mount->device = source == NULL ? 0 : source->device;
	mount->inode = source == NULL ? 0 : source->inode;
	return 0;
}

void mounts_judge_root(struct planner *p)
{
	struct plan_rootfs *root = &p->plan->rootfs;
	const struct judged judged = {
		.layer = "rootfs",
		.path = root->path,
		.from = root->from,
		.writable = !root->readonly,
		.recursive = true,
		.below_writable = !root->readonly,
	};

	if (p->profile->sensitive_sources == VERDICT_ALLOW || root->path == NULL)
		return;
	root->judged = true;
	root->device = p->host->root.device;
	root->inode = p->host->root.inode;
	root->real = p->host->root.real;
	judge_object(p, &judged, &p->host->root);
	judge_others(p, &judged, &p->host->root);
}
