// SPDX-License-Identifier: Apache-2.0
#include "parts/network.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/sys.h"

int network_plan(struct planner *p, struct error *err)
{
	(void)err;
	p->plan->loopback = (p->plan->namespaces.fresh & CLONE_NEWNET) != 0;
	return 0;
}

bool network_apply_wanted(const struct plan *plan)
{
	return plan->loopback;
}

void network_apply_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "the loopback interface is up%s",
		    plan->net_devices.count == 0 ? "; there is no other" : "");
}

int network_apply(const struct plan *plan, struct run *run, struct error *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	AUTOLEAVE int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)plan, (void)run;
	if (socket_fd < 0 || sys_ioctl(socket_fd, SIOCSIFFLAGS, &request) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot bring up the loopback interface");
	return 0;
}
