// SPDX-License-Identifier: Apache-2.0
#include "base/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/sys.h"

/* The kernel answers a dump in pieces of at most this size (netlink_dump() in the kernel). */
enum { ANSWER_BYTES = 32 * 1024 };

int netlink_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags};
	memcpy(NLMSG_DATA(&request->header), body, size);
}

void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size)
{
	size_t start = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = {.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type};

	if (start + RTA_SPACE(size) > sizeof(request->room)) {
		request->header.nlmsg_len = UINT32_MAX - NETLINK_REQUEST_BYTES;
		return;
	}
	memcpy(request->room + start, &attribute, sizeof(attribute));
	memcpy(request->room + start + RTA_LENGTH(0), data, size);
	request->header.nlmsg_len = (uint32_t)(start + RTA_LENGTH(size));
}

static int send_request(int socket_fd, const struct netlink_request *request)
{
	if (request->header.nlmsg_len > sizeof(request->room)) {
		errno = EMSGSIZE;
		return -1;
	}
	return sys_send(socket_fd, request, request->header.nlmsg_len) < 0 ? -1 : 0;
}

/* NLMSG_ERROR with 0 is the acknowledgement. */
static int outcome(const struct nlmsghdr *answer)
{
	const struct nlmsgerr *error = NLMSG_DATA(answer);

	if (error->error == 0)
		return 0;
	errno = -error->error;
	return -1;
}

/* Returns 1 when more is to come. */
static int read_answers(const char *at, size_t left, int (*each)(const struct nlmsghdr *answer, void *into), void *into)
{
	while (left >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *answer = (const void *)at;
		size_t whole = NLMSG_ALIGN((size_t)answer->nlmsg_len);

		if (answer->nlmsg_len < sizeof(*answer) || answer->nlmsg_len > left)
			break;
		if (answer->nlmsg_type == NLMSG_DONE)
			return 0;
		if (answer->nlmsg_type == NLMSG_ERROR)
			return outcome(answer);
		if (each != NULL && each(answer, into) < 0)
			return -1;
		if (whole >= left)
			break;
		at += whole;
		left -= whole;
	}
	return 1;
}

/* Receives until the outcome. Only the kernel may answer: others could send to this socket, too. */
static int receive(int socket_fd, int (*each)(const struct nlmsghdr *answer, void *into), void *into)
{
	union {
		struct nlmsghdr header;
		char room[ANSWER_BYTES];
	} buffer;

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t got = recvfrom(socket_fd, &buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (from.nl_pid != 0)
			continue;
		int done = read_answers(buffer.room, (size_t)got, each, into);
		if (done <= 0)
			return done;
	}
}

int netlink_ask(int socket_fd, struct netlink_request *request)
{
	request->header.nlmsg_flags |= NLM_F_ACK;
	return send_request(socket_fd, request) < 0 ? -1 : receive(socket_fd, NULL, NULL);
}

int netlink_dump(int socket_fd, struct netlink_request *request, int (*each)(const struct nlmsghdr *answer, void *into),
		 void *into)
{
	request->header.nlmsg_flags |= NLM_F_DUMP;
	return send_request(socket_fd, request) < 0 ? -1 : receive(socket_fd, each, into);
}

const struct rtattr *netlink_attribute(const struct nlmsghdr *answer, size_t fixed, uint16_t type)
{
	const char *end = (const char *)answer + answer->nlmsg_len;

	for (const char *at = (const char *)NLMSG_DATA(answer) + NLMSG_ALIGN(fixed);
	     at + sizeof(struct rtattr) <= end;) {
		const struct rtattr *attribute = (const void *)at;

		if (attribute->rta_len < sizeof(*attribute) || at + attribute->rta_len > end)
			break;
		if (attribute->rta_type == type)
			return attribute;
		at += RTA_ALIGN((size_t)attribute->rta_len);
	}
	return NULL;
}
