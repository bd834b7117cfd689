// SPDX-License-Identifier: Apache-2.0
#include "parts/hostname.h"

#include <errno.h>

#include "base/sys.h"

int hostname_plan(struct planner *p, struct error *err)
{
	const struct request *request = p->request;
	bool own =
		(p->plan->namespaces.fresh & CLONE_NEWUTS) != 0 || p->plan->namespaces.join[NAMESPACE_UTS].path != NULL;

	if ((request->hostname != NULL || request->domainname != NULL) && !own)
		return error_set(err, ERROR_CONFIG, 0, "%s needs a uts namespace",
				 planner_origin(p, request->hostname != NULL ? "/hostname" : "/domainname"));
	p->plan->hostname = request->hostname;
	p->plan->domainname = request->domainname;
	return 0;
}

bool hostname_apply_wanted(const struct plan *plan)
{
	return plan->hostname != NULL || plan->domainname != NULL;
}

void hostname_apply_explain(const struct plan *plan, struct explain *out)
{
	if (plan->hostname != NULL)
		explain_say(out, EXPLAIN_DOES, NULL, "the host name is %s", plan->hostname);
	if (plan->domainname != NULL)
		explain_say(out, EXPLAIN_DOES, NULL, "the domain name is %s", plan->domainname);
}

int hostname_apply(const struct plan *plan, struct run *run, struct error *err)
{
	(void)run;
	if (plan->hostname != NULL && sys_sethostname(plan->hostname) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the host name '%s'", plan->hostname);
	if (plan->domainname != NULL && sys_setdomainname(plan->domainname) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the domain name '%s'", plan->domainname);
	return 0;
}
