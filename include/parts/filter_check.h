// SPDX-License-Identifier: Apache-2.0
/*
 * A compiled filter is trusted only after it was run, instruction by instruction, and answered as its rules say. The
 * check reads the rules of the request itself (filter_verdict.h) and none of the compiler's tables.
 */
#ifndef CASEMATE_PARTS_FILTER_CHECK_H
#define CASEMATE_PARTS_FILTER_CHECK_H

#include <linux/filter.h>

#include "parts/filter_rules.h"

/*
 * Runs @code against @rules: every number around every call that is named, on every architecture and on some that are
 * not listed, with and without the x32 bit; for calls with comparisons at the values below, at and above each one, with
 * the high half changed, with bits in and outside a mask changed, at 0 and ~0, while the other arguments hold what the
 * rule, and what the next rule, asks for. Of other calls the program may not even look at the arguments. Fails with
 * ERROR_BUG that names the call and its arguments. @arena is for scratch.
 */
int filter_check(const struct filter_rules *rules, const struct sock_filter *code, uint32_t length, struct arena *arena,
		 struct error *err);

#endif
