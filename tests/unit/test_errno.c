// SPDX-License-Identifier: Apache-2.0
/* The names and texts of errno that a build with musl has are glibc's, with which this test is built. */
#include <errno.h>
#include <string.h>

#define strerrorname_np musl_name
#define strerrordesc_np musl_text
const char *strerrorname_np(int errnum);
const char *strerrordesc_np(int errnum);
#include "../../src/musl/string.c" /* NOLINT(bugprone-suspicious-include): under names of its own */
#undef strerrorname_np
#undef strerrordesc_np

#include "check.h"

static bool same(const char *ours, const char *theirs)
{
	return ours == theirs || (ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0);
}

int main(void)
{
	int known = 0;

	test("each value has glibc's name and text, and no other value has one");
	for (int errnum = -1; errnum < 4096; errnum++) {
		CHECK(same(musl_name(errnum), strerrorname_np(errnum)));
		CHECK(same(musl_text(errnum), strerrordesc_np(errnum)));
		known += musl_name(errnum) != NULL;
	}
	CHECK(known == 132);
	return check_done();
}
