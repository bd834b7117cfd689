// SPDX-License-Identifier: Apache-2.0
#include "run/steps.h"

#include "parts/caps.h"
#include "parts/cgroup.h"
#include "parts/dbus.h"
#include "parts/devices.h"
#include "parts/filter.h"
#include "parts/home.h"
#include "parts/hostname.h"
#include "parts/ids.h"
#include "parts/labels.h"
#include "parts/landlock.h"
#include "parts/limits.h"
#include "parts/masks.h"
#include "parts/mounts.h"
#include "parts/namespaces.h"
#include "parts/netdevices.h"
#include "parts/network.h"
#include "parts/oom_score.h"
#include "parts/pasta.h"
#include "parts/process.h"
#include "parts/rdt.h"
#include "parts/remount.h"
#include "parts/rootfs.h"
#include "parts/streams.h"
#include "parts/sysctl.h"
#include "parts/terminal.h"
#include "parts/user.h"
#include "run/hold.h"
#include "run/init.h"
#include "run/join.h"
#include "run/notify.h"
#include "run/report.h"
#include "run/runtime_hooks.h"
#include "run/start.h"
#include "run/state.h"

#define STEP(name, phase, part)                                                                                        \
	{                                                                                                              \
		name, phase, part##_wanted, part, part##_explain, NULL                                                 \
	}

static const struct step launch_steps[] = {
	/* The launcher opens what the child could not reach from inside a user namespace. */
	STEP("rootfs-open", STEP_OPEN, rootfs_open),
	STEP("mounts-open", STEP_OPEN, mounts_prepare),
	STEP("changes", STEP_OPEN, mounts_lock_changes),

	/* Whatever is made from here on, `delete` finds it after a crash. */
	{"state", STEP_PREPARE, state_make_wanted, state_make, state_make_explain, state_unmake},
	STEP("notify", STEP_PREPARE, notify_make),
	/* The limits are there before anything that they limit; and where the launcher has to leave its own cgroup for
	 * that, it is alone there as long as it has started nothing. */
	{"cgroup", STEP_PREPARE, cgroup_make_wanted, cgroup_make, cgroup_make_explain, cgroup_remove},
	/* Before its sockets are opened. */
	{"dbus", STEP_PREPARE, dbus_start_wanted, dbus_start, dbus_start_explain, dbus_end},
	STEP("mounts-open-late", STEP_PREPARE, mounts_prepare_late),
	STEP("start-listen", STEP_PREPARE, start_listen),
	/* Last before the child, which inherits it: the launcher has its own back at once. */
	{"oom-score", STEP_PREPARE, oom_score_wanted, oom_score, oom_score_explain, oom_score_restore},

	/* A user namespace can deny it. */
	STEP("groups", STEP_ENTER, ids_leave_groups),
	/* New namespaces come with clone3(2); the others are joined before, or as the child's first act. */
	STEP("namespaces", STEP_ENTER, namespaces_enter),

	/* Nothing that needs a mapped id works before the maps are written. */
	STEP("ids", STEP_ATTACH, ids_attach),
	/* A process that is forked later is in its parent's class. */
	{"rdt", STEP_ATTACH, rdt_join_wanted, rdt_join, rdt_join_explain, rdt_remove},
	/* From the launcher's network namespace, which the child has left. */
	{"netdevices", STEP_ATTACH, netdevices_move_wanted, netdevices_move, netdevices_move_explain,
	 netdevices_return},
	{"pasta", STEP_ATTACH, pasta_start_wanted, pasta_start, pasta_start_explain, pasta_end},
	STEP("ids-self", STEP_BUILD, ids_self),
	/* With the launcher's ids, which may; and a file system of cgroups shows the namespace in which it is mounted.
	 */
	STEP("cgroup-join", STEP_BUILD, cgroup_join),
	STEP("root-place", STEP_BUILD, rootfs_place),
	STEP("ids-become", STEP_BUILD, ids_become),

	/* Cheap, independent, and first to say that a capability is missing. */
	STEP("network", STEP_BUILD, network_apply),
	STEP("hostname", STEP_BUILD, hostname_apply),

	/* No mount may travel back to the host: before the first mount. */
	STEP("isolate", STEP_BUILD, rootfs_isolate),
	STEP("remounts", STEP_BUILD, remount_open),
	/* While the host's tree and its procfs are still visible: sources, and file systems that need a visible procfs.
	 */
	STEP("mounts-make", STEP_BUILD, mounts_make),
	STEP("devices-open", STEP_BUILD, devices_make),
	/* Before the new root is entered, as the specification wants it. */
	STEP("rootfs-show", STEP_BUILD, rootfs_show),
	STEP("hooks-create", STEP_BUILD, runtime_hooks_create),
	/* From here on a link of the image can only lead into the container. */
	STEP("rootfs", STEP_BUILD, rootfs_enter),
	STEP("mounts", STEP_BUILD, mounts_attach),
	STEP("devices", STEP_BUILD, devices_attach),
	/* Needs /dev; a terminal, which comes next, is no /dev/null. */
	STEP("streams", STEP_BUILD, streams_own),
	/* Needs devpts and /dev. */
	STEP("terminal", STEP_BUILD, terminal_open),
	/* Before /proc/sys becomes read-only. */
	STEP("sysctl", STEP_BUILD, sysctl_apply),
	STEP("masks", STEP_BUILD, masks_apply),
	STEP("seal", STEP_BUILD, mounts_seal),
	/* After the masks: a directory that is entered before it is covered stays what it was, and so does all below
	 * it. Before the root becomes read-only: a bundle's working directory is made where it is missing.
	 */
	STEP("cwd", STEP_BUILD, user_cwd),
	/* Nothing is made in the root after this. */
	STEP("readonly", STEP_BUILD, rootfs_readonly),

	/* Needs privilege of the set-up, and procfs. */
	STEP("limits", STEP_CONFINE, limits_apply),
	STEP("keyring", STEP_CONFINE, process_keyring),
	STEP("session", STEP_CONFINE, terminal_adopt),
	/* The label takes effect with execve(2); later Landlock would deny the write. */
	STEP("labels", STEP_CONFINE, labels_apply),
	/* Writes id maps, which Landlock would deny. */
	STEP("inner-ids", STEP_CONFINE, ids_inner),
	/* While CAP_SYS_ADMIN is there: no_new_privs may not be part of the plan. */
	STEP("landlock", STEP_CONFINE, landlock_apply),
	/* Needs CAP_SETPCAP, which goes with the user. */
	STEP("bounding", STEP_CONFINE, caps_bound),
	STEP("user", STEP_CONFINE, user_apply),
	STEP("caps", STEP_CONFINE, caps_apply),
	/* Cleared by every change of credentials, so after the last. */
	STEP("parent", STEP_CONFINE, process_parent),
	/* Everything above holds for init as well; what follows is only for the workload. */
	STEP("init", STEP_CONFINE, init_apply),
	STEP("signals", STEP_CONFINE, process_signals),
	STEP("fds", STEP_CONFINE, process_fds),
	/* As the workload's user: the image says what is read, and what the set-up may read is not all the image's. */
	STEP("home", STEP_CONFINE, home_find),
	/* So is this, and while every call for a good error message is still allowed. */
	STEP("program", STEP_CONFINE, process_program),
	/* All is set up, and all that could go wrong was told to who made it. */
	STEP("created", STEP_CONFINE, start_created),
	STEP("start", STEP_CONFINE, start_wait),
	STEP("hold", STEP_CONFINE, hold),
	STEP("hooks-start", STEP_CONFINE, runtime_hooks_start),

	/* Nothing is opened after this. */
	STEP("open-files", STEP_EXEC, limits_files),
	/* The filter may forbid everything above; it lets the launch's own execve(2) through. */
	STEP("filter", STEP_EXEC, filter_apply),
	STEP("report", STEP_EXEC, report_hand_over),
	STEP("exec", STEP_EXEC, process_exec),
	{0},
};

/* `exec`: what holds the container's own program holds this one, in the same order and for the same reasons. */
static const struct step join_steps[] = {
	STEP("container", STEP_PREPARE, join_find),
	STEP("cgroup-open", STEP_PREPARE, cgroup_open),
	{"oom-score", STEP_PREPARE, oom_score_wanted, oom_score, oom_score_explain, oom_score_restore},
	STEP("groups", STEP_ENTER, ids_leave_groups),
	STEP("namespaces", STEP_ENTER, join_enter),
	STEP("rdt", STEP_ATTACH, rdt_enter),
	STEP("cgroup-join", STEP_BUILD, cgroup_join),
	STEP("ids-become", STEP_BUILD, ids_become),
	STEP("proc", STEP_BUILD, join_proc),
	STEP("streams", STEP_BUILD, streams_own),
	STEP("terminal", STEP_BUILD, terminal_open),
	STEP("cwd", STEP_BUILD, user_cwd),
	STEP("limits", STEP_CONFINE, limits_apply),
	STEP("keyring", STEP_CONFINE, process_keyring),
	STEP("session", STEP_CONFINE, terminal_adopt),
	STEP("labels", STEP_CONFINE, labels_apply),
	STEP("landlock", STEP_CONFINE, landlock_apply),
	STEP("bounding", STEP_CONFINE, caps_bound),
	STEP("user", STEP_CONFINE, user_apply),
	STEP("caps", STEP_CONFINE, caps_apply),
	STEP("parent", STEP_CONFINE, process_parent),
	STEP("signals", STEP_CONFINE, process_signals),
	STEP("fds", STEP_CONFINE, process_fds),
	STEP("home", STEP_CONFINE, home_find),
	STEP("program", STEP_CONFINE, process_program),
	STEP("created", STEP_CONFINE, start_created),
	STEP("open-files", STEP_EXEC, limits_files),
	STEP("filter", STEP_EXEC, filter_apply),
	STEP("exec", STEP_EXEC, process_exec),
	{0},
};

/* `restore`: criu makes the container, in a cgroup that the config decides; run/restore.c gives it what it needs. */
static const struct step restore_steps[] = {
	{"state", STEP_PREPARE, state_make_wanted, state_make, state_make_explain, state_unmake},
	{"cgroup", STEP_PREPARE, cgroup_make_wanted, cgroup_make, cgroup_make_explain, cgroup_remove},
	{"rdt", STEP_ATTACH, rdt_join_wanted, rdt_join, rdt_join_explain, rdt_remove},
	STEP("cgroup-join", STEP_BUILD, cgroup_join),
	{0},
};

/* --without userns: no namespace, no mount, and no privilege but the caller's own. */
static const struct step bare_steps[] = {
	{"cgroup", STEP_PREPARE, cgroup_make_wanted, cgroup_make, cgroup_make_explain, cgroup_remove},
	STEP("cgroup-join", STEP_BUILD, cgroup_join),
	/* While /dev and all directories can still be opened. */
	STEP("terminal", STEP_BUILD, terminal_open),
	STEP("cwd", STEP_BUILD, user_cwd),
	STEP("limits", STEP_CONFINE, limits_apply),
	STEP("keyring", STEP_CONFINE, process_keyring),
	STEP("session", STEP_CONFINE, terminal_adopt),
	STEP("user", STEP_CONFINE, user_apply),
	/* Before Landlock, which asks for no_new_privs where there is no capability. */
	STEP("caps", STEP_CONFINE, caps_apply),
	STEP("landlock", STEP_CONFINE, landlock_apply),
	STEP("parent", STEP_CONFINE, process_parent),
	STEP("init", STEP_CONFINE, init_apply),
	STEP("landlock-scope", STEP_CONFINE, landlock_scope),
	STEP("signals", STEP_CONFINE, process_signals),
	STEP("fds", STEP_CONFINE, process_fds),
	STEP("program", STEP_CONFINE, process_program),
	STEP("hold", STEP_CONFINE, hold),
	STEP("open-files", STEP_EXEC, limits_files),
	STEP("filter", STEP_EXEC, filter_apply),
	STEP("exec", STEP_EXEC, process_exec),
	{0},
};

const struct step *steps_of(const struct plan *plan)
{
	if (plan->without_userns)
		return bare_steps;
	if (plan->lifecycle.restores)
		return restore_steps;
	return plan->join.wanted ? join_steps : launch_steps;
}

static int apply_one(const struct step *step, const struct plan *plan, struct run *run, struct error *err)
{
	const struct step *steps = steps_of(plan);
	struct run_shared *shared = run->shared;

	if (shared->applied_count < (int32_t)sizeof(shared->applied))
		shared->applied[shared->applied_count++] = (uint8_t)(step - steps);
	if (step->apply(plan, run, err) == 0)
		return 0;
	/* A program that cannot be executed is the caller's affair; everything else is a step of ours that failed. */
	if (err->kind == ERROR_NOT_FOUND || err->kind == ERROR_NOT_EXECUTABLE)
		return -1;
	return error_wrap(err, "step '%s'", step->name);
}

int steps_apply(enum step_phase phase, const struct plan *plan, struct run *run, struct error *err)
{
	for (const struct step *step = steps_of(plan); step->name != NULL; step++)
		if (step->phase == phase && step->wanted(plan))
			TRY(apply_one(step, plan, run, err));
	return 0;
}

bool steps_wanted(enum step_phase phase, const struct plan *plan)
{
	for (const struct step *step = steps_of(plan); step->name != NULL; step++)
		if (step->phase == phase && step->wanted(plan))
			return true;
	return false;
}

int steps_undo(const struct plan *plan, struct run *run, struct error *err)
{
	struct error later;
	int result = 0;

	for (int32_t i = run->shared->applied_count - 1; i >= 0; i--) {
		const struct step *step = &steps_of(plan)[run->shared->applied[i]];

		if (step->undo != NULL && step->undo(plan, run, result == 0 ? err : &later) < 0)
			result = -1;
	}
	return result;
}
