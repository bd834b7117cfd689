// SPDX-License-Identifier: Apache-2.0
/* Which path lies in which. */
#include "base/path.h"
#include "check.h"

int main(void)
{
	test("whole components are compared");
	CHECK(path_is_within("/usr/bin", "/usr") && path_is_below("/usr/bin", "/usr"));
	CHECK(!path_is_within("/usr2", "/usr") && !path_is_below("/usr2", "/usr"));
	CHECK(!path_is_within("/usr", "/usr/bin") && !path_is_below("/usr", "/usr/bin"));

	test("a path lies within itself, and not below itself");
	CHECK(path_is_within("/usr", "/usr") && !path_is_below("/usr", "/usr"));
	CHECK(path_is_within("/", "/") && !path_is_below("/", "/"));

	test("everything lies below the root");
	CHECK(path_is_within("/usr", "/") && path_is_below("/usr", "/"));

	test("a slash at the end of the directory makes no difference");
	CHECK(path_is_within("/usr", "/usr/") && path_is_below("/usr/bin", "/usr/") && !path_is_below("/usr", "/usr/"));
	CHECK(!path_is_within("/usr2", "/usr/"));
	return check_done();
}
