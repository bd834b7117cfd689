// SPDX-License-Identifier: Apache-2.0
#include "run/doctor.h"

#include <stddef.h>
#include <stdio.h>

#include "base/json_write.h"
#include "commands/command.h"

struct doctor_options {
	bool json;
};

static const struct cli_option options[] = {
	{"--json", 0, CLI_ON, offsetof(struct doctor_options, json), NULL, "print JSON", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate doctor [--json]",
	.summary = "Tries what this host can enforce: says for each part whether it works, what blocks it, what mends "
		   "that, and what casemate does instead. Exit status 1 when a sandbox cannot start.",
	.options = options,
	.order = CLI_MIXED,
};

static void print_line(const char *head, const char *text)
{
	if (text != NULL)
		printf("%21s%s: %s\n", "", head, text);
}

static void print_text(const struct doctor_check *check, const struct doctor_finding *finding)
{
	printf("%-16s  %s  %s%s%s%s\n", check->name,
	       finding->works  ? "ok"
	       : check->needed ? "NO"
			       : "--",
	       check->what, finding->says != NULL ? " (" : "", finding->says != NULL ? finding->says : "",
	       finding->says != NULL ? ")" : "");
	if (finding->works)
		return;
	print_line("cause", finding->cause);
	print_line("fix", finding->fix);
	print_line("else", check->instead);
}

static void write_pair(struct json_writer *json, const char *key, const char *value)
{
	if (value != NULL)
		json_member_string(json, key, value);
}

static void write_json(struct json_writer *json, const struct doctor_check *check, const struct doctor_finding *finding)
{
	json_write_begin_object(json);
	write_pair(json, "name", check->name);
	write_pair(json, "for", check->what);
	json_member_bool(json, "needed", check->needed);
	json_member_bool(json, "works", finding->works);
	write_pair(json, "detail", finding->says);
	if (!finding->works) {
		write_pair(json, "cause", finding->cause);
		write_pair(json, "fix", finding->fix);
		write_pair(json, "instead", check->instead);
	}
	json_write_end_object(json);
}

static int doctor(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	struct doctor_options given = {0};
	struct host host;
	const char *text;
	size_t length;
	char **rest;

	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	if (rest[0] != NULL)
		return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
	TRY(host_probe(&host, invocation->arena, err));
	TRY(json_writer_create(&json, true, err));
	json_write_begin_array(&json);
	for (const struct doctor_check *check = doctor_checks; check->name != NULL; check++) {
		struct doctor_finding finding = {0};

		check->look(&host, invocation->arena, &finding);
		if (check->needed && !finding.works)
			*ret_status = 1;
		if (given.json)
			write_json(&json, check, &finding);
		else
			print_text(check, &finding);
	}
	json_write_end_array(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	return given.json ? command_print(text, length, err) : 0;
}

const struct command command_doctor = {"doctor", &cli, doctor};
