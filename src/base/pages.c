// SPDX-License-Identifier: Apache-2.0
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* 5.14 */
#endif

enum {
	PAGE = 4096, /* where they are larger the call may be refused */
	STACK_BELOW = 4 * PAGE,
	STACK_ABOVE = 2 * PAGE,
};

void pages_own(void *start, size_t size)
{
	(void)madvise(start, size, MADV_POPULATE_WRITE);
}

void pages_own_stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(PAGE - 1);

	pages_own((void *)(here - STACK_BELOW), STACK_BELOW + STACK_ABOVE);
}
