// SPDX-License-Identifier: Apache-2.0
#include "base/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 96, HELP_COLUMN = 26, HELP_WIDTH = 79, NEAR = 3, LONGEST_WORD = 40 };

/* ---- misspelt names */

/* Levenshtein distance, by one row; words beyond LONGEST_WORD are near to nothing. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST_WORD + 1], length = strlen(b);

	if (length > LONGEST_WORD || strlen(a) > LONGEST_WORD)
		return LONGEST_WORD;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t above = row[j], change = diagonal + (a[i - 1] != b[j - 1]);
			size_t least = above < row[j - 1] ? above + 1 : row[j - 1] + 1;

			row[j] = change < least ? change : least;
			diagonal = above;
		}
	}
	return row[length];
}

const char *cli_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t least = NEAR;

	for (; *words != NULL; words++) {
		size_t far = distance(word, *words);

		if (far < least) {
			least = far;
			best = *words;
		}
	}
	return best;
}

static int unknown_option(const struct cli_option *options, const char *name, size_t length, struct error *err)
{
	const char *names[MAX_OPTIONS + 1];
	size_t count = 0;
	char word[LONGEST_WORD + 1] = "";

	error_set(err, ERROR_USAGE, 0, "unknown option '%.*s'", (int)length, name);
	for (; options->name != NULL && count < MAX_OPTIONS; options++)
		names[count++] = options->name;
	names[count] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)(length < LONGEST_WORD ? length : LONGEST_WORD), name);
	const char *near = cli_nearest(word, names);
	return near == NULL ? error_hint(err, "see --help") : error_hint(err, "did you mean '%s'?", near);
}

/* ---- values */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {{"", 1},           {"K", 1ULL << 10}, {"k", 1ULL << 10},
				    {"M", 1ULL << 20}, {"m", 1ULL << 20}, {"G", 1ULL << 30},
				    {"g", 1ULL << 30}, {"T", 1ULL << 40}, {NULL, 0}};
static const struct unit durations[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit numbers[] = {{"", 1}, {NULL, 0}};

/* Digits only, so that neither a sign nor white space nor a base slips in, then a unit. */
static int parse_units(const char *text, const struct unit *units, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value;

	errno = 0;
	value = strtoull(text, NULL, 10);
	if (digits == 0 || errno != 0)
		return -1;
	for (; units->name != NULL; units++)
		if (strcmp(text + digits, units->name) == 0)
			return __builtin_mul_overflow(value, units->factor, ret) ? -1 : 0;
	return -1;
}

/* "0.25", "2", "25%": thousandths. */
static int parse_percent(const char *text, uint64_t *ret)
{
	size_t whole = strspn(text, "0123456789");
	uint64_t value = whole == 0 || whole > 6 ? 1000001 : strtoull(text, NULL, 10);
	uint64_t scale = 100;

	if (value > 1000000)
		return -1;
	if (strcmp(text + whole, "%") == 0) {
		*ret = value * 10;
		return 0;
	}
	*ret = value * 1000;
	if (text[whole] == '\0')
		return 0;
	if (text[whole] != '.')
		return -1;
	for (text += whole + 1; *text >= '0' && *text <= '9'; text++, scale /= 10)
		*ret += (uint64_t)(*text - '0') * scale;
	return *text == '\0' ? 0 : -1;
}

static const char *const examples[] = {
	[CLI_NUMBER] = "a number, such as 100",
	[CLI_SIZE] = "a number of bytes, or of K, M, G or T: such as 512M",
	[CLI_DURATION] = "a number of seconds, or of ms, s, m or h: such as 5m",
	[CLI_PERCENT] = "a part of one, such as 0.5 or 50%",
};

static int store_number(const struct cli_option *option, const char *value, struct cli_number *into, struct error *err)
{
	uint64_t number = 0;
	int bad;

	if (option->kind == CLI_PERCENT)
		bad = parse_percent(value, &number);
	else
		bad = parse_units(value,
				  option->kind == CLI_SIZE       ? sizes
				  : option->kind == CLI_DURATION ? durations
								 : numbers,
				  &number);
	if (bad < 0 || (option->most != 0 && number > option->most)) {
		error_set(err, ERROR_USAGE, 0, "'%s' is not a %s for %s", value, option->argument, option->name);
		return bad == 0 ? error_hint(err, "at most %llu", (unsigned long long)option->most)
				: error_hint(err, "%s", examples[option->kind]);
	}
	*into = (struct cli_number){.set = true, .value = number};
	return 0;
}

int cli_take(const struct cli_option *option, const char *value, const char *from, void *into, struct arena *arena,
	     struct error *err)
{
	void *member = (char *)into + option->offset;

	if (value == NULL) {
		*(bool *)member = option->kind == CLI_ON;
		return 0;
	}
	switch (option->kind) {
	case CLI_TEXT:
		*(const char **)member = value;
		return 0;
	case CLI_WORDS:
		*LIST_ADD(arena, (cli_words *)member) =
			(struct cli_word){.option = option->name, .value = value, .from = from};
		return 0;
	default:
		return store_number(option, value, member, err);
	}
}

/* ---- the command line */

static const struct cli_option *find(const struct cli_option *options, const char *word, size_t length)
{
	for (; options->name != NULL; options++) {
		if (strlen(options->name) == length && strncmp(options->name, word, length) == 0)
			return options;
		if (options->letter != 0 && length == 2 && word[0] == '-' && word[1] == options->letter)
			return options;
	}
	return NULL;
}

/* Takes the option at @argv and returns how many words it was, or -1. */
static int take_option(const struct cli *cli, char *const *argv, void *into, struct arena *arena, struct error *err)
{
	const char *word = argv[0];
	const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
	size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);
	const struct cli_option *option = find(cli->options, word, length);

	if (option == NULL)
		return unknown_option(cli->options, word, length, err);
	if (option->argument == NULL) {
		if (equals != NULL)
			return error_set(err, ERROR_USAGE, 0, "%s takes no value", option->name);
		TRY(cli_take(option, NULL, NULL, into, arena, err));
		return 1;
	}
	if (equals == NULL && argv[1] == NULL)
		return error_set(err, ERROR_USAGE, 0, "option %s requires an argument: %s", option->name,
				 option->argument);
	TRY(cli_take(option, equals == NULL ? argv[1] : equals + 1, NULL, into, arena, err));
	return equals == NULL ? 2 : 1;
}

int cli_parse(const struct cli *cli, char *const *argv, void *into, struct arena *arena, char ***ret_rest,
	      struct error *err)
{
	size_t count = 0, room = 1;

	for (char *const *at = argv; *at != NULL; at++)
		room++;
	char **rest = arena_alloc(arena, room * sizeof(*rest));
	*ret_rest = rest;
	while (*argv != NULL) {
		bool is_option = argv[0][0] == '-' && argv[0][1] != '\0';

		if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
			return 1;
		if (is_option && strcmp(*argv, "--") != 0) {
			int words = take_option(cli, argv, into, arena, err);

			TRY(words);
			argv += words;
			continue;
		}
		argv += is_option;
		if (!is_option && cli->order == CLI_MIXED) {
			rest[count++] = *argv++;
			continue;
		}
		while (*argv != NULL)
			rest[count++] = *argv++;
	}
	return 0;
}

/* ---- help */

/* Prints @text from column @at on, broken between words. */
static void wrap(FILE *out, const char *text, int at)
{
	int column = at;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > at && column + (int)word > HELP_WIDTH) {
			fprintf(out, "\n%*s", at, "");
			column = at;
		}
		fprintf(out, "%s%.*s", column > at ? " " : "", (int)word, text);
		column += (int)word + (column > at);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void help_option(const struct cli_option *option, FILE *out)
{
	char head[64];
	int length = snprintf(head, sizeof(head), "  %s%c%s%s%s%s", option->letter ? "-" : "",
			      option->letter ? option->letter : ' ', option->letter ? ", " : "   ", option->name,
			      option->argument == NULL ? "" : " ", option->argument == NULL ? "" : option->argument);

	fputs(head, out);
	if (length >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", HELP_COLUMN - length, "");
	wrap(out, option->help, HELP_COLUMN);
}

void cli_help(const struct cli *cli, FILE *out)
{
	fprintf(out, "usage: %s\n\n", cli->usage);
	wrap(out, cli->summary, 0);
	fputc('\n', out);
	for (const struct cli_option *option = cli->options; option->name != NULL; option++)
		if (option->help != NULL)
			help_option(option, out);
	fprintf(out, "  %-*sshow this\n", HELP_COLUMN - 2, "-h, --help");
}
