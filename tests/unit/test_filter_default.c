// SPDX-License-Identifier: Apache-2.0
/* The default seccomp profile, number by number; and that the check of compiled filters notices a wrong bit in it. */
#include <sys/syscall.h>

#include "check.h"
#include "config/builtin.h"
#include "config/oci.h"
#include "filter_build.h"
#include "parts/filter_builtin.h"
#include "parts/filter_summary.h"

static struct request_seccomp *default_request(void)
{
	struct request_seccomp *request = arena_alloc(&arena, sizeof(*request));
	struct oci_seccomp_text file = {.name = "profiles/seccomp/default.json"};

	file.text = builtin_text("seccomp/default", &file.length);
	if (file.text == NULL || oci_parse_seccomp(&file, &arena, request, &err) < 0)
		return NULL;
	return request;
}

static const char allowed[] =
	"read openat2 execve futex_waitv clone seccomp landlock_restrict_self prctl io_submit "
	"faccessat2 fchmodat2 close_range rseq mseal setxattrat epoll_pwait2 uretprobe personality "
	"mknodat memfd_create";
static const char denied[] =
	"mount umount2 pivot_root chroot unshare setns open_tree open_tree_attr move_mount fsopen "
	"fsmount fsconfig fspick mount_setattr ptrace process_vm_readv process_vm_writev kcmp "
	"pidfd_getfd bpf perf_event_open userfaultfd keyctl add_key request_key open_by_handle_at "
	"name_to_handle_at kexec_load kexec_file_load init_module finit_module delete_module reboot "
	"swapon quotactl acct syslog settimeofday clock_settime iopl ioperm modify_ldt fanotify_init "
	"sethostname";
static const char absent[] = "clone3 io_uring_setup io_uring_enter io_uring_register memfd_secret statmount listns "
			     "lsm_list_modules";

/* Whether every call of the list, without arguments, is answered with @wanted. */
static bool all_answer(const struct built *built, const char *list, uint32_t wanted)
{
	char *names = arena_strdup(&arena, list), *rest = NULL;
	bool good = true;

	for (char *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
		uint32_t answer = ask_name(built, name, 0, 0, 0);

		if (answer != wanted)
			printf("# %s answers %#x\n", name, answer);
		good = good && answer == wanted;
	}
	return good;
}

static void check_default_names(const struct built *built)
{
	test("default: what programs need is allowed");
	CHECK(all_answer(built, allowed, SECCOMP_RET_ALLOW));
	test("default: what is known and refused answers EPERM");
	CHECK(all_answer(built, denied, ERRNO(EPERM)));
	test("default: what has a fallback answers ENOSYS");
	CHECK(all_answer(built, absent, ERRNO(ENOSYS)));
}

static void check_default_args(const struct built *built)
{
	const uint64_t high = 1ULL << 32;
	static const uint64_t families[] = {0, 3, 4, 5, 9, 11, 17, 21, 26, 29, 30, 31, 38, 40, 41, 44, 45};
	uint32_t no_family = ERRNO(EAFNOSUPPORT), no_protocol = ERRNO(EPROTONOSUPPORT), ok = SECCOMP_RET_ALLOW;
	int wrong = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		wrong += ask_name(built, "socket", families[i], 1, 0) != no_family;
	test("default: other socket families answer EAFNOSUPPORT");
	CHECK(wrong == 0);
	CHECK(ask_name(built, "socket", 1, 1, 0) == ok && ask_name(built, "socketpair", 1, 1, 0) == ok);
	CHECK(ask_name(built, "socket", 2, 1, 0) == ok && ask_name(built, "socket", 10, 2, 17) == ok);
	CHECK(ask_name(built, "socket", 16, 3, 0) == ok && ask_name(built, "socket", 16, 3, 9) == no_protocol);
	CHECK(ask_name(built, "socket", 2, 1, 132) == no_protocol && ask_name(built, "socket", 2, 1, 262) == ok);
	test("default: a family with a bit of the high half is none of the allowed ones");
	CHECK(ask_name(built, "socket", high | 1, 1, 0) == no_family &&
	      ask_name(built, "socket", high | 40, 1, 0) == no_family &&
	      ask_name(built, "socket", high | 2, 1, 0) == no_family &&
	      ask_name(built, "socketpair", high | 1, 1, 0) == no_family);
	CHECK(ask_name(built, "ioctl", 0, 0x5412, 0) == ERRNO(EPERM) &&
	      ask_name(built, "ioctl", 0, 0x541c, 0) == ERRNO(EPERM));
	CHECK(ask_name(built, "ioctl", 0, high | 0x5412, 0) == ERRNO(EPERM) &&
	      ask_name(built, "ioctl", 0, 0x5413, 0) == ok);
	CHECK(ask_name(built, "clone", 0x11, 0, 0) == ok && ask_name(built, "clone", 0x3d0f00, 0, 0) == ok);
	wrong = 0;
	for (unsigned bit = 25; bit < 31; bit++)
		wrong += ask_name(built, "clone", 1U << bit | 17, 0, 0) != ERRNO(EPERM);
	test("default: clone makes no namespace");
	CHECK(wrong == 0 && ask_name(built, "clone", 0x20011, 0, 0) == ERRNO(EPERM));
	CHECK(ask_name(built, "personality", 0xffffffff, 0, 0) == ok &&
	      ask_name(built, "personality", 0x40000, 0, 0) != ok);
	CHECK(ask_name(built, "personality", high, 0, 0) != ok &&
	      ask_name(built, "personality", UINT64_MAX, 0, 0) == ok);
	CHECK(ask_name(built, "mknod", 0, 0010644, 0) == ok && ask_name(built, "mknod", 0, 0020600, 0) == ERRNO(EPERM));
	CHECK(ask_name(built, "mknodat", 0, 0, 0060600) == ERRNO(EPERM) &&
	      ask_name(built, "mknodat", 0, 0, 0644) == ok);
	CHECK(ask_name(built, "seccomp", 1, 8, 0) == ERRNO(EPERM) &&
	      ask_name(built, "prctl", 35, 0, 0) == ERRNO(EPERM));
}

static void check_default(void)
{
	struct request_seccomp *request = default_request();
	const uint64_t none[FILTER_ARGS] = {0};
	struct built built;
	int wrong = 0;

	test("the default profile compiles and passes its check");
	CHECK(request != NULL && build(request, &built) == 0);
	if (request == NULL)
		return;
	printf("# %u instructions\n", built.length);
	test("default: every name is known");
	CHECK(built.rules.unknown.count == 0);
	for (uint32_t number = 0; number < 1100; number++)
		wrong += ask(&built, AUDIT_ARCH_X86_64, number, none) != opinion(request, number, none);
	test("default: every number answers as the JSON says");
	CHECK(wrong == 0);
	for (uint32_t number = 472; number < 1100; number++)
		wrong += ask(&built, AUDIT_ARCH_X86_64, number, none) != ERRNO(ENOSYS);
	test("default: every number that is newer answers ENOSYS");
	CHECK(wrong == 0);
	for (uint32_t number = 0; number < 600; number++)
		wrong += ask(&built, AUDIT_ARCH_X86_64, SYSCALLS_X32_BIT + number, none) != SECCOMP_RET_KILL_PROCESS ||
			 ask(&built, AUDIT_ARCH_I386, number, none) != SECCOMP_RET_KILL_PROCESS;
	test("default: i386 and x32 are killed");
	CHECK(wrong == 0);
	check_default_names(&built);
	check_default_args(&built);
}

/* Whoever builds for another machine cannot run the compiler then: the launch does. */
#ifdef NATIVE
static const bool native = true;
#else
static const bool native = false;
#endif

/* What was compiled when the program was built is what the compiler makes now, and passes the check. */
static void check_builtin(void)
{
	static const struct filter_exemption launch[] = {{.number = SYS_execve}};
	const struct request_seccomp *request = default_request();
	struct filter_rules rules;
	struct sock_filter *code = NULL;
	uint32_t length = 0;

	if (!native)
		return;
	test("the built-in program is what the compiler makes of the profile");
	CHECK(request != NULL && filter_rules_read(request, syscalls_native(), launch, 1, &arena, &rules, &err) == 0 &&
	      filter_compile(&rules, &arena, &code, &length, &err) == 0);
	CHECK(length == filter_builtin.length && memcmp(code, filter_builtin.code, length * sizeof(*code)) == 0);
	CHECK(request != NULL && filter_builtin.flags == request->flags);
	CHECK(strcmp(filter_builtin.summary, filter_summary(&arena, &rules, length)) == 0);
	test("the built-in program answers as its rules say");
	CHECK(filter_check(&rules, filter_builtin.code, filter_builtin.length, &arena, &err) == 0);
	test("no call of the launch is an exception in it");
	CHECK(rules.exemptions.count == 0);
}

static void check_aarch64(void)
{
	struct request_seccomp *request = default_request();
	struct filter_rules rules;
	struct built built;

	test("the default profile compiles for aarch64");
	CHECK(request != NULL && filter_rules_read(request, SCMP_ARCH_AARCH64, NULL, 0, &arena, &rules, &err) == 0 &&
	      filter_compile(&rules, &arena, &built.code, &built.length, &err) == 0 &&
	      filter_check(&rules, built.code, built.length, &arena, &err) == 0);
	CHECK(ask(&built, AUDIT_ARCH_AARCH64, 63, NULL) == SECCOMP_RET_ALLOW);
	CHECK(ask(&built, AUDIT_ARCH_AARCH64, 40, NULL) == ERRNO(EPERM));
	CHECK(ask(&built, AUDIT_ARCH_ARM, 3, NULL) == SECCOMP_RET_KILL_PROCESS);
}

/* --- the check itself: a program with one wrong bit must not pass --- */

static bool same_answers(const struct sock_filter *code, const struct built *built)
{
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386};

	for (uint32_t i = 0; i < 60000; i++) {
		struct seccomp_data data = {.nr = (int)(i % 600), .arch = archs[i % 16 == 15]};

		for (int k = 0; k < FILTER_ARGS; k++)
			data.args[k] = (i + (uint32_t)k) % 3 ? (uint64_t)random() % 70 : random_value();
		if (run_bpf(code, &data) != run_bpf(built->code, &data))
			return false;
	}
	return true;
}

static void check_mutants(void)
{
	struct request_seccomp *request = default_request();
	int mutants = 0, caught = 0, missed = 0;
	struct built built;

	if (request == NULL || build(request, &built) < 0)
		return;
	struct sock_filter *code = arena_alloc(&arena, built.length * sizeof(*code));
	/* One bit in seven: all of them take a minute under the sanitizers. */
	for (uint32_t bit = 0; bit < built.length * 64; bit += 7) {
		struct arena start = arena;

		memcpy(code, built.code, built.length * sizeof(*code));
		((unsigned char *)code)[bit / 8] ^= (unsigned char)(1U << bit % 8);
		mutants++;
		if (filter_check(&built.rules, code, built.length, &arena, &err) < 0)
			caught++;
		else if (!same_answers(code, &built))
			missed++;
		forget_since(start);
	}
	printf("# %d mutants, %d caught, %d missed, the others answer the same\n", mutants, caught, missed);
	test("the check notices a wrong bit in the program");
	CHECK(caught > mutants * 9 / 10);
	test("a program that passes answers as the right one does");
	CHECK(missed == 0);
}

int main(void)
{
	if (arena_create(&arena, &err) < 0)
		return 1;
	srandom(20260101);
	check_default();
	check_builtin();
	check_aarch64();
	check_mutants();
	arena_destroy(&arena);
	return check_done();
}
