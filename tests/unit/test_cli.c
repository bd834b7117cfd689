// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "check.h"

struct given {
	bool on, off;
	const char *text;
	cli_words words;
	struct cli_number number, size, duration, percent;
};

#define AT(member) offsetof(struct given, member)

static const struct cli_option options[] = {
	{"--on", 'o', CLI_ON, AT(on), NULL, "switch it on", 0},
	{"--off", 0, CLI_OFF, AT(off), NULL, "switch it off", 0},
	{"--text", 't', CLI_TEXT, AT(text), "TEXT", "some text", 0},
	{"--word", 0, CLI_WORDS, AT(words), "WORD", "a word of many", 0},
	{"--other-word", 0, CLI_WORDS, AT(words), "WORD", "another", 0},
	{"--number", 0, CLI_NUMBER, AT(number), "N", "a number up to 100", 100},
	{"--size", 0, CLI_SIZE, AT(size), "SIZE", "bytes", 0},
	{"--duration", 0, CLI_DURATION, AT(duration), "TIME", "milliseconds", 0},
	{"--percent", 0, CLI_PERCENT, AT(percent), "SHARE",
	 "a share that needs so many words to be explained that they do not fit into one line of eighty columns", 0},
	CLI_END,
};

static const struct cli mixed = {"test [OPTION]... ID", "A table for tests.", options, CLI_MIXED};
static const struct cli in_front = {"test [OPTION]... COMMAND", "A table for tests.", options, CLI_IN_FRONT};

static struct arena arena;
static struct error err;
static struct given given;
static char **rest;

/* Parses up to six words; a NULL ends them. */
static int parse(const struct cli *cli, const char *const *words)
{
	char *argv[8] = {0};

	for (size_t i = 0; i < 7 && words[i] != NULL; i++)
		argv[i] = arena_strdup(&arena, words[i]);
	memset(&given, 0, sizeof(given));
	memset(&err, 0, sizeof(err));
	given.off = true;
	return cli_parse(cli, argv, &given, &arena, &rest, &err);
}

#define PARSE(cli, ...) parse(&(cli), (const char *const[]){__VA_ARGS__, NULL})

static bool fails(const char *option, const char *value)
{
	return PARSE(mixed, option, value) == -1 && err.kind == ERROR_USAGE && err.what[0] != '\0';
}

static bool gives(const char *option, const char *value, const struct cli_number *number, uint64_t expected)
{
	return PARSE(mixed, option, value) == 0 && number->set && number->value == expected;
}

static void check_forms(void)
{
	test("an option's value follows it, or an equals sign");
	CHECK(PARSE(mixed, "--text", "a") == 0 && strcmp(given.text, "a") == 0);
	CHECK(PARSE(mixed, "--text=a=b") == 0 && strcmp(given.text, "a=b") == 0);
	CHECK(PARSE(mixed, "--text=") == 0 && strcmp(given.text, "") == 0);
	CHECK(PARSE(mixed, "-t", "a") == 0 && strcmp(given.text, "a") == 0);
	CHECK(PARSE(mixed, "--text", "a", "--text", "b") == 0 && strcmp(given.text, "b") == 0);

	test("switches go on and off, and take no value");
	CHECK(PARSE(mixed, "-o", "--off") == 0 && given.on && !given.off);
	CHECK(PARSE(mixed, "x") == 0 && !given.on && given.off);
	CHECK(PARSE(mixed, "--on=yes") == -1 && strstr(err.what, "--on") != NULL);

	test("a repeated option adds, in the order of the command line");
	CHECK(PARSE(mixed, "--word", "1", "--other-word", "2", "--word=3") == 0 && given.words.count == 3);
	CHECK(strcmp(given.words.at[1].option, "--other-word") == 0 && strcmp(given.words.at[2].value, "3") == 0);

	test("an option without its value is an error that names both");
	CHECK(PARSE(mixed, "--text") == -1 && strstr(err.what, "--text") != NULL && strstr(err.what, "TEXT") != NULL);

	test("only exact names match");
	CHECK(PARSE(mixed, "--tex", "a") == -1 && strcmp(err.what, "unknown option '--tex'") == 0);
	CHECK(strstr(err.hint, "'--text'") != NULL);
	CHECK(PARSE(mixed, "--numbre=1") == -1 && strstr(err.hint, "'--number'") != NULL);
	CHECK(PARSE(mixed, "--nothing-like-it") == -1 && strstr(err.hint, "did you mean") == NULL);
	CHECK(PARSE(mixed, "-x") == -1);
	CHECK(PARSE(mixed, "-ot") == -1);
	CHECK(PARSE(mixed, "--Text", "a") == -1);
}

static void check_rest(void)
{
	test("options may stand behind other arguments where the table says so");
	CHECK(PARSE(mixed, "id", "--on", "more") == 0 && given.on);
	CHECK(strcmp(rest[0], "id") == 0 && strcmp(rest[1], "more") == 0 && rest[2] == NULL);

	test("a command keeps its own options");
	CHECK(PARSE(in_front, "--on", "ls", "--off", "--help") == 0 && given.on && given.off);
	CHECK(strcmp(rest[0], "ls") == 0 && strcmp(rest[1], "--off") == 0 && strcmp(rest[2], "--help") == 0);

	test("two dashes end the options");
	CHECK(PARSE(mixed, "--", "--on") == 0 && !given.on && strcmp(rest[0], "--on") == 0);
	CHECK(PARSE(in_front, "--", "--") == 0 && strcmp(rest[0], "--") == 0 && rest[1] == NULL);
	CHECK(PARSE(in_front, "--on", "--", "ls") == 0 && strcmp(rest[0], "ls") == 0);

	test("one dash is an argument");
	CHECK(PARSE(mixed, "-") == 0 && strcmp(rest[0], "-") == 0);

	test("--help stops the parsing");
	CHECK(PARSE(mixed, "--help", "--nonsense") == 1 && rest[0] == NULL);
	CHECK(PARSE(mixed, "--nonsense", "--help") == -1);
}

static void check_numbers(void)
{
	test("numbers are digits, within the option's range");
	CHECK(gives("--number", "100", &given.number, 100));
	CHECK(gives("--number", "0", &given.number, 0));
	CHECK(PARSE(mixed, "x") == 0 && !given.number.set);
	CHECK(fails("--number", "101") && fails("--number", "-1") && fails("--number", "+1") && fails("--number", ""));
	CHECK(fails("--number", " 1") && fails("--number", "0x10") && fails("--number", "1e2") &&
	      fails("--number", "1K"));
	CHECK(fails("--number", "18446744073709551616"));

	test("sizes have units of 1024 and no overflow");
	CHECK(gives("--size", "512", &given.size, 512));
	CHECK(gives("--size", "4K", &given.size, 4096));
	CHECK(gives("--size", "64m", &given.size, 64 << 20));
	CHECK(gives("--size", "2G", &given.size, 2ULL << 30));
	CHECK(fails("--size", "1KB") && fails("--size", "K") && fails("--size", "1.5G") &&
	      fails("--size", "99999999999G"));

	test("durations are milliseconds, seconds without a unit");
	CHECK(gives("--duration", "3", &given.duration, 3000));
	CHECK(gives("--duration", "250ms", &given.duration, 250));
	CHECK(gives("--duration", "10s", &given.duration, 10000));
	CHECK(gives("--duration", "5m", &given.duration, 300000));
	CHECK(gives("--duration", "1h", &given.duration, 3600000));
	CHECK(fails("--duration", "1d") && fails("--duration", "s") && fails("--duration", "18446744073709551615h"));

	test("shares are fractions or percents, in thousandths");
	CHECK(gives("--percent", "0.5", &given.percent, 500));
	CHECK(gives("--percent", "50%", &given.percent, 500));
	CHECK(gives("--percent", "2", &given.percent, 2000));
	CHECK(gives("--percent", "1.25", &given.percent, 1250));
	CHECK(fails("--percent", "%") && fails("--percent", ".5") && fails("--percent", "50%%"));
	CHECK(fails("--percent", "1.x") && fails("--percent", "99999999"));
}

static void check_words(void)
{
	static const char *const words[] = {"run", "sandbox", "explain", NULL};
	char longest[256];

	test("the nearest word is near");
	CHECK(strcmp(cli_nearest("snadbox", words), "sandbox") == 0);
	CHECK(strcmp(cli_nearest("rnu", words), "run") == 0);
	CHECK(cli_nearest("checkpoint", words) == NULL);
	memset(longest, 'r', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CHECK(cli_nearest(longest, words) == NULL);
	CHECK(PARSE(mixed, arena_printf(&arena, "--%s", longest)) == -1);
}

static void check_help(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	test("the help names every option and stays within 80 columns");
	if (!CHECK(out != NULL))
		return;
	cli_help(&mixed, out);
	fclose(out);
	CHECK(strncmp(text, "usage: test [OPTION]... ID\n", 27) == 0);
	for (const struct cli_option *option = options; option->name != NULL; option++)
		CHECK(strstr(text, option->name) != NULL);
	CHECK(strstr(text, "-o, --on") != NULL && strstr(text, "--help") != NULL);
	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
		CHECK(strcspn(line, "\n") < 80);
		if (strchr(line, '\n') == NULL)
			break;
	}
	free(text);
}

int main(void)
{
	if (arena_create(&arena, &err) < 0)
		return 1;
	check_forms();
	check_rest();
	check_numbers();
	check_words();
	check_help();
	arena_destroy(&arena);
	return check_done();
}
