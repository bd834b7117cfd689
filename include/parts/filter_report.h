// SPDX-License-Identifier: Apache-2.0
/* A filter that asks the launcher instead of denying by itself, so that the launcher can tell what was denied. */
#ifndef CASEMATE_PARTS_FILTER_REPORT_H
#define CASEMATE_PARTS_FILTER_REPORT_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "model/planner.h"

/*
 * Makes the first filter of the plan one with a listener: what it answers with an errno becomes a notification, with
 * plan->reports_files so do the calls that name a file, where the network is limited so do connect(2) and bind(2), and
 * nothing else changes. Fails with ERROR_USAGE where a filter has a listener already, or would stop its hand-over.
 */
int filter_report_plan(struct planner *p, struct error *err);

/* A filter that asks: it begins with the calls that are let through and asked about all the same (--report-files). */
struct filter_asking {
	struct sock_filter *code;
	uint32_t length;
};

/*
 * *@ret: @judge with a notification in the place of each errno, and before it one for each of the @count native calls
 * @watched that @judge allows whatever their arguments are; in @arena, and filter_report_check'ed. Fails as that does.
 */
int filter_report_program(const struct plan_filter *judge, const uint32_t *watched, size_t count, struct arena *arena,
			  struct filter_asking *ret, struct error *err);

/*
 * Proves that @asking answers every call as the @length instructions of @judge do, except that it asks where @judge
 * gives an errno, and about calls which @judge allows without a look at their arguments. Fails with ERROR_BUG; so it
 * does when @judge itself asks anybody.
 */
int filter_report_check(const struct sock_filter *judge, uint32_t length, const struct filter_asking *asking,
			struct error *err);

/*
 * What @judge, plan_filter.judge, answers for @data: -1 where it lets the call through, else the errno of a denial (0
 * is one); EPERM for whatever else it says.
 */
int filter_report_errno(const struct sock_filter *judge, const struct seccomp_data *data);

#endif
