// SPDX-License-Identifier: Apache-2.0
/* Programs, libraries and the loader's cache: what is read of them is bounded, and lies in what was given. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/elf.h"
#include "base/ld_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cache(const uint8_t *data, size_t size)
{
	const char *path;

	for (uint32_t at = 0; (path = ld_cache_find(data, size, "libone.so.1", &at)) != NULL;)
		if ((const uint8_t *)path < data || (const uint8_t *)path + strlen(path) >= data + size)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena arena;
	static int file = -1;
	struct elf_needs needs;
	struct error err;

	if (file < 0 && ((file = memfd_create("elf", MFD_CLOEXEC)) < 0 || arena_create(&arena, &err) < 0))
		abort();
	if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	check_cache(data, size);
	memset(arena.start, 0, arena.used);
	arena.used = 0;
	if (elf_read_needs(file, &arena, &needs) == 1 && needs.needed.count > ELF_MOST_NEEDED)
		abort();
	if (arena.used > 128 << 10)
		abort();
	return 0;
}
