// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_scope.h"
#include "parts/mounts.h"
#include "parts/namespaces.h"
#include "parts/place.h"
#include "parts/rootfs.h"
#include "run/checkpoint_options.h"
#include "run/hand_over.h"
#include "run/image.h"
#include "run/plan.h"
#include "run/restore_check.h"
#include "run/runtime_hooks.h"
#include "run/state.h"
#include "run/steps.h"
#include "run/wait.h"

static const char restore_log[] = "restore.log";

/* One restore, for criu's process and for the notices. */
struct restore {
	const struct plan *plan;
	const struct launch_options *launch;
	const struct image *image;
	struct run *run;
	bool verified; /* what criu made was looked at before it ran */
};

/* ---- where criu finds what comes from outside: in a mount namespace of its own, on the container's state directory */

static const char *stage_path(const struct plan *plan, const char *name)
{
	return arena_printf(plan->arena, "%s/%s/%s", plan->lifecycle.state_root, plan->id, name);
}

static void stage_name(size_t index, char name[32])
{
	snprintf(name, 32, "mount%zu", index);
}

static const char *source_of(const struct plan *plan, size_t index)
{
	char name[32];

	stage_name(index, name);
	return stage_path(plan, name);
}

/* By its path: the descriptor of the directory is on a mount of the namespace that was left. */
static int make_stage(const struct plan *plan, struct error *err)
{
	AUTOCLOSE int fs = sys_fsopen("tmpfs");

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "700", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a place for the mounts");
	AUTOCLOSE int stage = sys_fsmount(fs, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
	if (stage < 0 || sys_move_mount(stage, AT_FDCWD, stage_path(plan, "."), 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a place for the mounts");
	return fd_take(&stage);
}

static int place_tree(int stage, const char *name, int tree, struct error *err)
{
	struct stat status;

	if (fstat(tree, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at what is to be mounted");
	AUTOCLOSE int file = S_ISDIR(status.st_mode) ? -1 : sys_openat(stage, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if ((file < 0 && !S_ISDIR(status.st_mode)) || (S_ISDIR(status.st_mode) && sys_mkdirat(stage, name, 0700) < 0) ||
	    sys_move_mount(tree, stage, name, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot place what is to be mounted");
	return 0;
}

static int place_mount(const struct restore *restore, int stage, size_t index, struct error *err)
{
	const char *wanted = restore->image->mounts.at[index];
	const struct plan_mount *mount;
	const char *below;
	char name[32];

	mount = image_find_mount(restore->plan, wanted, &below);
	AUTOCLOSE int tree = mount == NULL ? -1 : mounts_make_again(mount, below, err);
	if (mount == NULL || tree == -2)
		return error_set(err, ERROR_CONFIG, 0, "the image has a mount on '%s', and config.json has none",
				 wanted);
	if (tree < 0)
		return error_wrap(err, "%s", mount->from);
	stage_name(index, name);
	return place_tree(stage, name, tree, err);
}

/* In the root itself, and not in something that is mounted there first. */
static bool is_in_root(const struct plan *plan, const char *at)
{
	const char *slash = strrchr(at, '/'), *below;

	return image_find_mount(plan, arena_strndup(plan->arena, at, (size_t)(slash - at)), &below) == NULL;
}

/* Whoever moved the image may have moved it to a root in which nothing was ever mounted. */
static int make_places(const struct restore *restore, int stage, struct error *err)
{
	const struct plan *plan = restore->plan;
	const string_list *mounts = &restore->image->mounts;
	bool linked;
	char name[32];

	for (size_t i = 0; i < mounts->count; i++) {
		if (!is_in_root(plan, mounts->at[i]))
			continue;
		stage_name(i, name);
		AUTOCLOSE int like = sys_openat(stage, name, O_PATH, 0);
		AUTOCLOSE int place = place_make(mounts->at[i], PLACE_FOLLOW, like, &linked, err);
		if (place < 0)
			return -1;
	}
	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct plan_mount *mount = &plan->mounts.at[i];

		if (mount->kind != MOUNT_FILESYSTEM || !is_in_root(plan, mount->target))
			continue;
		AUTOCLOSE int place = place_make(mount->target, PLACE_FOLLOW, -1, &linked, err);
		if (place < 0)
			return -1;
	}
	return 0;
}

static _Noreturn void become_maker(const struct restore *restore, int stage)
{
	struct error *err = &restore->run->shared->error;

	sys_umask(0);
	if (sys_fchdir(restore->run->root) < 0 || sys_chroot(".") < 0)
		error_set(err, ERROR_SYSTEM, errno, "cannot enter the new root");
	else
		make_places(restore, stage, err);
	_exit(0);
}

/* In a process whose root is the container's, so that no link of the image leads out of it. */
static int make_places_inside(const struct restore *restore, int stage, struct error *err)
{
	pid_t child = sys_clone(0, -1, NULL);
	int status = 0;

	if (child == 0)
		become_maker(restore, stage);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the places of mounts");
	return restore->run->shared->error.kind == ERROR_NONE ? 0 : -1;
}

static int place_all(const struct restore *restore, struct error *err)
{
	const struct plan *plan = restore->plan;
	AUTOCLOSE int stage = make_stage(plan, err);

	if (stage < 0)
		return -1;
	if (restore->run->root < 0)
		TRY(rootfs_open(plan, restore->run, err));
	TRY(place_tree(stage, "root", restore->run->root, err));
	for (size_t i = 0; i < restore->image->mounts.count; i++)
		TRY(place_mount(restore, stage, i, err));
	return make_places_inside(restore, stage, err);
}

/* criu's process: what it makes is in the container's cgroup, and nothing that it mounts is seen by the host. */
static int prepare(void *context, struct error *err)
{
	const struct restore *restore = context;
	const struct plan *plan = restore->plan;
	uint64_t fresh = CLONE_NEWNS;

	TRY(steps_apply(STEP_BUILD, plan, restore->run, err));
	if (!plan->cgroup.unshare_namespace)
		fresh |= plan->namespaces.fresh & CLONE_NEWCGROUP;
	if (sys_unshare(fresh) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a mount namespace for criu");
	TRY(rootfs_isolate(plan, restore->run, err));
	return place_all(restore, err);
}

/* ---- what criu is told */

static void inherit(const struct plan *plan, struct protobuf_writer *out, const char *key, struct criu_call *call,
		    int fd)
{
	enum { KEY = 1, FD = 2, ROOM = 256 };
	struct protobuf_writer message = {.at = arena_alloc(plan->arena, ROOM), .size = ROOM};

	protobuf_text(&message, KEY, key);
	protobuf_number(&message, FD, CRIU_FIRST_FD + call->fd_count);
	protobuf_bytes(out, CRIU_INHERIT_FD, message.at, message.length);
	out->full = out->full || message.full;
	call->fds[call->fd_count++] = fd;
}

static int write_restore(struct protobuf_writer *out, const struct restore *restore,
			 const struct checkpoint_options *options, struct criu_call *call, int network)
{
	const struct plan *plan = restore->plan;

	protobuf_text(out, CRIU_ROOT, stage_path(plan, "root"));
	protobuf_number(out, CRIU_RESTORE_SIBLING, 1);
	checkpoint_switch(out, CRIU_TCP_CLOSE, options->tcp_close);
	protobuf_text(out, CRIU_LSM_PROFILE, options->lsm_profile);
	protobuf_text(out, CRIU_LSM_MOUNT_CONTEXT, options->lsm_mount_context);
	for (size_t i = 0; i < restore->image->mounts.count; i++)
		protobuf_text(
			out, CRIU_EXTERNAL,
			arena_printf(plan->arena, "mnt[%s]:%s", restore->image->mounts.at[i], source_of(plan, i)));
	for (int i = 0; i < IMAGE_STREAMS; i++)
		if (restore->image->streams.at[i][0] != '\0')
			inherit(plan, out, restore->image->streams.at[i], call, i);
	if (network >= 0)
		inherit(plan, out, CHECKPOINT_NETWORK, call, network);
	return 0;
}

/* ---- what criu tells */

static int made(struct restore *restore, pid_t pid, struct error *err)
{
	if (pid <= 0)
		return error_set(err, ERROR_HOST, 0, "criu does not say which process it restored");
	restore->run->child = pid;
	restore->run->shared->child = pid;
	TRY(restore_mounts(restore->plan, restore->run, pid, err));
	TRY(steps_apply(STEP_ATTACH, restore->plan, restore->run, err));
	/* From here on it may live without this process: it is found by the record. */
	return state_record(restore->plan, restore->run, err);
}

static int take_notice(struct criu_notice *notice, void *context, struct error *err)
{
	struct restore *restore = context;
	const struct plan *plan = restore->plan;

	/* criu is in the scope, or never will be. */
	cgroup_scope_let_go(restore->run);
	if (strcmp(notice->what, "orphan-pts-master") == 0) {
		restore->run->terminal = fd_take(&notice->fd);
		return hand_over_terminal(plan, restore->run, err);
	}
	if (strcmp(notice->what, "setup-namespaces") == 0) {
		restore->run->child = notice->pid;
		return runtime_hooks_launcher(plan, restore->run, err);
	}
	if (strcmp(notice->what, "post-restore") == 0)
		return made(restore, notice->pid, err);
	/* All is there, and stopped before its first instruction. */
	if (strcmp(notice->what, "pre-resume") == 0) {
		TRY(restore_check(plan, restore->run->child, err));
		restore->verified = true;
	}
	return 0;
}

/* ---- all of it */

/* A network namespace that was given is given again. 0 and -1 in *@ret_fd: it has its own. */
static int open_network(const struct plan *plan, int *ret_fd, struct error *err)
{
	*ret_fd = -1;
	if (plan->namespaces.join[NAMESPACE_NETWORK].path == NULL)
		return 0;
	*ret_fd = namespaces_open(&plan->namespaces, NAMESPACE_NETWORK, err);
	return *ret_fd < 0 ? -1 : 0;
}

static int judge(const struct plan *plan, struct error *err)
{
	TRY(plan_check_refusals(plan, err));
	if (!plan->images) {
		error_set(
			err, ERROR_REFUSED, 0,
			"cannot restore \"%s\": the profile \"%s\" refuses containers made of an image: it holds what "
			"its writer put there",
			plan->id, plan->profile);
		return error_hint(err, "use the profile privileged, or one of your own with \"images\": \"allow\"");
	}
	return checkpoint_judge(plan, "restore", err);
}

static int call_criu(struct restore *restore, const struct checkpoint_options *options,
		     const struct checkpoint_dirs *dirs, int network, struct error *err)
{
	static unsigned char block[CHECKPOINT_MESSAGE];
	struct protobuf_writer out = {.at = block, .size = sizeof(block)};
	pid_t pid = 0;
	struct criu_call call = {
		.verb = CRIU_RESTORE,
		.options = &out,
		.log = restore_log,
		.work_dir = dirs->work,
		.cgroup = restore->run->cgroup,
		.interrupts = restore->run->interrupts,
		.context = restore,
		.prepare = prepare,
		.told = &restore->run->shared->error,
		.notice = take_notice,
	};

	TRY(checkpoint_common(&out, options, dirs, restore_log, err));
	TRY(write_restore(&out, restore, options, &call, network));
	TRY(criu_call(&call, &pid, err));
	if (!restore->verified || pid != restore->run->child)
		return error_set(err, ERROR_HOST, 0, "criu did not show what it restored before it ran");
	return 0;
}

static int restore_all(struct restore *restore, const struct checkpoint_options *options,
		       const struct checkpoint_dirs *dirs, int *ret_status, struct error *err)
{
	const struct plan *plan = restore->plan;
	struct run *run = restore->run;
	struct wait wait;
	AUTOCLOSE int network = -1;

	TRY(open_network(plan, &network, err));
	TRY(wait_prepare(&wait, run, err));
	TRY(steps_apply(STEP_PREPARE, plan, run, err));
	TRY(call_criu(restore, options, dirs, network, err));
	TRY(wait_write_pid(restore->launch->pid_file, run->child, err));
	TRY(runtime_hooks_started(plan, run, err));
	if (plan->lifecycle.detached)
		return 0;
	TRY(state_unlock(run, err));
	fd_close(&run->interrupts);
	return wait_for_exit(&wait, plan, run, ret_status, err);
}

int restore_container(const struct plan *plan, const struct checkpoint_options *options,
		      const struct launch_options *launch, int *ret_status, struct error *err)
{
	AUTO_DIRS struct checkpoint_dirs dirs = {-1, -1};
	struct image image = {0};
	struct run run;
	struct restore restore = {.plan = plan, .launch = launch, .image = &image, .run = &run};
	struct error later;

	TRY(judge(plan, err));
	TRY(criu_find(err));
	TRY(checkpoint_open(options, false, &dirs, err));
	TRY(image_read(dirs.image, plan->arena, &image, err));
	if (launch_open(plan, &run, err) < 0) {
		launch_close(plan, &run);
		return -1;
	}
	int result = restore_all(&restore, options, &dirs, ret_status, err);
	cgroup_scope_let_go(&run);
	bool lives = result == 0 && plan->lifecycle.detached;
	if (!lives && launch_undo(plan, &run, result == 0 ? err : &later) < 0)
		result = -1;
	launch_close(plan, &run);
	if (!lives && runtime_hooks_ended(plan, &run, result == 0 ? err : &later) < 0)
		result = -1;
	return result;
}
