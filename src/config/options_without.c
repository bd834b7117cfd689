// SPDX-License-Identifier: Apache-2.0
/* What a sandbox without namespaces cannot do is refused by name, and never left out. */
#include <string.h>

#include "config/options_add.h"
#include "config/options_order.h"

static int refuse(const char *flag, const char *why, struct error *err)
{
	return error_set(err, ERROR_USAGE, 0, "--without userns: %s cannot be done: %s", flag, why);
}

static int check_flags(const struct sandbox_options *options, struct error *err)
{
	bool host_net = options->net != NULL && strcmp(options->net, "host") == 0;
	static const char no_net[] = "there is no network but the host's", no_uts[] = "the host's name is shared",
			  no_ids[] = "ids cannot be mapped, and the caller has no others",
			  no_socket[] = "no socket can be made without --net host",
			  no_look[] = "the launcher has no right to look at the program",
			  no_file[] = "no file can say it: it is never chosen silently";
	const struct {
		bool given;
		const char *flag, *why;
	} flags[] = {
		{options->hostname != NULL, "--hostname", no_uts},
		{options->uid.set, "--uid", no_ids},
		{options->gid.set, "--gid", no_ids},
		{options->caps.count > 0, "--cap", "there is no capability to keep"},
		{options->net != NULL && strcmp(options->net, "pasta") == 0, "--net pasta", no_net},
		{options->net != NULL && options->net[0] == '/', "--net PATH", "no namespace can be joined"},
		{options->publish.count > 0, "--publish", no_net},
		{options->bind_tcp.count > 0 && !host_net, "--bind-tcp", no_socket},
		{options->connect_tcp.count > 0 && !host_net, "--connect-tcp", no_socket},
		{options->sockets.count > 0, "--socket", "nothing can be mounted"},
		{options->dbus.count > 0, options->dbus.count > 0 ? options->dbus.at[0].option : "",
		 "nothing can be mounted"},
		{options->report, "--report", no_look},
		{options->report_files, "--report-files", no_look},
		{options->report_fd.set, "--report-fd", no_look},
		{options->bundle_out != NULL, "--bundle-out", no_file},
		{options->save != NULL, "--save", no_file},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].given)
			return refuse(flags[i].flag, flags[i].why, err);
	return 0;
}

/* Nothing is mounted: a file is where it is, or it is not there. What is not known here is refused as well. */
static int check_file(const struct adding *a, const struct cli_word *word, struct error *err)
{
	static const char *const possible[] = {"--ro", "--ro-try", "--rw", "--rw-try", "--dev", "--dev-try"};

	for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++)
		if (strcmp(word->option, possible[i]) == 0)
			return 0;
	return refuse(options_origin(a->arena, word), "nothing can be mounted", err);
}

int options_check_without(const struct adding *a, const struct sandbox_options *options, struct error *err)
{
	if (strcmp(options->without, "userns") != 0)
		return error_set(err, ERROR_USAGE, 0, "--without %s: expected userns", options->without);
	if (a->host->uid == 0 || a->host->privileged) {
		error_set(err, ERROR_USAGE, 0, "--without userns is not for root");
		return error_hint(err, "root needs no user namespace; where it may make no namespaces at all, as in a "
				       "container, run it as another user");
	}
	TRY(check_flags(options, err));
	for (size_t i = 0; i < options->files.count; i++)
		TRY(check_file(a, &options->files.at[i], err));
	return 0;
}
