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

static void words_of(const struct command *command)
{
	for (const struct cli_option *option = command->cli->options; option->name != NULL; option++)
		if (option->help != NULL)
			printf("%s ", option->name);
	printf("--help");
}

static void print_names(void)
{
	for (const struct command *const *command = commands; *command != NULL; command++)
		printf("%s%s", command == commands ? "" : " ", (*command)->name);
}

static void print_bash(void)
{
	puts("_casemate()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]} command= i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t-*) ;;\n"
	     "\t\t*) command=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n\tCOMPREPLY=()\n\tcase $command in");
	printf("\t'') COMPREPLY=($(compgen -W \"");
	print_names();
	puts(" --help --version\" -- \"$word\")) ;;");
	for (const struct command *const *command = commands; *command != NULL; command++) {
		printf("\t%s) [[ $word == -* ]] && COMPREPLY=($(compgen -W \"", (*command)->name);
		words_of(*command);
		puts("\" -- \"$word\")) ;;");
	}
	puts("\tesac\n}\ncomplete -o default -F _casemate casemate");
}

static void print_zsh(void)
{
	puts("#compdef casemate\nlocal -a words_\ncase ${words[2]} in");
	for (const struct command *const *command = commands; *command != NULL; command++) {
		printf("%s) words_=(", (*command)->name);
		words_of(*command);
		puts(") ;;");
	}
	printf("*) words_=(");
	print_names();
	puts(" --help --version) ;;\nesac\n_alternative \"words:word:($words_)\" 'files:file:_files'");
}

static void print_fish(void)
{
	printf("complete -c casemate -n __fish_use_subcommand -f -a '");
	print_names();
	puts("'");
	for (const struct command *const *command = commands; *command != NULL; command++)
		for (const struct cli_option *option = (*command)->cli->options; option->name != NULL; option++)
			if (option->help != NULL)
				printf("complete -c casemate -n '__fish_seen_subcommand_from %s' -l %s%s\n",
				       (*command)->name, option->name + 2, option->argument == NULL ? "" : " -r");
}

static int completion(const struct invocation *invocation, int *ret_status, struct error *err)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	for (size_t i = 0; rest[0] != NULL && i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(rest[0], shells[i].name) == 0) {
			shells[i].print();
			return 0;
		}
	return error_set(err, ERROR_USAGE, 0, "which shell: bash, zsh or fish?");
}

const struct command command_completion = {"completion", &cli, completion};
