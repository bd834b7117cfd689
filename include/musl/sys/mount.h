// SPDX-License-Identifier: Apache-2.0
/* glibc's <sys/mount.h> has the constants of fsopen(2) and mount_setattr(2); musl leaves them to the kernel's header.
 */
#ifndef CASEMATE_MUSL_SYS_MOUNT_H
#define CASEMATE_MUSL_SYS_MOUNT_H

#include_next <sys/mount.h>
#include <linux/mount.h>

#endif
