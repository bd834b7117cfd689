// SPDX-License-Identifier: Apache-2.0
/*
 * What this host can do, as facts that planning reads: probed once, or filled by a test. No other code asks the host
 * while planning, so that a plan can be made anywhere and for any host.
 */
#ifndef CASEMATE_MODEL_HOST_H
#define CASEMATE_MODEL_HOST_H

#include <sys/types.h>

#include "model/request.h"

enum host_cgroup { HOST_CGROUP_NONE, HOST_CGROUP_V1, HOST_CGROUP_V2 };

/* A top-level directory of the host that programs expect: a directory, or a link such as /bin -> usr/bin. */
struct host_directory {
	const char *path;
	const char *link; /* text of the symbolic link, NULL for a directory */
};

enum { HOST_OBJECT_BITS = 63 };
/* In host_object.below: it lies in a mount that may show but a part of its file system; what that lies in was not seen
 * by going up. */
#define HOST_ABOVE_UNSEEN (1ULL << HOST_OBJECT_BITS)

/* What a path of the host was when the request was read: a ceiling decides on objects, not on names. */
struct host_object {
	const char *path; /* as the request has it */
	const char *real; /* canonical, NULL where it does not exist */
	bool magic_link;  /* it leads through a link of procfs: what it means depends on who asks */
	uint64_t device;  /* st_dev and st_ino */
	uint64_t inode;
	const char *layer;  /* "8:1/srv/x": where it is in its file system; NULL: not known, or nobody asked */
	uint32_t mode;      /* st_mode */
	uint64_t rdev;      /* st_rdev */
	uint32_t uid;       /* its owner */
	uint64_t below;     /* host_object_is_below() */
	uint32_t magic;     /* f_type of statfs(2) */
	bool bare;          /* nothing is mounted below it, for sure */
	bool is_default;    /* the sandbox shows it to everybody: it is the system's own */
	const char *socket; /* one on which the host listens: the object itself, or one below it; NULL: none */
	bool secret;        /* a directory of /etc: not all that is in it is for everybody (model/host_secrets.h) */
	bool is_state;      /* in host->sensitive: where the state of containers is kept */
	bool unsearched;    /* there is too much below it to be sure, or what the caller may not read */
};

/* Whether host->sensitive.at[@index] is a directory above @object, under whatever name that was reached. */
static inline bool host_object_is_below(const struct host_object *object, size_t index)
{
	return index < HOST_OBJECT_BITS && (object->below & 1ULL << index) != 0;
}

/* Which namespace a file of the nsfs is: st_dev and st_ino; both 0 where it could not be asked. */
struct host_identity {
	uint64_t device, inode;
};

/* The user namespace that the request joins. */
struct host_userns {
	bool own;            /* it is the caller's: nobody joins that */
	const char *unknown; /* why whom it maps is not known; NULL: it is */
	id_map_list uid;     /* `host` as the caller sees it */
	id_map_list gid;
	bool deny_setgroups;
};

/* The program of a hook: which file it is, and whether the profile names it. */
struct host_hook {
	struct host_identity file;
	bool allowed;
};

struct host {
	uint32_t uid; /* effective ids of the caller */
	uint32_t gid;
	bool nested; /* root of a user namespace with many ids that somebody made around us, as podman does for users */
	bool privileged;       /* CAP_SYS_ADMIN in the initial user namespace's sense: mounts need no user namespace */
	uint64_t capabilities; /* the caller's effective set, bit N is capability N */
	uint32_t last_capability; /* highest number that this kernel knows */
	uint32_t kernel;          /* major << 16 | minor */
	bool remounts;            /* it has no mount_setattr(2): what is mounted gets its options by mount(2) */
	uint64_t ignored_signals; /* by the caller: bit N-1 is signal N */
	uint64_t processes;       /* the caller's hard limit of them (RLIMIT_NPROC); 0: nobody asked */
	int landlock_abi;         /* 0: none */
	int oom_score_adj;        /* of the caller, which a container inherits; by host_probe_oom_score() */
	enum host_cgroup cgroup;
	unsigned terminals;     /* which of the standard streams are terminals: bit N is stream N */
	const char *pasta;      /* the program of that name, by host_probe_pasta(); NULL: not asked for, or not there */
	const char *dbus_proxy; /* the same for xdg-dbus-proxy, by host_probe_dbus(), */
	const char *private_place; /* and a directory that is not there and whose name nobody guesses; or NULL */
	const char *cwd;
	const char *cgroup_root;    /* where the hierarchies are mounted: /sys/fs/cgroup */
	const char *manager_cgroup; /* where systemd's slices are, by host_probe_manager(): "", or that of the user's */
	pid_t pid;                  /* casemate's own, for a name that nobody else has; by the same, or for a sandbox */
	pair_list cgroups; /* v1: key: name of the hierarchy's directory, value: the caller's path in it; v2: key "" */
	/* Of the request's bind mounts, and the layers of its overlays, in its order, a sandbox's changes behind their
	 * source; host_probe_sources(). */
	LIST(struct host_object) sources;
	LIST(struct host_object) buses;     /* of the request's buses, by the same */
	LIST(struct host_object) sensitive; /* the host's own directories and sockets that exist */
	/* For the sandbox: those of /usr /bin /sbin /lib /lib32 /lib64 /libx32 that exist. */
	LIST(struct host_directory) directories;
	struct host_object root;            /* of the request's root.path */
	const char *bundle;                 /* where the bundle really is; NULL: nobody had to ask, or it is another */
	LIST(struct host_object) submounts; /* what is mounted below those sources that are bound recursively */
	LIST(struct host_hook) hooks;       /* of the request, kind by kind, by host_probe_hooks() */
	bool sockets_unknown;               /* the kernel does not tell which sockets are the host's */
	struct host_identity own_namespaces[NAMESPACE_COUNT], init_namespaces[NAMESPACE_COUNT], joined[NAMESPACE_COUNT];
	struct host_userns userns; /* by host_probe_userns() */
};

/* Fills @host from the running system; strings go into @arena. Fails with ERROR_SYSTEM or ERROR_HOST (kernel
 * before 5.10). */
int host_probe(struct host *host, struct arena *arena, struct error *err);

/* The same for `exec`. Root has no use of host->cgroups then (cgroup_plan_process()), and gets none. */
int host_probe_process(struct host *host, struct arena *arena, struct error *err);

/* Fills host->oom_score_adj where root could lower it and @request does not say what it shall be: for a profile that
 * judges what is inherited. */
void host_probe_oom_score(struct host *host, const struct request *request);

/* Fills host->directories, host->terminals and host->pid, which only a sandbox needs. */
void host_probe_sandbox(struct host *host, struct arena *arena);

/* Fills host->pasta. */
void host_probe_pasta(struct host *host);

/* Fills host->dbus_proxy and host->private_place. */
void host_probe_dbus(struct host *host, struct arena *arena);

/* Where the slices of the systemd are that makes this caller's scopes: that of the system, or of the user's session. */
void host_probe_manager(struct host *host, struct arena *arena);

/* Which namespaces @request joins by their paths, and which of these kinds are the launcher's and the init's. */
void host_probe_namespaces(struct host *host, const struct request *request);

/*
 * host_probe_namespaces(), and looks at the sources of all bind mounts of @request and at the host's sensitive paths,
 * so that a profile can compare them. A source that does not exist is recorded without `real`. Fails with ERROR_SYSTEM
 * only when /proc cannot be used.
 */
int host_probe_sources(struct host *host, const struct request *request, struct arena *arena, struct error *err);

/*
 * For host_probe_sources(): fills `layer` of host->sources and host->submounts where the request has an overlay with
 * changes to keep, and completes `below` of what has HOST_ABOVE_UNSEEN. Fails with ERROR_SYSTEM.
 */
int host_probe_layers(struct host *host, const struct request *request, struct arena *arena, struct error *err);

/*
 * Where @request joins a user namespace by its path: fills host->userns, and joined[NAMESPACE_USER] with which one that
 * was. A short process joins it for that, because only a process in it has its maps (user_namespaces(7)). What cannot
 * be known is no failure: host->userns.unknown says why, for whoever plans with it.
 */
void host_probe_userns(struct host *host, const struct request *request, struct arena *arena);

/* The same for `exec`: the namespace is that of the container's first process @pid, wherever the path leads by now. */
void host_probe_userns_of(struct host *host, const struct request *request, pid_t pid, struct arena *arena);

/* Looks at the programs of all hooks of @request; @allowed are the profile's "PATH ARGV0". Fills host->hooks. */
void host_probe_hooks(struct host *host, const struct request *request, const string_list *allowed,
		      struct arena *arena);

/* Whether this kernel takes the SECCOMP_FILTER_FLAG_* @flag. */
bool host_seccomp_flag(uint32_t flag);

/* Whether the kernel is at least MAJOR.MINOR. */
bool host_kernel_at_least(const struct host *host, uint32_t major, uint32_t minor);

#endif
