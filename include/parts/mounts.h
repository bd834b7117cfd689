// SPDX-License-Identifier: Apache-2.0
/*
 * Every mount of the container (config.md, "Mounts"). Each is made on a descriptor with its final attributes while the
 * host can still be seen, and attached once the new root was entered, to a target that was resolved inside it. So a
 * source is resolved once, a target cannot leave the container, and no mount is ever reachable with weaker attributes.
 * New file systems in a tmpfs of the container's own are the exception: mounts_direct.c mounts those where they go.
 * mounts.c decides, mounts_sources.c judges what of the host is bound, mounts_make.c and mounts_attach.c carry out.
 */
#ifndef CASEMATE_PARTS_MOUNTS_H
#define CASEMATE_PARTS_MOUNTS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int mounts_plan(struct planner *p, struct error *err);

/* Judges what @mount is and how it is mounted, and takes away or adds what the profile wants; for its source see below.
 */
void mounts_judge(struct planner *p, struct plan_mount *mount);

/*
 * Where the source of bind mount number @bind is a device that every container has and the profile refuses the host's:
 * the mount is one of a device then, and read-only. The device is written to as before, and its mode and owner stay
 * what they are. Comes before mounts_judge().
 */
void mounts_know_device(const struct planner *p, struct plan_mount *mount, size_t bind);

/*
 * Judges the source of bind mount @index of the request, which is number @bind among the bind mounts, and leaves in
 * @mount which object that was. Records refusals with planner_judge().
 */
void mounts_judge_source(struct planner *p, struct plan_mount *mount, size_t bind);

/* What `explain` calls the source of a bind mount: the proxy's has a name that is new each time. */
const char *mounts_source(const struct plan_mount *mount);

/*
 * Holds a mount of --socket to what the flag means (planner_check_socket()), in every profile, and to the object that
 * was looked at; or names what its proxy will make. Fails with ERROR_USAGE.
 */
int mounts_check_socket(struct planner *p, struct plan_mount *mount, size_t bind, struct error *err);

/*
 * Judges what the file system "overlay" of @wanted is made of, each directory as the source of a bind mount: number
 * *@binds and following. Leaves in @mount which objects those are, unless the profile allows every source.
 */
void mounts_layers_plan(struct planner *p, const struct request_mount *wanted, struct plan_mount *mount, size_t *binds);
void mounts_layers_explain(const struct plan_mount *mount, struct explain *out);

/* Whether @word of the mount's data is instead told to the kernel by mounts_layers_give(). */
bool mounts_layers_has(const struct plan_mount *mount, const char *word);

/* The judged directories, open until the overlay is made. */
struct mounts_layers {
	int at[REQUEST_MAX_LAYERS];
	size_t count;
};
void mounts_layers_close(struct mounts_layers *layers);
#define AUTOCLOSE_LAYERS __attribute__((cleanup(mounts_layers_close)))

/*
 * Gives the file system context @fs what was judged, and nothing that has its name by now. Fails with ERROR_SYSTEM or
 * ERROR_REFUSED.
 */
int mounts_layers_give(const struct plan_mount *mount, int fs, struct mounts_layers *layers, struct error *err);

/* The lower directories as a config.json lists them, for @fs. -1 with errno. */
int mounts_layers_lower(int fs, const char *list);

/* As mounts_judge_source() for the root of the bundle: it is bound like anything else. */
void mounts_judge_root(struct planner *p);

/*
 * Refuses what would show at a second place what --hide hides. Decides on the real paths of the sources, which the host
 * was asked for. Fails with ERROR_USAGE, naming both flags.
 */
int mounts_hide_plan(const struct plan *plan, struct error *err);

/*
 * Child, in the new root: covers the place of mount @index and leaves the cover in *@ret_cover, to be sealed. Refuses
 * an object that another bind, or another name, would still show.
 */
int mounts_hide(const struct plan *plan, size_t index, struct run *run, int *ret_cover, struct error *err);

/*
 * What a profile has against a bind of @path of the host, of which only name and mode are known, read-only or
 * @writable; NULL: nothing.
 */
const char *mounts_source_risk(const char *path, mode_t mode, bool writable);

/* Refuses overlays that would show more than their source. Fails with ERROR_USAGE, naming the flag. */
int mounts_overlay_plan(const struct planner *p, struct error *err);

/*
 * Child, while the host can be seen and its mounts are separate: lays a writable layer over @tree, the detached
 * read-only bind of @mount's source: an empty one in memory, or what is in @changes, the detached bind of the directory
 * that keeps them, unless that is -1. Both stay the caller's descriptors. Returns a detached mount that the caller
 * owns.
 */
int mounts_overlay(const struct plan_mount *mount, int tree, int changes, struct error *err);

/* Launcher: two overlays with the same changes would spoil them. Held until the sandbox has ended. */
bool mounts_lock_changes_wanted(const struct plan *plan);
void mounts_lock_changes_explain(const struct plan *plan, struct explain *out);
int mounts_lock_changes(const struct plan *plan, struct run *run, struct error *err);

/* Child: refuses a directory of changes, of the overlay @mount, to which somebody else may write. */
int mounts_changes_check(const struct plan_mount *mount, int changes, struct error *err);

/* Child: the two directories in @changes, made where they are missing, open; @tree is what is below the upper one. */
int mounts_changes_work(const struct plan_mount *mount, int changes, struct error *err);
int mounts_changes_upper(const struct plan_mount *mount, int changes, int tree, struct error *err);

/*
 * Decides which mounts mount(2) may mount in their places: file systems of the container's own, in a directory that is
 * the container's own as well, where nobody can exchange a name. It spares the kernel a namespace for a detached mount.
 */
void mounts_direct_plan(struct planner *p);

/* Child, in the new root: does so, on the empty directory @name in @directory, which becomes the current one. */
int mounts_direct(const struct plan_mount *mount, int directory, const char *name, struct error *err);

/* What a new file system is mounted with, of MOUNT_ATTR_*. */
uint64_t mounts_attributes(const struct plan_mount *mount);

/* Makes the file system, detached and with its options, and returns the mount, which the caller owns. */
int mounts_make_filesystem(const struct plan_mount *mount, struct error *err);

/* Launcher: opens bind sources where the child could not reach them. */
bool mounts_prepare_wanted(const struct plan *plan);
void mounts_prepare_explain(const struct plan *plan, struct explain *out);
int mounts_prepare(const struct plan *plan, struct run *run, struct error *err);

/* Launcher: the same for sources that the launch has made meanwhile. */
bool mounts_prepare_late_wanted(const struct plan *plan);
void mounts_prepare_late_explain(const struct plan *plan, struct explain *out);
int mounts_prepare_late(const struct plan *plan, struct run *run, struct error *err);

/*
 * Why the kernel gives no new procfs to an unprivileged user namespace while something is mounted below /proc, and the
 * settings of engines that mend it.
 */
extern const char mounts_proc_cause[], mounts_proc_fix[];

/* Child, before the new root is entered: makes every mount, detached. */
bool mounts_make_wanted(const struct plan *plan);
void mounts_make_explain(const struct plan *plan, struct explain *out);
int mounts_make(const struct plan *plan, struct run *run, struct error *err);

/* Child, in the new root: attaches them in order. */
bool mounts_attach_wanted(const struct plan *plan);
void mounts_attach_explain(const struct plan *plan, struct explain *out);
int mounts_attach(const struct plan *plan, struct run *run, struct error *err);

/* Child: gives the attached mount @made the options that it could not get before (parts/remount.h). */
int mounts_restrict(const struct plan_mount *mount, int made, const struct run *run, struct error *err);

/* Child, when nothing more is made in them: file systems of the container's own become read-only. */
bool mounts_seal_wanted(const struct plan *plan);
void mounts_seal_explain(const struct plan *plan, struct explain *out);
int mounts_seal(const struct plan *plan, struct run *run, struct error *err);

/*
 * The mount of @mount's target and @below it ("" or "/cpu"), detached, for a container that had it before. -2: it is
 * optional and its source is not there. Fails as mounts_make() does.
 */
int mounts_make_again(const struct plan_mount *mount, const char *below, struct error *err);

#endif
