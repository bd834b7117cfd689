// SPDX-License-Identifier: Apache-2.0
/* /etc/ld.so.cache of glibc: where its loader finds libraries beside the standard directories (ldconfig(8)). */
#ifndef CASEMATE_BASE_LD_CACHE_H
#define CASEMATE_BASE_LD_CACHE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The path of the library @name in the @size bytes of a cache at @data, counting from entry *@at on, which is moved
 * behind it; NULL: there is none (more), or that is no cache. What is returned lies in @data and ends there.
 */
const char *ld_cache_find(const void *data, size_t size, const char *name, uint32_t *at);

#endif
