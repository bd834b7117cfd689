// SPDX-License-Identifier: Apache-2.0
/* What terminals obey is not what reaches them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/printable.h"
#include "check.h"

static bool prints(void (*print)(const char *, FILE *), const char *text, const char *expected)
{
	char *got = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&got, &size);

	if (out == NULL)
		return false;
	print(text, out);
	bool same = fclose(out) == 0 && strcmp(got, expected) == 0;
	free(got);
	return same;
}

static bool says(const struct error *err, const char *expected)
{
	char text[512];

	error_text(err, text, sizeof(text));
	return strcmp(text, expected) == 0;
}

int main(void)
{
	struct error err;

	test("words of all languages are shown");
	CHECK(prints(print_printable, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2~",
		     "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2~"));
	CHECK(prints(print_printable, "\xc2\xa0", "\xc2\xa0"));
	CHECK(prints(print_word, "\xc3\xa9'", "'\xc3\xa9'\\'''"));

	test("control bytes are escaped");
	CHECK(prints(print_printable, "\x1b[2J\n\x7f", "\\x1b[2J\\x0a\\x7f"));
	CHECK(prints(print_word, "\x1b[2J\n", "'\\x1b[2J\\x0a'"));

	test("so are the control characters of one and of two bytes that terminals take for ESC and a letter");
	CHECK(prints(print_printable,
		     "\xc2\x9b"
		     "2J",
		     "\\xc2\\x9b2J"));
	CHECK(prints(print_printable, "\xc2\x80\xc2\x9f", "\\xc2\\x80\\xc2\\x9f"));
	CHECK(prints(print_printable,
		     "\x9b"
		     "2J",
		     "\\x9b2J"));
	CHECK(prints(print_word,
		     "\xc2\x9b"
		     "2J",
		     "'\\xc2\\x9b2J'"));

	test("and what is no character, to the last byte");
	CHECK(prints(print_printable, "\xc3", "\\xc3"));
	CHECK(prints(print_printable, "\xe2\x82", "\\xe2\\x82"));
	CHECK(prints(print_printable,
		     "\xc0\x9b\xff"
		     "a",
		     "\\xc0\\x9b\\xffa"));

	test("an error is as harmless");
	error_set(&err, ERROR_CONFIG, 0, "cannot open '%s'",
		  "\xc2\x9b"
		  "2J\x9b");
	CHECK(says(&err, "cannot open '\\xc2\\x9b2J\\x9b'"));

	test("no text of others begins a line");
	error_set(&err, ERROR_CONFIG, 0, "cannot open '%s'", "a\ncasemate: all is well");
	error_hint(&err, "see '%s'", "b\nc");
	error_wrap(&err, "step '%s'", "d\ne");
	CHECK(says(&err, "step 'd e': cannot open 'a casemate: all is well'\n  hint: see 'b c'"));
	error_set(&err, ERROR_REFUSED, 0, "refused");
	error_add_line(&err, "%s", "f\ng");
	error_add_line(&err, "%s", "h");
	CHECK(says(&err, "refused\n  f g\n  h"));

	test("lines that do not fit are cut");
	error_set(&err, ERROR_REFUSED, 0, "%*s", (int)sizeof(err.what) - 4, "x");
	error_add_line(&err, "%s", "y");
	CHECK(strlen(err.what) == sizeof(err.what) - 4);
	error_set(&err, ERROR_REFUSED, 0, "%*s", (int)sizeof(err.what) - 6, "x");
	error_add_line(&err, "%s", "yzw");
	CHECK(strlen(err.what) == sizeof(err.what) - 1 && err.what[sizeof(err.what) - 2] == 'z');
	return check_done();
}
