// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "parts/mounts.h"

#ifndef CGROUP_SUPER_MAGIC
#define CGROUP_SUPER_MAGIC 0x27e0eb
#endif

enum scope {
	SCOPE_EVER = 1,     /* the object itself, however it is mounted */
	SCOPE_WRITABLE = 2, /* the object itself, when it is writable */
	SCOPE_BELOW = 4,    /* and everything below it, when it is writable */
};

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
	{"/boot", SCOPE_EVER | SCOPE_BELOW, "it holds the host's kernel"},
	{"/dev", SCOPE_EVER, "it holds the host's devices"},
	{"/etc", SCOPE_EVER | SCOPE_BELOW, "it holds the host's configuration and secrets"},
	{"/home", SCOPE_WRITABLE, "it holds everybody's files"},
	{"/proc", SCOPE_EVER, "it shows the host's processes"},
	{"/root", SCOPE_EVER, "it is root's home"},
	{"/run", SCOPE_EVER, "it holds the sockets of the host's services"},
	{"/sys", SCOPE_EVER, "it is the host's kernel and hardware"},
	{"/usr", SCOPE_WRITABLE | SCOPE_BELOW, "it holds the host's programs"},
	{"/var", SCOPE_EVER, "it holds the state of the host's services"},
	{"/var/lib", SCOPE_EVER, "it holds the state of the host's services"},
	{"/var/lib/containerd", SCOPE_EVER, "it holds the images and containers of this host"},
	{"/var/lib/containers", SCOPE_EVER, "it holds the images and containers of this host"},
	{"/var/lib/docker", SCOPE_EVER, "it holds the images and containers of this host"},
	{"/var/lib/kubelet", SCOPE_EVER, "it holds the secrets of all pods of this host"},
	{"/run/containerd/containerd.sock", SCOPE_EVER, "this socket is root on the host"},
	{"/run/crio/crio.sock", SCOPE_EVER, "this socket is root on the host"},
	{"/run/dbus/system_bus_socket", SCOPE_EVER, "this socket speaks to the host's services"},
	{"/run/docker.sock", SCOPE_EVER, "this socket is root on the host"},
	{"/run/podman/podman.sock", SCOPE_EVER, "this socket is root on the host"},
	{"/run/systemd/private", SCOPE_EVER, "this socket is root on the host"},
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
};

static const struct host_object *find_sensitive(const struct host *host, const char *path)
{
	for (size_t i = 0; i < host->sensitive.count; i++)
		if (strcmp(host->sensitive.at[i].path, path) == 0)
			return &host->sensitive.at[i];
	return NULL;
}

/* @parent and @path are canonical, so whole components can be compared: "/usr" is not above "/usr2". */
static bool lies_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return strncmp(path, parent, length) == 0 && path[length] == '/';
}

static bool same_object(const struct host_object *a, const struct host_object *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static const char *why_sensitive(const struct host *host, const struct host_object *source, bool writable)
{
	for (size_t i = 0; i < sizeof(kernel_filesystems) / sizeof(kernel_filesystems[0]); i++)
		if (source->magic == kernel_filesystems[i].magic)
			return kernel_filesystems[i].why;
	if (S_ISBLK(source->mode))
		return "it is a disk of the host";
	for (size_t i = 0; i < sizeof(ceiling) / sizeof(ceiling[0]); i++) {
		const struct host_object *object = find_sensitive(host, ceiling[i].path);
		unsigned scope = ceiling[i].scope;

		if (object == NULL)
			continue;
		if (same_object(source, object) &&
		    ((scope & SCOPE_EVER) != 0 || (writable && (scope & SCOPE_WRITABLE) != 0)))
			return ceiling[i].why;
		if (writable && (scope & SCOPE_BELOW) != 0 && lies_below(source->real, object->real))
			return ceiling[i].why;
	}
	return NULL;
}

void mounts_judge_source(struct planner *p, struct plan_mount *mount, size_t bind)
{
	const struct host_object *source;
	bool writable = ((mount->attr_set | mount->rec_attr_set) & MOUNT_ATTR_RDONLY) == 0;

	if (p->profile->sensitive_sources == VERDICT_ALLOW)
		return;
	if (bind >= p->host->sources.count) {
		planner_judge(p, VERDICT_REFUSE, "mounts", mount->from, "nobody looked at what is bound here", NULL);
		return;
	}
	source = &p->host->sources.at[bind];
	mount->judged = true;
	if (source->magic_link)
		planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
			      arena_printf(p->arena, "%s leads through a link of procfs", mount->source),
			      "bind the real path");
	if (source->real == NULL)
		return; /* nothing there: the launch will say so, unless it appears meanwhile, which is refused there */
	mount->device = source->device;
	mount->inode = source->inode;
	const char *why = why_sensitive(p->host, source, writable);
	if (why != NULL)
		planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
			      arena_printf(p->arena, "%s is bound %s: %s", mount->source,
					   writable ? "writable" : "read-only", why),
			      "remove it, or bind only what the program needs");
}
