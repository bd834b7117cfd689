// SPDX-License-Identifier: Apache-2.0
/* Seccomp filters planned as a launch plans them, loaded into a child, and asked by system calls. Needs no privilege.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "config/builtin.h"
#include "config/oci.h"
#include "parts/filter.h"

enum { FAILED = 99, REFUSED = 42, PASSED = 43 };

static struct arena arena;
static struct error err;
static struct request request;
static struct profile profile;
static struct request_seccomp default_filter;
static char program[] = "/proc/self/exe", argument[] = "launched";
static const char *argv[] = {program, argument, NULL};
static const char *envp[] = {NULL};

static struct plan *make_plan(struct request_seccomp *own, enum profile_seccomp stack)
{
	struct plan *plan = arena_alloc(&arena, sizeof(*plan));
	struct planner p = {.arena = &arena,
			    .request = &request,
			    .profile = &profile,
			    .default_filter = &default_filter,
			    .plan = plan};

	request = (struct request){.source = "config.json"};
	request.linux_.seccomp = own;
	profile = (struct profile){.name = "test", .seccomp = stack};
	plan->process.argv = argv;
	plan->process.envp = envp;
	if (filter_plan(&p, &err) == 0)
		return plan;
	printf("# %s\n", err.what);
	return NULL;
}

static struct request_seccomp *new_request(uint32_t action)
{
	struct request_seccomp *own = arena_alloc(&arena, sizeof(*own));

	own->default_action = action;
	own->from = "config.json:/linux/seccomp";
	return own;
}

static void add_rule(struct request_seccomp *own, const char *name, uint32_t action, uint32_t number)
{
	struct request_seccomp_rule *rule = LIST_ADD(&arena, &own->syscalls);

	*LIST_ADD(&arena, &rule->names) = name;
	rule->action = action;
	rule->errno_ret = (struct opt_u32){number != 0, number};
}

/* Runs @act in a child that has loaded the filters of @plan; its exit status, 128 + N for signal N. */
static int in_child(const struct plan *plan, int (*act)(const struct plan *, const void *), const void *with)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (filter_apply(plan, NULL, &err) < 0)
			_exit(FAILED);
		_exit(act(plan, with));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return FAILED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct call {
	const char *what;
	long number;
	uint64_t args[5];
	int wanted; /* errno; 0: the call works */
};

static const struct call calls[] = {
	{"getpid works", SYS_getpid, {0}, 0},
	{"socket of AF_UNIX works", SYS_socket, {AF_UNIX, SOCK_STREAM}, 0},
	{"socket of AF_INET, TCP works", SYS_socket, {AF_INET, SOCK_STREAM, 6}, 0},
	{"socket of NETLINK_ROUTE works", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, 0},
	{"socket of AF_PACKET: no such family", SYS_socket, {17, SOCK_RAW, 0}, EAFNOSUPPORT},
	{"socket of AF_ALG: no such family", SYS_socket, {38, SOCK_SEQPACKET, 0}, EAFNOSUPPORT},
	{"socket of AF_VSOCK: no such family", SYS_socket, {40, SOCK_STREAM, 0}, EAFNOSUPPORT},
	{"socket of AF_UNIX with a high bit: no such family", SYS_socket, {1ULL << 32 | AF_UNIX, 1}, EAFNOSUPPORT},
	{"socket of AF_VSOCK with a high bit: no such family", SYS_socket, {1ULL << 32 | 40, 1}, EAFNOSUPPORT},
	{"socket of NETLINK_AUDIT: no such protocol", SYS_socket, {AF_NETLINK, SOCK_RAW, 9}, EPROTONOSUPPORT},
	{"socket of SCTP: no such protocol", SYS_socket, {AF_INET, SOCK_STREAM, 132}, EPROTONOSUPPORT},
	{"TIOCSTI is refused", SYS_ioctl, {0, 0x5412, 0}, EPERM},
	{"TIOCSTI with a high bit is refused", SYS_ioctl, {0, 1ULL << 32 | 0x5412, 0}, EPERM},
	{"TIOCLINUX with all high bits is refused", SYS_ioctl, {0, 0xffffffff0000541c, 0}, EPERM},
	{"another ioctl reaches the kernel", SYS_ioctl, {(uint64_t)-1, 0x5413, 0}, EBADF},
	{"clone with a user namespace is refused", SYS_clone, {CLONE_NEWUSER | SIGCHLD}, EPERM},
	{"clone3 is not there", 435, {0, 0}, ENOSYS},
	{"unshare is refused", SYS_unshare, {CLONE_NEWUSER}, EPERM},
	{"setns is refused", SYS_setns, {0, 0}, EPERM},
	{"mount is refused", SYS_mount, {0, 0, 0, 0, 0}, EPERM},
	{"chroot is refused", SYS_chroot, {0}, EPERM},
	{"io_uring_setup is not there", 425, {1, 0}, ENOSYS},
	{"userfaultfd is refused", SYS_userfaultfd, {1}, EPERM},
	{"bpf is refused", SYS_bpf, {0, 0, 0}, EPERM},
	{"perf_event_open is refused", SYS_perf_event_open, {0}, EPERM},
	{"keyctl is refused", SYS_keyctl, {0}, EPERM},
	{"ptrace is refused", SYS_ptrace, {0}, EPERM},
	{"process_vm_readv is refused", SYS_process_vm_readv, {1}, EPERM},
	{"open_by_handle_at is refused", SYS_open_by_handle_at, {0}, EPERM},
	{"personality without random addresses is refused", SYS_personality, {0x0040000}, EPERM},
	{"asking for the personality works", SYS_personality, {0xffffffff}, 0},
	{"mknodat of a device is refused", SYS_mknodat, {(uint64_t)-100, 0, S_IFCHR | 0600, 0x103}, EPERM},
	{"a seccomp listener is refused", SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 8, 0}, EPERM},
	{"another seccomp filter reaches the kernel", SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, 0}, EFAULT},
	{"statmount is not there", 457, {0}, ENOSYS},
	{"a call that nobody knows yet is not there", 1000, {0}, ENOSYS},
};

static int make_call(const struct plan *plan, const void *with)
{
	const struct call *call = with;
	const uint64_t *args = call->args;

	(void)plan;
	if (syscall(call->number, args[0], args[1], args[2], args[3], args[4]) >= 0)
		return 0;
	return errno;
}

static void check_calls(void)
{
	const struct plan *plan = make_plan(NULL, PROFILE_SECCOMP_MISSING);

	test("the default filter is planned for a config without one, and the remark says so");
	if (!CHECK(plan != NULL && plan->filters.count == 1 && plan->tightened.count == 1))
		return;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		test(calls[i].what);
		CHECK(in_child(plan, make_call, &calls[i]) == calls[i].wanted);
	}
}

#if defined(__x86_64__)
static int call_x32(const struct plan *plan, const void *with)
{
	(void)plan;
	(void)with;
	syscall(0x40000000 + SYS_getpid);
	return PASSED;
}

static int call_i386(const struct plan *plan, const void *with)
{
	long result = 20; /* getpid of i386 */

	(void)plan;
	(void)with;
	/* Without that gate it is a fault, which a sanitizer would report in its own way. */
	signal(SIGSEGV, SIG_DFL);
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return PASSED;
}

static void check_foreign(void)
{
	const struct plan *plan = make_plan(NULL, PROFILE_SECCOMP_STACK);
	int status;

	test("a call of x32 kills the process");
	CHECK(plan != NULL && in_child(plan, call_x32, NULL) == 128 + SIGSYS);
	test("a call of i386 kills the process");
	status = plan == NULL ? FAILED : in_child(plan, call_i386, NULL);
	/* SIGSEGV: a kernel without IA32_EMULATION. */
	CHECK(status == 128 + SIGSYS || status == 128 + SIGSEGV);
}
#else
static void check_foreign(void)
{
}
#endif

/* --- the launch's own execve(2) --- */

struct exec {
	const char *const *argv;
	uint64_t token_wrong; /* bits to change in it */
};

static int execute(const struct plan *plan, const void *with)
{
	const struct exec *exec = with;

	syscall(SYS_execve, program, exec->argv, envp, 0, 0, plan->filters.at[0].token ^ exec->token_wrong);
	return errno == EPERM ? REFUSED : FAILED;
}

static int execute_handle(const struct plan *plan, const void *with)
{
	int fd = open(program, O_PATH | O_CLOEXEC);

	(void)with;
	syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH, plan->filters.at[0].token);
	return errno == EPERM ? REFUSED : FAILED;
}

/* What runs when the launch's execve(2) was let through: the same call again is refused. */
static int launched(void)
{
	char *const again[] = {program, argument, NULL};

	execve(program, again, NULL);
	return errno == EPERM ? PASSED : FAILED;
}

static void check_exec(void)
{
	static const char *other[] = {program, argument, NULL};
	const struct exec right = {argv, 0}, wrong_token = {argv, 1ULL << 63}, wrong_argv = {other, 0};
	struct request_seccomp *own = new_request(SECCOMP_ALLOW);

	add_rule(own, "execve", SECCOMP_ERRNO, EPERM);
	add_rule(own, "execveat", SECCOMP_ERRNO, EPERM);
	const struct plan *plan = make_plan(own, PROFILE_SECCOMP_OFF);

	test("a filter that denies execve lets the launch's own through, and the program's own is refused");
	if (!CHECK(plan != NULL && plan->filters.count == 1 && plan->filters.at[0].exempts_launch))
		return;
	CHECK(in_child(plan, execute, &right) == PASSED);
	test("the same with execveat");
	CHECK(in_child(plan, execute_handle, NULL) == PASSED);
	test("without the token it is refused");
	CHECK(in_child(plan, execute, &wrong_token) == REFUSED);
	test("with another argv it is refused");
	CHECK(in_child(plan, execute, &wrong_argv) == REFUSED);
}

/* --- two filters --- */

static int ask_both(const struct plan *plan, const void *with)
{
	(void)plan;
	(void)with;
	bool own = syscall(SYS_getppid) < 0 && errno == 77;
	bool ours = syscall(SYS_unshare, 0) < 0 && errno == EPERM;

	return own && ours ? PASSED : REFUSED;
}

static void check_stack(void)
{
	struct request_seccomp usual = default_filter;
	struct request_seccomp *own = new_request(SECCOMP_ALLOW);

	add_rule(own, "getppid", SECCOMP_ERRNO, 77);
	const struct plan *plan = make_plan(own, PROFILE_SECCOMP_STACK);

	test("the filter of a config is stacked on the default one");
	CHECK(plan != NULL && plan->filters.count == 2 && in_child(plan, ask_both, NULL) == PASSED);
	test("the second filter is loaded even when the first one denies seccomp(2)");
	default_filter = *new_request(SECCOMP_ALLOW);
	add_rule(&default_filter, "unshare", SECCOMP_ERRNO, EPERM);
	add_rule(&default_filter, "seccomp", SECCOMP_ERRNO, EPERM);
	plan = make_plan(own, PROFILE_SECCOMP_STACK);
	CHECK(plan != NULL && in_child(plan, ask_both, NULL) == PASSED);
	default_filter = usual;
}

static void check_modes(void)
{
	struct request_seccomp *own = new_request(SECCOMP_ERRNO), *nothing = new_request(SECCOMP_ALLOW);
	const struct plan *plan;

	test("a profile without seccomp loads the config's filter, and none without one");
	plan = make_plan(NULL, PROFILE_SECCOMP_OFF);
	CHECK(plan != NULL && plan->filters.count == 0);
	plan = make_plan(own, PROFILE_SECCOMP_OFF);
	CHECK(plan != NULL && plan->filters.count == 1 && plan->tightened.count == 0);
	test("where the default is for configs without a filter, a filter of their own is enough");
	plan = make_plan(own, PROFILE_SECCOMP_MISSING);
	CHECK(plan != NULL && plan->filters.count == 1 && plan->tightened.count == 0);
	test("a filter that refuses nothing is not enough");
	plan = make_plan(nothing, PROFILE_SECCOMP_MISSING);
	CHECK(plan != NULL && plan->filters.count == 2 && plan->tightened.count == 1);
	test("a listener without a rule for it is ignored");
	own->listener_path = "/run/listener";
	plan = make_plan(own, PROFILE_SECCOMP_OFF);
	CHECK(plan != NULL && plan->listener.path == NULL && plan->notes.count == 1);
	test("a rule for a listener needs one");
	own->listener_path = NULL;
	own->default_action = SECCOMP_NOTIFY;
	CHECK(make_plan(own, PROFILE_SECCOMP_OFF) == NULL && err.kind == ERROR_CONFIG);
}

int main(int argc, char **args)
{
	struct oci_seccomp_text file = {.name = "profiles/seccomp/default.json"};

	if (argc == 2 && strcmp(args[1], argument) == 0)
		return launched();
	file.text = builtin_text("seccomp/default", &file.length);
	if (arena_create(&arena, &err) < 0 || oci_parse_seccomp(&file, &arena, &default_filter, &err) < 0)
		return 1;
	check_calls();
	check_foreign();
	check_exec();
	check_stack();
	check_modes();
	arena_destroy(&arena);
	return check_done();
}
