// SPDX-License-Identifier: Apache-2.0
/* What a program links, and the loader's cache: files that are known, cut off everywhere, and with every byte changed.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/elf.h"
#include "base/ld_cache.h"
#include "check.h"

enum { ADDRESS = 0x400000 };

static const char strings[] = "\0libone.so.1\0libtwo.so\0$ORIGIN/../lib\0/opt";

/* A program of three segments; made so that its last byte counts. */
struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	char strings[sizeof(strings)];
	Elf64_Dyn entries[7];
};

static struct arena arena;
static int file;

static struct program make_program(void)
{
	struct program program = {
		.header = {.e_type = ET_DYN,
			   .e_phoff = offsetof(struct program, segments),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 3},
		.segments = {{.p_type = PT_LOAD, .p_vaddr = ADDRESS, .p_filesz = sizeof(program)},
			     {.p_type = PT_DYNAMIC,
			      .p_offset = offsetof(struct program, entries),
			      .p_filesz = sizeof(program.entries)},
			     {.p_type = PT_INTERP}},
		.entries = {{DT_NEEDED, {1}},
			    {DT_NEEDED, {13}},
			    {DT_RUNPATH, {23}},
			    {DT_RPATH, {38}},
			    {DT_STRTAB, {ADDRESS + offsetof(struct program, strings)}},
			    {DT_STRSZ, {sizeof(strings)}},
			    {DT_NULL, {0}}},
	};

	memcpy(program.header.e_ident, ELFMAG, SELFMAG);
	program.header.e_ident[EI_CLASS] = ELFCLASS64;
	program.header.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	memcpy(program.strings, strings, sizeof(strings));
	return program;
}

static int read_bytes(const void *data, size_t size, struct elf_needs *ret)
{
	if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	arena_destroy(&arena);
	struct error err;
	if (arena_create(&arena, &err) < 0)
		abort();
	return elf_read_needs(file, &arena, ret);
}

static int read_program(const struct program *program, struct elf_needs *ret)
{
	return read_bytes(program, sizeof(*program), ret);
}

static void test_known(void)
{
	struct program program = make_program();
	struct elf_needs needs;

	test("a program's libraries, in their order, and where it looks for them");
	CHECK(read_program(&program, &needs) == 1 && needs.interpreter && needs.needed.count == 2);
	CHECK(strcmp(needs.needed.at[0], "libone.so.1") == 0 && strcmp(needs.needed.at[1], "libtwo.so") == 0);
	CHECK(strcmp(needs.runpath, "$ORIGIN/../lib") == 0 && strcmp(needs.rpath, "/opt") == 0);

	test("a library has no interpreter");
	program.segments[2].p_type = PT_NULL;
	CHECK(read_program(&program, &needs) == 1 && !needs.interpreter);

	test("this test's own program can be read");
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK(own >= 0 && elf_read_needs(own, &arena, &needs) >= 0);
	close(own);
}

static void test_broken(void)
{
	const struct program good = make_program();
	struct program program;
	struct elf_needs needs;
	int accepted = 0;

	test("cut off after any byte it is no program");
	for (size_t size = 0; size < sizeof(good); size++)
		accepted += read_bytes(&good, size, &needs);
	CHECK(accepted == 0);

	test("with any byte changed it is refused, or read within its bounds");
	for (size_t i = 0; i < sizeof(good); i++)
		for (int change = 1; change < 256; change = change * 2 + 1) {
			program = good;
			((unsigned char *)&program)[i] ^= (unsigned char)change;
			if (read_program(&program, &needs) == 0)
				continue;
			for (size_t n = 0; n < needs.needed.count; n++)
				CHECK(strlen(needs.needed.at[n]) < sizeof(strings));
		}

	test("offsets that run over are refused");
	const uint64_t far[] = {UINT64_MAX, UINT64_MAX - 8, INT64_MAX, INT64_MAX - 8, 1ULL << 40};
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		program = good, program.header.e_phoff = far[i];
		CHECK(read_program(&program, &needs) == 0);
		program = good, program.segments[1].p_offset = far[i];
		CHECK(read_program(&program, &needs) == 0);
		program = good, program.segments[1].p_filesz = far[i];
		CHECK(read_program(&program, &needs) == 0);
		program = good, program.segments[0].p_offset = far[i];
		CHECK(read_program(&program, &needs) == 0);
		program = good, program.entries[4].d_un.d_ptr = far[i];
		CHECK(read_program(&program, &needs) == 0);
		program = good, program.entries[0].d_un.d_val = far[i];
		CHECK(read_program(&program, &needs) == 0);
		program = good, program.segments[0].p_filesz = program.entries[5].d_un.d_val = far[i];
		CHECK(read_program(&program, &needs) == 1 && needs.needed.count == 2);
	}
}

static void test_cache(void)
{
	static const char texts[] = "libone.so.1\0/opt/lib/libone.so.1\0libtwo.so\0relative";
	struct {
		char magic[20];
		uint32_t count, string_bytes, unused[5];
		struct {
			int32_t flags;
			uint32_t name, path, os;
			uint64_t hardware;
		} entries[3];
		char texts[sizeof(texts)];
	} cache = {.count = 3,
		   .entries = {{.name = 120, .path = 132}, {.name = 153, .path = 163}, {.name = 120, .path = 132}}};
	uint32_t at = 0;

	memcpy(cache.magic, "glibc-ld.so.cache1.1", 20);
	memcpy(cache.texts, texts, sizeof(texts));
	size_t size = offsetof(__typeof__(cache), texts) + sizeof(texts);

	test("all that the cache has of a name, and no path that is not absolute");
	const char *path = ld_cache_find(&cache, size, "libone.so.1", &at);
	CHECK(path != NULL && strcmp(path, "/opt/lib/libone.so.1") == 0 && at == 1);
	CHECK(ld_cache_find(&cache, size, "libone.so.1", &at) != NULL && at == 3);
	CHECK(ld_cache_find(&cache, size, "libone.so.1", &at) == NULL);
	at = 0;
	CHECK(ld_cache_find(&cache, size, "libtwo.so", &at) == NULL);

	test("a cache that is cut off is none, or ends its texts where it ends");
	for (size_t cut = 0; cut < size; cut++) {
		char *copy = malloc(cut + 1);

		memcpy(copy, &cache, cut);
		for (at = 0; (path = ld_cache_find(copy, cut, "libone.so.1", &at)) != NULL;)
			CHECK(path + strlen(path) < copy + cut);
		free(copy);
	}
	cache.count = UINT32_MAX;
	at = 0;
	CHECK(ld_cache_find(&cache, size, "libone.so.1", &at) == NULL);
}

int main(void)
{
	file = memfd_create("program", MFD_CLOEXEC);
	test_known();
	test_broken();
	test_cache();
	return check_done();
}
