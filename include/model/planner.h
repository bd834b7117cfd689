// SPDX-License-Identifier: Apache-2.0
/* What an X_plan function works with, and the three things that a profile can make of a request. */
#ifndef CASEMATE_MODEL_PLANNER_H
#define CASEMATE_MODEL_PLANNER_H

#include "model/host.h"
#include "model/plan.h"

enum { PLANNER_ADDED_FILTERS = 2 };

struct planner {
	struct arena *arena; /* the plan's */
	const struct request *request;
	const struct profile *profile;
	const struct host *host;
	const struct request_seccomp *default_filter; /* profiles/seccomp/default.json; NULL where not needed */
	const struct request_seccomp
		*added_filters[PLANNER_ADDED_FILTERS]; /* --without userns: on top of it; or NULL */
	struct plan *plan;
	bool joining; /* exec: only what the new process asks for is judged, the container was when it was made */
};

/*
 * Applies @verdict to something that goes beyond the ceiling. VERDICT_REFUSE records a refusal, VERDICT_TIGHTEN that it
 * was taken away. Returns whether the caller shall take it away (only for VERDICT_TIGHTEN). @remedy is what the user
 * can do to keep it. @what is text in the arena, or static.
 */
bool planner_judge(struct planner *p, enum verdict verdict, const char *layer, origin from, const char *what,
		   const char *remedy);

/* Records something the user should know and that stops nothing. */
void planner_note(struct planner *p, const char *layer, origin from, const char *what);

/* "SOURCE:/POINTER" for requests from a config.json, "SOURCE" for those from the command line. */
origin planner_origin(const struct planner *p, const char *pointer);

#endif
