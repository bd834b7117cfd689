// SPDX-License-Identifier: Apache-2.0
#include "base/ld_cache.h"

#include <string.h>

static const char magic[] = "glibc-ld.so.cache1.1";

/* glibc's struct cache_file_new and struct file_entry_new (sysdeps/generic/dl-cache.h); offsets count from its start.
 */
struct head {
	char magic[sizeof(magic) - 1];
	uint32_t count;
	uint32_t string_bytes;
	uint32_t unused[5];
};
struct entry {
	int32_t flags;
	uint32_t name, path;
	uint32_t os_version;
	uint64_t hardware;
};

static const char *string_at(const char *data, size_t size, uint32_t offset)
{
	return offset < size && memchr(data + offset, '\0', size - offset) != NULL ? data + offset : NULL;
}

const char *ld_cache_find(const void *data, size_t size, const char *name, uint32_t *at)
{
	struct head head;
	struct entry entry;

	if (size < sizeof(head))
		return NULL;
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(head.magic)) != 0 || head.count > (size - sizeof(head)) / sizeof(entry))
		return NULL;
	while (*at < head.count) {
		memcpy(&entry, (const char *)data + sizeof(head) + *at * sizeof(entry), sizeof(entry));
		++*at;
		const char *found = string_at(data, size, entry.name), *path = string_at(data, size, entry.path);
		if (found != NULL && path != NULL && path[0] == '/' && strcmp(found, name) == 0)
			return path;
	}
	return NULL;
}
