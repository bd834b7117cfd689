// SPDX-License-Identifier: Apache-2.0
#include "run/checkpoint.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/alive.h"
#include "run/checkpoint_options.h"
#include "run/image.h"

static const char dump_log[] = "dump.log";

/* ---- what both directions tell */

void checkpoint_close(struct checkpoint_dirs *dirs)
{
	fd_close(&dirs->image);
	fd_close(&dirs->work);
}

int checkpoint_open(const struct checkpoint_options *options, bool make, struct checkpoint_dirs *ret, struct error *err)
{
	const char *work = options->work_path != NULL ? options->work_path : options->image_path;

	*ret = (struct checkpoint_dirs){-1, -1};
	TRY(image_open(options->image_path, make, &ret->image, err));
	if (image_check(ret->image, err) < 0 || image_open(work, true, &ret->work, err) < 0) {
		checkpoint_close(ret);
		return -1;
	}
	return 0;
}

void checkpoint_switch(struct protobuf_writer *out, enum criu_option option, bool on)
{
	if (on)
		protobuf_number(out, option, 1);
}

static int write_network_lock(struct protobuf_writer *out, const char *method, struct error *err)
{
	static const char *const methods[] = {"iptables", "nftables", "skip"};

	for (size_t i = 0; method != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(method, methods[i]) != 0)
			continue;
		protobuf_number(out, CRIU_NETWORK_LOCK, i + 1);
		return 0;
	}
	if (method != NULL)
		return error_set(err, ERROR_USAGE, 0, "--network-lock %s: it is iptables, nftables or skip", method);
	return 0;
}

int checkpoint_common(struct protobuf_writer *out, const struct checkpoint_options *options,
		      const struct checkpoint_dirs *dirs, const char *log, struct error *err)
{
	enum { LOG_DEBUG = 4, CGROUPS_IGNORE = 0 };

	protobuf_number(out, CRIU_IMAGES_DIR, (uint64_t)dirs->image);
	protobuf_number(out, CRIU_WORK_DIR, (uint64_t)dirs->work);
	protobuf_text(out, CRIU_LOG_FILE, log);
	protobuf_number(out, CRIU_LOG_LEVEL, LOG_DEBUG);
	/* Without a word from this side criu goes back to where it was. */
	protobuf_number(out, CRIU_NOTIFY_SCRIPTS, 1);
	/* The cgroup and its limits are the config's: no image has a say in them. */
	protobuf_number(out, CRIU_MANAGE_CGROUPS_MODE, CGROUPS_IGNORE);
	checkpoint_switch(out, CRIU_TCP_ESTABLISHED, options->tcp_established);
	checkpoint_switch(out, CRIU_EXT_UNIX_SK, options->ext_unix_sk);
	checkpoint_switch(out, CRIU_SHELL_JOB, options->shell_job);
	checkpoint_switch(out, CRIU_FILE_LOCKS, options->file_locks);
	checkpoint_switch(out, CRIU_LINK_REMAP, options->link_remap);
	checkpoint_switch(out, CRIU_AUTO_DEDUP, options->auto_dedup);
	checkpoint_switch(out, CRIU_ORPHAN_PTS_MASTER, true);
	if (options->empty_network)
		protobuf_number(out, CRIU_EMPTY_NS, CLONE_NEWNET);
	return write_network_lock(out, options->network_lock, err);
}

/* ---- what cannot be kept */

static int check_namespaces(const struct plan *plan, const char *what, struct error *err)
{
	static const char *const names[NAMESPACE_COUNT] = {
		[NAMESPACE_USER] = "user", [NAMESPACE_PID] = "pid",    [NAMESPACE_MOUNT] = "mount",
		[NAMESPACE_IPC] = "ipc",   [NAMESPACE_UTS] = "uts",    [NAMESPACE_CGROUP] = "cgroup",
		[NAMESPACE_TIME] = "time", [NAMESPACE_NETWORK] = NULL,
	};

	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++)
		if (plan->namespaces.join[kind].path != NULL && names[kind] != NULL)
			return error_set(err, ERROR_UNSUPPORTED, 0,
					 "cannot %s a container that shares a %s namespace with others", what,
					 names[kind]);
	if ((plan->namespaces.fresh & CLONE_NEWPID) == 0)
		return error_set(err, ERROR_UNSUPPORTED, 0,
				 "cannot %s a container without a pid namespace of its own: its pids could be others' "
				 "by then",
				 what);
	return 0;
}

int checkpoint_judge(const struct plan *plan, const char *what, struct error *err)
{
	if (plan->landlock.wanted) {
		error_set(err, ERROR_REFUSED, 0,
			  "cannot %s \"%s\": the profile \"%s\" holds it with Landlock, which criu cannot keep", what,
			  plan->id, plan->profile);
		return error_hint(err, "use a profile without Landlock: baseline, or one of your own");
	}
	if (plan->listener.path != NULL)
		return error_set(err, ERROR_UNSUPPORTED, 0,
				 "cannot %s a container whose seccomp filter has a listener: %s", what,
				 plan->listener.from);
	return check_namespaces(plan, what, err);
}

/* ---- to an image */

/* So that nothing is forked while criu looks, and a paused container can be looked at. */
static void write_freezer(struct protobuf_writer *out, const struct state *state, struct arena *arena)
{
	const struct plan_cgroup *cgroup = &state->cgroup;

	for (size_t i = 0; cgroup->wanted && i < cgroup->hierarchies.count; i++)
		if (cgroup->driver == CGROUP_V2 || strcmp(cgroup->hierarchies.at[i].name, "freezer") == 0)
			protobuf_text(out, CRIU_FREEZE_CGROUP,
				      arena_printf(arena, "%s%s", cgroup->hierarchies.at[i].directory, cgroup->path));
}

/* A network namespace that was given is given again: nothing of it is in the image. */
static int write_network(struct protobuf_writer *out, const struct plan *plan, pid_t pid, struct error *err)
{
	struct stat status;
	char path[64];

	if (plan->namespaces.join[NAMESPACE_NETWORK].path == NULL)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (stat(path, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s'", path);
	protobuf_text(out, CRIU_EXTERNAL,
		      arena_printf(plan->arena, "net[%llu]:" CHECKPOINT_NETWORK, (unsigned long long)status.st_ino));
	return 0;
}

static void write_image(struct protobuf_writer *out, const struct image *image, struct arena *arena)
{
	for (size_t i = 0; i < image->mounts.count; i++) {
		const char *at = image->mounts.at[i];

		protobuf_text(out, CRIU_EXTERNAL, arena_printf(arena, "mnt[%s]:%s", at, at));
	}
	for (size_t i = 0; i < image->hidden.count; i++)
		protobuf_text(out, CRIU_SKIP_MOUNT, image->hidden.at[i]);
	for (size_t i = 0; i < image->streams.count; i++)
		if (strncmp(image->streams.at[i], "file[", 5) == 0)
			protobuf_text(out, CRIU_EXTERNAL, image->streams.at[i]);
}

static int check_parent(const struct checkpoint_options *options, struct error *err)
{
	if (options->parent_path == NULL)
		return 0;
	if (options->parent_path[0] == '/')
		return error_set(err, ERROR_USAGE, 0, "--parent-path %s is not relative to the image's directory",
				 options->parent_path);
	return 0;
}

static int write_dump(struct protobuf_writer *out, const struct plan *plan, const struct state *state,
		      const struct checkpoint_options *options, struct error *err)
{
	protobuf_number(out, CRIU_PID, (uint64_t)state->process.pid);
	protobuf_text(out, CRIU_ROOT, state->rootfs);
	checkpoint_switch(out, CRIU_LEAVE_RUNNING, options->leave_running);
	checkpoint_switch(out, CRIU_TRACK_MEMORY, options->pre_dump || options->parent_path != NULL);
	checkpoint_switch(out, CRIU_TCP_SKIP_IN_FLIGHT, options->tcp_skip_in_flight);
	protobuf_text(out, CRIU_PARENT_IMAGE, options->parent_path);
	write_freezer(out, state, plan->arena);
	return write_network(out, plan, state->process.pid, err);
}

/* The last moment: what criu looked at was the container's process, and no later one with its pid. */
static int take_notice(struct criu_notice *notice, void *context, struct error *err)
{
	const struct state *state = context;

	if (strcmp(notice->what, "post-dump") == 0 && alive_since(state->process.pid) != state->process.started)
		return error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", state->id);
	return 0;
}

int checkpoint_container(const struct plan *plan, const struct state *state, const struct checkpoint_options *options,
			 struct error *err)
{
	static unsigned char block[CHECKPOINT_MESSAGE];
	struct protobuf_writer out = {.at = block, .size = sizeof(block)};
	AUTO_DIRS struct checkpoint_dirs dirs = {-1, -1};
	struct image image;
	pid_t ignored;

	TRY(check_parent(options, err));
	TRY(checkpoint_judge(plan, "checkpoint", err));
	TRY(criu_find(err));
	TRY(image_look(plan, state->process.pid, &image, err));
	TRY(checkpoint_open(options, true, &dirs, err));
	TRY(checkpoint_common(&out, options, &dirs, dump_log, err));
	TRY(write_dump(&out, plan, state, options, err));
	write_image(&out, &image, plan->arena);
	/* Before criu ends the container: without the record there is no way back. */
	TRY(image_write(dirs.image, &image, err));
	const struct criu_call call = {
		.verb = options->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP,
		.options = &out,
		.log = dump_log,
		.work_dir = dirs.work,
		.cgroup = -1,
		.interrupts = -1,
		.context = (void *)(uintptr_t)state,
		.notice = take_notice,
	};
	return criu_call(&call, &ignored, err);
}
