// SPDX-License-Identifier: Apache-2.0
#include "run/hand_over.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/sys.h"

/* The engine holds the terminal; without a socket for it the launcher does (run/relay.h). */
int hand_over_terminal(const struct plan *plan, struct run *run, struct error *err)
{
	static const char name[] = "/dev/ptmx";
	const char *path = plan->lifecycle.console_socket;

	if (path == NULL)
		return 0;
	AUTOCLOSE int socket = sys_unix_connect(SOCK_STREAM, AT_FDCWD, path);
	if (socket < 0 || fd_send(socket, name, sizeof(name) - 1, run->terminal) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot send the terminal to the console socket '%s'", path);
	fd_close(&run->terminal);
	return 0;
}

int hand_over_pidfd(const struct plan *plan, const struct run *run, struct error *err)
{
	static const char name[] = "pidfd";
	const char *path = plan->lifecycle.pidfd_socket;

	if (path == NULL)
		return 0;
	AUTOCLOSE int process = sys_pidfd_open(run->child);
	AUTOCLOSE int socket = sys_unix_connect(SOCK_STREAM, AT_FDCWD, path);
	if (process < 0 || socket < 0 || fd_send(socket, name, sizeof(name) - 1, process) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot send a pidfd to the socket '%s'", path);
	return 0;
}
