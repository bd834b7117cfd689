// SPDX-License-Identifier: Apache-2.0
#include "run/alive.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

uint64_t alive_since(pid_t pid)
{
	char path[32], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	AUTOCLOSE int fd = pid <= 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length <= 0)
		return 0;
	text[length] = '\0';
	/* The second field is the name, in brackets, and may hold anything. */
	char *at = strrchr(text, ')');
	if (at == NULL || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	at += 2;
	for (int field = 3; field < 22 && at != NULL; field++)
		at = strchr(at, ' ') == NULL ? NULL : strchr(at, ' ') + 1;
	return at == NULL ? 0 : strtoull(at, NULL, 10);
}
