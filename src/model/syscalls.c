// SPDX-License-Identifier: Apache-2.0
#include "model/syscalls_builtin.h"

#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum scope {
	EVERYWHERE, /* numbers from 424 on are the same on all architectures */
	ONLY_X86_64,
	ONLY_I386, /* libseccomp gives calls that socketcall(2) and ipc(2) reach too a negative number */
	ELSEWHERE, /* on no architecture that casemate runs on */
};

static const struct row {
	const char *name;
	int32_t number;
	enum scope scope;
} rows[] = {
	{"uretprobe", 335, ONLY_X86_64},
	{"uprobe", 336, ONLY_X86_64},
	{"futex_requeue", 456, EVERYWHERE},
	{"statmount", 457, EVERYWHERE},
	{"listmount", 458, EVERYWHERE},
	{"lsm_get_self_attr", 459, EVERYWHERE},
	{"lsm_set_self_attr", 460, EVERYWHERE},
	{"lsm_list_modules", 461, EVERYWHERE},
	{"mseal", 462, EVERYWHERE},
	{"setxattrat", 463, EVERYWHERE},
	{"getxattrat", 464, EVERYWHERE},
	{"listxattrat", 465, EVERYWHERE},
	{"removexattrat", 466, EVERYWHERE},
	{"open_tree_attr", 467, EVERYWHERE},
	{"file_getattr", 468, EVERYWHERE},
	{"file_setattr", 469, EVERYWHERE},
	{"listns", 470, EVERYWHERE},
	{"rseq_slice_yield", 471, EVERYWHERE},
	{"socket", 359, ONLY_I386},
	{"socketpair", 360, ONLY_I386},
	{"bind", 361, ONLY_I386},
	{"connect", 362, ONLY_I386},
	{"listen", 363, ONLY_I386},
	{"accept4", 364, ONLY_I386},
	{"getsockopt", 365, ONLY_I386},
	{"setsockopt", 366, ONLY_I386},
	{"getsockname", 367, ONLY_I386},
	{"getpeername", 368, ONLY_I386},
	{"sendto", 369, ONLY_I386},
	{"sendmsg", 370, ONLY_I386},
	{"recvfrom", 371, ONLY_I386},
	{"recvmsg", 372, ONLY_I386},
	{"shutdown", 373, ONLY_I386},
	{"recvmmsg", 337, ONLY_I386},
	{"sendmmsg", 345, ONLY_I386},
	{"semget", 393, ONLY_I386},
	{"semctl", 394, ONLY_I386},
	{"shmget", 395, ONLY_I386},
	{"shmctl", 396, ONLY_I386},
	{"shmat", 397, ONLY_I386},
	{"shmdt", 398, ONLY_I386},
	{"msgget", 399, ONLY_I386},
	{"msgsnd", 400, ONLY_I386},
	{"msgrcv", 401, ONLY_I386},
	{"msgctl", 402, ONLY_I386},
	{"riscv_hwprobe", 258, ELSEWHERE},
	{"riscv_flush_icache", 259, ELSEWHERE},
};

static const struct {
	uint32_t arch;
	uint32_t native;
	const char *name;
} archs[SYSCALLS_ARCHS] = {
	{AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, "x86_64"}, {AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, "i386"},
	{SYSCALLS_ARCH_X32, AUDIT_ARCH_X86_64, "x32"},    {AUDIT_ARCH_AARCH64, AUDIT_ARCH_AARCH64, "aarch64"},
	{AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, "arm"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

uint32_t syscalls_native(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#else
#error "casemate supports x86_64 and aarch64"
#endif
}

bool syscalls_runs(uint32_t native, uint32_t arch)
{
	for (size_t i = 0; i < COUNT(archs); i++) {
		if (archs[i].arch == arch)
			return archs[i].native == native;
	}
	return false;
}

uint32_t syscalls_audit_arch(uint32_t arch)
{
	return arch == SYSCALLS_ARCH_X32 ? AUDIT_ARCH_X86_64 : arch;
}

bool syscalls_has_x32(uint32_t arch)
{
	return arch == AUDIT_ARCH_X86_64;
}

const char *syscalls_arch_name(uint32_t arch)
{
	for (size_t i = 0; i < COUNT(archs); i++) {
		if (archs[i].arch == arch)
			return archs[i].name;
	}
	return "unknown";
}

static int32_t number_of_row(const struct row *row, uint32_t arch)
{
	switch (row->scope) {
	case EVERYWHERE:
		return arch == SYSCALLS_ARCH_X32 ? row->number | SYSCALLS_X32_BIT : row->number;
	case ONLY_X86_64:
		return arch == AUDIT_ARCH_X86_64 ? row->number : SYSCALLS_ABSENT;
	case ONLY_I386:
		return arch == AUDIT_ARCH_I386 ? row->number : SYSCALLS_ABSENT;
	default:
		return SYSCALLS_ABSENT;
	}
}

int syscalls_column(uint32_t arch)
{
	for (size_t i = 0; i < COUNT(archs); i++)
		if (archs[i].arch == arch)
			return (int)i;
	return -1;
}

static const struct syscalls_entry *find_builtin(const char *name)
{
	uint32_t slot = syscalls_slot(name);

	if (syscalls_builtin.entries == NULL)
		return NULL;
	for (; syscalls_builtin.slots[slot] != 0; slot = (slot + 1) % SYSCALLS_SLOTS) {
		const struct syscalls_entry *entry = &syscalls_builtin.entries[syscalls_builtin.slots[slot] - 1];

		if (strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

/* What libseccomp does not know, or says otherwise; SYSCALLS_UNKNOWN where that is for others to say. */
static int32_t number_here(uint32_t arch, const char *name)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return number_of_row(&rows[i], arch);
	}
	return SYSCALLS_UNKNOWN;
}

/* A negative number of libseccomp is that of a name that @arch lacks; -1 is of none at all. */
static int32_t number_asked(uint32_t arch, const char *name)
{
	int number = syscalls_builtin.number(arch, name);
	int32_t here = number >= 0 ? number : number_here(arch, name);

	return here == SYSCALLS_UNKNOWN && number != -1 ? SYSCALLS_ABSENT : here;
}

int32_t syscalls_number(uint32_t arch, const char *name)
{
	const struct syscalls_entry *entry = find_builtin(name);
	int column = syscalls_column(arch);

	if (syscalls_builtin.number != NULL)
		return number_asked(arch, name);
	if (entry == NULL)
		return number_here(arch, name);
	return column < 0 ? SYSCALLS_ABSENT : entry->numbers[column];
}

static const char *name_here(uint32_t arch, uint32_t number)
{
	int column = syscalls_column(arch);

	for (size_t i = 0; i < syscalls_builtin.count && column >= 0; i++)
		if (syscalls_builtin.entries[i].numbers[column] == (int32_t)number)
			return syscalls_builtin.entries[i].name;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (number_of_row(&rows[i], arch) == (int32_t)number)
			return rows[i].name;
	return NULL;
}

void syscalls_name(uint32_t arch, uint32_t number, char *text, size_t size)
{
	char *asked = syscalls_builtin.name != NULL ? syscalls_builtin.name(arch, (int)number) : NULL;
	const char *name = number > INT32_MAX ? NULL : asked != NULL ? asked : name_here(arch, number);

	if (name != NULL)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "system call %u", number);
	free(asked);
}
