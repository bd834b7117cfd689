// SPDX-License-Identifier: Apache-2.0
/* --args: flags that come from a descriptor, in the place where it stands. */
#include <string.h>

#include "config/options.h"
#include "config/options_add.h"

enum { ARGS_BYTES = 1 << 20, ARGS_MOST = 16384 };

static const char args[] = "--args";

typedef LIST(char *) word_list;

/* Only what begins with '-' is a flag; "--" ends them. */
static bool is_flag(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

static bool takes_next(const char *word)
{
	for (const struct cli_option *option = sandbox_options; option->name != NULL; option++)
		if (strcmp(option->name, word) == 0)
			return option->argument != NULL;
	return false;
}

/* "--args" or "--args=FD" */
static bool is_args(const char *word)
{
	size_t length = strlen(args);

	return strncmp(word, args, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

static int refuse(const struct cli_word *from, size_t number, const char *word, const char *why, struct error *err)
{
	return error_set(err, ERROR_USAGE, 0, "%s %s: argument %zu, '%s', %s", from->option, from->value, number, word,
			 why);
}

/* Flags and their values, and nothing else: what is run stands on the command line, where one can see it. */
static int check(const struct cli_word *from, char *const *words, struct arena *arena, struct error *err)
{
	static const struct cli cli = {.options = sandbox_options, .order = CLI_IN_FRONT};
	struct sandbox_options tried = {0};
	char **rest;

	if (cli_parse(&cli, words, &tried, arena, &rest, err) < 0)
		return error_wrap(err, "%s %s", from->option, from->value);
	for (size_t i = 0; words[i] != NULL; i++) {
		if (!is_flag(words[i]))
			return refuse(from, i + 1, words[i], "is no flag", err);
		if (is_args(words[i]))
			return refuse(from, i + 1, words[i], "cannot name a further descriptor", err);
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
			return refuse(from, i + 1, words[i], "is for the command line", err);
		if (takes_next(words[i]) && words[i + 1] != NULL)
			i++;
	}
	return 0;
}

static int read_words(const char *number, struct arena *arena, word_list *into, struct error *err)
{
	const struct cli_word from = {.option = args, .value = number};
	size_t length, first = into->count;
	char *text;
	int fd;

	TRY(options_descriptor(&from, number, &fd, err));
	TRY(options_read(&from, fd, ARGS_BYTES, arena, &text, &length, err));
	for (char *at = text; at < text + length; at += strlen(at) + 1) {
		/* Half of them, of a writer that died, would be another sandbox. */
		if (at + strlen(at) == text + length)
			return refuse(&from, into->count - first + 1, at, "does not end with a NUL", err);
		if (into->count == ARGS_MOST)
			return error_set(err, ERROR_USAGE, 0, "%s %s: there are more than %d arguments", args, number,
					 ARGS_MOST);
		*LIST_ADD(arena, into) = at;
	}
	*LIST_ADD(arena, into) = NULL;
	into->count--;
	return check(&from, into->at + first, arena, err);
}

int options_expand(char *const *argv, struct arena *arena, char ***ret, struct error *err)
{
	word_list words = {0};

	while (*argv != NULL && is_flag(*argv)) {
		const char *equals = strchr(*argv, '=');
		size_t count = takes_next(*argv) && argv[1] != NULL ? 2 : 1;

		if (is_args(*argv) && (equals != NULL || count == 2))
			TRY(read_words(equals != NULL ? equals + 1 : argv[1], arena, &words, err));
		else
			for (size_t i = 0; i < count; i++)
				*LIST_ADD(arena, &words) = argv[i];
		argv += count;
	}
	for (; *argv != NULL; argv++)
		*LIST_ADD(arena, &words) = *argv;
	*LIST_ADD(arena, &words) = NULL;
	*ret = words.at;
	return 0;
}
