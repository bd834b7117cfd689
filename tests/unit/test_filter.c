// SPDX-License-Identifier: Apache-2.0
/* Rules, compiler, simulation and check of seccomp filters; nothing is loaded here (test_filter_live.c does that). */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "filter_build.h"
#include "parts/filter_report.h"

/* --- random rules --- */

static struct request_seccomp *random_request(const uint32_t *ops, size_t op_count, size_t action_count)
{
	static const uint32_t actions[] = {SECCOMP_ALLOW, SECCOMP_ERRNO, SECCOMP_KILL_PROCESS};
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	long rules = 1 + random() % 6;

	for (long i = 0; i < rules; i++) {
		struct request_seccomp_rule *rule =
			add_rule(request, "socket", actions[(size_t)random() % action_count]);
		uint32_t first = (uint32_t)random() % 3;
		long args = 1 + random() % 2;

		rule->errno_ret = (struct opt_u32){rule->action == SECCOMP_ERRNO, 77};
		for (long k = 0; k < args; k++) {
			uint32_t op = ops[(size_t)random() % op_count];
			uint64_t value = random_value();

			add_arg(rule, (first + (uint32_t)k) % 3, op, value,
				op == SECCOMP_MASKED_EQ ? random_value() & value : 0);
		}
	}
	return request;
}

static void random_args(uint64_t args[FILTER_ARGS])
{
	for (int i = 0; i < FILTER_ARGS; i++)
		args[i] = random_value();
}

/* How many of @calls random calls one random filter answers otherwise than its rules say; @calls when it is refused. */
static int wrong_answers(int calls)
{
	static const uint32_t ops[] = {SECCOMP_NE, SECCOMP_LT, SECCOMP_LE,       SECCOMP_EQ,
				       SECCOMP_GE, SECCOMP_GT, SECCOMP_MASKED_EQ};
	struct request_seccomp *request = random_request(ops, 7, 3);
	uint64_t args[FILTER_ARGS];
	struct built built;
	int wrong = 0;

	if (build(request, &built) < 0) {
		printf("# %s\n", err.what);
		return calls;
	}
	for (int i = 0; i < calls; i++) {
		random_args(args);
		wrong += ask(&built, AUDIT_ARCH_X86_64, 41, args) != opinion(request, 41, args);
	}
	return wrong;
}

static void check_random_rules(void)
{
	int wrong = 0;

	for (int round = 0; round < 2000; round++) {
		struct arena start = arena;

		wrong += wrong_answers(200);
		forget_since(start);
	}
	test("2,000 random filters with all operators answer 400,000 random calls as their rules say");
	CHECK(wrong == 0);
}

/* --- rules that are nearly the same --- */

/* Of few words, so that many rules differ in their last comparison alone, and some by chance in nothing. */
static struct request_seccomp *similar_request(void)
{
	static const uint64_t masks[] = {0, 0x3, 0xf0, UINT32_MAX, UINT64_MAX, 0x300000000};
	static const uint32_t ops[] = {SECCOMP_EQ, SECCOMP_EQ,        SECCOMP_NE,
				       SECCOMP_GE, SECCOMP_MASKED_EQ, SECCOMP_MASKED_EQ};
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);

	for (long i = 2 + random() % 8; i > 0; i--) {
		struct request_seccomp_rule *rule =
			add_rule(request, "socket", random() % 4 == 0 ? SECCOMP_KILL_PROCESS : SECCOMP_ALLOW);
		uint64_t mask = masks[random() % 6];
		uint32_t op = ops[random() % 6];

		if (random() % 3 > 0)
			add_arg(rule, 0, SECCOMP_EQ, (uint64_t)random() % 2, 0);
		if (random() % 4 == 0)
			add_arg(rule, 1, SECCOMP_MASKED_EQ, 0xf0, (uint64_t)(random() % 2) << 4);
		if (op == SECCOMP_MASKED_EQ)
			add_arg(rule, 2, op, mask, random_value() & (random() % 8 == 0 ? UINT64_MAX : mask));
		else
			add_arg(rule, 2, op, (uint64_t)random() % 4, 0);
	}
	return request;
}

static int wrong_similar(void)
{
	struct request_seccomp *request = similar_request();
	uint64_t args[FILTER_ARGS] = {0};
	struct built built;
	int wrong = 0;

	if (build(request, &built) < 0) {
		printf("# %s\n", err.what);
		return 1;
	}
	for (int i = 0; i < 200; i++) {
		args[0] = (uint64_t)random() % 3;
		args[1] = (uint64_t)(random() % 3) << 4 | (uint64_t)random() % 2;
		args[2] = i % 2 == 0 ? random_value() : (uint64_t)random() % 5;
		wrong += ask(&built, AUDIT_ARCH_X86_64, 41, args) != opinion(request, 41, args);
	}
	return wrong;
}

static uint32_t length_of(const struct request_seccomp *request)
{
	struct built built;

	return build(request, &built) == 0 ? built.length : 0;
}

static void check_similar_rules(void)
{
	struct request_seccomp *pairs = new_request(SECCOMP_ERRNO), *masked = new_request(SECCOMP_ERRNO);
	int wrong = 0;

	for (int round = 0; round < 2000; round++) {
		struct arena start = arena;

		wrong += wrong_similar();
		forget_since(start);
	}
	test("2,000 filters of rules that are nearly the same answer 400,000 calls as their rules say");
	CHECK(wrong == 0);
	for (uint64_t i = 0; i < 6; i++) {
		struct request_seccomp_rule *rule = add_rule(pairs, "socket", SECCOMP_ALLOW);

		add_arg(rule, 0, SECCOMP_EQ, 2, 0);
		add_arg(rule, 2, SECCOMP_EQ, i * 5, 0);
		add_arg(add_rule(masked, "mknod", SECCOMP_ALLOW), 1, SECCOMP_MASKED_EQ, 0xf000, i << 12);
	}
	test("what they have in common is compared once");
	CHECK(length_of(pairs) > 0 && length_of(pairs) < 30);
	CHECK(length_of(masked) > 0 && length_of(masked) < 25);
}

/* --- libseccomp as a second opinion --- */

static struct sock_filter *export_oracle(const struct request_seccomp *request)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	struct sock_filter *code = arena_alloc(&arena, BPF_MAXINSNS * sizeof(*code));
	int fd = memfd_create("oracle", MFD_CLOEXEC);

	for (size_t i = 0; i < request->syscalls.count; i++) {
		const struct request_seccomp_rule *rule = &request->syscalls.at[i];
		struct scmp_arg_cmp cmps[2];

		for (size_t k = 0; k < rule->args.count; k++)
			cmps[k] = (struct scmp_arg_cmp){
				.arg = rule->args.at[k].index,
				.op = rule->args.at[k].op == SECCOMP_EQ ? SCMP_CMP_EQ : SCMP_CMP_MASKED_EQ,
				.datum_a = rule->args.at[k].value,
				.datum_b = rule->args.at[k].value_two,
			};
		/* A rule that repeats another is refused as such, which changes nothing. */
		seccomp_rule_add_array(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), (unsigned)rule->args.count, cmps);
	}
	bool good = seccomp_export_bpf(context, fd) == 0 && pread(fd, code, BPF_MAXINSNS * sizeof(*code), 0) > 0;
	seccomp_release(context);
	close(fd);
	return good ? code : NULL;
}

/* Counts random calls of one random filter, and those that libseccomp's filter of the same rules answers otherwise. */
static void compare_with_oracle(int *compared, int *different)
{
	static const uint32_t ops[] = {SECCOMP_EQ, SECCOMP_MASKED_EQ};
	struct request_seccomp *request = random_request(ops, 2, 1);
	struct sock_filter *oracle = export_oracle(request);
	uint64_t args[FILTER_ARGS];
	struct built built;

	if (oracle == NULL || build(request, &built) < 0)
		return;
	for (int i = 0; i < 200; i++, ++*compared) {
		struct seccomp_data data = {.nr = SCMP_SYS(socket), .arch = syscalls_audit_arch(syscalls_native())};

		random_args(args);
		for (int k = 0; k < FILTER_ARGS; k++)
			data.args[k] = args[k];
		*different += ask(&built, AUDIT_ARCH_X86_64, 41, args) != run_bpf(oracle, &data);
	}
}

static void check_oracle(void)
{
	int compared = 0, different = 0;

	for (int round = 0; round < 300; round++) {
		struct arena start = arena;

		compare_with_oracle(&compared, &different);
		forget_since(start);
	}
	test("libseccomp gives its opinion on random rules of equality and masks");
	CHECK(compared > 50000);
	test("it is the same as ours");
	CHECK(different == 0);
}

/* --- what rules mean --- */

static void check_order(void)
{
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	struct request_seccomp_rule *rule;
	struct built built;

	rule = add_rule(request, "socket", SECCOMP_ALLOW);
	add_arg(rule, 0, SECCOMP_GE, 5, 0);
	add_arg(rule, 0, SECCOMP_LE, 9, 0);
	rule = add_rule(request, "socket", SECCOMP_KILL_PROCESS);
	add_arg(rule, 0, SECCOMP_EQ, 7, 0);
	add_arg(rule, 1, SECCOMP_EQ, 1, 0);
	rule = add_rule(request, "socket", SECCOMP_KILL_PROCESS);
	add_arg(rule, 0, SECCOMP_EQ, 10, 0);
	add_rule(request, "socket", SECCOMP_ALLOW);
	rule = add_rule(request, "socket", SECCOMP_ERRNO);
	rule->errno_ret = (struct opt_u32){true, 33};
	add_rule(request, "listen", SECCOMP_ALLOW);
	test("a filter with overlapping rules compiles");
	CHECK(build(request, &built) == 0);
	test("the first rule that holds decides");
	CHECK(ask_name(&built, "socket", 7, 1, 0) == SECCOMP_RET_ALLOW);
	test("two comparisons of one argument must both hold");
	CHECK(ask_name(&built, "socket", 10, 0, 0) == SECCOMP_RET_KILL_PROCESS);
	test("of two rules without comparisons the more restrictive one decides");
	CHECK(ask_name(&built, "socket", 11, 0, 0) == ERRNO(33));
	test("a call that is not named gets the default action");
	CHECK(ask_name(&built, "bind", 0, 0, 0) == ERRNO(EPERM));
	test("numbers above the highest named one answer ENOSYS");
	CHECK(ask_name(&built, "listen", 0, 0, 0) == SECCOMP_RET_ALLOW &&
	      ask(&built, AUDIT_ARCH_X86_64, 51, NULL) == ERRNO(ENOSYS));
}

static void check_archs(void)
{
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	struct built built;

	add_rule(request, "getpid", SECCOMP_ALLOW);
	add_rule(request, "socket", SECCOMP_ALLOW);
	CHECK(build(request, &built) == 0);
	test("i386 is killed");
	CHECK(ask(&built, AUDIT_ARCH_I386, 20, NULL) == SECCOMP_RET_KILL_PROCESS);
	test("another machine's is killed");
	CHECK(ask(&built, AUDIT_ARCH_AARCH64, 172, NULL) == SECCOMP_RET_KILL_PROCESS);
	test("x32 is killed");
	CHECK(ask(&built, AUDIT_ARCH_X86_64, SYSCALLS_X32_BIT + 39, NULL) == SECCOMP_RET_KILL_PROCESS);
	test("-1, a skipped call, is not");
	CHECK(ask(&built, AUDIT_ARCH_X86_64, UINT32_MAX, NULL) == ERRNO(ENOSYS));
	*LIST_ADD(&arena, &request->architectures) = SCMP_ARCH_X86;
	*LIST_ADD(&arena, &request->architectures) = SCMP_ARCH_X32;
	*LIST_ADD(&arena, &request->architectures) = SCMP_ARCH_X86_64;
	*LIST_ADD(&arena, &request->architectures) = SCMP_ARCH_ARM;
	CHECK(build(request, &built) == 0);
	test("i386 has its own numbers when listed");
	CHECK(ask(&built, AUDIT_ARCH_I386, 20, NULL) == SECCOMP_RET_ALLOW);
	test("i386: socket(2) has a number of its own");
	CHECK(ask(&built, AUDIT_ARCH_I386, 359, NULL) == SECCOMP_RET_ALLOW);
	test("i386: getpid's number on x86_64 is mkdir");
	CHECK(ask(&built, AUDIT_ARCH_I386, 39, NULL) == ERRNO(EPERM));
	test("i386 has its own highest number");
	CHECK(ask(&built, AUDIT_ARCH_I386, 360, NULL) == ERRNO(ENOSYS));
	test("x32 works when listed");
	CHECK(ask(&built, AUDIT_ARCH_X86_64, SYSCALLS_X32_BIT + 39, NULL) == SECCOMP_RET_ALLOW);
	test("x32 has its own, too");
	CHECK(ask(&built, AUDIT_ARCH_X86_64, SYSCALLS_X32_BIT + 42, NULL) == ERRNO(ENOSYS));
	test("an architecture that cannot run here is reported and stays killed");
	CHECK(ask(&built, AUDIT_ARCH_ARM, 20, NULL) == SECCOMP_RET_KILL_PROCESS && built.rules.foreign.count == 1);
}

static void check_names(void)
{
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	struct built built;

	add_rule(request, "no_such_call", SECCOMP_ALLOW);
	add_rule(request, "arm_fadvise64_64", SECCOMP_ALLOW);
	add_rule(request, "riscv_hwprobe", SECCOMP_ALLOW);
	add_rule(request, "mseal", SECCOMP_ALLOW);
	CHECK(build(request, &built) == 0);
	test("only a name that no architecture has is unknown");
	CHECK(built.rules.unknown.count == 1 && strcmp(built.rules.unknown.at[0], "no_such_call") == 0);
	test("a call newer than libseccomp is found");
	CHECK(ask(&built, AUDIT_ARCH_X86_64, 462, NULL) == SECCOMP_RET_ALLOW);
	test("unknown names allow nothing");
	CHECK(ask(&built, AUDIT_ARCH_X86_64, UINT32_MAX, NULL) != SECCOMP_RET_ALLOW &&
	      ask(&built, AUDIT_ARCH_X86_64, UINT32_MAX - 1, NULL) == SECCOMP_RET_KILL_PROCESS);
}

static void check_refused(void)
{
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	struct request_seccomp_rule *rule = add_rule(request, "socket", SECCOMP_NOTIFY);
	struct built built;

	test("SCMP_ACT_NOTIFY asks a listener");
	CHECK(build(request, &built) == 0 && ask(&built, AUDIT_ARCH_X86_64, 41, NULL) == SECCOMP_RET_USER_NOTIF);
	rule->action = SECCOMP_ERRNO;
	rule->errno_ret = (struct opt_u32){true, 4096};
	test("an errno above 4095 is refused");
	CHECK(build(request, &built) < 0 && err.kind == ERROR_CONFIG);
	rule->action = SECCOMP_ALLOW;
	rule->errno_ret.value = 1;
	test("errnoRet with ALLOW is refused, and it is said where that stands");
	CHECK(build(request, &built) < 0 && err.kind == ERROR_CONFIG);
	CHECK(strncmp(err.what, "test/syscalls/0: ", strlen("test/syscalls/0: ")) == 0);
	rule->errno_ret.set = false;
	add_arg(rule, 6, SECCOMP_EQ, 0, 0);
	test("a seventh argument is refused");
	CHECK(build(request, &built) < 0 && err.kind == ERROR_CONFIG);
	request = new_request(SECCOMP_ERRNO);
	for (uint64_t i = 0; i < 3000; i++)
		add_arg(add_rule(request, "socket", i % 2 ? SECCOMP_ALLOW : SECCOMP_ERRNO), 0, SECCOMP_EQ, i * i, 0);
	test("more than 4,096 instructions are refused");
	CHECK(build(request, &built) < 0 && err.kind == ERROR_CONFIG);
	for (uint64_t i = 0; i < 3000; i++)
		add_arg(add_rule(request, "socket", SECCOMP_ALLOW), 0, SECCOMP_LT, i, 0);
	test("so are more than 4,096 rules");
	CHECK(build(request, &built) < 0 && strstr(err.what, "rules with args") != NULL);
}

static void check_thousand(void)
{
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	struct built built;
	uint64_t args[FILTER_ARGS] = {0};
	int wrong = 0;

	for (uint64_t i = 0; i < 1000; i++)
		add_arg(add_rule(request, "ioctl", SECCOMP_ALLOW), 1, SECCOMP_EQ, 0x5000 + i * 7919 % 100003, 0);
	test("1,000 values of one argument fit");
	CHECK(build(request, &built) == 0);
	printf("# %u instructions\n", built.length);
	for (uint64_t i = 0x4fff; i < 0x20000; i += 3) {
		args[1] = i;
		wrong += ask(&built, AUDIT_ARCH_X86_64, 16, args) != opinion(request, 16, args);
	}
	test("and are told apart");
	CHECK(wrong == 0);
}

static void check_invalid(void)
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_filter endless[] = {BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), allow};
	const struct sock_filter outside[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), allow};
	const struct sock_filter beyond[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), allow};
	const struct sock_filter unaligned[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), allow};

	CHECK(filter_valid(&allow, 1) && !filter_valid(&allow, 0));
	CHECK(!filter_valid(endless, 2) && !filter_valid(endless, 1) && !filter_valid(outside, 2));
	CHECK(!filter_valid(beyond, 2) && !filter_valid(unaligned, 2));
}

/* --- the filter of --report, which is for the machine that it runs on --- */

static uint32_t asked_instead(uint32_t answer)
{
	return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? SECCOMP_RET_USER_NOTIF : answer;
}

static int make_asking(const struct built *built, const uint32_t *watched, size_t count, struct filter_asking *ret)
{
	const struct plan_filter judge = {.code = built->code, .length = built->length};

	return filter_report_program(&judge, watched, count, &arena, ret, &err);
}

/* About a call that is let through, only where it is watched. */
static bool rightly_asked(const struct built *built, const struct seccomp_data *data, uint32_t watched)
{
	return (uint32_t)data->nr == watched && data->arch == syscalls_audit_arch(syscalls_native()) &&
	       filter_report_errno(built->code, data) == -1;
}

/* How many of @calls random calls the filter that asks answers otherwise than it should, or are denied otherwise. */
static int wrong_reports(int calls, int *watched_asked)
{
	static const uint32_t ops[] = {SECCOMP_NE, SECCOMP_LT, SECCOMP_GE, SECCOMP_EQ, SECCOMP_MASKED_EQ};
	const uint32_t native = syscalls_audit_arch(syscalls_native());
	const uint32_t archs[] = {native, native, native, AUDIT_ARCH_I386};
	const uint32_t watched = SYS_socket - 1 + (uint32_t)(random() % 3);
	struct filter_asking asking;
	struct built built;
	int wrong = 0;

	if (build_for(random_request(ops, 5, 3), syscalls_native(), &built) < 0 ||
	    make_asking(&built, &watched, 1, &asking) < 0)
		return calls;
	for (int i = 0; i < calls; i++) {
		struct seccomp_data data = {.nr = SYS_socket - 1 + (int)(random() % 3), .arch = archs[random() % 4]};

		for (int k = 0; k < FILTER_ARGS; k++)
			data.args[k] = random_value();
		uint32_t judged = run_bpf(built.code, &data), asked = run_bpf(asking.code, &data);

		if (asked == SECCOMP_RET_USER_NOTIF && judged == SECCOMP_RET_ALLOW) {
			wrong += !rightly_asked(&built, &data, watched);
			++*watched_asked;
			continue;
		}
		wrong += asked != asked_instead(judged) ||
			 (asked == SECCOMP_RET_USER_NOTIF &&
			  ERRNO((uint32_t)filter_report_errno(built.code, &data)) != judged);
	}
	return wrong;
}

static void check_reports(void)
{
	int wrong = 0, watched = 0;

	for (int round = 0; round < 500; round++) {
		struct arena start = arena;

		wrong += wrong_reports(200, &watched);
		forget_since(start);
	}
	test("--report: 500 filters ask where they gave an errno, and 100,000 calls get the errno they got");
	CHECK(wrong == 0);
	test("--report: so many of them were let through and asked about, each one watched");
	CHECK(watched > 20 && wrong == 0);
}

/* How many of all changes of one bit of @asking pass as what --report may load. */
static int changes_unseen(const struct built *built, struct filter_asking *asking)
{
	int unseen = 0;

	for (uint32_t i = 0; i < asking->length; i++) {
		struct sock_filter whole = asking->code[i];

		for (unsigned bit = 0; bit < 8 * sizeof(whole); bit++) {
			((unsigned char *)&asking->code[i])[bit / 8] ^= (unsigned char)(1U << bit % 8);
			unseen += filter_report_check(built->code, built->length, asking, &err) == 0;
			asking->code[i] = whole;
		}
	}
	return unseen;
}

static void check_report_proof(void)
{
	struct request_seccomp *request = new_request(SECCOMP_ERRNO);
	struct filter_asking asking, unchanged;
	uint32_t watched[] = {SYS_getpid, SYS_getpid, SYS_socket, SYS_mount};
	struct built built;

	add_rule(request, "getpid", SECCOMP_ALLOW);
	add_rule(request, "mount", SECCOMP_KILL_PROCESS);
	add_arg(add_rule(request, "socket", SECCOMP_ALLOW), 0, SECCOMP_EQ, 1, 0);
	CHECK(build_for(request, syscalls_native(), &built) == 0);
	CHECK(make_asking(&built, watched, 4, &asking) == 0);
	test("--report: of the calls that are watched, only those are asked about that are allowed with any argument");
	CHECK(asking.length == built.length + 6);
	test("--report: the filter itself, which asks nobody, is refused");
	unchanged = (struct filter_asking){built.code, built.length};
	CHECK(filter_report_check(built.code, built.length, &unchanged, &err) < 0 && err.kind == ERROR_BUG);
	test("--report: any single bit changed in the filter that asks is refused");
	CHECK(filter_report_check(built.code, built.length, &asking, &err) == 0 &&
	      changes_unseen(&built, &asking) == 0);
	test("--report: a filter that asks somebody already is refused");
	request->syscalls.at[0].action = SECCOMP_NOTIFY;
	CHECK(build_for(request, syscalls_native(), &built) == 0 && make_asking(&built, watched, 4, &asking) < 0);
}

int main(void)
{
	if (arena_create(&arena, &err) < 0)
		return 1;
	srandom(20260101);
	check_order();
	check_archs();
	check_names();
	check_refused();
	check_thousand();
	check_invalid();
	check_oracle();
	check_random_rules();
	check_similar_rules();
	check_report_proof();
	check_reports();
	arena_destroy(&arena);
	return check_done();
}
