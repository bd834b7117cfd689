// SPDX-License-Identifier: Apache-2.0
/* Values in GVariant's text form: what is read, as which type, and what is none. */
#include <string.h>

#include "base/gvariant.h"
#include "check.h"

static struct gvariant value;
static struct error err;

static bool reads(const char *text, const char *signature)
{
	return gvariant_parse(text, &value, &err) == 0 && strcmp(value.nodes[0].signature, signature) == 0;
}

static bool refuses(const char *text)
{
	return gvariant_parse(text, &value, &err) < 0 && err.kind == ERROR_CONFIG;
}

static void test_numbers(void)
{
	test("numbers have the type that is said, else that of a 32 bit integer");
	CHECK(reads("12", "i") && value.nodes[0].bits == 12);
	CHECK(reads("-2147483648", "i") && value.nodes[0].bits == (uint64_t)INT32_MIN);
	CHECK(reads("uint64 18446744073709551615", "t") && value.nodes[0].bits == UINT64_MAX);
	CHECK(reads("int64 -9223372036854775808", "x") && value.nodes[0].bits == 1ULL << 63);
	CHECK(reads("byte 0xff", "y") && value.nodes[0].bits == 255);
	CHECK(reads("1.5", "d") && value.nodes[0].number > 1.4 && value.nodes[0].number < 1.6);
	CHECK(reads("@t 7", "t") && reads("true", "b") && value.nodes[0].bits == 1);

	test("a number that does not fit its type is none");
	CHECK(refuses("2147483648") && refuses("-2147483649") && refuses("byte 256") && refuses("byte -1"));
	CHECK(refuses("uint64 18446744073709551616") && refuses("int64 -9223372036854775809"));
	CHECK(refuses("uint64 1.5") && refuses("uint64 -1") && refuses("uint64 'a'") && refuses("uint64 true"));
}

static void test_texts(void)
{
	test("strings, with what is quoted in them");
	CHECK(reads("'a word'", "s") && strcmp(value.nodes[0].text, "a word") == 0);
	CHECK(reads("\"it's\"", "s") && strcmp(value.nodes[0].text, "it's") == 0);
	CHECK(reads("'it\\'s \\\\'", "s") && strcmp(value.nodes[0].text, "it's \\") == 0);
	CHECK(reads("objectpath '/a'", "o"));

	test("a string that does not end, or has control characters, is none");
	CHECK(refuses("'a") && refuses("'a\nb'") && refuses("'a\\nb'") && refuses("'\\") && refuses("'a' 'b'"));
}

static void test_containers(void)
{
	test("arrays take the type of their first element, tuples that of each member");
	CHECK(reads("['a', 'b']", "as") && value.nodes[0].end == 3 && value.count == 3);
	CHECK(reads("[byte 1, 2, 0x3]", "ay") && value.nodes[3].type == 'y' && value.nodes[3].bits == 3);
	CHECK(reads("('a', uint64 2)", "(st)") && value.nodes[2].bits == 2);
	CHECK(reads("[('/dev/sda', uint64 2), ('/dev/sdb', 3)]", "a(st)") && value.count == 7);
	CHECK(reads("@as []", "as") && value.count == 1 && reads("@a(st) []", "a(st)"));

	test("what is mixed, open or empty without a type is none");
	CHECK(refuses("[]") && refuses("['a', 1]") && refuses("[1") && refuses("[1,, 2]") && refuses("()"));
	CHECK(refuses("@as [1]") && refuses("@(st) ('a')") && refuses("@(st) ('a', 1, 2)") && refuses("@ [1]"));
	CHECK(refuses("[[[[[[[[[[[[1]]]]]]]]]]]]") && refuses("") && refuses("what") && refuses("<1>") &&
	      refuses("{1: 2}"));
}

static void test_bounds(void)
{
	static char text[20000];

	test("more than there is room for is refused");
	memset(text, '1', sizeof(text) - 1);
	CHECK(refuses(text));
	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		text[i] = ',';
	text[0] = '[';
	CHECK(refuses(text));
	memset(text, 'x', sizeof(text) - 1);
	text[0] = text[sizeof(text) - 2] = '\'';
	CHECK(refuses(text));
}

int main(void)
{
	test_numbers();
	test_texts();
	test_containers();
	test_bounds();
	return check_done();
}
