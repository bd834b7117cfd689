// SPDX-License-Identifier: Apache-2.0
/* What is only known while a launch runs. The plan is frozen; these are the few values that change. */
#ifndef CASEMATE_MODEL_RUN_H
#define CASEMATE_MODEL_RUN_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * One page that launcher and container share until execve(2). The child's error is here rather than in a message: after
 * the seccomp filter is loaded no call may be left to send one with.
 */
struct run_shared {
	struct error error;
	volatile int32_t applied_count; /* steps begun so far, */
	volatile uint8_t applied[64];   /* as numbers in the table of steps */
	volatile int32_t executing;     /* everything is applied, execve(2) is next */
	volatile pid_t child;           /* the container's first process, as the launcher sees it; 0: not made yet */
	int32_t listener;               /* 1 + the number of the seccomp filter's listener in it; 0: not there yet */
	int32_t listener_taken;         /* it is copied and passed on: the container's first process may go on */
};

/* There are 14 controllers in v1, and each may be a hierarchy of its own. */
enum { RUN_CGROUPS = 16 };
enum { RUN_NET_DEVICES = 64 };
enum { RUN_FEW_FDS = 128 };

enum run_rdt { RUN_RDT_GROUP = 1, RUN_RDT_MONITOR = 2 };

/* A network device that was moved into the container. */
struct run_net_device {
	int index; /* in there */
	bool up;   /* it was, on the host */
};

/* Launcher: a program of the host's that serves this launch. */
struct run_keeper {
	int hold;  /* closing it ends the program; or -1 */
	pid_t pid; /* the process that sees to that; 0: none */
};

struct run {
	struct run_shared *shared;
	int shared_fd; /* of `shared`, where `casemate start` shall see it too; or -1 */
	int container; /* exec: pidfd of the first process of the container that is joined; or -1 */
	int state;     /* launcher: the container's directory of state, locked; or -1 */
	bool deleted;  /* launcher: another command has deleted the container while it ran */
	int start;     /* child: the socket by which `casemate start` speaks to it; or -1 */
	int sync;      /* this side's end of the conversation; close-on-exec */
	int proc;      /* child: procfs of the container's pid namespace, as it is without masks; or -1 */
	int self;      /* child: /proc/self of the host, where parts/remount.h needs it; or -1 */
	int root;      /* the new root, detached, until it is entered */
	int place;    /* the directory that it covers meanwhile, for hooks; or it, in a joined mount namespace; or -1 */
	int *mounts;  /* one detached mount each for plan->mounts[], -1 where none; allocated before the clone */
	int *locks;   /* launcher: the locked directory for each of them that is MOUNT_CHANGES, else -1 */
	int *devices; /* the same for plan->devices.nodes[] that are bound */
	int *cgroups; /* the same for the hierarchies of a MOUNT_CGROUP */
	int few[RUN_FEW_FDS]; /* where these four are, when there are no more */
	int terminal;         /* launcher: master of the pty; child: its slave; or -1 */
	int master;           /* child: the pty's master until the launcher has it; or -1 */
	int program; /* the opened program, where it is executed by that, else -1; and the path it was found by */
	const char *program_path;
	int control; /* with an init and a pty: init's, or the launcher's, end of their conversation; or -1 */
	int cgroup;  /* v2: directory to be cloned into, or -1 */
	int cgroup_join[RUN_CGROUPS];     /* v1: a file to join by for each of plan->cgroup.hierarchies[], or -1 */
	uint8_t cgroup_made[RUN_CGROUPS]; /* launcher: how many directories it made there, */
	int cgroup_parent[RUN_CGROUPS];   /* and the one that holds the last of them; or -1 */
	bool cgroup_left_out;             /* launcher: an optional one could not be made */
	uint8_t rdt_made;                 /* launcher: enum run_rdt, what it made in resctrl */
	int notify;                       /* launcher: the socket on which the container says that it is ready, or -1 */
	pid_t notifier;                   /* the process that passes that on; 0: none */
	int scope_input;                  /* launcher: the standard input of the helper that holds the scope, or -1 */
	pid_t scope_helper;               /* that process; 0: none */
	char scope_invocation[33];        /* which run of the unit the scope is; "": none was made */
	uint8_t cgroup_aside; /* launcher, v2: 1 + depth of the cgroup that it left for a leaf in it; 0: it did not */
	int net;              /* launcher: a netlink socket of the container's network namespace, or -1 */
	uint8_t net_moved;    /* launcher: so many of plan->net_devices are in it */
	struct run_net_device net_devices[RUN_NET_DEVICES];
	int netns; /* launcher: the sandbox's network namespace, for pasta; or -1 */
	struct run_keeper pasta, dbus;
	int dbus_report;       /* launcher: closing it ends the proxy even where its keeper cannot; or -1 */
	int dbus_log;          /* what the proxy says of each message, for --report; or -1 */
	int interrupts;        /* launcher: signalfd(2) of what ends a set-up; -1 once it is over */
	pid_t child;           /* launcher: the container's first process */
	int ending;            /* launcher: the signal that ends it, with all that it started */
	int reporter;          /* the listener of --report: in the child, then in the launcher; or -1 */
	struct report *report; /* launcher: what was denied; or NULL */
	struct rlimit nofile;  /* the caller's, before the launcher raised its own; restored for the workload */
	bool nofile_raised;
	bool oom_score_changed; /* launcher: it has the container's for a moment, */
	int oom_score;          /* and this was its own */
};

#endif
