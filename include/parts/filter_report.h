// SPDX-License-Identifier: Apache-2.0
/* A filter that asks the launcher instead of denying by itself, so that the launcher can tell what was denied. */
#ifndef CASEMATE_PARTS_FILTER_REPORT_H
#define CASEMATE_PARTS_FILTER_REPORT_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "model/planner.h"

/*
 * Makes the first filter of the plan one with a listener: what it answers with an errno becomes a notification, and
 * nothing else changes. Fails with ERROR_USAGE where a filter has a listener already, or would stop its hand-over.
 */
int filter_report_plan(struct planner *p, struct error *err);

/*
 * *@ret_asking: @judge with a notification in the place of each errno, in @arena, and filter_report_check'ed. Fails as
 * that does.
 */
int filter_report_program(const struct sock_filter *judge, uint32_t length, struct arena *arena,
			  struct sock_filter **ret_asking, struct error *err);

/*
 * Proves that @asking, of @length instructions as @judge, answers every call as @judge does, except that it asks where
 * @judge gives an errno, and only there. Fails with ERROR_BUG; so it does when @judge itself asks anybody.
 */
int filter_report_check(const struct sock_filter *judge, const struct sock_filter *asking, uint32_t length,
			struct error *err);

/* The errno that @judge, plan_filter.judge, gives for @data; EPERM for what it would not have denied. 0 is an answer.
 */
int filter_report_errno(const struct sock_filter *judge, const struct seccomp_data *data);

#endif
