// SPDX-License-Identifier: Apache-2.0
/*
 * Unit tests that speak TAP. A test is a sentence, and everything that is checked until the next one:
 *
 *	test("an empty list stays empty");
 *	CHECK(list.count == 0);
 *	...
 *	return check_done();
 */
#ifndef CASEMATE_TESTS_CHECK_H
#define CASEMATE_TESTS_CHECK_H

#include <stdbool.h>
#include <stdio.h>

static int check_number; /* of the current test */
static int check_bad_tests;
static bool check_is_bad;      /* the current test has failed */
static const char *check_name; /* NULL: none has begun */

static void check_finish_test(void)
{
	if (check_name == NULL)
		return;
	printf("%s %d - %s\n", check_is_bad ? "not ok" : "ok", check_number, check_name);
	fflush(stdout);
	check_bad_tests += check_is_bad;
}

static void test(const char *sentence)
{
	check_finish_test();
	check_name = sentence;
	check_is_bad = false;
	check_number++;
}

static bool check_that(bool good, const char *file, int line, const char *text)
{
	if (!good) {
		check_is_bad = true;
		printf("# %s:%d: CHECK(%s)\n", file, line, text);
	}
	return good;
}

/* False when @condition is: a test may stop there. */
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)

/* Ends the last test and prints the plan. Gives main's status. */
static int check_done(void)
{
	check_finish_test();
	printf("1..%d\n", check_number);
	return check_bad_tests == 0 && check_number > 0 ? 0 : 1;
}

#endif
