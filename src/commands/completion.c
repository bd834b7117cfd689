// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "commands/command.h"

static const struct cli_option options[] = {CLI_END};

static const struct cli cli = {
	.usage = "casemate completion bash|zsh|fish",
	.summary = "Prints the completion script of a shell, made from the tables that the options are parsed by.",
	.options = options,
	.order = CLI_MIXED,
};

static void words_of(const struct cli *of)
{
	for (const struct cli_option *option = of->options; option->name != NULL; option++)
		if (option->help != NULL)
			printf("%s ", option->name);
	printf("--help");
}

static void print_names(void)
{
	for (const struct command *const *command = commands; *command != NULL; command++)
		printf("%s ", (*command)->name);
}

/* What follows these before the command is a value of theirs. */
static void print_bash_values(const struct cli *globals)
{
	for (const struct cli_option *option = globals->options; option->name != NULL; option++)
		if (option->argument != NULL)
			printf("\t\t%s) [[ ${COMP_WORDS[++i]} != = ]] || ((i++)) ;;\n", option->name);
}

static void print_bash(const struct cli *globals)
{
	puts("_casemate()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]} command= i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in");
	print_bash_values(globals);
	puts("\t\t-*) ;;\n\t\tsandbox) command=sandbox; break ;;\n"
	     "\t\t*) command=${command:-${COMP_WORDS[i]}}; [[ $command == explain ]] || break ;;\n"
	     "\t\tesac\n\tdone\n\tCOMPREPLY=()\n\tcase $command in");
	printf("\t'') COMPREPLY=($(compgen -W \"");
	print_names();
	words_of(globals);
	puts("\" -- \"$word\")) ;;");
	for (const struct command *const *command = commands; *command != NULL; command++) {
		printf("\t%s) [[ $word == -* ]] && COMPREPLY=($(compgen -W \"", (*command)->name);
		words_of((*command)->cli);
		puts("\" -- \"$word\")) ;;");
	}
	puts("\tesac\n}\ncomplete -o default -F _casemate casemate");
}

static void print_zsh(const struct cli *globals)
{
	puts("#compdef casemate\nlocal -a words_\ncase ${words[2]} in");
	for (const struct command *const *command = commands; *command != NULL; command++) {
		printf("%s) words_=(", (*command)->name);
		words_of((*command)->cli);
		puts(") ;;");
	}
	printf("*) words_=(");
	print_names();
	words_of(globals);
	puts(") ;;\nesac\n_alternative \"words:word:($words_)\" 'files:file:_files'");
}

static void print_fish_options(const struct cli *of, const char *where, const char *name)
{
	for (const struct cli_option *option = of->options; option->name != NULL; option++)
		if (option->help != NULL)
			printf("complete -c casemate -n '%s%s' -l %s%s\n", where, name, option->name + 2,
			       option->argument == NULL ? "" : " -r");
}

static void print_fish(const struct cli *globals)
{
	printf("complete -c casemate -n __fish_use_subcommand -f -a '");
	print_names();
	puts("'");
	print_fish_options(globals, "__fish_use_subcommand", "");
	for (const struct command *const *command = commands; *command != NULL; command++)
		print_fish_options((*command)->cli, "__fish_seen_subcommand_from ", (*command)->name);
}

static int completion(const struct invocation *invocation, int *ret_status, struct error *err)
{
	static const struct {
		const char *name;
		void (*print)(const struct cli *globals);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	for (size_t i = 0; rest[0] != NULL && i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(rest[0], shells[i].name) == 0) {
			shells[i].print(invocation->globals);
			return 0;
		}
	return error_set(err, ERROR_USAGE, 0, "which shell: bash, zsh or fish?");
}

const struct command command_completion = {"completion", &cli, completion};
