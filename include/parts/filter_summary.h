// SPDX-License-Identifier: Apache-2.0
/* A compiled filter in one sentence. */
#ifndef CASEMATE_PARTS_FILTER_SUMMARY_H
#define CASEMATE_PARTS_FILTER_SUMMARY_H

#include "parts/filter_rules.h"

/* "allows 312 system calls, ... (254 instructions)", of the native architecture, in @arena. */
const char *filter_summary(struct arena *arena, const struct filter_rules *rules, uint32_t length);

#endif
