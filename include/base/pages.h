// SPDX-License-Identifier: Apache-2.0
/*
 * Pages that are sure to be written are brought in by one call (madvise(2), MADV_POPULATE_WRITE) in the place of a page
 * fault each: on a virtual machine a fault takes some 10 us, and a page of such a call half of one. This is a matter of
 * speed alone: nothing is reported, a kernel before 5.14 refuses it, and then the faults come one by one.
 */
#ifndef CASEMATE_BASE_PAGES_H
#define CASEMATE_BASE_PAGES_H

#include <stddef.h>

/* The pages of @size bytes at @start, where a page begins, become the caller's own. */
void pages_own(void *start, size_t size);

/* The same in the child of a fork: what is in use of the stack, and what it will need below. */
void pages_own_stack(void);

#endif
