// SPDX-License-Identifier: Apache-2.0
/* The inside of run/state*.c: names in a container's directory, and what both the reader and the writer know. */
#ifndef CASEMATE_RUN_STATE_FILES_H
#define CASEMATE_RUN_STATE_FILES_H

#include <stdint.h>

#define STATE_CONFIG "config.json"
#define STATE_PROFILE "profile.json"
#define STATE_RECORD "state.json"
#define STATE_RECORD_NEW "state.json.new"
#define STATE_START "start"
#define STATE_NOTIFY "notify"
#define STATE_NOTIFY_SOCKET "notify.sock"

enum {
	STATE_FORMAT = 1,      /* the value of "casemate" in the record */
	STATE_ID_BYTES = 128,  /* the longest id */
	STATE_BYTES = 1 << 20, /* the largest record: each `list` reads all of them */
};

/* One cgroup of the container, as the record has it. */
struct state_hierarchy {
	const char *name;
	const char *directory;
	uint32_t made; /* so many directories are the container's; 0: not known, none but the last can be */
};

#endif
