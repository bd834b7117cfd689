// SPDX-License-Identifier: Apache-2.0
/* Names of system calls: what the build wrote down against libseccomp. */
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "model/syscalls_builtin.h"

enum { HIGHEST = 1023 };

static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};

enum { ARCHS = sizeof(archs) / sizeof(archs[0]) };

/* How many of the numbers of @arch have a name, or -1 where libseccomp and we do not agree. */
static int agreeing(uint32_t arch)
{
	int named = 0;

	for (uint32_t number = 0; number <= HIGHEST; number++) {
		uint32_t own = arch == SCMP_ARCH_X32 ? number | SYSCALLS_X32_BIT : number;
		char *name = seccomp_syscall_resolve_num_arch(arch, (int)own);

		if (name == NULL)
			continue;
		/* A number may have two names, and each has that number. */
		int expected = seccomp_syscall_resolve_name_arch(arch, name);
		bool same = expected < 0 || syscalls_number(arch, name) == expected;
		if (!same)
			printf("# %s on %s: %d, not %d\n", name, syscalls_arch_name(arch), syscalls_number(arch, name),
			       expected);
		free(name);
		if (!same)
			return -1;
		named++;
	}
	return named;
}

static bool is_named(uint32_t arch, uint32_t number, const char *expected)
{
	char name[64];

	syscalls_name(arch, number, name, sizeof(name));
	if (strcmp(name, expected) != 0)
		printf("# %u is %s, not %s\n", number, name, expected);
	return strcmp(name, expected) == 0;
}

static bool names_agree(uint32_t arch)
{
	bool agree = true;

	for (uint32_t number = 0; number <= HIGHEST; number++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, (int)number);

		agree = agree && (name == NULL || is_named(arch, number, name));
		free(name);
	}
	return agree;
}

/* Each name of the table for every architecture, also where it has none. */
static bool table_agrees(const struct syscalls_entry *entry)
{
	for (int i = 0; i < ARCHS; i++) {
		int column = syscalls_column(archs[i]),
		    expected = seccomp_syscall_resolve_name_arch(archs[i], entry->name);

		if (column >= 0 && expected >= 0 && entry->numbers[column] != expected)
			return false;
		if (column >= 0 && entry->numbers[column] != syscalls_number(archs[i], entry->name))
			return false;
	}
	return true;
}

static void test_table(void)
{
	int bad = 0, entries = 0;

	test("the table of the build has the names that libseccomp has, with their numbers");
	CHECK(syscalls_builtin.entries != NULL);
	for (int i = 0; syscalls_builtin.entries != NULL && i < SYSCALLS_SLOTS; i++) {
		if (syscalls_builtin.slots[i] == 0)
			continue;
		entries++;
		bad += !table_agrees(&syscalls_builtin.entries[syscalls_builtin.slots[i] - 1]);
	}
	CHECK(bad == 0 && entries > 400 && entries < SYSCALLS_SLOTS / 2);
}

int main(void)
{
	for (int i = 0; i < ARCHS; i++) {
		if (syscalls_column(archs[i]) < 0)
			continue;
		test(syscalls_arch_name(archs[i]));
		CHECK(agreeing(archs[i]) > 300);
	}
	test_table();

	test("what libseccomp does not know has its number, and what is nowhere is unknown");
	CHECK(syscalls_number(SCMP_ARCH_X86_64, "mseal") == 462);
	CHECK(syscalls_number(syscalls_native(), "breakpoint") == SYSCALLS_ABSENT);
	CHECK(syscalls_number(syscalls_native(), "riscv_hwprobe") == SYSCALLS_ABSENT);
	CHECK(syscalls_number(syscalls_native(), "") == SYSCALLS_UNKNOWN);
	CHECK(syscalls_number(syscalls_native(), "open_") == SYSCALLS_UNKNOWN);
	CHECK(syscalls_number(syscalls_native(), "s390_sthyi") == SYSCALLS_ABSENT);
	CHECK(syscalls_number(syscalls_native(), "sysmips") == SYSCALLS_ABSENT);
	CHECK(syscalls_number(SCMP_ARCH_S390X, "read") == SYSCALLS_ABSENT);
	test("a number has the name that libseccomp gives it, and what it does not know one of ours");
	CHECK(names_agree(syscalls_native()));
	CHECK(is_named(syscalls_native(), 462, "mseal"));
	CHECK(is_named(syscalls_native(), 1000, "system call 1000"));
	CHECK(is_named(syscalls_native(), UINT32_MAX, "system call 4294967295"));
#if defined(__x86_64__)
	test("i386 has the calls behind socketcall(2) and ipc(2) by numbers of their own as well");
	CHECK(syscalls_number(SCMP_ARCH_X86, "socket") == 359 && syscalls_number(SCMP_ARCH_X86, "shmdt") == 398);
	CHECK(syscalls_number(SCMP_ARCH_X32, "socket") == (41 | SYSCALLS_X32_BIT));
#endif
	return check_done();
}
