// SPDX-License-Identifier: Apache-2.0
/* Attacks through sockets: families that a workload has no use for, and what listens on the host. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define HIGH_HALF (1UL << 32)
enum { LAST_FAMILY = 63, NETLINK_LAST = 31 };

/* The system call and not the library: the kernel takes an int, a filter sees all 64 bits. */
static enum outcome try_socket(unsigned long family, unsigned long type, unsigned long protocol)
{
	return judge(syscall(SYS_socket, family, type, protocol));
}

static enum outcome socket_raw(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static enum outcome socket_raw6(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
}

static enum outcome socket_packet(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(AF_PACKET, SOCK_RAW, 0x0300);
}

static enum outcome socket_packet_high(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(HIGH_HALF | AF_PACKET, SOCK_RAW, 0x0300);
}

static enum outcome socket_vsock(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static enum outcome socket_vsock_high(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(HIGH_HALF | AF_VSOCK, SOCK_STREAM, 0);
}

static enum outcome socket_alg(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

/* An allowed family with a set upper half must not slip through as a forbidden one, nor the other way round. */
static enum outcome socket_unix_high(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return try_socket(HIGH_HALF | AF_UNIX, SOCK_STREAM, 0);
}

static int is_expected(int family)
{
	return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

static enum outcome each_family(unsigned long high)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
	int refusal = EPERM;

	for (int family = 0; family <= LAST_FAMILY; family++)
		for (int t = 0; t < 4 && !is_expected(family); t++) {
			if (syscall(SYS_socket, high | (unsigned)family, types[t], 0) >= 0)
				return allowed("family %d type %d", family, types[t]);
			if (errno != EPERM)
				refusal = errno;
		}
	errno = refusal;
	return denied("families 0 to %d", LAST_FAMILY);
}

static enum outcome socket_families(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return each_family(0);
}

static enum outcome socket_families_high(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return each_family(HIGH_HALF);
}

/* Only NETLINK_ROUTE, which is protocol 0, is of use to a workload. */
static enum outcome socket_netlink(int argc, char **argv)
{
	int refusal = EPERM;

	(void)argc;
	(void)argv;
	for (int protocol = 1; protocol <= NETLINK_LAST; protocol++) {
		if (syscall(SYS_socket, AF_NETLINK, SOCK_RAW, protocol) >= 0)
			return allowed("protocol %d", protocol);
		if (errno != EPERM)
			refusal = errno;
	}
	errno = refusal;
	return denied("protocols 1 to %d", NETLINK_LAST);
}

static enum outcome try_connect(const struct sockaddr *address, socklen_t length)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return judge(fd);
	return judge(connect(fd, address, length));
}

static enum outcome connect_abstract(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = argument(argc, argv, 0, "probe");

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
	return try_connect((struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
}

static enum outcome connect_path(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argument(argc, argv, 0, "/run/docker.sock"));
	return try_connect((struct sockaddr *)&address, sizeof(address));
}

static struct sockaddr_in local_port(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((unsigned short)number_argument(argc, argv, 0, 80));
	return address;
}

static enum outcome connect_tcp(int argc, char **argv)
{
	struct sockaddr_in address = local_port(argc, argv);

	return try_connect((struct sockaddr *)&address, sizeof(address));
}

static enum outcome bind_tcp(int argc, char **argv)
{
	struct sockaddr_in address = local_port(argc, argv);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return judge(fd);
	return judge(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

const struct attack sockets_attacks[] = {
	{"socket-raw", socket_raw},
	{"socket-raw6", socket_raw6},
	{"socket-packet", socket_packet},
	{"socket-packet-high-half", socket_packet_high},
	{"socket-vsock", socket_vsock},
	{"socket-vsock-high-half", socket_vsock_high},
	{"socket-alg", socket_alg},
	{"socket-unix-high-half", socket_unix_high},
	{"socket-families", socket_families},
	{"socket-families-high-half", socket_families_high},
	{"socket-netlink", socket_netlink},
	{"connect-abstract", connect_abstract},
	{"connect-path", connect_path},
	{"connect-tcp", connect_tcp},
	{"bind-tcp", bind_tcp},
	{NULL, NULL},
};
