// SPDX-License-Identifier: Apache-2.0
/* The flags of a sandbox as a profile's text. */
#include <string.h>

#include "base/json_write.h"
#include "config/profile.h"
#include "config/profile_sandbox.h"

struct saving {
	const struct sandbox_options *options;
	const struct host *host;
	struct arena *arena;
};

/* @text with @mark before each place where @what stands. */
static const char *marked(struct arena *arena, const char *text, const char *what, char mark)
{
	char *out = arena_alloc(arena, 2 * strlen(text) + 1), *to = out;

	for (; *text != '\0'; text++) {
		if (strncmp(text, what, strlen(what)) == 0)
			*to++ = mark;
		*to++ = *text;
	}
	return out;
}

/* What stands behind the first ':' that separates; NULL: nothing does. */
static const char *second_part(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value == ':')
			return value + 1;
		else if (value[0] == '\\' && value[1] == ':')
			value++;
	return NULL;
}

/* What is relative was meant from here, and a file is read from anywhere. */
static const char *portable(const struct saving *s, const struct cli_option *option, const char *value)
{
	bool splits = option->offset == offsetof(struct sandbox_options, files);

	const char *cwd = splits ? marked(s->arena, s->host->cwd, ":", '\\') : s->host->cwd;
	const char *second = (options_marks(option) & FLAG_TWO_PATHS) != 0 ? second_part(value) : NULL;

	if (second != NULL && second[0] != '/')
		value = arena_printf(s->arena, "%.*s%s/%s", (int)(second - value), value, cwd, second);
	if ((options_marks(option) & FLAG_HOST_PATH) != 0 && value[0] != '/')
		value = arena_printf(s->arena, "%s/%s", cwd, value);
	return marked(s->arena, value, "${", '$');
}

/* Of --env and --setenv the later one counts, and two keys have no order: mixed ones all stand under "env". */
static bool stands_under(const cli_words *words, size_t at, const struct cli_option *option)
{
	bool passes = false;

	if (option->offset != offsetof(struct sandbox_options, env))
		return strcmp(words->at[at].option, option->name) == 0;
	for (size_t i = 0; i < words->count; i++)
		passes = passes || strcmp(words->at[i].option, "--env") == 0;
	return strcmp(passes ? "--env" : "--setenv", option->name) == 0;
}

static void write_words(const struct saving *s, const struct cli_option *option, struct json_writer *json)
{
	const cli_words *words = (const cli_words *)(const void *)((const char *)s->options + option->offset);
	bool open = false;

	for (size_t i = 0; i < words->count; i++) {
		if (!stands_under(words, i, option))
			continue;
		if (!open) {
			json_member_array(json, option->name + strlen("--"));
			open = true;
		}
		json_write_string(json, portable(s, option, words->at[i].value));
	}
	if (open)
		json_write_end_array(json);
}

static void write_number(const struct saving *s, const struct cli_option *option, struct json_writer *json)
{
	const struct cli_number *number = (const void *)((const char *)s->options + option->offset);
	unsigned long long value = number->value;

	if (!number->set)
		return;
	json_write_key(json, option->name + strlen("--"));
	if (option->kind == CLI_NUMBER)
		json_write_unsigned(json, value);
	else if (option->kind == CLI_PERCENT)
		json_write_string(json, arena_printf(s->arena, "%llu.%03llu", value / 1000, value % 1000));
	else
		json_write_string(json,
				  arena_printf(s->arena, "%llu%s", value, option->kind == CLI_DURATION ? "ms" : ""));
}

static void write_flag(const struct saving *s, const struct cli_option *option, struct json_writer *json)
{
	const void *member = (const char *)s->options + option->offset;

	switch (option->kind) {
	case CLI_ON:
	case CLI_OFF:
		if (*(const bool *)member != (option->kind == CLI_ON))
			return;
		json_member_bool(json, option->name + strlen("--"), true);
		return;
	case CLI_TEXT:
		if (*(const char *const *)member == NULL)
			return;
		json_member_string(json, option->name + strlen("--"),
				   portable(s, option, *(const char *const *)member));
		return;
	case CLI_WORDS:
		write_words(s, option, json);
		return;
	default:
		write_number(s, option, json);
	}
}

/* "/home/me/Über uns.json" is called "ber-uns": a name has few letters. */
static const char *name_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash != NULL ? slash + 1 : path;
	char *name = arena_strndup(arena, file, strnlen(file, PROFILE_NAME_BYTES));
	char *end = strstr(name, ".json"), *to = name;

	if (end != NULL)
		*end = '\0';
	for (const char *at = name; *at != '\0'; at++)
		if (strchr(PROFILE_NAME_LETTERS, *at) != NULL)
			*to++ = *at;
		else if (*at == ' ')
			*to++ = '-';
	*to = '\0';
	return name[0] != '\0' ? name : "saved";
}

/* By the name of a built-in one where it is the same. */
static void write_ceiling(const struct profile *profile, struct arena *arena, struct json_writer *json)
{
	static const char *const names[] = {"restricted", "baseline", "privileged"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct profile builtin = {0};
		struct error different = {0};

		if (profile_builtin(names[i], arena, &builtin, &different) < 0 ||
		    profile_weaker(&builtin, profile, &different) < 0 ||
		    profile_weaker(profile, &builtin, &different) < 0)
			continue;
		json_member_string(json, "extends", names[i]);
		return;
	}
	profile_write_items(json, profile);
}

static int check_lasting(const struct sandbox_options *options, struct error *err)
{
	for (const struct cli_option *option = sandbox_options; option->name != NULL; option++)
		for (size_t i = 0; (options_marks(option) & FLAG_OPEN) != 0 && i < options->files.count; i++)
			if (strcmp(options->files.at[i].option, option->name) == 0)
				return error_set(err, ERROR_USAGE, 0,
						 "'%s %s' cannot be saved: the number means nothing later",
						 option->name, options->files.at[i].value);
	return 0;
}

int profile_sandbox_write(const struct sandbox_options *options, const struct profile *profile, const char *path,
			  const struct host *host, struct arena *arena, const char **ret_text, struct error *err)
{
	const struct saving s = {options, host, arena};
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(check_lasting(options, err));
	TRY(json_writer_create(&json, true, err));
	json.exact = true;
	json_write_begin_object(&json);
	json_member_unsigned(&json, "casemate", PROFILE_FORMAT);
	json_member_string(&json, "name", name_of(arena, path));
	write_ceiling(profile, arena, &json);
	json_member_object(&json, "sandbox");
	for (const struct cli_option *option = sandbox_options; option->name != NULL; option++)
		if ((options_marks(option) & FLAG_TYPED) == 0)
			write_flag(&s, option, &json);
	json_write_end_object(&json);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	*ret_text = arena_strndup(arena, text, length);
	return 0;
}
