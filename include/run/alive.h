// SPDX-License-Identifier: Apache-2.0
/* Processes that were started earlier by another command: a pid alone could be anybody by now. */
#ifndef CASEMATE_RUN_ALIVE_H
#define CASEMATE_RUN_ALIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* When @pid was started, in clock ticks after boot (proc_pid_stat(5), field 22); 0 when it is gone or a zombie. */
uint64_t alive_since(pid_t pid);

/* Whether @pid is about to end: the first process of a pid namespace ends the others before it is gone itself. */
bool alive_is_ending(pid_t pid);

/* Whether @pid is the first process of its pid namespace, with which the others end. false when that cannot be told. */
bool alive_is_first(pid_t pid);

#endif
