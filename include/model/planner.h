// SPDX-License-Identifier: Apache-2.0
/*
 * What an X_plan function works with, and the three things that a profile can make of a request.
 *
 * The faces of every part X: X_plan decides its facts from request, profile and host and touches nothing of the system.
 * For each of its steps, X_wanted says whether a plan has it, X_explain prints the facts, and X or X_apply carries them
 * out, in the process that run/steps.c names. All fail as base/error.h says.
 */
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
	const struct request_seccomp *added_filters[PLANNER_ADDED_FILTERS]; /* casemate's own, on top of it; or NULL */
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

/* As whom the program of a sandbox runs on the host. Known once ids are planned. */
uint32_t planner_host_uid(const struct planner *p);

/*
 * Holds the socket @source at @path to what --socket means: at the very place that was named, of the caller or of whom
 * the program runs as, who can use it. This is no matter of the profile. Fails with ERROR_USAGE.
 */
int planner_check_socket(struct planner *p, const struct request_socket *wanted, const char *path,
			 const struct host_object *source, struct error *err);

/*
 * Whether nothing but the mounts keeps nodes of an image or a volume from being devices of the host: a ceiling has
 * none, and no rules of a cgroup hold it. Known once the cgroup is planned.
 */
bool planner_holds_nodes(const struct planner *p);

/* "SOURCE:/POINTER" for requests from a config.json, "SOURCE" for those from the command line. */
origin planner_origin(const struct planner *p, const char *pointer);

#endif
