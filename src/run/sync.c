// SPDX-License-Identifier: Apache-2.0
#include "run/sync.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

union control {
	struct cmsghdr header; /* for the alignment */
	char room[CMSG_SPACE(sizeof(int))];
};

int sync_tell(int sync, enum sync_message message, int fd, struct error *err)
{
	uint32_t word = message;

	if (fd_send(sync, &word, sizeof(word), fd) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot talk to the other side of the launch");
	return 0;
}

static int received_fd(struct msghdr *packet)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(packet);
	int fd = -1;

	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int sync_await(int sync, enum sync_message message, int *ret_fd, struct error *err)
{
	uint32_t word = 0;
	struct iovec data = {.iov_base = &word, .iov_len = sizeof(word)};
	union control control;
	struct msghdr packet = {.msg_iov = &data, .msg_iovlen = 1};
	ssize_t got;

	if (ret_fd != NULL) {
		packet.msg_control = &control;
		packet.msg_controllen = sizeof(control);
	}
	do
		got = recvmsg(sync, &packet, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return 1;
	if (got < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot hear the other side of the launch");
	if (word != message)
		return error_set(err, ERROR_BUG, 0, "the other side of the launch said %u instead of %d", word,
				 message);
	if (ret_fd != NULL)
		*ret_fd = received_fd(&packet);
	return 0;
}
