// SPDX-License-Identifier: Apache-2.0
/*
 * Attacks on the kernel's wide surface, and by other doors into it. The arguments are such that even a success changes
 * nothing: wrong magic numbers, wrong flags, empty images; an errno that only the call itself can give counts as
 * success.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#define NO_PATH ((long)"/nonexistent/probe")
#define ARGS 6

/* Calls with fixed arguments. */
static const struct call {
	const char *name;
	long number;
	long args[ARGS];
} calls[] = {
	{"reboot", SYS_reboot, {1, 2, 3, 0}},
	{"kexec-load", SYS_kexec_load, {0, 0, 0, 0x7ffe}},
#ifdef SYS_kexec_file_load
	{"kexec-file-load", SYS_kexec_file_load, {-1, -1, 0, 0, 0x7ff0}},
#endif
	{"init-module", SYS_init_module, {0, 0, (long)""}},
	{"finit-module", SYS_finit_module, {-1, (long)"", 0}},
	{"delete-module", SYS_delete_module, {(long)"probe-none", O_NONBLOCK}},
	{"swapon", SYS_swapon, {NO_PATH, 0}},
	{"swapoff", SYS_swapoff, {NO_PATH}},
	{"acct", SYS_acct, {NO_PATH}},
	{"syslog", SYS_syslog, {10, 0, 0}},
	{"quotactl", SYS_quotactl, {-1, NO_PATH, 0, 0}},
	{"sethostname", SYS_sethostname, {(long)"probe", 5}},
	{"setdomainname", SYS_setdomainname, {(long)"probe", 5}},
	{"userfaultfd", SYS_userfaultfd, {O_CLOEXEC}},
	{"userfaultfd-user", SYS_userfaultfd, {O_CLOEXEC | UFFD_USER_MODE_ONLY}},
	{"personality", SYS_personality, {0x0040000}},
	{"fanotify", SYS_fanotify_init, {0, O_RDONLY}},
	{"keyctl", SYS_keyctl, {KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1}},
	{"keyctl-join", SYS_keyctl, {KEYCTL_JOIN_SESSION_KEYRING, (long)"probe"}},
	{"add-key", SYS_add_key, {(long)"user", (long)"probe", (long)"x", 1, KEY_SPEC_PROCESS_KEYRING}},
	{"request-key", SYS_request_key, {(long)"user", (long)"probe-none", 0, KEY_SPEC_PROCESS_KEYRING}},
	{"move-pages", SYS_move_pages, {1, 0, 0, 0, 0, 0x70}},
#ifdef SYS_iopl
	{"iopl", SYS_iopl, {3}},
	{"ioperm", SYS_ioperm, {0x80, 1, 1}},
	{"modify-ldt", SYS_modify_ldt, {0, 0, 0}},
	{"uselib", SYS_uselib, {NO_PATH}},
#endif
};

/* The table is searched by the attack's own name, which main() leaves in front of the arguments. */
static enum outcome fixed_call(int argc, char **argv)
{
	const char *name = argv[-1];

	(void)argc;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0) {
			const long *a = calls[i].args;

			return judge_reached(syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]));
		}
	return absent("no such call on this architecture");
}

/* The same value as the clock's own tick: needs CAP_SYS_TIME, changes nothing. */
static enum outcome set_time(int argc, char **argv)
{
	struct timex now = {.modes = 0};

	(void)argc;
	(void)argv;
	if (adjtimex(&now) < 0)
		return judge(-1);
	now.modes = ADJ_TICK;
	return judge(adjtimex(&now));
}

static enum outcome load_bpf(int argc, char **argv)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)argc;
	(void)argv;
	return judge_reached(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static enum outcome open_perf(int argc, char **argv)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK};

	(void)argc;
	(void)argv;
	return judge_reached(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static enum outcome setup_io_uring(int argc, char **argv)
{
	struct io_uring_params params = {0};

	(void)argc;
	(void)argv;
	return judge_reached(syscall(SYS_io_uring_setup, 4, &params));
}

/* Every number above the newest system call: a libc must read "no such call", so that it falls back. */
static enum outcome unknown_numbers(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (long number = 480; number < 1024; number++) {
		if (syscall(number, 0, 0, 0, 0, 0, 0) >= 0)
			return allowed("system call %ld", number);
		if (errno != ENOSYS)
			return denied("system call %ld", number);
	}
	errno = ENOSYS;
	return denied("480 to 1023");
}

#ifdef __x86_64__
/* getpid(2) of the i386 table through its own gate, which a filter for x86_64 alone does not see. */
static enum outcome enter_i386(int argc, char **argv)
{
	long ret = 20;

	(void)argc;
	(void)argv;
	__asm__ volatile("int $0x80" : "+a"(ret) : : "memory", "r8", "r9", "r10", "r11");
	if (ret > 0)
		return allowed("getpid by int 0x80 returned %ld", ret);
	errno = (int)-ret;
	return denied("%s", "");
}

/* 0x4e20 and 0x40000000 + 39: getpid(2) of x32. A kernel without x32 says ENOSYS, a filter kills before. */
static enum outcome enter_x32(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge(syscall(0x40000000 + SYS_getpid));
}
#else
static enum outcome enter_i386(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return absent("another architecture");
}

static enum outcome enter_x32(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return absent("another architecture");
}
#endif

const struct attack kernel_attacks[] = {
	{"reboot", fixed_call},        {"kexec-load", fixed_call},   {"kexec-file-load", fixed_call},
	{"init-module", fixed_call},   {"finit-module", fixed_call}, {"delete-module", fixed_call},
	{"swapon", fixed_call},        {"swapoff", fixed_call},      {"acct", fixed_call},
	{"syslog", fixed_call},        {"quotactl", fixed_call},     {"sethostname", fixed_call},
	{"setdomainname", fixed_call}, {"userfaultfd", fixed_call},  {"userfaultfd-user", fixed_call},
	{"personality", fixed_call},   {"fanotify", fixed_call},     {"keyctl", fixed_call},
	{"keyctl-join", fixed_call},   {"add-key", fixed_call},      {"request-key", fixed_call},
	{"iopl", fixed_call},          {"ioperm", fixed_call},       {"modify-ldt", fixed_call},
	{"uselib", fixed_call},        {"set-time", set_time},       {"bpf", load_bpf},
	{"perf", open_perf},           {"io-uring", setup_io_uring}, {"unknown-syscalls", unknown_numbers},
	{"i386", enter_i386},          {"x32", enter_x32},           {NULL, NULL},
};
