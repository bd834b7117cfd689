// SPDX-License-Identifier: Apache-2.0
#include "model/names.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

static const struct lookup_row rlimits[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};
LOOKUP(names_rlimits, "a resource limit", rlimits);

static const struct lookup_row namespaces[] = {
	{"pid", NAMESPACE_PID}, {"network", NAMESPACE_NETWORK}, {"mount", NAMESPACE_MOUNT},   {"ipc", NAMESPACE_IPC},
	{"uts", NAMESPACE_UTS}, {"user", NAMESPACE_USER},       {"cgroup", NAMESPACE_CGROUP}, {"time", NAMESPACE_TIME},
};
LOOKUP(names_namespaces, "a namespace", namespaces);

/* The kernel reserves 4 for SCHED_ISO and has not implemented it: sched_setattr(2) will say so. */
enum { POLICY_ISO = 4 };

static const struct lookup_row sched_policies[] = {
	{"SCHED_OTHER", SCHED_NORMAL},      {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH},       {"SCHED_ISO", POLICY_ISO},  {"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
};
LOOKUP(names_sched_policies, "a scheduling policy", sched_policies);

static const struct lookup_row sched_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};
LOOKUP(names_sched_flags, "a scheduling flag", sched_flags);

static const struct lookup_row io_classes[] = {
	{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
};
LOOKUP(names_io_classes, "an I/O class", io_classes);

/* Linux 6.9; not in the headers of every supported system. */
enum { POLICY_WEIGHTED_INTERLEAVE = 6 };

static const struct lookup_row memory_policies[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", POLICY_WEIGHTED_INTERLEAVE},
};
LOOKUP(names_memory_policies, "a memory policy", memory_policies);

static const struct lookup_row memory_flags[] = {
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
};
LOOKUP(names_memory_flags, "a memory policy flag", memory_flags);

static const struct lookup_row personalities[] = {
	{"LINUX", PERSONALITY_LINUX},
	{"LINUX32", PERSONALITY_LINUX32},
};
LOOKUP(names_personalities, "an execution domain", personalities);

static const struct lookup_row propagations[] = {
	{"private", MS_PRIVATE},
	{"slave", MS_SLAVE},
	{"shared", MS_SHARED},
	{"unbindable", MS_UNBINDABLE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"rslave", MS_SLAVE | MS_REC},
	{"rshared", MS_SHARED | MS_REC},
	{"runbindable", MS_UNBINDABLE | MS_REC},
};
LOOKUP(names_propagations, "a mount propagation", propagations);
