// SPDX-License-Identifier: Apache-2.0
/*
 * Every fact of one launch, each with where it came from. Made by the X_plan functions of parts/, read-only in memory
 * (arena_freeze) before the first system call of the launch. X_explain prints a fact, X_apply carries it out; nobody
 * else decides anything. Paths of the container are text here: only X_apply opens them, inside the new root.
 */
#ifndef CASEMATE_MODEL_PLAN_H
#define CASEMATE_MODEL_PLAN_H

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "model/profile.h"
#include "model/request.h"

/* Something that the profile took away or refuses, or that the user should know. */
struct plan_remark {
	const char *layer;  /* the part's name: "user", "mounts" */
	const char *what;   /* "process.user.uid is 0 (root)" */
	const char *remedy; /* in the words of the tool the user holds; NULL where there is none */
	origin from;
};
typedef LIST(struct plan_remark) remark_list;

struct plan_namespaces {
	uint64_t fresh; /* CLONE_NEW* of namespaces made for the container */
	uint64_t hosts; /* CLONE_NEW* of those that are joined and known to be the launcher's or the init's */
	struct {
		const char *path;
		bool judged; /* the profile decided on this one */
		uint64_t device, inode;
		origin from;
	} join[NAMESPACE_COUNT];
	bool joins; /* any join[].path is set */
	bool stage; /* a process between launcher and container is needed: to join user, pid or time, or to set time
		       offsets */
	bool user_first; /* joining the user namespace is what gives the right to join the others */
	LIST(struct request_time_offset) time_offsets;
};

enum ids_writer {
	IDS_NONE,     /* no user namespace, or one that has its maps */
	IDS_SELF,     /* the child maps its own single id: no privilege needed */
	IDS_LAUNCHER, /* the launcher writes the maps: needs CAP_SETUID, CAP_SETGID */
	IDS_HELPERS,  /* newuidmap(1) and newgidmap(1) */
};
struct plan_ids {
	bool mapped; /* the container's user namespace is not the launcher's: a new one, or one that is joined */
	enum ids_writer writer;
	const char
		*unknown; /* of one that is joined: why its maps are not known, so that nothing is launched; or NULL */
	id_map_list uid;
	id_map_list gid;
	bool deny_setgroups;
	bool leave_groups; /* the launcher's groups go before a namespace is joined that denies it */
	bool become;       /* the child switches to setup_uid and setup_gid, which are mapped, for the set-up */
	uint32_t setup_uid;
	uint32_t setup_gid;
	bool inner;         /* a second user namespace for the workload, which owns none of the others */
	uint32_t inner_uid; /* what the workload is called there */
	uint32_t inner_gid;
	origin from;
};

struct plan_rootfs {
	const char *path; /* NULL: an empty tmpfs */
	bool joined;      /* `path` is looked up in a mount namespace that is joined, where nothing is mounted */
	bool readonly;
	uint64_t propagation; /* MS_PRIVATE|MS_REC, MS_SLAVE|MS_REC, MS_SHARED|MS_REC, MS_UNBINDABLE|MS_REC */
	uint64_t attrs;       /* MOUNT_ATTR_* of the root tree but for RDONLY, which comes last */
	bool by_launcher; /* root and sources are opened by the launcher: in the user namespace they may be out of reach
			   */
	bool judged;      /* `device` and `inode` are what the profile decided on */
	uint64_t device;
	uint64_t inode;
	const char *real; /* where that was, without any link */
	bool no_pivot;    /* on an initramfs: the host's tree stays below, out of sight */
	bool shown;       /* it is on its own path while hooks run, before it is entered */
	origin from;
};

enum plan_mount_kind {
	MOUNT_BIND,
	MOUNT_CHANGES, /* bound, but not shown: it takes the changes of the overlay that comes next in the plan */
	MOUNT_FILESYSTEM,
	MOUNT_CGROUP,    /* v1: one mount a hierarchy */
	MOUNT_REMOUNT,   /* attributes of a mount that is there */
	MOUNT_FILE,      /* made from `content` */
	MOUNT_LINK,      /* a symbolic link to `content` */
	MOUNT_DIRECTORY, /* an empty one */
	MOUNT_HIDE,      /* an empty directory or an unreadable file over what is there */
};
/* A directory that an overlay is made of: what the profile decided on, and what must be there when it is made. */
struct plan_layer {
	const char *option; /* as struct request_layer has it */
	const char *path;
	uint64_t device, inode;
};

struct plan_mount {
	enum plan_mount_kind kind;
	const char *source;
	int descriptor;      /* MOUNT_SPECIAL_OPEN: what is bound; `source` is its name so far */
	const char *changes; /* of an overlay: the source of its MOUNT_CHANGES; NULL: they are thrown away */
	const char *target;  /* absolute, in the container */
	const char *type;
	uint64_t attr_set, attr_clear;
	uint64_t rec_attr_set, rec_attr_clear;
	uint64_t super_flags;
	uint64_t propagation;
	bool recursive;
	uint32_t special; /* enum request_mount_special */
	string_list data;
	LIST(struct plan_layer) layers; /* judged: they count, and not what `data` says of them */
	id_map_list uid_mappings, gid_mappings;
	const char *content;
	size_t content_length;
	bool fresh;         /* what holds it is empty when it is made, so its place has to be made as well */
	bool directory;     /* `judged`: the source is one */
	bool sealed;        /* read-only, but only when everything in it is made */
	const char *direct; /* its options for mount(2), which mounts it where it goes; NULL: it is made detached */
	size_t holder; /* `direct`: 1 + the number of the mount at whose root it goes; 0: somewhere in a root that is
			* the container's own */
	bool remounts; /* its options are set once it is attached: parts/remount.h */
	bool peers;    /* what is mounted in it appears on the host */
	bool late;     /* the source is made by the launch itself, after all other sources were opened */
	const char *namespace; /* that it shows, and that may belong to another user namespace than the container's; or
				* NULL */
	const char *label;     /* SELinux: every file of it is labelled so; NULL: as the file system has it */
	uint32_t mode;
	bool judged; /* `device` and `inode` are what the profile decided on: the source must still be that */
	uint64_t device;
	uint64_t inode;
	const char *real;                    /* of a bind that was looked at: its source without any link */
	const char *layer;                   /* of the same, as struct host_object has it */
	pair_list hierarchies;               /* MOUNT_CGROUP: key: name in the mount, value: directory of the host */
	const struct request_socket *socket; /* of --socket; or NULL */
	struct opt_u32 owner; /* the source must be a socket of this user's: others could have changed it */
	origin from;
};

struct plan_device {
	const char *path;
	char type;
	uint32_t major, minor;
	uint32_t mode;
	uint32_t uid, gid;
	origin from;
};
struct plan_devices {
	bool populate; /* /dev is a tmpfs of ours: nodes and links are made in it */
	bool by_bind;  /* mknod(2) is not permitted in a user namespace: the host's nodes are bound instead */
	LIST(struct plan_device) nodes;
	pair_list links; /* key: path, value: text */
};

struct plan_dbus {
	const char *program; /* NULL: not wanted */
	string_list argv;
	const char *directory; /* made and removed by the launch, with a socket for each of `buses` */
	bus_list buses;
	bool logs;   /* for --report */
	bool become; /* it does not run as the caller, who is root, but as the program does: */
	uint32_t uid, gid;
};

struct plan_pasta {
	const char *program; /* NULL: not wanted */
	string_list argv;
	string_list ports;
};

struct plan_masks {
	pair_list masked; /* key: path, value: origin */
	pair_list readonly;
};

struct plan_terminal {
	bool pty;         /* the workload gets a pseudo-terminal, also as /dev/console */
	unsigned streams; /* which standard streams are it, bit N is stream N: what the caller redirected stays so */
	struct request_size size; /* 0: that of the launcher's terminal */
	bool new_session;         /* setsid(2): no controlling terminal of the caller is left */
	origin from;
};

struct plan_net_device {
	const char *name;     /* in the launcher's network namespace */
	const char *new_name; /* in the container's; "%d" in it stands for a number that is free there */
	origin from;
};

struct plan_rlimit {
	int type;
	struct rlimit limit;
	origin from;
};
struct plan_limits {
	LIST(struct plan_rlimit) rlimits;
	struct opt_i64 oom_score_adj;
	const struct request_scheduler *scheduler;
	const struct request_io_priority *io_priority;
	const char *exec_initial; /* CPUs of a process that is added, "0-3,5": before it is in the cgroup, */
	const char *exec_final;   /* and in it */
	uint32_t personality;     /* enum request_personality */
	const struct request_memory_policy *memory_policy;
};

struct plan_user {
	uint32_t uid, gid;
	u32_list groups;
	bool set_groups;   /* setgroups(2) is possible: it is called even for an empty list */
	bool keeps_groups; /* the caller's groups stay: without root nobody can drop them */
	uint32_t umask;
	const char *cwd;
	bool make_cwd; /* a bundle's working directory is made where it is missing and its root is writable */
	origin from;
};

struct plan_caps {
	uint64_t bounding, effective, permitted, inheritable, ambient;
	uint32_t last; /* highest capability of the kernel: all above `bounding` up to it are dropped */
	uint32_t securebits;
	bool no_new_privs;
	origin from;
	origin no_new_privs_from;
};

struct plan_landlock_rule {
	size_t mount; /* 1 + the number of the file system that is mounted there; 0: none, or another's */
	const char *path;
	uint64_t access; /* LANDLOCK_ACCESS_FS_* */
	bool judged;     /* `device` and `inode` are what the profile decided on: it must still be that */
	uint64_t device, inode;
	bool optional; /* the mount it stands for is optional */
	origin from;
};
struct plan_landlock {
	bool wanted;
	int abi;
	uint64_t handled_fs, handled_net, scoped;
	LIST(struct plan_landlock_rule) rules;
	u32_list bind_tcp, connect_tcp;
	string_list missing; /* what this kernel's ABI cannot hold, in words */
	origin from;
};

/* One compiled seccomp program, proved by simulation. */
struct plan_filter {
	struct sock_filter *code;
	uint32_t length;
	uint32_t flags;             /* SECCOMP_FILTER_FLAG_* */
	struct sock_fprog *program; /* both, as seccomp(2) takes them; the filter loaded before knows its address */
	bool exempts_launch;        /* its rules would stop the launch's own call, which passes all the same */
	const struct sock_filter *judge; /* --report: the program as it was, `code` asks instead of denying; or NULL */
	uint64_t token;                  /* what that execve(2) and execveat(2) carry in their last argument register */
	bool added;                      /* casemate's own, on top of the default: lets its launch do what it must */
	const char *summary;             /* "allows 312 system calls, default EPERM" */
	origin from;
};

/* Who decides the calls that a filter answers with SCMP_ACT_NOTIFY, and what is told to it. */
struct plan_listener {
	const char *path; /* of a socket of the host; NULL: nobody */
	const char *metadata;
	const char *bundle;
	pair_list annotations;
	origin from;
};

struct plan_labels {
	const char *apparmor;
	bool enforced; /* by AppArmor: a profile may be loaded in a mode that confines nothing */
	const char *selinux;
	const char *mount_label;
};

struct plan_process {
	const char **argv;      /* NULL-terminated */
	const char **envp;      /* NULL-terminated */
	string_list candidates; /* where argv[0] is looked for, in order */
	bool init;              /* our own pid 1 reaps and forwards signals, the workload is its child */
	bool by_handle;         /* execveat(2) of an open file; by path on kernels that would name the process after the
				   descriptor, and where it has the name of a link */
	const char *home;       /* "HOME=" and what home_find() puts behind it; NULL: the config has it */
	bool held;              /* it begins when the launcher says so */
	bool die_with_parent;
	uint64_t time_limit_ms;
	uint64_t reset_signals; /* the caller ignores them: bit N-1 is signal N */
	bool keyring;           /* a session keyring of its own */
	uint32_t keep_fds;      /* --preserve-fds: 3 to 2+N stay open */
	u32_list kept;          /* --keep-fd: so do these; the launcher has none of them left then */
};

/* Which program of the host or of the container runs when (config.md, "POSIX-platform Hooks"), in that order. */
enum hook_kind {
	HOOK_PRESTART,         /* launcher: before the new root is entered */
	HOOK_CREATE_RUNTIME,   /* launcher, then */
	HOOK_CREATE_CONTAINER, /* child: in the container's namespaces, before the new root is entered */
	HOOK_START_CONTAINER,  /* child: in the container, before the program */
	HOOK_POSTSTART,        /* launcher or `start`: the program runs */
	HOOK_POSTSTOP,         /* launcher or `delete`: it has ended and nothing is left */
	HOOK_COUNT,
};

struct plan_hook {
	const char *path;
	const char **argv; /* NULL-terminated */
	const char **envp; /* NULL-terminated; NULL: that of casemate itself, as runc and crun have it */
	uint32_t timeout;  /* seconds; 0: none */
	bool judged;       /* `device` and `inode` are what the profile decided on */
	uint64_t device, inode;
	origin from;
};
typedef LIST(struct plan_hook) plan_hook_list;

/* What engines ask of a container beside its config.json. All NULL and false for a sandbox. */
struct plan_lifecycle {
	const char *state_root;     /* the directory with the state of all containers; NULL: none is kept */
	bool restores;              /* it is made by criu, of an image */
	bool waits;                 /* create: the program is executed when `casemate start` says so */
	bool detached;              /* the launcher does not wait for its end */
	bool announced;             /* the program is executed when the launcher has told others of its process */
	bool keep;                  /* run: what is there of it stays until `delete` */
	const char *console_socket; /* the master of the terminal is sent there; NULL: the launcher relays it */
	const char *pidfd_socket;   /* a pidfd of the container's first process is sent there; NULL: nowhere */
	const char *config;         /* text of config.json: `exec`, `start` and `delete` read it again */
	size_t config_length;
	const char *profile; /* the whole ceiling as text, for `exec`; NULL: a built-in one */
	size_t profile_length;
	const char *notify; /* directory of the host with the socket for sd_notify(3), bound at /run/notify; or NULL */
	const char *state_text; /* the container's state as its hooks read it, without status, pid and the last '}'; or
				   NULL */
};

/* `exec`: the container that is joined. */
struct plan_join {
	bool wanted;
	pid_t pid;           /* its first process, */
	uint64_t started;    /* clock ticks after boot: a pid alone could be anybody by now */
	uint64_t namespaces; /* CLONE_NEW* of those that are not the host's */
};

/* A class of resctrl. */
struct plan_rdt {
	bool wanted;
	const char *group;    /* its directory below resctrl; ".": the class of all others */
	bool named;           /* by the config: it may be there, and stays */
	string_list schemata; /* in the order in which they are written */
	bool monitoring;
	origin from;
};

enum cgroup_driver { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

struct plan_cgroup_hierarchy {
	const char *name;      /* v1: its directory below the root of all, "pids" or "cpu,cpuacct"; v2: "" */
	const char *directory; /* where it is mounted */
	bool fill;             /* v1 cpuset: a new cgroup has no CPUs and no memory nodes, and nothing can join it */
};

/* One file of the container's cgroup and what is written into it. */
struct plan_cgroup_file {
	size_t hierarchy;
	const char *name;
	const char *value;
	const char *fallback; /* where the kernel has no `name`: this one, with a value of its own; or NULL */
	const char *fallback_value;
	const char *what; /* in words: "it cannot have more than 1024 processes" */
	origin from;
};

/* A device rule without wildcards of type; later ones override earlier ones, access by access. */
struct plan_cgroup_rule {
	bool allow;
	char type;     /* 'c', 'b', or 'a': everything, whatever the rest says */
	int64_t major; /* -1: any */
	int64_t minor;
	uint32_t access; /* enum device_access */
	origin from;
};

struct bpf_insn;

/* The cgroup as a scope that systemd makes and ends (parts/cgroup_scope.h). */
struct plan_scope {
	const char *unit; /* "casemate-web.scope"; NULL: cgroups are made by files */
	const char *slice;
	bool user;              /* the user's own systemd is asked */
	string_list properties; /* "MemoryMax=uint64 1048576": the value in GVariant's text form */
	const char *invocation; /* of a container that is there: which run of the unit it is; NULL: not known */
};

/*
 * The container's own cgroup: made by the launcher, joined by the child, removed by the launcher. What parts/
 * cgroup_control.h does to it later needs driver, path, components, ours and hierarchies.
 */
struct plan_cgroup {
	bool wanted;
	bool full;     /* made to be found, counted, frozen and killed by others as well: with all that this takes */
	bool optional; /* no limit needs it: without the right to make one the container has none */
	bool existing; /* of an update: what is written replaces what is there, and "no limit" is a value */
	enum cgroup_driver driver;
	const char *path;       /* below each hierarchy's root, starts with '/' */
	string_list components; /* the same, taken apart */
	size_t ours;            /* so many of the first of them are casemate's: removed when they are empty */
	size_t strangers;       /* from this component on the path was asked for, and a ceiling: where others have
				   processes, nothing is made; components.count where it does not matter */
	bool fresh;             /* the last directory must not be there yet: an empty one may be somebody's, too */
	const char *leftovers; /* how those are named, before the launcher's pid, that a killed launcher left beside it;
				  or NULL */
	origin from;
	LIST(struct plan_cgroup_hierarchy) hierarchies; /* only those that are needed; v2: one */
	string_list controllers;                        /* v2: to be enabled in every ancestor */
	LIST(struct plan_cgroup_file) files;            /* in the order in which they are written */
	bool devices;                                   /* `rules` are enforced */
	size_t devices_hierarchy;
	LIST(struct plan_cgroup_rule) rules;
	struct bpf_insn *program; /* v2: `rules`, compiled */
	uint32_t program_length;
	struct plan_scope scope;
	bool unshare_namespace; /* a new cgroup namespace shows where its maker is: it is made after joining */
};

struct plan {
	struct arena *arena;     /* where all of this is; frozen before the launch */
	const char *id;          /* the container's id, "sandbox" for the sandbox */
	const char *oci_version; /* of the config.json; NULL for a sandbox */
	const char *bundle;      /* absolute; NULL for a sandbox */
	pair_list annotations;
	const char *profile;  /* its name */
	bool images;          /* it may be made of an image that criu wrote */
	bool without_userns;  /* no namespace and no mount: what `mounts` shows is what Landlock lets through */
	bool remounts;        /* this kernel sets options of mounts by mount(2) alone: parts/remount.h */
	remark_list refusals; /* not empty: the plan may be explained but not run */
	remark_list tightened;
	remark_list notes; /* ignored properties, unknown capability names, missing optional layers */
	struct plan_lifecycle lifecycle;
	struct plan_join join;
	plan_hook_list hooks[HOOK_COUNT];
	struct plan_namespaces namespaces;
	struct plan_ids ids;
	struct plan_cgroup cgroup;
	struct plan_rdt rdt;
	struct plan_rootfs rootfs;
	LIST(struct plan_mount) mounts;
	struct plan_devices devices;
	struct plan_masks masks;
	pair_list sysctl;
	struct plan_pasta pasta;
	struct plan_dbus dbus;
	bool loopback;
	LIST(struct plan_net_device) net_devices; /* moved by the launcher, in this order */
	const char *hostname;
	const char *domainname;
	struct plan_terminal terminal;
	struct plan_limits limits;
	struct plan_user user;
	struct plan_caps caps;
	struct plan_labels labels;
	struct plan_landlock landlock;
	LIST(struct plan_filter) filters; /* loaded in this order */
	struct plan_listener listener;    /* of the last of them */
	bool reports;                     /* the launcher listens to the first of them, and denies what it denies */
	bool reports_files;               /* and is asked about every call that names a file */
	struct plan_process process;
};

/*
 * What is seen at @path, an absolute path in the container: the deepest mount at it or above it, and of two at one
 * place the later one; @but is left out, unless it is NULL. NULL: the root file system.
 */
const struct plan_mount *plan_mount_at(const struct plan *plan, const char *path, const struct plan_mount *but);

#endif
