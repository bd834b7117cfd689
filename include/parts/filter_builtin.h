// SPDX-License-Identifier: Apache-2.0
/*
 * The default filter as src/make_filter.c compiled and simulated it when this program was built: reading, compiling and
 * proving it at every launch would take longer than loading it. tests/unit/test_filter_default.c compares it with what
 * the compiler makes of the profile now.
 *
 * It serves where the default filter is the only one. In front of another filter it has to let a call of the launch
 * through, told by an address of that launch, and is compiled then.
 */
#ifndef CASEMATE_PARTS_FILTER_BUILTIN_H
#define CASEMATE_PARTS_FILTER_BUILTIN_H

#include <linux/filter.h>
#include <stdint.h>

struct filter_builtin {
	const struct sock_filter *code;
	uint32_t length; /* 0: not built in (a cross build), it must be compiled */
	uint32_t flags;  /* SECCOMP_FILTER_FLAG_* of the profile */
	const char *summary;
};

extern const struct filter_builtin filter_builtin;

#endif
