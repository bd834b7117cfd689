// SPDX-License-Identifier: Apache-2.0
#include "commands/criu.h"

int criu_refuse(const char *what, const char *id, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED, 0, "cannot %s the container \"%s\": not supported yet: driving criu(8)", what,
		  id);
	return error_hint(err, "use a runtime that does for containers that move: this one starts them anew");
}
