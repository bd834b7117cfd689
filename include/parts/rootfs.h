// SPDX-License-Identifier: Apache-2.0
/* The new root: made, entered with pivot_root(2), and made read-only last. */
#ifndef CASEMATE_PARTS_ROOTFS_H
#define CASEMATE_PARTS_ROOTFS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

int rootfs_plan(struct planner *p, struct error *err);

/* Launcher: opens the bundle's tree where the child could not reach it. */
bool rootfs_open_wanted(const struct plan *plan);
void rootfs_open_explain(const struct plan *plan, struct explain *out);
int rootfs_open(const struct plan *plan, struct run *run, struct error *err);

/* Child: its mount table is a copy of the host's; mounts in it must not travel back. */
bool rootfs_isolate_wanted(const struct plan *plan);
void rootfs_isolate_explain(const struct plan *plan, struct explain *out);
int rootfs_isolate(const struct plan *plan, struct run *run, struct error *err);

/*
 * Child: opens the path that hooks will look at, or that of the root in a mount namespace that is joined, while it has
 * the launcher's ids: whom the user namespace maps may not get there.
 */
bool rootfs_place_wanted(const struct plan *plan);
void rootfs_place_explain(const struct plan *plan, struct explain *out);
int rootfs_place(const struct plan *plan, struct run *run, struct error *err);

/* Child: puts the new root there, for hooks that run before it is entered. */
bool rootfs_show_wanted(const struct plan *plan);
void rootfs_show_explain(const struct plan *plan, struct explain *out);
int rootfs_show(const struct plan *plan, struct run *run, struct error *err);

bool rootfs_enter_wanted(const struct plan *plan);
void rootfs_enter_explain(const struct plan *plan, struct explain *out);
int rootfs_enter(const struct plan *plan, struct run *run, struct error *err);

bool rootfs_readonly_wanted(const struct plan *plan);
void rootfs_readonly_explain(const struct plan *plan, struct explain *out);
int rootfs_readonly(const struct plan *plan, struct run *run, struct error *err);

#endif
