// SPDX-License-Identifier: Apache-2.0
#include "config/spec.h"

#include <string.h>
#include <sys/resource.h>

#include "config/options.h"

/* An ordinary user of the container; one that the image need not know. */
enum { USER = 1000, OPEN_FILES = 1024, PIDS = 1024 };

/* config-linux.md, "Default Filesystems", and a /tmp because the root is read-only. */
static const struct {
	const char *destination, *type, *source, *options;
	bool needs_root; /* id 0 is nobody in a rootless container, and its cgroup is its caller's */
} mounts[] = {
	{"/proc", "proc", "proc", "nosuid,noexec,nodev", false},
	{"/dev", "tmpfs", "tmpfs", "nosuid,noexec,mode=755,size=65536k", false},
	{"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5", true},
	{"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k", false},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", false},
	{"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", false},
	{"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,ro", true},
	{"/tmp", "tmpfs", "tmpfs", "nosuid,nodev,mode=1777,size=65536k", false},
};

static void add_mounts(struct request *request, bool rootless, struct arena *arena)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (rootless && mounts[i].needs_root)
			continue;
		struct request_mount *mount = options_add_mount(arena, request, mounts[i].destination, "spec");

		mount->type = mounts[i].type;
		mount->source = mounts[i].source;
		options_apply_words(arena, mount, mounts[i].options);
	}
}

static void fill_process(struct request_process *process, bool rootless, struct arena *arena)
{
	*LIST_ADD(arena, &process->args) = "sh";
	*LIST_ADD(arena, &process->env) = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	*LIST_ADD(arena, &process->env) = "TERM=xterm";
	*LIST_ADD(arena, &process->rlimits) =
		(struct request_rlimit){.type = RLIMIT_NOFILE, .soft = OPEN_FILES, .hard = OPEN_FILES};
	process->cwd = "/";
	process->user = (struct request_user){.uid = USER, .gid = USER};
	process->no_new_privileges = true;
	/* A terminal needs a devpts, and that an id 0. */
	process->terminal = !rootless;
}

static void fill_namespaces(struct request_linux *linux_, const struct spec_user *user, struct arena *arena)
{
	static const enum namespace_kind own[] = {NAMESPACE_PID, NAMESPACE_NETWORK, NAMESPACE_IPC,
						  NAMESPACE_UTS, NAMESPACE_MOUNT,   NAMESPACE_CGROUP};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		linux_->namespaces[own[i]].given = true;
	if (!user->rootless)
		return;
	/* The caller's own id is the only one that needs no help to be mapped. */
	linux_->namespaces[NAMESPACE_USER].given = true;
	*LIST_ADD(arena, &linux_->uid_mappings) = (struct request_id_map){USER, user->uid, 1};
	*LIST_ADD(arena, &linux_->gid_mappings) = (struct request_id_map){USER, user->gid, 1};
}

void spec_request(const struct profile *ceiling, const struct spec_user *user, struct arena *arena, struct request *ret)
{
	ret->source = "spec";
	ret->hostname = "casemate";
	ret->root = (struct request_root){.path = "rootfs", .readonly = true};
	fill_process(&ret->process, user->rootless, arena);
	add_mounts(ret, user->rootless, arena);
	fill_namespaces(&ret->linux_, user, arena);
	ret->linux_.masked_paths = ceiling->masked_paths;
	ret->linux_.readonly_paths = ceiling->readonly_paths;
	ret->linux_.resources.pids_limit =
		(struct opt_i64){true, ceiling->pids == VERDICT_ALLOW ? PIDS : (int64_t)ceiling->pids_limit};
}
