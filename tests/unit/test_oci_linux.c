// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/kernel.h"
#include "oci_check.h"

static void test_linux(void)
{
	static const struct refusal rows[] = {
		{LINUX, "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]",
		 "/linux/namespaces/1/type: this namespace"},
		{LINUX, "\"namespaces\":[{\"type\":\"net\"}]", "'net' is not a namespace"},
		{LINUX, "\"namespaces\":[{\"path\":\"/x\"}]", "/linux/namespaces/0/type: is missing"},
		{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc/1/ns/pid\"}]", "/linux/namespaces/0/path"},
		{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]", "/linux/uidMappings/0/size"},
		{LINUX, "\"uidMappings\":[{\"containerID\":1,\"hostID\":0,\"size\":4294967295}]",
		 "/linux/uidMappings/0/size: containerID + size"},
		{LINUX, "\"gidMappings\":[{\"containerID\":0,\"hostID\":4294967294,\"size\":2}]",
		 "/linux/gidMappings/0/size: hostID + size"},
		{LINUX, "\"gidMappings\":[{\"containerID\":4294967295,\"hostID\":0,\"size\":1}]", "/containerID"},
		{LINUX, "\"gidMappings\":[{\"hostID\":0,\"size\":1}]", "/containerID: is missing"},
		{LINUX, "\"timeOffsets\":{\"realtime\":{\"secs\":1}}", "/linux/timeOffsets/realtime"},
		{LINUX, "\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}",
		 "/linux/timeOffsets/monotonic/nanosecs"},
		{LINUX, "\"timeOffsets\":{\"monotonic\":{},\"monotonic\":{}}", "given twice"},
		{LINUX, "\"devices\":[{\"type\":\"x\",\"path\":\"/dev/x\"}]", "'x' is not a device type"},
		{LINUX, "\"devices\":[{\"type\":\"\",\"path\":\"/dev/x\"}]", "is not a device type"},
		{LINUX, "\"devices\":[{\"type\":\"c\",\"path\":\"dev/x\",\"major\":1,\"minor\":1}]",
		 "/linux/devices/0/path"},
		{LINUX, "\"devices\":[{\"type\":\"c\",\"path\":\"/dev/../x\",\"major\":1,\"minor\":1}]", "'..'"},
		{LINUX, "\"devices\":[{\"type\":\"c\",\"path\":\"/dev/x\",\"minor\":1}]",
		 "/linux/devices/0/major: is missing"},
		{LINUX, "\"devices\":[{\"type\":\"b\",\"path\":\"/dev/x\",\"major\":1}]",
		 "/linux/devices/0/minor: is missing"},
		{LINUX, "\"devices\":[{\"type\":\"p\",\"path\":\"/dev/x\",\"fileMode\":65536}]",
		 "/linux/devices/0/fileMode"},
		{LINUX, "\"devices\":[{\"type\":\"p\",\"path\":\"/dev/x\",\"uid\":4294967295}]",
		 "/linux/devices/0/uid"},
		{LINUX, "\"netDevices\":{\"eth/0\":{}}", "/linux/netDevices/eth~10"},
		{LINUX, "\"netDevices\":{\"sixteen-bytes-xx\":{}}", "/linux/netDevices/sixteen-bytes-xx"},
		{LINUX, "\"netDevices\":{\"eth0\":{\"name\":\"..\"}}", "/linux/netDevices/eth0/name"},
		{LINUX, "\"netDevices\":{\"\":{}}", "is not the name of a network interface"},
		{LINUX, "\"cgroupsPath\":\"/a/../b\"", "/linux/cgroupsPath"},
		{LINUX, "\"cgroupsPath\":\"..\"", "/linux/cgroupsPath"},
		{LINUX, "\"sysctl\":{\"kernel..shm\":\"1\"}", "'kernel..shm' is not the name of a sysctl"},
		{LINUX, "\"sysctl\":{\"net/../kernel\":\"1\"}", "/linux/sysctl"},
		{LINUX, "\"sysctl\":{\"Kernel.x\":\"1\"}", "/linux/sysctl"},
		{LINUX, "\"sysctl\":{\"\":\"1\"}", "/linux/sysctl"},
		{LINUX, "\"sysctl\":{\".a\":\"1\"}", "/linux/sysctl"},
		{LINUX, "\"sysctl\":{\"a/\":\"1\"}", "/linux/sysctl"},
		{LINUX, "\"sysctl\":{\"a b\":\"1\"}", "/linux/sysctl"},
		{LINUX, "\"sysctl\":{\"a\":1}", "/linux/sysctl/a: must be a string"},
		{LINUX, "\"rootfsPropagation\":\"public\"", "/linux/rootfsPropagation"},
		{LINUX, "\"maskedPaths\":[\"/a\",\"proc\"]", "/linux/maskedPaths/1"},
		{LINUX, "\"readonlyPaths\":[\"/a/../b\"]", "/linux/readonlyPaths/0"},
		{LINUX, "\"personality\":{\"domain\":\"BSD\"}", "/linux/personality/domain"},
		{LINUX, "\"personality\":{}", "/linux/personality/domain: is missing"},
		{LINUX, "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"ADDR_NO_RANDOMIZE\"]}",
		 "/linux/personality/flags/0"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_X\"}", "/linux/memoryPolicy/mode"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"all\"}", "/linux/memoryPolicy/nodes"},
		{LINUX, "\"intelRdt\":{\"closID\":\"../x\"}", "/linux/intelRdt/closID"},
		{LINUX, "\"intelRdt\":{\"closID\":\"..\"}", "/linux/intelRdt/closID"},
	};

	test("linux properties that make no sense are refused");
	CHECK_REFUSALS(rows);

	test("the whole linux object is read");
	CHECK(reads(
		LINUX,
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/run/netns/x\"},"
		"{\"type\":\"time\",\"path\":\"\"}],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}],"
		"\"timeOffsets\":{\"boottime\":{\"secs\":-5,\"nanosecs\":999999999}},"
		"\"devices\":[{\"type\":\"u\",\"path\":\"/dev//x\",\"major\":1,\"minor\":3,\"fileMode\":438,\"uid\":0},"
		"{\"type\":\"p\",\"path\":\"/fifo\"}],"
		"\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{}},\"cgroupsPath\":\"/a..b\","
		"\"sysctl\":{\"net.ipv4.conf.eth0/1.rp_filter\":\"1\"},\"rootfsPropagation\":\"rslave\","
		"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[],\"mountLabel\":\"l\","
		"\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]},"
		"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\",\"flags\":[\"MPOL_F_STATIC_NODES\"]},"
		"\"intelRdt\":{\"closID\":\"c\",\"schemata\":[\"L3:0=f\"],\"enableMonitoring\":true}"));
	const struct request_linux *l = &req.linux_;
	CHECK(l->namespaces[NAMESPACE_PID].given && l->namespaces[NAMESPACE_PID].path == NULL);
	CHECK(strcmp(l->namespaces[NAMESPACE_NETWORK].path, "/run/netns/x") == 0);
	CHECK(strcmp(l->namespaces[NAMESPACE_NETWORK].from, "config.json:/linux/namespaces/1") == 0);
	CHECK(l->namespaces[NAMESPACE_TIME].given && l->namespaces[NAMESPACE_TIME].path == NULL);
	CHECK(!l->namespaces[NAMESPACE_USER].given && l->uid_mappings.at[0].size == UINT32_MAX);
	CHECK(strcmp(l->time_offsets.at[0].clock, "boottime") == 0 && l->time_offsets.at[0].secs == -5);
	CHECK(l->devices.count == 2 && l->devices.at[0].type == 'c' && strcmp(l->devices.at[0].path, "/dev/x") == 0);
	CHECK(l->devices.at[0].mode.value == 0666 && l->devices.at[0].uid.set && !l->devices.at[0].gid.set);
	CHECK(l->net_devices.count == 2 && strcmp(l->net_devices.at[0].new_name, "c0") == 0);
	CHECK(l->net_devices.at[1].new_name == NULL && strcmp(l->cgroups_path, "/a..b") == 0);
	CHECK(l->rootfs_propagation == (MS_SLAVE | MS_REC) && l->personality == PERSONALITY_LINUX32);
	CHECK(l->memory_policy->mode == 2 && l->memory_policy->flags == 1 << 15);
	CHECK(l->intel_rdt->enable_monitoring && strcmp(l->intel_rdt->schemata.at[0], "L3:0=f") == 0);
	CHECK(strcmp(l->sysctl.at[0].value, "1") == 0 && strcmp(l->mount_label, "l") == 0);
}

static void test_resources(void)
{
	static const struct refusal rows[] = {
		{RESOURCES, "\"devices\":[{\"access\":\"rwm\"}]", "/linux/resources/devices/0/allow: is missing"},
		{RESOURCES, "\"devices\":[{\"allow\":true,\"type\":\"x\"}]", "/linux/resources/devices/0/type"},
		{RESOURCES, "\"devices\":[{\"allow\":true,\"access\":\"rx\"}]", "'x' is not an access"},
		{RESOURCES, "\"devices\":[{\"allow\":true,\"major\":-2}]", "/linux/resources/devices/0/major"},
		{RESOURCES, "\"memory\":{\"limit\":1.5}", "/linux/resources/memory/limit"},
		{RESOURCES, "\"memory\":{\"swappiness\":101}", "/linux/resources/memory/swappiness"},
		{RESOURCES, "\"cpu\":{\"cpus\":\"0-3\\n\"}", "/linux/resources/cpu/cpus"},
		{RESOURCES, "\"cpu\":{\"mems\":\"a\"}", "/linux/resources/cpu/mems"},
		{RESOURCES, "\"cpu\":{\"idle\":2}", "/linux/resources/cpu/idle"},
		{RESOURCES, "\"blockIO\":{\"weight\":1001}", "/linux/resources/blockIO/weight"},
		{RESOURCES, "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":1,\"minor\":1}]}", "/rate: is missing"},
		{RESOURCES, "\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]",
		 "/linux/resources/hugepageLimits/0/pageSize"},
		{RESOURCES, "\"hugepageLimits\":[{\"pageSize\":\"MB\",\"limit\":1}]", "/pageSize"},
		{RESOURCES, "\"hugepageLimits\":[{\"pageSize\":\"2MB\"}]", "/limit: is missing"},
		{RESOURCES, "\"network\":{\"priorities\":[{\"name\":\"a b\",\"priority\":1}]}", "/priorities/0/name"},
		{RESOURCES, "\"rdma\":{\"mlx 5\":{}}", "/linux/resources/rdma/mlx 5"},
		{RESOURCES, "\"unified\":{\"../memory.max\":\"1\"}", "is not a file of a cgroup"},
		{RESOURCES, "\"unified\":{\"a/memory.max\":\"1\"}", "is not a file of a cgroup"},
		{RESOURCES, "\"unified\":{\".hidden\":\"1\"}", "is not a file of a cgroup"},
		{RESOURCES, "\"unified\":{\"memory\":\"1\"}", "is not a file of a cgroup"},
		{RESOURCES, "\"pids\":{\"limit\":\"10\"}", "/linux/resources/pids/limit: must be an integer"},
	};

	test("resources that make no sense are refused");
	CHECK_REFUSALS(rows);

	test("all resources are read");
	CHECK(reads(
		RESOURCES,
		"\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":-1,\"access\":"
		"\"rm\"}],"
		"\"memory\":{\"limit\":-1,\"swap\":9007199254740993,\"disableOOMKiller\":false},"
		"\"cpu\":{\"shares\":1024,\"quota\":-1,\"burst\":5,\"period\":100000,\"cpus\":\"0-3,5\",\"idle\":1},"
		"\"pids\":{\"limit\":100},\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		"\"weight\":10}],\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}]},"
		"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}],\"network\":{\"classID\":1048577,"
		"\"priorities\":[{\"name\":\"eth0\",\"priority\":5}]},\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}},"
		"\"unified\":{\"memory.high\":\"1\"}"));
	const struct request_resources *r = &req.linux_.resources;
	CHECK(r->devices.count == 2 && r->devices.at[0].type == 'a' && r->devices.at[0].access == 7);
	CHECK(r->devices.at[1].access == (DEVICE_READ | DEVICE_MKNOD) && r->devices.at[1].minor.value == -1);
	CHECK(r->memory->limit.value == -1 && r->memory->swap.value == 9007199254740993);
	CHECK(r->memory->disable_oom_killer.set && !r->memory->disable_oom_killer.value && !r->memory->kernel.set);
	CHECK(r->cpu->quota.value == -1 && r->cpu->idle.value == 1 && strcmp(r->cpu->cpus, "0-3,5") == 0);
	CHECK(r->pids_limit.value == 100 && r->block_io->weight_device.at[0].weight.value == 10);
	CHECK(r->block_io->throttle_write_iops.at[0].rate == 600 && r->network->class_id.value == 1048577);
	CHECK(strcmp(r->rdma.at[0].name, "mlx5_1") == 0 && r->rdma.at[0].hca_handles.value == 3);
	CHECK(strcmp(r->unified.at[0].key, "memory.high") == 0 && r->hugepage_limits.at[0].limit == 1);
}

static void test_seccomp(void)
{
	static const struct refusal rows[] = {
		{SECCOMP, "\"syscalls\":[]", "/linux/seccomp/defaultAction: is missing"},
		{SECCOMP, "\"defaultAction\":\"ALLOW\"", "'ALLOW' is not a seccomp action"},
		{SECCOMP, "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096", "/defaultErrnoRet"},
		{SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"X86\"]", "/architectures/0"},
		{SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]",
		 "/flags/0"},
		{SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"x\"", "/linux/seccomp/listenerPath"},
		{SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]",
		 "/names: is missing"},
		{SECCOMP,
		 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]",
		 "/linux/seccomp/syscalls/0/names: is empty"},
		{SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"]}]",
		 "/action: is missing"},
		{SECCOMP,
		 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		 "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096}]",
		 "/linux/seccomp/syscalls/0/errnoRet"},
		{SECCOMP,
		 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","
		 "\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]",
		 "/syscalls/0/args/0/index"},
		{SECCOMP,
		 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","
		 "\"args\":[{\"index\":0,\"value\":1,\"op\":\"EQ\"}]}]",
		 "/syscalls/0/args/0/op"},
		{SECCOMP,
		 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","
		 "\"args\":[{\"index\":0,\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\"}]}]",
		 "/syscalls/0/args/0/value"},
	};
	static const char own[] =
		"// ours\n{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": [\n"
		"{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"comment\": \"why\"}]}";
	struct request_seccomp seccomp = {0};
	struct oci_seccomp_text file = {.text = own, .length = strlen(own), .name = "s.json"};

	test("a filter that makes no sense is refused");
	CHECK_REFUSALS(rows);

	test("a filter is read with exact values");
	CHECK(reads(SECCOMP,
		    "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4095,"
		    "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_AARCH64\"],"
		    "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],"
		    "\"syscalls\":[{\"names\":[\"clone\",\"personality\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":1,"
		    "\"args\":[{\"index\":5,\"value\":18446744073709551615,\"valueTwo\":9007199254740993,"
		    "\"op\":\"SCMP_CMP_MASKED_EQ\"}]}],\"listenerPath\":\"/x\",\"listenerMetadata\":\"m\""));
	const struct request_seccomp *s = req.linux_.seccomp;
	CHECK(s->default_action == SECCOMP_ERRNO && s->default_errno_ret.value == 4095 && s->flags == 6);
	CHECK(s->architectures.count == 2 && s->architectures.at[0] == 0xc000003e);
	CHECK(s->syscalls.at[0].names.count == 2 && s->syscalls.at[0].action == SECCOMP_TRACE);
	CHECK(s->syscalls.at[0].args.at[0].value == UINT64_MAX && s->syscalls.at[0].args.at[0].index == 5);
	CHECK(s->syscalls.at[0].args.at[0].value_two == 9007199254740993);
	CHECK(s->syscalls.at[0].args.at[0].op == SECCOMP_MASKED_EQ && s->syscalls.at[0].errno_ret.value == 1);
	CHECK(strcmp(s->from, "config.json:/linux/seccomp") == 0);

	test("in config.json a rule's comment is an unknown key, in a file of our own it is not");
	CHECK(reads(SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
			     "\"action\":\"SCMP_ACT_LOG\",\"comment\":\"x\"}]"));
	CHECK(req.ignored.count == 1);
	CHECK(oci_parse_seccomp(&file, &arena, &seccomp, &err) == 0 && seccomp.syscalls.count == 1);
	CHECK(strcmp(seccomp.from, "s.json:") == 0 && seccomp.default_errno_ret.value == 38);
	file.text = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[]}";
	file.length = strlen(file.text);
	memset(&seccomp, 0, sizeof(seccomp));
	CHECK(oci_parse_seccomp(&file, &arena, &seccomp, &err) < 0 &&
	      strstr(err.what, "/archMap: unknown key") != NULL);
}

int main(void)
{
	test_linux();
	test_resources();
	test_seccomp();
	arena_destroy(&arena);
	return check_done();
}
