// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "Huge page limits", "Network" and "RDMA": a line or two each. */
#include "parts/cgroup_fields.h"

/* ---- huge pages */

/* Pages that are reserved by mmap(2) count as well as those in use: else the program would die of SIGBUS. */
int cgroup_plan_huge_pages(struct planner *p, struct error *err)
{
	const struct request_resources *resources = &p->request->linux_.resources;
	static const char *const reserved[] = {"", "rsvd."};

	for (size_t i = 0; i < resources->hugepage_limits.count; i++) {
		const struct request_hugepage_limit *asked = &resources->hugepage_limits.at[i];

		for (size_t j = 0; j < sizeof(reserved) / sizeof(reserved[0]); j++) {
			const struct cgroup_field field = {
				arena_printf(p->arena, "hugepageLimits/%zu", i),
				{arena_printf(p->arena, "hugetlb.%s.%slimit_in_bytes", asked->page_size, reserved[j]),
				 arena_printf(p->arena, "hugetlb.%s.%smax", asked->page_size, reserved[j])},
				"bytes of huge pages of this size",
			};

			TRY(cgroup_add_number(p, &field, asked->limit, err));
		}
	}
	return 0;
}

/* ---- network */

int cgroup_plan_network(struct planner *p, const struct request_network *network, struct error *err)
{
	static const struct cgroup_field class_id = {
		"network/classID", {"net_cls.classid", NULL}, "the class of its packets"};
	static const struct cgroup_field priority = {
		"network/priorities", {"net_prio.ifpriomap", NULL}, "the priority of its packets on this interface"};

	bool classed = cgroup_asked_u64((struct opt_u64){network->class_id.set, network->class_id.value});
	if ((classed || network->priorities.count > 0) && p->profile->realtime != VERDICT_ALLOW) {
		planner_judge(p, p->profile->realtime, "cgroup", planner_origin(p, "/linux/resources/network"),
			      "linux.resources.network chooses by which of the host's traffic rules its packets go",
			      "remove linux.resources.network, or use the privileged profile");
		return 0;
	}
	if (classed)
		TRY(cgroup_add_number(p, &class_id, network->class_id.value, err));
	for (size_t i = 0; i < network->priorities.count; i++)
		TRY(cgroup_add_text(p, &priority,
				    arena_printf(p->arena, "%s %u", network->priorities.at[i].name,
						 network->priorities.at[i].priority),
				    err));
	return 0;
}

/* ---- RDMA */

int cgroup_plan_rdma(struct planner *p, struct error *err)
{
	const struct request_resources *resources = &p->request->linux_.resources;

	for (size_t i = 0; i < resources->rdma.count; i++) {
		const struct request_rdma *asked = &resources->rdma.at[i];
		const struct cgroup_field field = {arena_printf(p->arena, "rdma/%s", asked->name),
						   {"rdma.max", "rdma.max"},
						   "handles and objects of this RDMA device"};
		const char *line = asked->name;

		if (asked->hca_handles.set)
			line = arena_printf(p->arena, "%s hca_handle=%u", line, asked->hca_handles.value);
		if (asked->hca_objects.set)
			line = arena_printf(p->arena, "%s hca_object=%u", line, asked->hca_objects.value);
		if (line != asked->name)
			TRY(cgroup_add_text(p, &field, line, err));
	}
	return 0;
}
