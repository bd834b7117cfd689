// SPDX-License-Identifier: Apache-2.0
/*
 * --socket dbus-session and dbus-system: the sandbox never has a bus itself, but the socket of an xdg-dbus-proxy(1)
 * that lets through what was named. The proxy is a program of its own, runs as whom the sandbox's program does, and
 * listens in a directory that only this launch has.
 */
#ifndef CASEMATE_PARTS_DBUS_H
#define CASEMATE_PARTS_DBUS_H

#include "model/explain.h"
#include "model/planner.h"
#include "model/run.h"

/*
 * Says where the sockets will be. The profile judges names whose owners start programs outside of the sandbox. Fails
 * with ERROR_HOST where the proxy is not installed, with ERROR_USAGE where a bus is none.
 */
int dbus_plan(struct planner *p, struct error *err);

/* Launcher: starts the proxy, and waits until it listens. */
bool dbus_start_wanted(const struct plan *plan);
void dbus_start_explain(const struct plan *plan, struct explain *out);
int dbus_start(const struct plan *plan, struct run *run, struct error *err);

/* Launcher, once the sandbox has the sockets: takes away their names, so that nothing is left whoever is killed later.
 */
void dbus_hide(const struct plan *plan);

/* Ends it and removes the directory; when the launcher dies without that, its keeper does. */
int dbus_end(const struct plan *plan, struct run *run, struct error *err);

#endif
