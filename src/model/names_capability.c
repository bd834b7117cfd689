// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "model/names.h"

/*
 * By number, as in linux/capability.h. A table of our own: libcap-ng's archive brings along name service switch,
 * resolver and a constructor that reads /proc, a quarter of a static binary. The unit test holds this table against
 * libcap-ng.
 */
static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

enum { COUNT = sizeof(capabilities) / sizeof(capabilities[0]) };

int names_capability(const char *name)
{
	for (int number = 0; number < COUNT; number++)
		if (strcmp(capabilities[number], name) == 0)
			return number;
	return -1;
}

const char *names_capability_text(uint32_t number, char *text)
{
	if (number < COUNT)
		snprintf(text, NAMES_CAPABILITY_BYTES, "%s", capabilities[number]);
	else
		snprintf(text, NAMES_CAPABILITY_BYTES, "CAP_%u", number);
	return text;
}
