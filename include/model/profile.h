// SPDX-License-Identifier: Apache-2.0
/*
 * A profile is a ceiling: the most that a launch may be granted. It never adds a privilege. profiles/ has the built-in
 * ones as text, casemate-profile(5) the format, config/profile.c the reader.
 */
#ifndef CASEMATE_MODEL_PROFILE_H
#define CASEMATE_MODEL_PROFILE_H

#include "model/value.h"

/* What happens when a request asks for more than the ceiling, or leaves out what it demands. */
enum verdict {
	VERDICT_ALLOW,   /* nothing: the request holds */
	VERDICT_TIGHTEN, /* take it away (or add the protection), record it in the plan, go on */
	VERDICT_REFUSE,  /* do not launch; say so with all other reasons, each with its remedy */
};

enum profile_seccomp {
	PROFILE_SECCOMP_OFF,     /* only what the config says */
	PROFILE_SECCOMP_MISSING, /* the default filter when the config has none */
	PROFILE_SECCOMP_STACK,   /* the default filter always, a filter of the config on top */
};

enum profile_landlock {
	PROFILE_LANDLOCK_OFF,
	PROFILE_LANDLOCK_OPTIONAL, /* as much as the kernel has; what is missing is said */
	PROFILE_LANDLOCK_REQUIRED, /* the launch stops where the kernel has none */
};

/* A flag of `casemate sandbox` that a profile brings along: a request, which the ceiling judges like any other. */
struct profile_flag {
	const char *option; /* "--ro" */
	const char *value;  /* NULL: a switch */
	origin from;        /* "FILE:/sandbox/ro/0" */
};

struct profile {
	const char *name;
	origin from;                    /* "built in", or the path of the file */
	bool builtin;                   /* as it is: a file that extends one is its own */
	bool locked;                    /* weaker profiles from the command line are refused */
	enum verdict root_user;         /* uid 0 in the container */
	enum verdict capabilities;      /* a capability that is not in capabilities_allowed */
	uint64_t capabilities_allowed;  /* bit N is capability N */
	enum verdict no_new_privileges; /* noNewPrivileges is not true */
	enum verdict writable_root;     /* root.readonly is not true */
	enum verdict host_namespaces;   /* pid, network, ipc, uts, mount, cgroup: not listed, or those of the host */
	enum verdict without_userns;    /* a sandbox of a user that has no namespaces: Landlock and seccomp hold it */
	enum verdict sensitive_sources; /* a bind mount whose source is the host's own: /, /etc, /proc, /dev, sockets of
					   engines ... */
	enum verdict mount_flags;       /* a bind or tmpfs without nosuid,nodev */
	enum verdict mount_types;       /* a file system that is not in mount_types_allowed */
	string_list mount_types_allowed;
	enum verdict propagation; /* a mount or rootfs that shares its mount events with the host */
	enum verdict devices;     /* a device other than the spec's default ones */
	enum verdict sysctls;     /* a sysctl that is not in sysctls_allowed */
	string_list sysctls_allowed;
	enum verdict unit_properties; /* a property of the systemd unit that is not in unit_properties_allowed */
	string_list unit_properties_allowed;
	enum verdict hooks;        /* a hook that is not in hooks_allowed */
	string_list hooks_allowed; /* "PATH" or "PATH ARGV0": programs of the host that engines use */
	enum verdict personality;  /* an execution domain other than LINUX */
	enum verdict labels;       /* an AppArmor or SELinux label that confines nothing */
	enum verdict oom_score;    /* oomScoreAdj below 0 */
	enum verdict realtime;     /* a real-time or deadline scheduler, a share of caches, a class of I/O or packets */
	enum verdict images;       /* a container made of an image that criu wrote */
	enum verdict masks;        /* masked_paths and readonly_paths below that the config leaves out */
	string_list masked_paths;
	string_list readonly_paths;
	enum verdict pids; /* no pids limit, or one above pids_limit */
	uint64_t pids_limit;
	enum profile_seccomp seccomp;
	enum profile_landlock landlock;
	bool lock_securebits; /* securebits are locked so that uid 0 gains nothing by execve(2) */
	LIST(struct profile_flag) sandbox;
};

#endif
