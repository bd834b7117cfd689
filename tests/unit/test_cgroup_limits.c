// SPDX-License-Identifier: Apache-2.0
/* Every field of linux.resources: which file gets which value in v1 and v2, and what is said where it cannot be had. */
#include <string.h>

#include "check.h"
#include "parts/cgroup.h"
#include "parts/cgroup_limits.h"

static struct arena arena;
static struct error err;
static struct request request;
static struct request_memory memory;
static struct request_cpu cpu;
static struct request_block_io io;
static struct request_network network;
static struct profile profile;
static struct host host;
static struct plan plan;

static void reset(enum host_cgroup cgroup)
{
	static const char *const names[] = {"pids",    "memory", "cpu,cpuacct",      "cpuset",  "devices",
					    "freezer", "blkio",  "net_cls,net_prio", "hugetlb", "rdma"};

	arena_destroy(&arena);
	arena_create(&arena, &err);
	err = (struct error){0};
	request = (struct request){.source = "config.json"};
	memory = (struct request_memory){0};
	cpu = (struct request_cpu){0};
	io = (struct request_block_io){0};
	network = (struct request_network){0};
	request.linux_.resources =
		(struct request_resources){.memory = &memory, .cpu = &cpu, .block_io = &io, .network = &network};
	profile = (struct profile){.name = "test", .devices = VERDICT_REFUSE};
	host = (struct host){.privileged = true, .kernel = 6 << 16 | 1, .cgroup = cgroup, .cgroup_root = "/cg"};
	plan = (struct plan){.arena = &arena, .id = "web"};
	for (size_t i = 0; cgroup == HOST_CGROUP_V1 && i < sizeof(names) / sizeof(names[0]); i++)
		*LIST_ADD(&arena, &host.cgroups) = (struct pair){names[i], "/"};
}

static int make_plan(void)
{
	struct planner p = {.arena = &arena, .request = &request, .profile = &profile, .host = &host, .plan = &plan};

	if (cgroup_plan(&p, &err) == 0)
		return 0;
	printf("# %s\n", err.what);
	return -1;
}

/* Plans, and compares all that is written, in order: "FILE=VALUE;FILE=VALUE;". */
static bool writes(const char *wanted)
{
	const char *text = "";

	if (make_plan() < 0)
		return false;
	for (size_t i = 0; i < plan.cgroup.files.count; i++) {
		const struct plan_cgroup_file *file = &plan.cgroup.files.at[i];

		text = arena_printf(&arena, "%s%s=%s;", text, file->name, file->value);
		if (file->fallback != NULL)
			text = arena_printf(&arena, "%s|%s=%s;", text, file->fallback, file->fallback_value);
	}
	if (strcmp(text, wanted) != 0)
		printf("# '%s' is not '%s'\n", text, wanted);
	return strcmp(text, wanted) == 0;
}

static bool cannot(const char *text)
{
	return make_plan() < 0 && err.kind == ERROR_HOST && strstr(err.what, text) != NULL && err.hint[0] != '\0';
}

#define EXPECT(cgroup, request_it, condition, sentence)                                                                \
	do {                                                                                                           \
		reset(cgroup);                                                                                         \
		request_it;                                                                                            \
		test(sentence);                                                                                        \
		CHECK(condition);                                                                                      \
	} while (0)
#define V1 HOST_CGROUP_V1
#define V2 HOST_CGROUP_V2

static void check_memory(void)
{
	EXPECT(V1, memory.swappiness = ((struct opt_u64){true, 0}), writes("memory.swappiness=0;"),
	       "v1: swappiness, also 0");
	EXPECT(V2, memory.swappiness = ((struct opt_u64){true, 0}), cannot("memory/swappiness"),
	       "v2: no swappiness, and it is said");
	EXPECT(V1, memory.disable_oom_killer = ((struct opt_bool){true, true}), writes("memory.oom_control=1;"),
	       "v1: no OOM killer");
	EXPECT(V2, memory.disable_oom_killer = ((struct opt_bool){true, true}), cannot("disableOOMKiller"),
	       "v2: always an OOM killer");
	EXPECT(V2, memory.disable_oom_killer = ((struct opt_bool){true, false}), writes(""),
	       "v2: an OOM killer is what there is");
	EXPECT(V2, memory.use_hierarchy = ((struct opt_bool){true, true}), writes(""), "a hierarchy is what there is");
	EXPECT(V1, memory.use_hierarchy = ((struct opt_bool){true, false}), cannot("useHierarchy"),
	       "no hierarchy cannot be had since 5.11");
	EXPECT(V1, (memory.use_hierarchy = (struct opt_bool){true, true}, host.kernel = 5 << 16 | 10),
	       writes("memory.use_hierarchy=1;"), "v1 before 5.11: the hierarchy is written");
	EXPECT(V1, (memory.kernel = (struct opt_i64){true, 5}, host.kernel = 5 << 16 | 10),
	       writes("memory.kmem.limit_in_bytes=5;"), "v1 before 5.16: kernel memory has a limit of its own");
	EXPECT(V1, memory.kernel = ((struct opt_i64){true, 5}), cannot("memory/kernel"), "v1 since 5.16: it has none");
	EXPECT(V2, (memory.kernel = (struct opt_i64){true, 9}, memory.limit = (struct opt_i64){true, 9}),
	       writes("memory.max=9;"), "a limit of kernel memory that that of all memory implies is kept");
	EXPECT(V1, memory.kernel_tcp = ((struct opt_i64){true, 5}), writes("memory.kmem.tcp.limit_in_bytes=5;"),
	       "v1: TCP memory");
	EXPECT(V2, memory.kernel_tcp = ((struct opt_i64){true, 5}), cannot("memory/kernelTCP"), "v2: no TCP memory");
}

static void check_cpu(void)
{
	EXPECT(V1, (cpu.realtime_runtime = (struct opt_i64){true, 5}, cpu.realtime_period = (struct opt_u64){true, 9}),
	       writes("cpu.rt_period_us=9;cpu.rt_runtime_us=5;"), "v1: real time, the period first");
	EXPECT(V2, cpu.realtime_period = ((struct opt_u64){true, 5}), cannot("cpu/realtimePeriod"),
	       "v2: no real time, and it is said");
	EXPECT(V2, cpu.period = ((struct opt_u64){true, 50000}), writes("cpu.max=max 50000;"), "v2: a period alone");
}

static void ask_for_throttles(uint64_t rate)
{
	const struct request_throttle_device device = {8, 16, rate};
	throttle_list *const lists[] = {&io.throttle_read_bps, &io.throttle_write_bps, &io.throttle_read_iops,
					&io.throttle_write_iops};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*LIST_ADD(&arena, lists[i]) = device;
}

static void ask_for_weight(uint32_t weight, uint32_t leaf)
{
	*LIST_ADD(&arena, &io.weight_device) =
		(struct request_weight_device){8, 0, {weight > 0, weight}, {leaf > 0, leaf}};
}

static void check_io(void)
{
	EXPECT(V1, io.weight = ((struct opt_u32){true, 500}), writes("blkio.bfq.weight=500;|blkio.weight=500;"),
	       "v1: a weight, for the scheduler that there is");
	EXPECT(V2, io.weight = ((struct opt_u32){true, 500}), writes("io.bfq.weight=500;|io.weight=4950;"),
	       "v2: io.weight is ten times as wide");
	EXPECT(V2, io.weight = ((struct opt_u32){true, 10}), writes("io.bfq.weight=10;|io.weight=1;"),
	       "v2: the lowest weight");
	EXPECT(V2, io.weight = ((struct opt_u32){true, 1000}), writes("io.bfq.weight=1000;|io.weight=10000;"),
	       "v2: the highest weight");
	EXPECT(V2, io.weight = ((struct opt_u32){true, 9}), make_plan() < 0 && err.kind == ERROR_CONFIG,
	       "a weight below 10 is an error");
	EXPECT(V1, ask_for_weight(300, 0), writes("blkio.bfq.weight_device=8:0 300;|blkio.weight_device=8:0 300;"),
	       "v1: the weight of a device");
	EXPECT(V2, ask_for_weight(300, 0), writes("io.bfq.weight=8:0 300;|io.weight=8:0 2930;"),
	       "v2: the weight of a device");
	EXPECT(V1, ask_for_weight(300, 9), cannot("weightDevice/0"), "the leaf weight of a device is not ignored");
	EXPECT(V1, io.leaf_weight = ((struct opt_u32){true, 500}), cannot("leafWeight"), "leaf weight is not ignored");
	EXPECT(V1, ask_for_throttles(7),
	       writes("blkio.throttle.read_bps_device=8:16 7;blkio.throttle.write_bps_device=8:16 7;"
		      "blkio.throttle.read_iops_device=8:16 7;blkio.throttle.write_iops_device=8:16 7;"),
	       "v1: throttles");
	EXPECT(V2, ask_for_throttles(7),
	       writes("io.max=8:16 rbps=7;io.max=8:16 wbps=7;io.max=8:16 riops=7;io.max=8:16 wiops=7;"),
	       "v2: throttles");
	EXPECT(V2, ask_for_throttles(0), writes(""), "a rate of 0 is none");
}

static void ask_for_more(void)
{
	*LIST_ADD(&arena, &request.linux_.resources.hugepage_limits) = (struct request_hugepage_limit){"2MB", 4096};
	*LIST_ADD(&arena, &request.linux_.resources.rdma) = (struct request_rdma){"mlx5_1", {true, 3}, {true, 10000}};
}

static void ask_for_network(void)
{
	network.class_id = (struct opt_u32){true, 1048577};
	*LIST_ADD(&arena, &network.priorities) = (struct request_interface_priority){"eth0", 500};
}

static void check_misc(void)
{
	EXPECT(V1, ask_for_more(),
	       writes("hugetlb.2MB.limit_in_bytes=4096;hugetlb.2MB.rsvd.limit_in_bytes=4096;"
		      "rdma.max=mlx5_1 hca_handle=3 hca_object=10000;"),
	       "v1: huge pages and RDMA");
	EXPECT(V2, ask_for_more(),
	       writes("hugetlb.2MB.max=4096;hugetlb.2MB.rsvd.max=4096;rdma.max=mlx5_1 hca_handle=3 hca_object=10000;"),
	       "v2: huge pages and RDMA");
	EXPECT(V1, ask_for_network(), writes("net_cls.classid=1048577;net_prio.ifpriomap=eth0 500;"), "v1: network");
	EXPECT(V2, ask_for_network(), cannot("network/classID"), "v2: no network, and it is said");
	EXPECT(V1, (ask_for_network(), host.cgroups.count = 7), cannot("net_cls"),
	       "v1: a controller that is not there is said");
}

static void check_full(void)
{
	EXPECT(V1, request.linux_.cgroups_path = "x",
	       make_plan() == 0 && plan.cgroup.wanted && plan.cgroup.hierarchies.count == 7,
	       "v1: a bundle with a path has a cgroup for all that engines look at");
	EXPECT(V1, , make_plan() == 0 && plan.cgroup.wanted && plan.cgroup.hierarchies.count == 2,
	       "v1: without path and limits it has what holds, freezes and lists it");
	EXPECT(V2, , make_plan() == 0 && plan.cgroup.wanted && plan.cgroup.controllers.count == 0,
	       "v2: without limits a bundle has a cgroup");
	EXPECT(V2, request.sandbox.given = true, make_plan() == 0 && !plan.cgroup.wanted,
	       "without limits a sandbox has none");
	EXPECT(V2, (host.privileged = false, request.linux_.cgroups_path = "/a/b"),
	       make_plan() == 0 && plan.cgroup.optional && plan.notes.count == 1,
	       "without root a path that no limit needs is optional");
	EXPECT(V2, host.privileged = false, make_plan() == 0 && !plan.cgroup.wanted,
	       "without root and a path there is none");
	EXPECT(V2,
	       (host.privileged = false, request.linux_.cgroups_path = "/a/b", memory.limit.set = true,
		memory.limit.value = 9),
	       make_plan() == 0 && plan.cgroup.wanted && !plan.cgroup.optional, "a limit is not optional");
}

int main(void)
{
	check_memory();
	check_cpu();
	check_io();
	check_misc();
	check_full();
	return check_done();
}
