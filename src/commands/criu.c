// SPDX-License-Identifier: Apache-2.0
#include "commands/criu.h"

#include <string.h>

#include "base/self.h"

static int check_cgroups_mode(const char *mode, struct error *err)
{
	if (mode == NULL || strcmp(mode, "soft") == 0 || strcmp(mode, "ignore") == 0)
		return 0;
	if (strcmp(mode, "full") != 0 && strcmp(mode, "strict") != 0)
		return error_set(err, ERROR_USAGE, 0, "--manage-cgroups-mode %s: it is soft or ignore", mode);
	error_set(err, ERROR_UNSUPPORTED, 0, "--manage-cgroups-mode %s: an image has no say in limits", mode);
	return error_hint(err, "leave it out: the limits are those of config.json");
}

int criu_complete(struct criu_options *given, struct error *err)
{
	if (given->lazy_pages || given->page_server != NULL || given->status_fd.set)
		return error_set(err, ERROR_UNSUPPORTED, 0,
				 "not supported: criu(8)'s memory over a network (--lazy-pages, --page-server, "
				 "--status-fd)");
	TRY(check_cgroups_mode(given->cgroups_mode, err));
	if (given->empty_ns != NULL && strcmp(given->empty_ns, "network") != 0)
		return error_set(err, ERROR_UNSUPPORTED, 0, "--empty-ns %s: only network can be left out by criu(8)",
				 given->empty_ns);
	given->options.empty_network = given->empty_ns != NULL;
	if (given->options.image_path == NULL)
		given->options.image_path = "checkpoint";
	return self_is_host_root() ? 0 : error_set(err, ERROR_HOST, 0, "criu(8) needs root on the host");
}
