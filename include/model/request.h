// SPDX-License-Identifier: Apache-2.0
/*
 * What somebody asks for, unjudged: the typed content of an OCI config.json (runtime-spec 1.3.0), or the same value
 * built from the flags of `casemate sandbox`. The readers in config/ fill it; the parts read it while planning and
 * never change it. All strings live in the arena that the request was read into. NULL means "not given"; so does `set
 * == false`. Field names follow the spec's keys, snake_cased; names with a fixed set of values are numbers already
 * (model/names.h).
 */
#ifndef CASEMATE_MODEL_REQUEST_H
#define CASEMATE_MODEL_REQUEST_H

#include "model/value.h"

/* config.md, "Linux user" */
struct request_user {
	uint32_t uid;
	uint32_t gid;
	struct opt_u32 umask;
	u32_list additional_gids;
	origin from; /* "config.json:/process/user", "--uid" */
};

/* config-linux.md, "Capabilities": bit N is capability N */
struct request_capabilities {
	bool given; /* the object is present; absent leaves the choice to us: none */
	uint64_t bounding;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t permitted;
	uint64_t ambient;
	string_list unknown; /* names that this casemate does not know: warned about, as config.md demands */
};

struct request_rlimit {
	int type; /* RLIMIT_* */
	uint64_t soft;
	uint64_t hard;
	origin from;
};

/* config.md, "scheduler": numbers as sched_setattr(2) wants them */
struct request_scheduler {
	uint32_t policy; /* SCHED_* */
	int64_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

struct request_io_priority {
	int class; /* IOPRIO_CLASS_* */
	int64_t priority;
};

struct request_size {
	uint32_t width;
	uint32_t height;
};

struct request_process {
	bool terminal;
	struct request_size *console_size;
	struct request_user user;
	string_list args;
	string_list env;
	const char *cwd;
	struct request_capabilities capabilities;
	LIST(struct request_rlimit) rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	const char *selinux_label;
	struct opt_i64 oom_score_adj;
	struct request_scheduler *scheduler;
	struct request_io_priority *io_priority;
	const char *exec_cpu_initial; /* execCPUAffinity.initial and .final, cpu lists as text */
	const char *exec_cpu_final;
};

struct request_id_map {
	uint32_t container;
	uint32_t host;
	uint32_t size;
};
typedef LIST(struct request_id_map) id_map_list;

enum request_mount_special {
	MOUNT_SPECIAL_TMPCOPYUP = 1 << 0, /* tmpfs filled with what it covers */
	MOUNT_SPECIAL_IDMAP = 1 << 1,     /* idmap */
	MOUNT_SPECIAL_RIDMAP = 1 << 2,    /* ridmap: the mounts below as well */
	MOUNT_SPECIAL_OPTIONAL = 1 << 3, /* --ro-try and the like: nothing is mounted where the source does not exist */
	MOUNT_SPECIAL_NO_CREATE = 1 << 4, /* the target must exist: nothing is made on somebody's file system */
	MOUNT_SPECIAL_DEVICE = 1 << 5,    /* --dev: a bind that is meant to be a device */
	MOUNT_SPECIAL_OVERLAY = 1 << 6,   /* --overlay, --tmp-overlay: a read-only bind under a layer for changes */
	MOUNT_SPECIAL_OPEN = 1 << 7,      /* --ro-fd, --rw-fd: a bind of what `descriptor` is, not of a path */
};

/* A mount that is a socket which --socket names: what the plan holds it to, and says of it. */
struct request_socket {
	const char *name;  /* "wayland" */
	const char *found; /* what said where it is: "$WAYLAND_DISPLAY" */
	const char *risk;  /* what who has it can do */
	bool of_root;      /* it may be a service of the system's */
	bool proxied;      /* the mount is not of it but of the proxy's own, which has the mount's `source` as name */
};

/* A rule for a bus: what may be done with who has @name there. */
struct request_bus_rule {
	const char *verb; /* "talk", "own", "see", "call", "broadcast" */
	const char *name; /* "org.example.App", or "org.example.*" */
	const char *more; /* of call and broadcast: "METHOD@PATH"; or NULL */
	origin from;
};

/* A bus of D-Bus, shown through a proxy that lets nothing through but what is named. */
struct request_bus {
	const char *name; /* "session", "system" */
	const char *path; /* of the host's socket */
	const struct request_socket *socket;
	LIST(struct request_bus_rule) rules;
	origin from;
};
typedef LIST(struct request_bus) bus_list;

enum { REQUEST_MAX_LAYERS = 502 }; /* the kernel takes 500 lower ones, and the two that are written to */

/* A directory that an overlay is made of, without the marks that overlayfs.rst has for ':' in a name. */
struct request_layer {
	const char *option; /* "lowerdir", "upperdir" or "workdir" */
	const char *path;
};

/*
 * One mount. The options of config.md's table are split by who takes them: attributes of the mount (MOUNT_ATTR_* of
 * mount_setattr(2)) to set or to clear, non-recursive and recursive; flags of the superblock (sync, dirsync, mand,
 * lazytime, iversion, silent: MS_* bits); propagation (MS_SHARED ... with MS_REC); and text for the file system itself.
 */
struct request_mount {
	const char *destination;
	const char *type;   /* "bind" once an option said bind or rbind; NULL with `content` set for a generated file */
	const char *source; /* NULL where the file system needs none */
	const char *changes; /* MOUNT_SPECIAL_OVERLAY: the directory of the host that keeps them; NULL: memory */
	bool bind;
	int descriptor;    /* MOUNT_SPECIAL_OPEN: open in the launcher and in the child; `source` is its name so far */
	bool recursive;    /* rbind */
	uint64_t attr_set; /* MOUNT_ATTR_*: ro nosuid nodev noexec nosymfollow nodiratime and the atime field */
	uint64_t attr_clear;   /* the words that take one away: rw suid dev exec ... */
	uint64_t rec_attr_set; /* rro rnosuid ...: the mounts below as well */
	uint64_t rec_attr_clear;
	uint64_t super_flags; /* MS_SYNCHRONOUS MS_DIRSYNC MS_MANDLOCK MS_LAZYTIME MS_I_VERSION MS_SILENT */
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED or MS_UNBINDABLE, with MS_REC for the r-forms; 0: not
				 given */
	bool remount;         /* the option "remount" */
	uint32_t special;     /* enum request_mount_special */
	string_list data;     /* other words: "size=64k", "mode=755" */
	LIST(struct request_layer) layers; /* of a file system "overlay": what `data` says of them */
	id_map_list uid_mappings;
	id_map_list gid_mappings;
	const char *content;   /* a file made from data (--file, /etc/passwd of a sandbox) */
	size_t content_length; /* in bytes */
	const char *link;      /* a symbolic link with this text instead of a mount (--symlink, merged /usr) */
	bool directory;        /* --dir: an empty directory instead of a mount */
	bool hide;     /* --hide: what is there cannot be seen; an empty directory or an unreadable file lies over it */
	uint32_t mode; /* of generated files and directories; 0: 0644 or 0755 */
	const struct request_socket *socket; /* NULL: none that a flag names */
	origin from;
};

enum namespace_kind {
	NAMESPACE_USER,
	NAMESPACE_PID,
	NAMESPACE_NETWORK,
	NAMESPACE_MOUNT,
	NAMESPACE_IPC,
	NAMESPACE_UTS,
	NAMESPACE_CGROUP,
	NAMESPACE_TIME,
	NAMESPACE_COUNT,
};

struct request_namespace {
	bool given;       /* listed: new, or joined when there is a path */
	const char *path; /* to join */
	origin from;
};

struct request_device {
	char type; /* 'c', 'b' or 'p'; 'u' was read as 'c' */
	const char *path;
	int64_t major;
	int64_t minor;
	bool major_given;
	bool minor_given;
	struct opt_u32 mode;
	struct opt_u32 uid;
	struct opt_u32 gid;
	origin from;
};

struct request_device_rule {
	bool allow;
	char type;            /* 'a', 'c' or 'b' */
	struct opt_i64 major; /* absent or -1: any */
	struct opt_i64 minor;
	uint32_t access; /* bits of enum device_access */
};
enum device_access { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4 };

struct request_memory {
	struct opt_i64 limit;
	struct opt_i64 reservation;
	struct opt_i64 swap;
	struct opt_i64 kernel;
	struct opt_i64 kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer;
	struct opt_bool use_hierarchy;
	struct opt_bool check_before_update;
};

struct request_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;
	struct opt_u64 burst;
	struct opt_u64 period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	const char *cpus;
	const char *mems;
	struct opt_i64 idle;
};

struct request_weight_device {
	int64_t major;
	int64_t minor;
	struct opt_u32 weight;
	struct opt_u32 leaf_weight;
};
struct request_throttle_device {
	int64_t major;
	int64_t minor;
	uint64_t rate;
};
typedef LIST(struct request_throttle_device) throttle_list;
struct request_block_io {
	struct opt_u32 weight;
	struct opt_u32 leaf_weight;
	LIST(struct request_weight_device) weight_device;
	throttle_list throttle_read_bps;
	throttle_list throttle_write_bps;
	throttle_list throttle_read_iops;
	throttle_list throttle_write_iops;
};

struct request_hugepage_limit {
	const char *page_size;
	uint64_t limit;
};
struct request_interface_priority {
	const char *name;
	uint32_t priority;
};
struct request_network {
	struct opt_u32 class_id;
	LIST(struct request_interface_priority) priorities;
};
struct request_rdma {
	const char *name;
	struct opt_u32 hca_handles;
	struct opt_u32 hca_objects;
};

/* config-linux.md, "Control groups". The pointers are NULL where the object is absent. */
struct request_resources {
	LIST(struct request_device_rule) devices;
	struct request_memory *memory;
	struct request_cpu *cpu;
	struct opt_i64 pids_limit;
	struct request_block_io *block_io;
	LIST(struct request_hugepage_limit) hugepage_limits;
	struct request_network *network;
	LIST(struct request_rdma) rdma;
	pair_list unified;
};

/* SCMP_ACT_* */
enum seccomp_action {
	SECCOMP_KILL_PROCESS,
	SECCOMP_KILL_THREAD,
	SECCOMP_TRAP,
	SECCOMP_ERRNO,
	SECCOMP_NOTIFY,
	SECCOMP_TRACE,
	SECCOMP_LOG,
	SECCOMP_ALLOW,
};
/* SCMP_CMP_* */
enum seccomp_operator {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ,
};
struct request_seccomp_arg {
	uint32_t index; /* 0 to 5 */
	uint32_t op;    /* enum seccomp_operator */
	uint64_t value;
	uint64_t value_two; /* for MASKED_EQ: (argument & value) == value_two */
};
struct request_seccomp_rule {
	string_list names;
	uint32_t action;
	struct opt_u32 errno_ret; /* for ERRNO and TRACE */
	LIST(struct request_seccomp_arg) args;
};
/* config-linux.md, "Seccomp" */
struct request_seccomp {
	uint32_t default_action;
	struct opt_u32 default_errno_ret;
	u32_list architectures; /* SCMP_ARCH_* of libseccomp */
	uint32_t flags;         /* SECCOMP_FILTER_FLAG_* of seccomp(2) */
	const char *listener_path;
	const char *listener_metadata;
	LIST(struct request_seccomp_rule) syscalls;
	origin from;
};

struct request_net_device {
	const char *name;     /* on the host */
	const char *new_name; /* in the container; NULL: the same */
};

struct request_intel_rdt {
	const char *clos_id;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	string_list schemata;
	bool enable_monitoring;
};

struct request_memory_policy {
	uint32_t mode; /* MPOL_* */
	const char *nodes;
	uint32_t flags; /* MPOL_F_* */
};

struct request_time_offset {
	const char *clock; /* "monotonic", "boottime" */
	int64_t secs;
	uint32_t nanosecs;
};

struct request_hook {
	const char *path;
	string_list args;
	string_list env;
	struct opt_i64 timeout;
	origin from;
};
typedef LIST(struct request_hook) hook_list;

struct request_hooks {
	hook_list prestart;
	hook_list create_runtime;
	hook_list create_container;
	hook_list start_container;
	hook_list poststart;
	hook_list poststop;
};

enum request_personality { PERSONALITY_NONE, PERSONALITY_LINUX, PERSONALITY_LINUX32 };

struct request_linux {
	struct request_namespace namespaces[NAMESPACE_COUNT];
	id_map_list uid_mappings;
	id_map_list gid_mappings;
	LIST(struct request_time_offset) time_offsets;
	LIST(struct request_device) devices;
	LIST(struct request_net_device) net_devices;
	const char *cgroups_path;
	struct request_resources resources;
	struct request_intel_rdt *intel_rdt;
	struct request_memory_policy *memory_policy;
	pair_list sysctl;
	struct request_seccomp *seccomp;
	uint64_t rootfs_propagation; /* MS_*, 0: not given */
	string_list masked_paths;
	string_list readonly_paths;
	const char *mount_label;
	uint32_t personality; /* enum request_personality */
};

enum { KEPT_FDS = 64 }; /* the most of sandbox.kept */

enum cgroup_manager { CGROUPS_BY_FILES, CGROUPS_BY_SYSTEMD, CGROUPS_NONE };

/* Where a sandbox with --net pasta asks for names: pasta(1) passes that on to the host's name servers. */
#define PASTA_DNS "169.254.1.1"

/* What only `casemate sandbox` can say; all zero for a bundle. */
struct request_sandbox {
	bool given; /* the request came from the sandbox command line: the root is an empty tmpfs of our own */
	bool init;  /* a pid 1 of ours that reaps and forwards signals */
	bool pty;   /* standard input is a terminal: give the workload one of its own */
	u32_list
		kept; /* descriptors of the caller that the program gets, judged: no directory, no file of the kernel */
	bool held;    /* the program begins when the caller says so */
	bool die_with_parent;
	bool report;             /* what the seccomp filter denies is told to the caller */
	bool report_files;       /* so is what it did not find or could not write */
	struct opt_u32 host_uid; /* what a caller who is root runs it as on the host; default: the id inside */
	struct opt_u32 host_gid;
	uint64_t time_limit_ms; /* 0: none */
	bool without_userns;    /* --without userns: Landlock and seccomp hold it on the host's own paths */
	bool host_network;      /* --net host */
	bool limits_by_rlimit;  /* --limits rlimit: there is no cgroup, and what an rlimit cannot hold is refused */
	u32_list bind_tcp;      /* --bind-tcp; with `restrict_tcp` nothing but these */
	u32_list connect_tcp;
	bool restrict_tcp;
	bool pasta;          /* --net pasta */
	bus_list buses;      /* --socket dbus-session, dbus-system */
	string_list publish; /* --publish, as pasta(1) takes them: "127.0.0.1/8080:80" */
};

struct request_root {
	const char *path; /* absolute: the reader resolved it against the bundle */
	bool readonly;
};

struct request {
	const char *oci_version;
	struct request_root root;
	struct request_process process;
	LIST(struct request_mount) mounts;
	const char *hostname;
	const char *domainname;
	struct request_hooks hooks;
	pair_list annotations;
	enum cgroup_manager cgroup_manager; /* who makes the cgroup, by --cgroup-manager */
	struct request_linux linux_;
	struct request_sandbox sandbox;
	bool no_pivot;          /* --no-pivot: the old root stays below the new one */
	const char *notify;     /* NOTIFY_SOCKET is set: the directory that is bound at /run/notify for it; or NULL */
	const char *state_root; /* absolute: where the state of this container and of others is kept; or NULL */
	bool no_new_keyring;    /* --no-new-keyring: the caller's session keyring stays */
	string_list
		ignored; /* JSON pointers of properties that the spec does not define or that are for other systems */
	const char *bundle; /* absolute path of the bundle, NULL for the sandbox */
	const char *text;   /* the config.json itself, `length` bytes; NULL for the sandbox */
	size_t length;
	const char *source; /* "config.json" or "sandbox": the first word of origins */
};

#endif
