// SPDX-License-Identifier: Apache-2.0
/* Stands in for src/base/sys.c: notes every call, changes nothing, and lets the call number fail_at fail with EIO. */
#ifndef CASEMATE_TESTS_FAKE_SYS_H
#define CASEMATE_TESTS_FAKE_SYS_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_BELOW "mounted" /* a mount below every other one */
#define FAKE_PROGRAM "/bin/program"
#define FAKE_NAMESPACE "/proc/self/ns/user"
enum { FAKE_MAX_CALLS = 4096 };

struct fake_sys {
	const char *calls[FAKE_MAX_CALLS];
	int count;
	int fail_at;        /* 1 is the first call, 0 none */
	const char *failed; /* the call that failed */
	bool exec_reached;
	uint32_t uid, gid;
	uint64_t caps[3];
	uint64_t mount_flags; /* ST_* as the last sys_remount() left them */
	bool remount_lies;    /* it does nothing and says that it did */
};
extern struct fake_sys fake;

void fake_reset(int fail_at);

#endif
