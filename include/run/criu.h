// SPDX-License-Identifier: Apache-2.0
/*
 * The program criu(8) and the conversation with it: `criu swrk`, one request, its notices, one answer, in the messages
 * of its rpc.proto over a socket. casemate links nothing of it.
 */
#ifndef CASEMATE_RUN_CRIU_H
#define CASEMATE_RUN_CRIU_H

#include <sys/types.h>

#include "base/error.h"
#include "base/protobuf.h"

/* What is asked of it, by criu's numbers. */
enum criu_verb { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4 };

/* The fields of its options, by their numbers in its messages. */
enum criu_option {
	CRIU_IMAGES_DIR = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMAGE = 14,
	CRIU_TRACK_MEMORY = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_RESTORE_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_SKIP_MOUNT = 31,
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 65,
	CRIU_NETWORK_LOCK = 66,
};

/* What criu tells while it works. */
struct criu_notice {
	const char *what; /* "post-restore" */
	pid_t pid;        /* the container's first process, where criu knows one */
	int fd;           /* what came with it, or -1: closed after the call unless it is taken by fd_take() */
};

enum { CRIU_FDS = 8, CRIU_FIRST_FD = 4 };

struct criu_call {
	enum criu_verb verb;
	const struct protobuf_writer *options;
	const char *log; /* its log, in work_dir */
	int work_dir;
	int cgroup;        /* it is born there (v2), or -1 */
	int fds[CRIU_FDS]; /* number CRIU_FIRST_FD and above in its process */
	size_t fd_count;
	int interrupts; /* when this can be read, the call is given up; -1: nothing ends it */
	void *context;
	/* In criu's process, before it is executed; fails into `told`, which both processes share. NULL: nothing. */
	int (*prepare)(void *context, struct error *err);
	struct error *told;
	/* In this process. A failure is told to criu, which then undoes what it did. NULL: nothing. */
	int (*notice)(struct criu_notice *notice, void *context, struct error *err);
};

/*
 * Runs criu and waits for its answer. *@ret_pid: of a restore, the container's first process, which is a child of this
 * process. Fails with ERROR_HOST where there is no criu that only root can write, and with what criu says, which is in
 * its log as well. A call that ends early, also by this process' death, leaves the container as it was: criu is told
 * nothing then, and takes that for "no".
 */
int criu_call(const struct criu_call *call, pid_t *ret_pid, struct error *err);

/* Fails with ERROR_HOST where there is no criu: before anything else is done for it. */
int criu_find(struct error *err);

/* Has criu try whether it can work here, for some seconds at most. Fails with ERROR_HOST and what it says. criu(8) */
int criu_check(struct error *err);

#endif
