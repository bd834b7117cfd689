// SPDX-License-Identifier: Apache-2.0
/* Which devices may be made, read and written: the rules, and the BPF program that they are in v2 (cgroups(7), bpf(2)).
 */
#ifndef CASEMATE_PARTS_CGROUP_DEVICES_H
#define CASEMATE_PARTS_CGROUP_DEVICES_H

#include "model/planner.h"

/*
 * Plans the rules of linux.resources.devices, with the devices of the container behind them; none where they allow
 * everything, or where the config has none and none are needed. Under a profile that has a ceiling for devices the list
 * is what the plan says; one without allows making, and not opening, every node, as runc does. Judges what allows more
 * than the container's own devices. Fails with ERROR_CONFIG, and with ERROR_HOST for rules that v1 cannot express.
 */
int cgroup_plan_devices(struct planner *p, struct error *err);

/* The text of v1's devices.allow and devices.deny: "c 1:3 rwm". Always terminated. */
enum { CGROUP_RULE_BYTES = 64 };
const char *cgroup_rule_text(const struct plan_cgroup_rule *rule, char text[CGROUP_RULE_BYTES]);

/* Loads the plan's program into the kernel, attaches it to the cgroup @dir, and makes sure that it is there (v2). */
int cgroup_attach_devices(const struct plan_cgroup *plan, int dir, struct error *err);

#endif
