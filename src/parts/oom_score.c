// SPDX-License-Identifier: Apache-2.0
#include "parts/oom_score.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char file[] = "/proc/self/oom_score_adj";

bool oom_score_wanted(const struct plan *plan)
{
	return plan->limits.oom_score_adj.set;
}

void oom_score_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "oom_score_adj %lld", (long long)plan->limits.oom_score_adj.value);
}

static int read_score(int *ret)
{
	char text[16] = "";
	AUTOCLOSE int fd = sys_openat(AT_FDCWD, file, O_RDONLY, 0);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	*ret = (int)strtol(text, NULL, 10);
	return 0;
}

static int write_score(int64_t score)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)score);
	return fd_write_file(AT_FDCWD, file, text);
}

int oom_score(const struct plan *plan, struct run *run, struct error *err)
{
	int64_t wanted = plan->limits.oom_score_adj.value;
	int own;

	if (read_score(&own) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read oom_score_adj");
	if (own == wanted)
		return 0;
	if (write_score(wanted) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot set oom_score_adj to %lld", (long long)wanted);
		return errno == EACCES ? error_hint(err, "only root can lower it below the caller's, which is %d", own)
				       : -1;
	}
	run->oom_score = own;
	run->oom_score_changed = true;
	return 0;
}

int oom_score_restore(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	if (!run->oom_score_changed)
		return 0;
	run->oom_score_changed = false;
	if (write_score(run->oom_score) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the launcher's oom_score_adj back to %d",
				 run->oom_score);
	return 0;
}
