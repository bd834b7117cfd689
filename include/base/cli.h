// SPDX-License-Identifier: Apache-2.0
/*
 * Command lines as tables: one table of options gives parsing, --help and shell completion. Names match exactly;
 * `--name VALUE` and `--name=VALUE` are the same; `--` ends the options.
 */
#ifndef CASEMATE_BASE_CLI_H
#define CASEMATE_BASE_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* An option as it was given, in the order of the command line. */
struct cli_word {
	const char *option; /* "--ro" */
	const char *value;
	const char *from; /* where it stands when it was not typed: "FILE:/sandbox/ro/0"; NULL: on the command line */
};
typedef LIST(struct cli_word) cli_words;

/* A number that may not have been given. */
struct cli_number {
	bool set;
	uint64_t value;
};

enum cli_kind {
	CLI_ON,       /* bool: true */
	CLI_OFF,      /* bool: false */
	CLI_TEXT,     /* const char *: the last one counts */
	CLI_WORDS,    /* cli_words: each one is added; several options may share a list, which keeps their order */
	CLI_NUMBER,   /* struct cli_number, up to `most` */
	CLI_SIZE,     /* struct cli_number: bytes; K, M, G, T are powers of 1024 */
	CLI_DURATION, /* struct cli_number: milliseconds; ms, s, m, h; seconds without a unit */
	CLI_PERCENT,  /* struct cli_number: thousandths of one; "0.5" and "50%" are 500 */
};

struct cli_option {
	const char *name; /* "--bundle" */
	char letter;      /* 'b' for -b, 0 for none */
	enum cli_kind kind;
	size_t offset;        /* where it is stored */
	const char *argument; /* "DIR" in the help; NULL for CLI_ON and CLI_OFF */
	const char *help;     /* NULL: taken for the sake of callers of other runtimes, and not shown */
	uint64_t most;        /* of CLI_NUMBER; 0: any */
};

/* Ends a table. */
#define CLI_END                                                                                                        \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

enum cli_order {
	CLI_MIXED,   /* options may stand between and behind the other arguments */
	CLI_IN_FRONT /* the first other argument ends the options: it is a command with options of its own */
};

struct cli {
	const char *usage;   /* "casemate run [OPTION]... ID" */
	const char *summary; /* one sentence */
	const struct cli_option *options;
	enum cli_order order;
};

/*
 * Parses @argv (NULL-terminated, without the command's own name) into the struct at @into, whose other members keep
 * their values. The remaining arguments are put into *@ret_rest, NULL-terminated, in @arena. Returns 0, or 1 when
 * --help or -h was given, which stops the parsing. Fails with ERROR_USAGE, with a hint for a misspelt name.
 */
int cli_parse(const struct cli *cli, char *const *argv, void *into, struct arena *arena, char ***ret_rest,
	      struct error *err);

/*
 * Stores @value (NULL for a switch) as if @option had been given with it; @from as in struct cli_word. Fails with
 * ERROR_USAGE.
 */
int cli_take(const struct cli_option *option, const char *value, const char *from, void *into, struct arena *arena,
	     struct error *err);

/* Prints usage, summary and the options, in 80 columns. */
void cli_help(const struct cli *cli, FILE *out);

/* The entry of @words that is the least misspelling of @word, or NULL when none is near. @words ends with NULL. */
const char *cli_nearest(const char *word, const char *const *words);

#endif
