// SPDX-License-Identifier: Apache-2.0
/* What the two launches of the floor share: see floor.c. */
#ifndef CASEMATE_BENCH_FLOOR_H
#define CASEMATE_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLOOR_MAX_HIERARCHIES = 16, FLOOR_MAX_SHOWN = 48, FLOOR_PATH = 512 };

struct floor {
	const char *bundle;
	char **argv, **envp;
	bool sandbox;       /* -u: a user namespace and host directories instead of a bundle */
	bool docker;        /* -d: Docker's masks, capabilities and cgroup namespace */
	bool writable;      /* -w: the rootfs is not read-only */
	bool landlock;      /* -L */
	bool few;           /* -m: of the sandbox's mounts only what minijail0 has options for */
	bool cgroup2;       /* -2: one cgroup2 mount instead of v1 hierarchies */
	unsigned filters;   /* -S N: seccomp for N architectures */
	unsigned binds;     /* -b N: BUNDLE/src/0..N-1 on /b/0..N-1 */
	unsigned user;      /* -U UID */
	const char *join;   /* -j NAME: a cgroup of its own */
	const char *only;   /* -o HIERARCHY: in this one alone */
	const char *memory; /* -M BYTES: its memory limit */
	const char *config; /* -R NAME: it runs from a read-only view, the child has memory of its own, and a state is
			       kept, with BUNDLE/NAME/config.json; needs -j */
	int talk[2];        /* the socket whose end says that the program is executed */
	/* -c NAME: v1 hierarchies that are bound into the container; -C NAME, after them: without a cgroup of its own
	 */
	const char *hierarchies[FLOOR_MAX_HIERARCHIES];
	unsigned hierarchy_count, own_count;
	const char *shown[FLOOR_MAX_SHOWN]; /* -f PATH: of the host, read-only in the sandbox */
	unsigned shown_count;
};

/* One descriptor or 0 in, the same out; a negative number ends the program with "floor: STEP: errno N". */
long must(const char *step, long ret);

/* Whether a cgroup of its own is made in v1 hierarchy @index. */
bool makes_cgroup(const struct floor *f, unsigned index);

/* Joins the strings into @path (FLOOR_PATH bytes), and gives it back. */
#define PATH(path, ...) path_of((path), (const char *const[]){__VA_ARGS__, NULL})
const char *path_of(char *path, const char *const *parts);

/* Decimal. */
const char *number(char text[12], unsigned long value);

/* Waits for @child; its status as a shell says it. */
int wait_for(long child);

/* The steps that both launches have. Every failure ends the program. */
void make_links(void);
void raise_loopback(void);
void drop_bounding(uint64_t kept);    /* needs CAP_SETPCAP: before the user changes */
void set_capabilities(uint64_t kept); /* permitted and effective */
void restrict_files(void);
void load_filter(unsigned architectures);
/* The first @count of the paths that engines make read-only; those that engines hide. What is not there is skipped. */
void protect_paths(unsigned count);
void hide_paths(void);
void mount_type(const char *type, const char *target, unsigned long flags, const char *data);
void write_file(const char *path, const char *text);
void move_to(int tree, const char *target);
int clone_tree(const char *path, uint64_t attributes, bool recursive);

/* With -R, else nothing: before anything is made, when the program is executed, and at the end. @argv is the floor's
 * own. */
void state_begin(struct floor *f, char **argv);
void state_running(const struct floor *f);
void state_end(const struct floor *f);

/* Everything a container of a bundle gets, then its execve(2). Runs in the new namespaces. */
__attribute__((noreturn)) void enter_container(const struct floor *f);

/* The same for the sandbox, which is its own user namespace. */
__attribute__((noreturn)) void enter_sandbox(const struct floor *f);

#endif
