// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/kernel.h"
#include "run/report_files.h"

enum { DNS = 53 };

/* An address of the Internet, for humans and for rules. */
struct peer {
	char text[INET6_ADDRSTRLEN + 16];
	uint16_t port;
	bool loopback;
};

static bool read_peer(const struct report_question *question, struct peer *ret)
{
	char address[INET6_ADDRSTRLEN] = "";

	if (question->address.any.sa_family == AF_INET && question->address_length >= sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = &question->address.in;

		ret->port = ntohs(in->sin_port);
		ret->loopback = ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
		inet_ntop(AF_INET, &in->sin_addr, address, sizeof(address));
		snprintf(ret->text, sizeof(ret->text), "%s:%u", address, ret->port);
		return true;
	}
	if (question->address.any.sa_family == AF_INET6 && question->address_length >= sizeof(struct sockaddr_in6)) {
		const struct sockaddr_in6 *in6 = &question->address.in6;

		ret->port = ntohs(in6->sin6_port);
		ret->loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
		inet_ntop(AF_INET6, &in6->sin6_addr, address, sizeof(address));
		snprintf(ret->text, sizeof(ret->text), "[%s]:%u", address, ret->port);
		return true;
	}
	return false;
}

static bool lists(const u32_list *ports, uint16_t port)
{
	for (size_t i = 0; i < ports->count; i++)
		if (ports->at[i] == port)
			return true;
	return false;
}

static void add(struct findings *findings, const char *what, const char *why, const char *flag, const char *value,
		const char *risk)
{
	findings_add(
		findings,
		&(struct finding){
			.kind = FINDING_NETWORK, .what = what, .why = why, .flag = flag, .value = value, .risk = risk});
}

/* Landlock's rules are about TCP; which kind of socket it is cannot be seen without touching it. */
static void judge_port(const struct plan *plan, const struct report_question *question, const struct peer *peer,
		       const char *what, struct findings *findings)
{
	const struct plan_landlock *landlock = &plan->landlock;
	char port[8];

	snprintf(port, sizeof(port), "%u", peer->port);
	if (question->binds && (landlock->handled_net & KERNEL_LANDLOCK_NET_BIND_TCP) != 0 &&
	    !lists(&landlock->bind_tcp, peer->port))
		add(findings, what, "if it is TCP, Landlock denied this port", "--bind-tcp", port, NULL);
	if (!question->binds && (landlock->handled_net & KERNEL_LANDLOCK_NET_CONNECT_TCP) != 0 &&
	    !lists(&landlock->connect_tcp, peer->port))
		add(findings, what, "if it is TCP, Landlock denied this port", "--connect-tcp", port, NULL);
}

static void judge_route(const struct plan *plan, const struct peer *peer, const char *what, struct findings *findings)
{
	static const char risk[] = "it can talk to the network";

	if ((plan->namespaces.fresh & CLONE_NEWNET) == 0 || plan->pasta.program != NULL)
		return;
	if (!peer->loopback)
		add(findings, what, "there is no network inside", "--net", "pasta", risk);
	else if (peer->port == DNS)
		add(findings, what, "there is no name server inside", "--net", "pasta", risk);
}

void report_network_judge(const struct plan *plan, const struct report_question *question, struct findings *findings)
{
	char what[sizeof(((struct peer *)NULL)->text) + 16];
	struct peer peer;

	if (question->address_length == 0 || !read_peer(question, &peer))
		return;
	snprintf(what, sizeof(what), "%s %s", question->binds ? "bind" : "connect", peer.text);
	judge_port(plan, question, &peer, what, findings);
	if (!question->binds)
		judge_route(plan, &peer, what, findings);
}
