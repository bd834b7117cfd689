// SPDX-License-Identifier: Apache-2.0
/* Planning of cgroups: for which host and request which files, rules and paths; and the device program, access by
 * access. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "parts/cgroup.h"
#include "parts/cgroup_devices.h"
#include "parts/cgroup_limits.h"

#define EXPECT(condition, sentence)                                                                                    \
	do {                                                                                                           \
		test(sentence);                                                                                        \
		CHECK(condition);                                                                                      \
	} while (0)

static struct arena arena;
static struct error err;
static struct request request;
static struct profile profile;
static struct host host;
static struct plan plan;

static void reset(enum host_cgroup cgroup, bool root)
{
	static const char *const names[] = {"pids", "memory", "cpu,cpuacct", "cpuset", "devices", ""};

	arena_destroy(&arena);
	arena_create(&arena, &err);
	err = (struct error){0};
	request = (struct request){.source = "config.json"};
	request.process.user.uid = 1000;
	request.process.no_new_privileges = true;
	profile = (struct profile){.name = "test"};
	host = (struct host){.uid = root ? 0 : 1000,
			     .privileged = root,
			     .kernel = 6 << 16 | 1,
			     .cgroup = cgroup,
			     .cgroup_root = "/sys/fs/cgroup"};
	plan = (struct plan){.arena = &arena, .id = "web"};
	for (size_t i = 0; cgroup != HOST_CGROUP_NONE && i < sizeof(names) / sizeof(names[0]); i++)
		if (cgroup == HOST_CGROUP_V1 || names[i][0] == '\0')
			*LIST_ADD(&arena, &host.cgroups) = (struct pair){names[i], "/user.slice/mine.scope"};
}

static int make_plan(void)
{
	struct planner p = {.arena = &arena, .request = &request, .profile = &profile, .host = &host, .plan = &plan};

	return cgroup_plan(&p, &err);
}

static bool fails(enum error_kind kind, const char *text)
{
	bool result = make_plan() < 0 && err.kind == (int32_t)kind && strstr(err.what, text) != NULL;

	if (!result)
		printf("# got %d: %s\n", err.kind, err.what);
	return result;
}

/* The value that is written into "DIRECTORY/FILE", "" when none. */
static const char *value_of(const char *directory, const char *name)
{
	for (size_t i = 0; i < plan.cgroup.files.count; i++) {
		const struct plan_cgroup_file *file = &plan.cgroup.files.at[i];

		if (strcmp(file->name, name) == 0 &&
		    strcmp(plan.cgroup.hierarchies.at[file->hierarchy].directory, directory) == 0)
			return file->value;
	}
	return "";
}

static bool is(const char *one, const char *other)
{
	if (strcmp(one, other) != 0)
		printf("# '%s' is not '%s'\n", one, other);
	return strcmp(one, other) == 0;
}

/* --- limits */

static void ask_for_everything(void)
{
	static struct request_memory memory = {
		.limit = {true, 1000000}, .reservation = {true, 500000}, .swap = {true, 1500000}};
	static struct request_cpu cpu = {.shares = {true, 512},
					 .quota = {true, 20000},
					 .period = {true, 50000},
					 .burst = {true, 10000},
					 .idle = {true, 1},
					 .cpus = "0",
					 .mems = "0"};

	request.linux_.resources.memory = &memory;
	request.linux_.resources.cpu = &cpu;
	request.linux_.resources.pids_limit = (struct opt_i64){true, 50};
}

static void check_v1(void)
{
	reset(HOST_CGROUP_V1, true);
	ask_for_everything();
	EXPECT(make_plan() == 0, "v1: everything is planned");
	EXPECT(plan.cgroup.wanted && plan.cgroup.driver == CGROUP_V1 && plan.cgroup.hierarchies.count == 5,
	       "v1: each hierarchy that is there is used once");
	EXPECT(is(value_of("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), "1000000"), "v1: memory.limit");
	EXPECT(is(value_of("/sys/fs/cgroup/memory", "memory.soft_limit_in_bytes"), "500000"), "v1: memory.reservation");
	EXPECT(is(value_of("/sys/fs/cgroup/memory", "memory.memsw.limit_in_bytes"), "1500000"),
	       "v1: memory.swap counts both");
	EXPECT(is(value_of("/sys/fs/cgroup/cpu,cpuacct", "cpu.shares"), "512"),
	       "v1: cpu.shares, in a hierarchy of two");
	EXPECT(is(value_of("/sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_quota_us"), "20000"), "v1: cpu.quota");
	EXPECT(is(value_of("/sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_period_us"), "50000"), "v1: cpu.period");
	EXPECT(is(value_of("/sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_burst_us"), "10000"), "v1: cpu.burst");
	EXPECT(is(value_of("/sys/fs/cgroup/cpu,cpuacct", "cpu.idle"), "1"), "v1: cpu.idle");
	EXPECT(is(value_of("/sys/fs/cgroup/cpuset", "cpuset.cpus"), "0"), "v1: cpu.cpus");
	EXPECT(is(value_of("/sys/fs/cgroup/pids", "pids.max"), "50"), "v1: pids.limit");
	EXPECT(is(plan.cgroup.path, "/casemate-web"), "the default path");
}

static void check_v2(void)
{
	reset(HOST_CGROUP_V2, true);
	ask_for_everything();
	plan.namespaces.fresh = CLONE_NEWCGROUP;
	EXPECT(make_plan() == 0, "v2: everything is planned");
	EXPECT(plan.cgroup.hierarchies.count == 1 && plan.cgroup.controllers.count == 4,
	       "v2: one hierarchy, four controllers");
	EXPECT(is(value_of("/sys/fs/cgroup", "memory.max"), "1000000"), "v2: memory.limit");
	EXPECT(is(value_of("/sys/fs/cgroup", "memory.low"), "500000"), "v2: memory.reservation");
	EXPECT(is(value_of("/sys/fs/cgroup", "memory.swap.max"), "500000"), "v2: memory.swap without the memory");
	EXPECT(is(value_of("/sys/fs/cgroup", "cpu.max"), "20000 50000"), "v2: cpu.quota and period in one");
	EXPECT(is(value_of("/sys/fs/cgroup", "cpu.max.burst"), "10000"), "v2: cpu.burst");
	EXPECT(is(value_of("/sys/fs/cgroup", "cpuset.mems"), "0"), "v2: cpu.mems");
	EXPECT(is(value_of("/sys/fs/cgroup", "pids.max"), "50"), "v2: pids.limit");
	EXPECT(plan.cgroup.unshare_namespace, "the cgroup namespace is made after joining");
}

/* What runc 1.3.2 computes with log2() and pow(). */
static void check_weights(void)
{
	static const uint64_t pairs[][2] = {
		{1, 1},       {2, 1},        {3, 2},         {4, 2},          {10, 4},         {100, 17},
		{512, 59},    {1000, 99},    {1024, 100},    {1025, 101},     {2048, 174},     {4096, 303},
		{10240, 639}, {65536, 3023}, {200000, 7899}, {262143, 10000}, {262144, 10000}, {1000000, 10000}};

	test("cpu.shares become cpu.weight as in runc");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		CHECK(cgroup_cpu_weight(pairs[i][0]) == pairs[i][1]);
}

static void check_nothing_asked(void)
{
	static struct request_memory memory = {
		.limit = {true, -1}, .swap = {true, -1}, .disable_oom_killer = {true, false}};
	static struct request_cpu cpu = {.shares = {true, 0}, .quota = {true, 0}};
	static struct request_block_io io = {.weight = {true, 0}};

	reset(HOST_CGROUP_NONE, false);
	request.linux_.resources.memory = &memory;
	request.linux_.resources.cpu = &cpu;
	request.linux_.resources.block_io = &io;
	request.linux_.resources.pids_limit = (struct opt_i64){true, 0};
	EXPECT(make_plan() == 0 && !plan.cgroup.wanted, "zeros and -1, as engines write them, need no cgroup");
}

static void check_bad_limits(void)
{
	static struct request_memory memory;
	static struct request_cpu cpu;

	reset(HOST_CGROUP_V2, true);
	request.linux_.resources.memory = &memory;
	request.linux_.resources.cpu = &cpu;
	memory = (struct request_memory){.limit = {true, 100}, .swap = {true, 99}};
	EXPECT(fails(ERROR_CONFIG, "memory.limit"), "swap below the memory is an error");
	memory = (struct request_memory){.swap = {true, 99}};
	EXPECT(fails(ERROR_CONFIG, "memory.limit"), "swap without a limit of memory is an error");
	memory = (struct request_memory){.limit = {true, -2}};
	EXPECT(fails(ERROR_CONFIG, "memory/limit"), "a negative limit is an error");
	memory = (struct request_memory){0};
	cpu = (struct request_cpu){.realtime_runtime = {true, 5}};
	EXPECT(fails(ERROR_HOST, "cpu/realtimeRuntime"), "real-time is not ignored");
	cpu = (struct request_cpu){.quota = {true, -5}};
	EXPECT(fails(ERROR_CONFIG, "cpu/quota"), "a negative quota is an error");
}

static void check_unified(void)
{
	static const char *const bad[] = {"cgroup.procs", "cgroup.freeze", "a/b.c",      "..", "pids", ".x",
					  "x.",           "a.b c",         "cgroup.kill"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reset(HOST_CGROUP_V2, true);
		*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){bad[i], "1"};
		EXPECT(fails(ERROR_CONFIG, "unified"), "unified: a name that is no limit is refused");
	}
	reset(HOST_CGROUP_V2, true);
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"io.max", "8:0 rbps=1\n8:16 rbps=2\n"};
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"pids.max", "7"};
	request.linux_.resources.pids_limit = (struct opt_i64){true, 9};
	EXPECT(make_plan() == 0 && plan.cgroup.files.count == 3, "unified: a write for each line");
	EXPECT(is(value_of("/sys/fs/cgroup", "pids.max"), "7"), "unified wins over pids.limit, and is written once");
	reset(HOST_CGROUP_V2, true);
	profile.pids = VERDICT_TIGHTEN;
	profile.pids_limit = 5;
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"pids.max", "max"};
	EXPECT(make_plan() == 0 && is(value_of("/sys/fs/cgroup", "pids.max"), "5"),
	       "unified does not go around the ceiling");
	reset(HOST_CGROUP_V2, true);
	profile.realtime = VERDICT_REFUSE;
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"io.prio.class", "promote-to-rt"};
	EXPECT(make_plan() == 0 && plan.refusals.count == 1,
	       "no class of I/O by unified that ioPriority may not ask for");
	reset(HOST_CGROUP_V2, true);
	profile.realtime = VERDICT_TIGHTEN;
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"io.prio.class", "none-to-rt"};
	EXPECT(make_plan() == 0 && is(value_of("/sys/fs/cgroup", "io.prio.class"), ""), "it is taken away");
	reset(HOST_CGROUP_V2, true);
	profile.realtime = VERDICT_REFUSE;
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"io.prio.class", "restrict-to-be"};
	EXPECT(make_plan() == 0 && plan.refusals.count == 0 &&
		       is(value_of("/sys/fs/cgroup", "io.prio.class"), "restrict-to-be"),
	       "a lower class is nobody's loss");
	reset(HOST_CGROUP_V1, true);
	*LIST_ADD(&arena, &request.linux_.resources.unified) = (struct pair){"memory.max", "1"};
	EXPECT(fails(ERROR_HOST, "v2"), "unified is not ignored on v1");
}

/* --- path */

static bool has_path(const char *asked, const char *wanted, size_t ours)
{
	reset(HOST_CGROUP_V2, true);
	request.linux_.resources.pids_limit = (struct opt_i64){true, 9};
	request.linux_.cgroups_path = asked;
	return make_plan() == 0 && is(plan.cgroup.path, wanted) && plan.cgroup.ours == ours;
}

static void check_paths(void)
{
	static const char *const bad[] = {"/", "//", "/../x", "../../x", "a/../../b", "/a/./b", "x\ny", "."};
	char text[400] = "/";

	EXPECT(has_path("/a//b/", "/a/b", 0), "an absolute path");
	EXPECT(has_path("a/b", "/casemate/a/b", 1), "a relative path");
	EXPECT(has_path("", "/casemate-web", 0), "an empty path");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		has_path(bad[i], "", 0);
		EXPECT(err.kind == ERROR_CONFIG, "a path that leads elsewhere is refused");
	}
	memset(text + 1, 'x', 300);
	has_path(text, "", 0);
	EXPECT(err.kind == ERROR_CONFIG, "a component of 300 bytes is refused");
	has_path("system.slice:casemate:web", "", 0);
	EXPECT(err.kind == ERROR_CONFIG, "the form of systemd is for its driver alone");
	reset(HOST_CGROUP_V2, false);
	request.linux_.resources.pids_limit = (struct opt_i64){true, 9};
	EXPECT(make_plan() == 0 && is(plan.cgroup.path, "/user.slice/mine.scope/casemate-web") && plan.cgroup.ours == 0,
	       "without root the cgroup is below the caller's");
}

/* --- the ceiling of processes */

static void with_ceiling(enum host_cgroup cgroup, bool root)
{
	reset(cgroup, root);
	profile.pids = VERDICT_TIGHTEN;
	profile.pids_limit = 1024;
}

static void with_user_namespace(uint32_t host_uid)
{
	plan.namespaces.fresh |= CLONE_NEWUSER;
	*LIST_ADD(&arena, &plan.ids.uid) = (struct request_id_map){.container = 1000, .host = host_uid, .size = 1};
}

static bool has_rlimit(uint64_t soft, uint64_t hard)
{
	return plan.limits.rlimits.count == 1 && plan.limits.rlimits.at[0].type == RLIMIT_NPROC &&
	       plan.limits.rlimits.at[0].limit.rlim_cur == soft && plan.limits.rlimits.at[0].limit.rlim_max == hard &&
	       !plan.cgroup.wanted;
}

static void check_ceiling_by_rlimit(void)
{
	with_ceiling(HOST_CGROUP_V1, false);
	with_user_namespace(1000);
	EXPECT(make_plan() == 0 && has_rlimit(1024, 1024) && plan.tightened.count == 1,
	       "a new user namespace counts by rlimit");
	with_ceiling(HOST_CGROUP_V1, false);
	with_user_namespace(1000);
	*LIST_ADD(&arena, &request.process.rlimits) =
		(struct request_rlimit){.type = RLIMIT_NPROC, .soft = 10, .hard = 5000};
	EXPECT(make_plan() == 0 && has_rlimit(10, 1024), "the config's own rlimit is only lowered");
	with_ceiling(HOST_CGROUP_V1, false);
	with_user_namespace(1000);
	*LIST_ADD(&arena, &request.process.rlimits) =
		(struct request_rlimit){.type = RLIMIT_NPROC, .soft = 10, .hard = 20};
	EXPECT(make_plan() == 0 && plan.limits.rlimits.count == 0 && !plan.cgroup.wanted,
	       "a lower one of the config stays");
	with_ceiling(HOST_CGROUP_V1, true);
	with_user_namespace(0);
	EXPECT(make_plan() == 0 && plan.limits.rlimits.count == 0 &&
		       is(value_of("/sys/fs/cgroup/pids", "pids.max"), "1024"),
	       "rlimits do not count the host's root");
	with_ceiling(HOST_CGROUP_V1, true);
	with_user_namespace(1000);
	plan.ids.uid.at[0].size = 1000;
	request.process.capabilities.bounding = 1ULL << CAP_SETUID;
	EXPECT(make_plan() == 0 && plan.limits.rlimits.count == 0 && plan.cgroup.wanted,
	       "one who can change users is not counted once");
	with_ceiling(HOST_CGROUP_V1, false);
	with_user_namespace(1000);
	host.kernel = 5 << 16 | 10;
	EXPECT(make_plan() == 0 && plan.limits.rlimits.count == 0 && plan.notes.count == 1,
	       "an old kernel: it is said");
}

static void check_ceiling(void)
{
	with_ceiling(HOST_CGROUP_V1, true);
	EXPECT(make_plan() == 0 && is(value_of("/sys/fs/cgroup/pids", "pids.max"), "1024") && plan.tightened.count == 1,
	       "no limit becomes the profile's");
	with_ceiling(HOST_CGROUP_V1, true);
	request.linux_.resources.pids_limit = (struct opt_i64){true, 2000};
	EXPECT(make_plan() == 0 && is(value_of("/sys/fs/cgroup/pids", "pids.max"), "1024"),
	       "a higher limit is lowered");
	with_ceiling(HOST_CGROUP_V1, true);
	request.linux_.resources.pids_limit = (struct opt_i64){true, 10};
	EXPECT(make_plan() == 0 && is(value_of("/sys/fs/cgroup/pids", "pids.max"), "10") && plan.tightened.count == 0,
	       "a lower limit stays");
	with_ceiling(HOST_CGROUP_V1, true);
	profile.pids = VERDICT_REFUSE;
	EXPECT(make_plan() == 0 && plan.refusals.count == 1, "a profile may refuse");
	with_ceiling(HOST_CGROUP_NONE, true);
	EXPECT(make_plan() == 0 && !plan.cgroup.wanted && plan.notes.count > 0, "a host without cgroups: it is said");
	reset(HOST_CGROUP_NONE, true);
	request.linux_.resources.pids_limit = (struct opt_i64){true, 10};
	EXPECT(fails(ERROR_HOST, "pids"), "asked for, and a host without cgroups: an error");
	reset(HOST_CGROUP_V1, false);
	request.linux_.resources.pids_limit = (struct opt_i64){true, 10};
	EXPECT(fails(ERROR_HOST, "pids") && strstr(err.hint, "Delegate=yes") != NULL,
	       "asked for without root: the remedy");
}

/* --- devices: a small interpreter of what the compiler uses */

static bool is_taken(uint8_t op, uint64_t left, uint64_t right)
{
	return op == BPF_JNE ? left != right : op == BPF_JEQ ? left == right : op == BPF_JA;
}

static uint64_t compute(uint8_t op, uint64_t left, uint64_t right)
{
	switch (op) {
	case BPF_MOV:
		return right;
	case BPF_AND:
		return left & right;
	default:
		return left >> right;
	}
}

/* The program's answer; -1 when it leaves the code. */
static int interpret(const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t registers[16] = {0};

	for (uint32_t at = 0; at < plan.cgroup.program_length; at++) {
		const struct bpf_insn *i = &plan.cgroup.program[at];
		uint32_t skipped = i->off < 0 ? UINT32_MAX : (uint32_t)i->off;
		uint64_t right = BPF_SRC(i->code) == BPF_X ? registers[i->src_reg] : (uint32_t)i->imm;

		if (BPF_CLASS(i->code) == BPF_LDX)
			registers[i->dst_reg] = *(const uint32_t *)((const char *)context + i->off);
		else if (i->code == (BPF_JMP | BPF_EXIT))
			return (int)registers[BPF_REG_0];
		else if (BPF_CLASS(i->code) == BPF_JMP32) {
			if (is_taken(BPF_OP(i->code), (uint32_t)registers[i->dst_reg], (uint32_t)right))
				at += skipped;
		} else
			registers[i->dst_reg] = (uint32_t)compute(BPF_OP(i->code), registers[i->dst_reg], right);
	}
	return -1;
}

static bool program_allows(char type, uint32_t major, uint32_t minor, uint32_t access)
{
	uint32_t kernel = ((access & DEVICE_READ) != 0 ? BPF_DEVCG_ACC_READ : 0) |
			  ((access & DEVICE_WRITE) != 0 ? BPF_DEVCG_ACC_WRITE : 0) |
			  ((access & DEVICE_MKNOD) != 0 ? BPF_DEVCG_ACC_MKNOD : 0);
	struct bpf_cgroup_dev_ctx context = {
		.access_type = kernel << 16 | (type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
		.major = major,
		.minor = minor,
	};

	return interpret(&context) == 1;
}

/* The meaning of the rules, said in another way: each access by itself is what the last rule for it says. */
static bool rules_allow(char type, uint32_t major, uint32_t minor, uint32_t access)
{
	for (uint32_t bit = 1; bit <= DEVICE_MKNOD; bit <<= 1) {
		bool allowed = false;

		for (size_t i = 0; i < plan.cgroup.rules.count; i++) {
			const struct plan_cgroup_rule *rule = &plan.cgroup.rules.at[i];
			bool numbers =
				(rule->major < 0 || rule->major == major) && (rule->minor < 0 || rule->minor == minor);

			if (rule->type == 'a' || (rule->type == type && numbers && (rule->access & bit) != 0))
				allowed = rule->allow;
		}
		if ((access & bit) != 0 && !allowed)
			return false;
	}
	return true;
}

static void add_rule(bool allow, char type, int64_t major, int64_t minor, uint32_t access)
{
	*LIST_ADD(&arena, &request.linux_.resources.devices) =
		(struct request_device_rule){.allow = allow,
					     .type = type,
					     .major = {major >= 0, major},
					     .minor = {minor >= 0, minor},
					     .access = access};
}

static int wrong_answers(void)
{
	static const uint32_t numbers[] = {0, 1, 2, 3, 4, 5, 8, 136, 4294967295U};
	const size_t count = sizeof(numbers) / sizeof(numbers[0]);
	int wrong = 0;

	for (size_t i = 0; i < count * count; i++)
		for (uint32_t access = 1; access < 8; access++)
			for (const char *type = "bc"; *type != '\0'; type++)
				wrong += program_allows(*type, numbers[i / count], numbers[i % count], access) !=
					 rules_allow(*type, numbers[i / count], numbers[i % count], access);
	return wrong;
}

static int64_t random_number(void)
{
	static const int64_t numbers[] = {-1, 0, 1, 3, 5, 8, 4294967295};

	return numbers[(size_t)random() % (sizeof(numbers) / sizeof(numbers[0]))];
}

static void check_program(void)
{
	int wrong = 0;

	srandom(1);
	for (int i = 0; i < 200; i++) {
		reset(HOST_CGROUP_V2, true);
		profile.devices = i % 2 == 0 ? VERDICT_ALLOW : VERDICT_TIGHTEN;
		for (long rules = random() % 6; rules >= 0; rules--)
			add_rule(random() % 2 == 0, "abc"[random() % 3], random_number(), random_number(),
				 (uint32_t)(1 + random() % 7));
		if (make_plan() < 0 || (plan.cgroup.devices && plan.cgroup.program == NULL))
			wrong++;
		else if (plan.cgroup.devices)
			wrong += wrong_answers();
	}
	EXPECT(wrong == 0, "200 programs answer as their rules say");
}

static void check_default_rules(void)
{
	reset(HOST_CGROUP_V2, true);
	profile.devices = VERDICT_REFUSE;
	add_rule(false, 'a', -1, -1, 7);
	EXPECT(make_plan() == 0 && plan.cgroup.devices && plan.refusals.count == 0,
	       "the rules of `spec` are carried out");
	EXPECT(program_allows('c', 1, 3, 7) && program_allows('c', 136, 77, 7),
	       "null and pseudo-terminals are allowed");
	EXPECT(!program_allows('c', 1, 1, 1) && !program_allows('b', 1, 3, 1) && !program_allows('b', 8, 0, 1),
	       "memory and disks are not");
	EXPECT(!program_allows('c', 10, 200, 1) && !program_allows('c', 8, 0, 4), "neither is tun, nor making nodes");
	reset(HOST_CGROUP_V2, true);
	add_rule(false, 'a', -1, -1, 7);
	EXPECT(make_plan() == 0 && program_allows('b', 8, 0, 4) && !program_allows('b', 8, 0, 5),
	       "privileged: nodes can be made, but not opened");
	reset(HOST_CGROUP_NONE, true);
	add_rule(true, 'a', -1, -1, 7);
	EXPECT(make_plan() == 0 && !plan.cgroup.wanted, "rules that allow everything need no cgroup");
	reset(HOST_CGROUP_NONE, true);
	add_rule(false, 'a', -1, -1, 7);
	EXPECT(fails(ERROR_HOST, "devices"), "rules that cannot be carried out stop the launch");
	reset(HOST_CGROUP_V2, false);
	add_rule(false, 'a', -1, -1, 7);
	EXPECT(make_plan() == 0 && !plan.cgroup.wanted && plan.notes.count == 1, "without root: it is said");
}

static void check_rules_ceiling(void)
{
	reset(HOST_CGROUP_V2, true);
	profile.devices = VERDICT_REFUSE;
	add_rule(true, 'b', 8, 0, 3);
	EXPECT(make_plan() == 0 && plan.refusals.count == 1, "a disk is refused");
	reset(HOST_CGROUP_V2, true);
	profile.devices = VERDICT_REFUSE;
	add_rule(true, 'a', -1, -1, 7);
	EXPECT(make_plan() == 0 && plan.refusals.count == 1, "everything is refused");
	reset(HOST_CGROUP_V2, true);
	profile.devices = VERDICT_REFUSE;
	add_rule(true, 'c', -1, -1, 4);
	EXPECT(make_plan() == 0 && plan.refusals.count == 0 && plan.tightened.count == 1 &&
		       !program_allows('c', 9, 9, 4),
	       "making every node is taken away");
}

static void check_no_rules(void)
{
	reset(HOST_CGROUP_V2, true);
	EXPECT(make_plan() == 0 && plan.cgroup.devices && !program_allows('b', 8, 0, 1) && program_allows('b', 8, 0, 4),
	       "privileged, no rules: as runc, what is not named is denied");
	reset(HOST_CGROUP_V2, true);
	profile.devices = VERDICT_REFUSE;
	EXPECT(make_plan() == 0 && !plan.cgroup.devices, "a ceiling, no rules and no CAP_MKNOD: none are needed");
	reset(HOST_CGROUP_V2, true);
	profile.devices = VERDICT_REFUSE;
	profile.capabilities_allowed = request.process.capabilities.bounding = 1ULL << CAP_MKNOD;
	EXPECT(make_plan() == 0 && plan.cgroup.devices && !program_allows('b', 8, 0, 4) &&
		       !program_allows('c', 1, 1, 4) && program_allows('c', 1, 3, 7),
	       "a ceiling and CAP_MKNOD: only the container's own devices can be made");
	reset(HOST_CGROUP_V2, true);
	request.sandbox.given = true;
	EXPECT(make_plan() == 0 && !plan.cgroup.wanted, "a sandbox without limits has no cgroup");
}

static void check_rules_v1(void)
{
	char text[CGROUP_RULE_BYTES];

	reset(HOST_CGROUP_V1, true);
	add_rule(true, 'c', 10, -1, 3);
	add_rule(false, 'c', 10, 229, 7);
	EXPECT(fails(ERROR_HOST, "devices/1"), "v1: an exception from an exception is not carried out wrongly");
	reset(HOST_CGROUP_V1, true);
	add_rule(true, 'c', 10, 229, 3);
	add_rule(false, 'c', 10, 229, 2);
	EXPECT(make_plan() == 0 && plan.cgroup.devices && plan.cgroup.program == NULL,
	       "v1: the same numbers can be taken back");
	EXPECT(is(cgroup_rule_text(&plan.cgroup.rules.at[0], text), "a"), "v1: all");
	EXPECT(is(cgroup_rule_text(&plan.cgroup.rules.at[1], text), "c 10:229 rw"), "v1: a rule");
	EXPECT(is(cgroup_rule_text(&plan.cgroup.rules.at[plan.cgroup.rules.count - 1], text), "b *:* m"),
	       "v1: any number");
}

int main(void)
{
	check_v1();
	check_v2();
	check_weights();
	check_nothing_asked();
	check_bad_limits();
	check_unified();
	check_paths();
	check_ceiling_by_rlimit();
	check_ceiling();
	check_default_rules();
	check_rules_ceiling();
	check_no_rules();
	check_rules_v1();
	check_program();
	return check_done();
}
