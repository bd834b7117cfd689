// SPDX-License-Identifier: Apache-2.0
#include "base/elf.h"

#include <elf.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SEGMENTS = 128, MOST_ENTRIES = 2048, NAME_BYTES = 256, PATH_BYTES = PATH_MAX };

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { NATIVE_ORDER = ELFDATA2LSB };
#else
enum { NATIVE_ORDER = ELFDATA2MSB };
#endif

/* A file that is being read: its segments, and where its strings are. */
struct image {
	int file;
	size_t segment_count;
	Elf64_Phdr segments[MOST_SEGMENTS];
	size_t entry_count;
	Elf64_Dyn entries[MOST_ENTRIES];
	uint64_t strings, strings_size; /* offset in the file, and bytes */
};

static bool read_at(int file, uint64_t offset, void *into, size_t size)
{
	return offset <= INT64_MAX - size && pread(file, into, size, (off_t)offset) == (ssize_t)size;
}

static bool read_segments(struct image *image)
{
	Elf64_Ehdr header;

	if (!read_at(image->file, 0, &header, sizeof(header)) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != NATIVE_ORDER ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > MOST_SEGMENTS)
		return false;
	image->segment_count = header.e_phnum;
	return read_at(image->file, header.e_phoff, image->segments, header.e_phnum * sizeof(Elf64_Phdr));
}

static const Elf64_Phdr *find_segment(const struct image *image, uint32_t type)
{
	for (size_t i = 0; i < image->segment_count; i++)
		if (image->segments[i].p_type == type)
			return &image->segments[i];
	return NULL;
}

static bool read_entries(struct image *image)
{
	const Elf64_Phdr *dynamic = find_segment(image, PT_DYNAMIC);

	if (dynamic == NULL)
		return false;
	image->entry_count = dynamic->p_filesz / sizeof(Elf64_Dyn);
	return image->entry_count <= MOST_ENTRIES &&
	       read_at(image->file, dynamic->p_offset, image->entries, image->entry_count * sizeof(Elf64_Dyn));
}

/* The section names addresses of memory: which offset in the file that is, and what of the segment stands behind it. */
static bool in_file(const struct image *image, uint64_t address, uint64_t *ret_offset, uint64_t *ret_size)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_filesz)
			continue;
		*ret_size = segment->p_filesz - (address - segment->p_vaddr);
		return !__builtin_add_overflow(segment->p_offset, address - segment->p_vaddr, ret_offset);
	}
	return false;
}

static bool find_strings(struct image *image)
{
	uint64_t address = 0, size = 0, room;

	for (size_t i = 0; i < image->entry_count && image->entries[i].d_tag != DT_NULL; i++) {
		if (image->entries[i].d_tag == DT_STRTAB)
			address = image->entries[i].d_un.d_ptr;
		if (image->entries[i].d_tag == DT_STRSZ)
			size = image->entries[i].d_un.d_val;
	}
	if (!in_file(image, address, &image->strings, &room))
		return false;
	image->strings_size = size < room ? size : room;
	return true;
}

/* NULL where it does not end within the strings, or within @most bytes. */
static const char *read_string(const struct image *image, uint64_t at, size_t most, struct arena *arena)
{
	char text[PATH_BYTES];
	uint64_t offset;

	if (at >= image->strings_size || __builtin_add_overflow(image->strings, at, &offset) || offset > INT64_MAX)
		return NULL;
	uint64_t room = image->strings_size - at;
	ssize_t got = pread(image->file, text, room < most ? room : most, (off_t)offset);
	size_t length = got <= 0 ? 0 : strnlen(text, (size_t)got);

	return got <= 0 || length == (size_t)got ? NULL : arena_strndup(arena, text, length);
}

static bool add_needed(const struct image *image, uint64_t at, struct arena *arena, struct elf_needs *ret)
{
	const char *name = ret->needed.count == ELF_MOST_NEEDED ? NULL : read_string(image, at, NAME_BYTES, arena);

	if (name == NULL || name[0] == '\0')
		return false;
	*LIST_ADD(arena, &ret->needed) = name;
	return true;
}

static bool read_strings(const struct image *image, struct arena *arena, struct elf_needs *ret)
{
	for (size_t i = 0; i < image->entry_count && image->entries[i].d_tag != DT_NULL; i++) {
		const Elf64_Dyn *entry = &image->entries[i];
		const char **path = entry->d_tag == DT_RPATH ? &ret->rpath : &ret->runpath;

		if (entry->d_tag == DT_NEEDED && !add_needed(image, entry->d_un.d_val, arena, ret))
			return false;
		if (entry->d_tag != DT_RPATH && entry->d_tag != DT_RUNPATH)
			continue;
		*path = *path == NULL ? read_string(image, entry->d_un.d_val, PATH_BYTES, arena) : NULL;
		if (*path == NULL)
			return false;
	}
	return true;
}

int elf_read_needs(int file, struct arena *arena, struct elf_needs *ret)
{
	struct image image = {.file = file};

	*ret = (struct elf_needs){0};
	if (!read_segments(&image) || !read_entries(&image) || !find_strings(&image) ||
	    !read_strings(&image, arena, ret))
		return 0;
	ret->interpreter = find_segment(&image, PT_INTERP) != NULL;
	return 1;
}
