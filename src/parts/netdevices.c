// SPDX-License-Identifier: Apache-2.0
#include "parts/netdevices.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "base/sys.h"

enum {
	MAX_ADDRESSES = 128, /* of one device */
	MAX_TEMPLATE = 4096, /* names that are tried for "eth%d" */
};

static const char needs_root[] = "moving network devices needs root";

static bool is_named_twice(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->net_devices.count; i++)
		if (strcmp(plan->net_devices.at[i].new_name, name) == 0 && strchr(name, '%') == NULL)
			return true;
	return false;
}

int netdevices_plan(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	bool own = (p->plan->namespaces.fresh & CLONE_NEWNET) != 0 ||
		   p->plan->namespaces.join[NAMESPACE_NETWORK].path != NULL;

	if (linux_->net_devices.count > 0 && !own)
		return error_set(err, ERROR_CONFIG, 0,
				 "config.json:/linux/netDevices needs a network namespace that is not the launcher's");
	for (size_t i = 0; i < linux_->net_devices.count; i++) {
		const struct request_net_device *device = &linux_->net_devices.at[i];
		const char *name = device->new_name == NULL ? device->name : device->new_name;
		origin from = planner_origin(p, arena_printf(p->arena, "/linux/netDevices/%s", device->name));

		if (is_named_twice(p->plan, name))
			return error_set(err, ERROR_CONFIG, 0, "%s: the name '%s' is given twice", from, name);
		if (p->plan->net_devices.count == RUN_NET_DEVICES)
			return error_set(err, ERROR_CONFIG, 0, "%s: there are more than %d network devices", from,
					 RUN_NET_DEVICES);
		if (planner_judge(p, p->profile->devices, "netdevices", from,
				  arena_printf(p->arena, "the network device %s is taken from the host", device->name),
				  "remove linux.netDevices, or use the privileged profile"))
			continue;
		*LIST_ADD(p->arena, &p->plan->net_devices) =
			(struct plan_net_device){.name = device->name, .new_name = name, .from = from};
	}
	return 0;
}

bool netdevices_move_wanted(const struct plan *plan)
{
	return plan->net_devices.count > 0;
}

void netdevices_move_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->net_devices.count; i++)
		explain_say(out, EXPLAIN_GRANTS, plan->net_devices.at[i].from,
			    "the host's network device %s, as %s: moved here with its permanent addresses, and up",
			    plan->net_devices.at[i].name, plan->net_devices.at[i].new_name);
}

/* ---- one device */

/* A network namespace, and a socket that speaks for it. */
struct side {
	int socket, namespace;
};

static void side_close(struct side *side)
{
	fd_close(&side->socket);
	fd_close(&side->namespace);
}
#define AUTO_SIDE __attribute__((cleanup(side_close)))

struct addresses {
	int index;
	size_t count;
	struct netlink_request at[MAX_ADDRESSES];
};

/* The index of the device @name, -1 and ENODEV where there is none. */
static int find_device(const struct side *side, const char *name)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return sys_ioctl(side->socket, SIOCGIFINDEX, &request) < 0 ? -1 : request.ifr_ifindex;
}

static bool is_up(const struct side *side, const char *name)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return sys_ioctl(side->socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

/* Permanent and global: what was configured, and not what the link brings with it or the network hands out. */
static int save_address(const struct nlmsghdr *answer, void *into)
{
	static const uint16_t kept[] = {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_FLAGS, IFA_RT_PRIORITY};
	struct addresses *addresses = into;
	const struct ifaddrmsg *address = NLMSG_DATA(answer);
	const struct rtattr *wide = netlink_attribute(answer, sizeof(*address), IFA_FLAGS);
	uint32_t flags = address->ifa_flags;

	if (wide != NULL)
		memcpy(&flags, RTA_DATA(wide), sizeof(flags));
	if ((int)address->ifa_index != addresses->index || (flags & IFA_F_PERMANENT) == 0 ||
	    address->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	if (addresses->count == MAX_ADDRESSES) {
		errno = E2BIG;
		return -1;
	}
	struct netlink_request *request = &addresses->at[addresses->count++];
	netlink_begin(request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address, sizeof(*address));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const struct rtattr *found = netlink_attribute(answer, sizeof(*address), kept[i]);

		if (found != NULL)
			netlink_add(request, kept[i], RTA_DATA(found), RTA_PAYLOAD(found));
	}
	return 0;
}

static int save_addresses(const struct side *side, struct addresses *addresses)
{
	struct netlink_request request;
	struct ifaddrmsg any = {.ifa_family = AF_UNSPEC};

	addresses->count = 0;
	netlink_begin(&request, RTM_GETADDR, 0, &any, sizeof(any));
	return netlink_dump(side->socket, &request, save_address, addresses);
}

static int restore_addresses(const struct side *side, struct addresses *addresses, int index)
{
	for (size_t i = 0; i < addresses->count; i++) {
		struct ifaddrmsg *address = NLMSG_DATA(&addresses->at[i].header);

		address->ifa_index = (uint32_t)index;
		if (netlink_ask(side->socket, &addresses->at[i]) < 0)
			return -1;
	}
	return 0;
}

/* The kernel moves first and renames then: a name that is taken must be seen before. Fills "eth%d" with a number. */
static int choose_name(const struct side *to, const char *wanted, char name[IFNAMSIZ])
{
	const char *digits = strstr(wanted, "%d");

	for (int number = 0; number < (digits == NULL ? 1 : MAX_TEMPLATE); number++) {
		int length = digits == NULL ? snprintf(name, IFNAMSIZ, "%s", wanted)
					    : snprintf(name, IFNAMSIZ, "%.*s%d%s", (int)(digits - wanted), wanted,
						       number, digits + 2);

		if (length >= IFNAMSIZ)
			break;
		if (find_device(to, name) < 0)
			return errno == ENODEV ? 0 : -1;
	}
	errno = EEXIST;
	return -1;
}

static int move_link(const struct side *from, const struct side *to, int index, const char *name)
{
	struct netlink_request request;
	struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};

	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add(&request, IFLA_NET_NS_FD, &to->namespace, sizeof(to->namespace));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(from->socket, &request);
}

static int set_up(const struct side *side, int index)
{
	struct netlink_request request;
	struct ifinfomsg link = {
		.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	return netlink_ask(side->socket, &request);
}

/* Moves device @index of @from, under @name, and makes it what it was but for @up. Returns its index over there. */
static int move_device(const struct side *from, const struct side *to, int index, const char *name, bool up)
{
	struct addresses addresses = {.index = index};

	if (save_addresses(from, &addresses) < 0 || move_link(from, to, index, name) < 0)
		return -1;
	int there = find_device(to, name);
	if (there < 0 || restore_addresses(to, &addresses, there) < 0 || (up && set_up(to, there) < 0))
		return -1;
	return there;
}

/* ---- all of them */

/* A socket stays in the namespace in which it was made, so the launcher is in the container's for that moment only. */
static int enter_other_side(const struct side *home, struct side *other, struct error *err)
{
	if (sys_setns(other->namespace, CLONE_NEWNET) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot enter the container's network namespace");
		return errno == EPERM ? error_hint(err, needs_root) : -1;
	}
	other->socket = netlink_open();
	int reason = errno;
	if (sys_setns(home->namespace, CLONE_NEWNET) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot return to the launcher's network namespace");
	if (other->socket < 0)
		return error_set(err, ERROR_SYSTEM, reason, "cannot ask the container's network namespace");
	return 0;
}

static int open_home(struct side *home, struct error *err)
{
	home->namespace = sys_openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY, 0);
	home->socket = netlink_open();
	if (home->namespace < 0 || home->socket < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot ask for the network devices");
	return 0;
}

static int move_one(const struct plan_net_device *device, const struct side *home, const struct side *inside,
		    struct run *run, struct error *err)
{
	char name[IFNAMSIZ];
	struct run_net_device *moved = &run->net_devices[run->net_moved];
	int index = find_device(home, device->name);

	if (index < 0)
		return error_set(err, ERROR_SYSTEM, errno, "there is no network device '%s'", device->name);
	moved->up = is_up(home, device->name);
	if (choose_name(inside, device->new_name, name) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot name a network device '%s' in the container",
				 device->new_name);
	moved->index = move_device(home, inside, index, name, true);
	if (moved->index >= 0) {
		run->net_moved++;
		return 0;
	}
	error_set(err, ERROR_SYSTEM, errno, "cannot move the network device '%s'", device->name);
	/* It may have arrived, and only its addresses or its state failed. */
	moved->index = find_device(inside, name);
	if (moved->index >= 0)
		run->net_moved++;
	return err->errnum == EINVAL ? error_hint(err, "devices that are bound to their namespace cannot be moved: "
						       "loopback, and what a driver ties to one")
				     : -1;
}

int netdevices_move(const struct plan *plan, struct run *run, struct error *err)
{
	char path[64];
	AUTO_SIDE struct side home = {-1, -1}, inside = {-1, -1};

	TRY(open_home(&home, err));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", run->child);
	inside.namespace = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	if (inside.namespace < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot open the container's network namespace");
		return errno == EACCES ? error_hint(err, needs_root) : -1;
	}
	TRY(enter_other_side(&home, &inside, err));
	for (size_t i = 0; i < plan->net_devices.count; i++)
		if (move_one(&plan->net_devices.at[i], &home, &inside, run, err) < 0) {
			run->net = fd_take(&inside.socket);
			return error_wrap(err, "%s", plan->net_devices.at[i].from);
		}
	run->net = fd_take(&inside.socket);
	return 0;
}

int netdevices_return(const struct plan *plan, struct run *run, struct error *err)
{
	bool executed = run->shared->executing && run->shared->error.kind == ERROR_NONE;
	struct side inside = {run->net, -1};
	AUTO_SIDE struct side home = {-1, -1};
	int result = 0;

	if (executed || run->net_moved == 0)
		return 0;
	TRY(open_home(&home, err));
	while (run->net_moved > 0) {
		const struct run_net_device *moved = &run->net_devices[--run->net_moved];
		const char *name = plan->net_devices.at[run->net_moved].name;

		if (move_device(&inside, &home, moved->index, name, moved->up) < 0)
			result = error_set(err, ERROR_SYSTEM, errno, "cannot move the network device '%s' back", name);
	}
	return result;
}
