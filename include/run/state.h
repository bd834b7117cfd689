// SPDX-License-Identifier: Apache-2.0
/*
 * What is kept of a container between two commands: a directory ROOT/ID of mode 0700 with
 *
 *	config.json	the bundle's, as it was read
 *	profile.json	the whole ceiling, where it is not a built-in one
 *	state.json	struct state as JSON: written before anything else is made, and again when the pid is known
 *	start		a socket on which the container's first process waits for `casemate start`; gone after that
 *	notify/		bound into the container, with the socket of run/notify.h
 *
 * Whoever changes something holds a lock on the directory, which the kernel drops when that process dies. Every command
 * tells the truth after a crash of another at any point: a container without a living process is stopped, whatever the
 * file says, and `delete` removes what the file names.
 */
#ifndef CASEMATE_RUN_STATE_H
#define CASEMATE_RUN_STATE_H

#include "model/explain.h"
#include "model/run.h"

enum container_status {
	CONTAINER_CREATING, /* somebody is at it */
	CONTAINER_CREATED,  /* its first process waits for `start` */
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_STOPPED,
};

/* A process that may be gone, and its pid given to another one. */
struct state_process {
	pid_t pid;        /* 0: none */
	uint64_t started; /* clock ticks after boot, from /proc/PID/stat */
};

struct state {
	int dir;   /* the container's directory */
	bool busy; /* another command holds the lock */
	const char *id;
	const char *oci_version;
	const char *bundle;
	const char *rootfs;
	const char *created; /* RFC 3339 */
	const char *profile; /* its name */
	bool builtin;        /* it is what this program knows by that name */
	uint32_t owner;      /* user id of who made it */
	struct state_process process, maker;
	pair_list annotations;
	bool listener;             /* `start` gives the listener of its seccomp filter to an agent */
	bool hooks;                /* there are poststart or poststop hooks */
	struct plan_cgroup cgroup; /* driver, path, components, ours, hierarchies and scope */
	uint8_t cgroup_made[RUN_CGROUPS];
	struct plan_rdt rdt; /* group and named */
	uint8_t rdt_made;
};

enum state_lock {
	STATE_LOOK, /* reads what is there now */
	STATE_LOCK, /* waits until no other command changes the container */
};

/* The directory of all containers: @given by --root, else /run/casemate, or below XDG_RUNTIME_DIR for users. */
const char *state_root(const char *given, struct arena *arena);

/*
 * Reads the state of the container @id into *@ret, whose strings live in @arena; state_close() closes it and drops the
 * lock. Fails with ERROR_GONE when there is none, ERROR_USAGE for a bad id, ERROR_HOST when another user made it who is
 * not root, ERROR_SYSTEM.
 */
int state_open(const char *root, const char *id, enum state_lock lock, struct arena *arena, struct state *ret,
	       struct error *err);
void state_close(struct state *state);
#define AUTO_STATE __attribute__((cleanup(state_close)))

/* The status by what lives. Never fails: what cannot be found out is stopped. */
enum container_status state_status(const struct state *state);

/*
 * The same for who will start it: where it is CONTAINER_CREATED, *@ret_start is a connection to its first process,
 * which waits for that (run/start.h); the caller closes it. Else -1.
 */
enum container_status state_connect(const struct state *state, int *ret_start);

/*
 * For who holds no lock, after a failure: where the container was deleted or has ended meanwhile, @err becomes
 * ERROR_GONE, which says so. Returns -1.
 */
int state_explain_failure(const struct state *state, struct error *err);

/* "creating", as runtime.md has them. Static. */
const char *state_status_word(enum container_status status);

/*
 * A pidfd of the container's first process, which the caller closes; made sure to be that process and no later one with
 * its pid. Fails with ERROR_GONE "container not running".
 */
int state_process_open(const struct state *state, struct error *err);

/* Removes all files of the container and its directory. Fails with ERROR_SYSTEM. */
int state_delete(const char *root, const struct state *state, struct error *err);

/* Refuses an id that could be anything but a plain name: letters, digits and _+-. (runc's and crun's). ERROR_USAGE. */
int state_check_id(const char *id, struct error *err);

/* Calls @each for the id of every container below @root, in no order; a root that does not exist has none. */
int state_each(const char *root, int (*each)(const char *id, void *context, struct error *err), void *context,
	       struct error *err);

/* Step, launcher: makes the directory and the first record, before anything else of the container exists. */
bool state_make_wanted(const struct plan *plan);
void state_make_explain(const struct plan *plan, struct explain *out);
int state_make(const struct plan *plan, struct run *run, struct error *err);

/*
 * Launcher, before the first undo: takes the lock again. Where another command has deleted the container meanwhile
 * (run->deleted), what has its names by now is another container's, and is not undone. Fails with ERROR_SYSTEM.
 */
int state_take_back(struct run *run, struct error *err);

/* The step's undo: removes the directory with what is in it. Fails with ERROR_SYSTEM. */
int state_unmake(const struct plan *plan, struct run *run, struct error *err);

/* Launcher: writes the record again, with the container's first process. */
int state_record(const struct plan *plan, const struct run *run, struct error *err);

/* Launcher that stays: lets other commands at the container, which is made. */
int state_unlock(const struct run *run, struct error *err);

#endif
