// SPDX-License-Identifier: Apache-2.0
/*
 * Routing netlink (rtnetlink(7)), as much as moving network devices takes: small requests, answered one by one. All
 * functions fail with -1 and errno.
 *
 *	AUTOCLOSE int socket = netlink_open();
 *	struct netlink_request request;
 *
 *	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
 *	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
 *	if (netlink_ask(socket, &request) < 0) ...
 */
#ifndef CASEMATE_BASE_NETLINK_H
#define CASEMATE_BASE_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_REQUEST_BYTES = 256 };

struct netlink_request {
	union {
		struct nlmsghdr header;
		char room[NETLINK_REQUEST_BYTES];
	};
};

/* A socket that speaks for the network namespace of the caller, even after the caller has left it. */
int netlink_open(void);

/* Begins @request of @type (RTM_*) with @flags (NLM_F_*) and the fixed part @body. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body, size_t size);

/* Adds an attribute. What does not fit is a fault of ours: it is left out, and the request then fails with EMSGSIZE. */
void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size);

/* Sends @request and waits for its outcome. */
int netlink_ask(int socket, struct netlink_request *request);

/* Sends @request for a dump, and calls @each for every answer until it returns -1, which is passed on with its errno.
 */
int netlink_dump(int socket, struct netlink_request *request, int (*each)(const struct nlmsghdr *answer, void *into),
		 void *into);

/* The attribute @type behind the @fixed bytes of @answer's body, or NULL. */
const struct rtattr *netlink_attribute(const struct nlmsghdr *answer, size_t fixed, uint16_t type);

#endif
