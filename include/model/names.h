// SPDX-License-Identifier: Apache-2.0
/*
 * Names and the numbers they stand for: the words of config.json (runtime-spec 1.3.0), profiles and the command line.
 * Case counts everywhere: the kernel's own spelling and no other.
 */
#ifndef CASEMATE_MODEL_NAMES_H
#define CASEMATE_MODEL_NAMES_H

#include "base/lookup.h"
#include "model/request.h"

/* The runtime specification that is read and written, with all that it has. */
#define SPEC_VERSION "1.3.0"
#define SPEC_VERSION_OLDEST "1.0.0"

extern const struct lookup names_rlimits;           /* "RLIMIT_NOFILE": getrlimit(2) */
extern const struct lookup names_namespaces;        /* "pid": enum namespace_kind */
extern const struct lookup names_sched_policies;    /* "SCHED_FIFO": sched(7) */
extern const struct lookup names_sched_flags;       /* "SCHED_FLAG_RECLAIM": sched_setattr(2) */
extern const struct lookup names_io_classes;        /* "IOPRIO_CLASS_BE": ioprio_set(2) */
extern const struct lookup names_memory_policies;   /* "MPOL_BIND": set_mempolicy(2) */
extern const struct lookup names_memory_flags;      /* "MPOL_F_STATIC_NODES" */
extern const struct lookup names_personalities;     /* "LINUX32": enum request_personality */
extern const struct lookup names_propagations;      /* "rslave": MS_* of mount(2) */
extern const struct lookup names_seccomp_actions;   /* "SCMP_ACT_ERRNO": enum seccomp_action */
extern const struct lookup names_seccomp_operators; /* "SCMP_CMP_EQ": enum seccomp_operator */
extern const struct lookup names_seccomp_archs;     /* "SCMP_ARCH_X86_64": AUDIT_ARCH_*, and libseccomp's own for x32 */
extern const struct lookup names_seccomp_flags;     /* "SECCOMP_FILTER_FLAG_LOG": seccomp(2) */

/* The number of "CAP_CHOWN" (capabilities(7)), -1 for a name that this casemate does not know. */
int names_capability(const char *name);

/* "CAP_CHOWN" for 0. Writes into @text, which has NAMES_CAPABILITY_BYTES; "CAP_63" and the like for numbers without a
 * name. */
enum { NAMES_CAPABILITY_BYTES = 40 };
const char *names_capability_text(uint32_t number, char *text);

/* The number of "SIGTERM", "TERM", "SIGRTMIN+3" or "15" (signal(7)), -1 when it is none. */
int names_signal(const char *name);

/*
 * Applies one mount option of runtime-spec's config.md to @mount; a later word undoes an earlier one that it
 * contradicts. False for a word that the table does not have: it is the file system's. "idmap" and "ridmap" are known
 * only without "=".
 */
bool names_mount_option(const char *word, struct request_mount *mount);

/* Every word that names_mount_option knows, by index from 0; NULL behind the last. For `features` and tests. */
const char *names_mount_option_at(size_t index);

#endif
