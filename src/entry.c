// SPDX-License-Identifier: Apache-2.0
/*
 * The first instructions of a static program, before the C library starts: `run`, `create` and `exec` as root execute
 * it again from a read-only view of its file (base/self.h), and here that costs one execve(2) and not also the start of
 * a C library, which takes longer. It is only a short cut: whatever does not work here is left to self_protect(), which
 * looks again and fails closed.
 *
 * What is going to run has the pages brought in that it will use (base/pages.h says why), and its packed relocations
 * carried out.
 *
 * Nothing of libc may be used: there is no errno, no stack guard and no relocated pointer yet.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/raw_call.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#endif

enum { FIRST_FREE_FD = 3, PAGE = 4096, STACK = 6 * PAGE };

BARE static int starts_with(const char *text, const char *start)
{
	while (*start != '\0' && *text == *start)
		text++, start++;
	return *start == '\0';
}

BARE static int is(const char *text, const char *word)
{
	while (*word != '\0' && *text == *word)
		text++, word++;
	return *text == *word;
}

BARE static const char *last_part(const char *path)
{
	const char *part = path;

	for (; *path != '\0'; path++)
		if (*path == '/')
			part = path + 1;
	return part;
}

/*
 * Whether this may be a `run` under a profile that lets a program be root on the host, or an `exec`, whose profile was
 * said to another. The default one does not, and a site's file is not looked at here; more than the command may be
 * called "run", and then a sandbox pays for what it does not need.
 */
BARE static int may_run_root(const long *stack)
{
	static const char option[] = "--profile", link[] = "casemate-", strict[] = "restricted";
	const char *name = last_part((const char *)stack[1]);
	int launch = 0, join = 0, named = starts_with(name, link),
	    weaker = named && !is(name + sizeof(link) - 1, strict);

	for (long i = 1; i < stack[0]; i++) {
		const char *word = (const char *)stack[1 + i];

		launch |= is(word, "run") | is(word, "create");
		join |= is(word, "exec");
		if (starts_with(word, option)) {
			const char *value = word + sizeof(option) - 1;

			if (*value == '=')
				value++;
			else if (i + 1 < stack[0])
				value = (const char *)stack[2 + i];
			weaker = !is(value, strict);
		}
	}
	return (launch && weaker) || (join && (weaker || !named));
}

/* Root without being set-user-ID, and not yet executed from a descriptor. */
BARE static int may_need_view(const Elf64_auxv_t *aux)
{
	int root = 0;

	for (; aux->a_type != AT_NULL; aux++) {
		if (aux->a_type == AT_EUID)
			root = aux->a_un.a_val == 0;
		if (aux->a_type == AT_SECURE && aux->a_un.a_val != 0)
			return 0;
		if (aux->a_type == AT_EXECFN && starts_with((const char *)aux->a_un.a_val, "/dev/fd/"))
			return 0;
	}
	return root;
}

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* What is written, and relocation writes all of it, becomes pages of our own; what comes before is only read. */
BARE static void populate(const Elf64_Phdr *written, long base)
{
	long start = (base + (long)written->p_vaddr) & -PAGE;
	long end = base + (long)(written->p_vaddr + written->p_filesz);

	CALL(SYS_madvise, base, start - base, MADV_POPULATE_READ);
	CALL(SYS_madvise, start, end - start, MADV_POPULATE_WRITE);
}

/* An even entry is the address of a word, an odd one has a bit for each of the 63 words behind the last one. */
BARE static void unpack(const uint64_t *entry, const uint64_t *end, long base)
{
	uint64_t *next = (void *)base;

	for (; entry < end; entry++) {
		uint64_t bits = *entry >> 1;

		if ((*entry & 1) == 0) {
			next = (void *)(base + (long)*entry);
			*next++ += (uint64_t)base;
			continue;
		}
		for (; bits != 0; bits &= bits - 1)
			next[__builtin_ctzll(bits)] += (uint64_t)base;
		next += 63;
	}
}

/*
 * Packed, the relocations take 1 KiB of memory in the place of 78. musl knows DT_RELR since 1.2.4 only: they are
 * carried out here, and no C library finds any that are left.
 */
BARE static void relocate(Elf64_Dyn *dynamic, long base)
{
	const uint64_t *packed = NULL;
	uint64_t size = 0;

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_RELR)
			packed = (const void *)(base + (long)dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_RELRSZ) {
			size = dynamic->d_un.d_val;
			dynamic->d_un.d_val = 0;
		}
	}
	if (packed != NULL)
		unpack(packed, packed + size / sizeof(*packed), base);
}

BARE static void prepare(const long *stack)
{
	const long base = WORD(&__ehdr_start);
	const Elf64_Phdr *headers = (const void *)(base + (long)__ehdr_start.e_phoff);

	CALL(SYS_madvise, (WORD(stack) & -PAGE) - STACK, STACK, MADV_POPULATE_WRITE);
	for (int i = 0; i < __ehdr_start.e_phnum; i++)
		if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_W) != 0)
			populate(&headers[i], base);
	for (int i = 0; i < __ehdr_start.e_phnum; i++)
		if (headers[i].p_type == PT_DYNAMIC)
			relocate((Elf64_Dyn *)(base + (long)headers[i].p_vaddr), base);
}

void entry_view(const long *stack);

/* What the kernel left on the stack: argc, argv, NULL, envp, NULL, the auxiliary vector. */
BARE __attribute__((used, visibility("hidden"))) void entry_view(const long *stack)
{
	static const char self[] = "/proc/self/exe";
	const long *envp = stack + 2 + stack[0];
	const long *end = envp;
	static struct statfs fs; /* static: the compiler clears others, with a call */
	static struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	while (*end != 0)
		end++;
	if (stack[0] < 1 || !may_need_view((const Elf64_auxv_t *)(end + 1)) || !may_run_root(stack) ||
	    CALL(SYS_statfs, WORD(self), WORD(&fs)) < 0 || (fs.f_flags & ST_RDONLY) != 0) {
		prepare(stack);
		return;
	}
	/* Stays open over the execve(2): self_view() says what for. */
	long view = CALL(SYS_open_tree, AT_FDCWD, WORD(self), OPEN_TREE_CLONE);
	/* In the place of a closed standard stream it would become the container's. */
	if (view >= FIRST_FREE_FD &&
	    CALL(SYS_mount_setattr, view, WORD(""), AT_EMPTY_PATH, WORD(&attr), sizeof(attr)) == 0)
		CALL(SYS_execveat, view, WORD(""), WORD(stack + 1), WORD(envp), AT_EMPTY_PATH);
	if (view >= 0)
		CALL(SYS_close, view);
	prepare(stack);
}

/* Leaves everything as _start expects it: the stack, and the register in which the kernel says what to call at exit. */
#if defined(__x86_64__)
__asm__(".globl casemate_entry\n"
	".hidden casemate_entry\n"
	".type casemate_entry, @function\n"
	"casemate_entry:\n"
	"	mov %rsp, %rdi\n"
	"	push %rdx\n"
	"	sub $8, %rsp\n"
	"	call entry_view\n"
	"	add $8, %rsp\n"
	"	pop %rdx\n"
	"	jmp _start\n");
#else
__asm__(".globl casemate_entry\n"
	".hidden casemate_entry\n"
	".type casemate_entry, %function\n"
	"casemate_entry:\n"
	"	mov x19, x0\n"
	"	mov x0, sp\n"
	"	bl entry_view\n"
	"	mov x0, x19\n"
	"	b _start\n");
#endif
