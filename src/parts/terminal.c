// SPDX-License-Identifier: Apache-2.0
#include "parts/terminal.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/place.h"

static const unsigned all_streams = 1U << STDIN_FILENO | 1U << STDOUT_FILENO | 1U << STDERR_FILENO;

static bool find_devpts(const struct plan *plan, size_t *ret_index)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.at[i].type != NULL && strcmp(plan->mounts.at[i].type, "devpts") == 0) {
			*ret_index = i;
			return true;
		}
	return false;
}

int terminal_plan(struct planner *p, struct error *err)
{
	struct plan_terminal *plan = &p->plan->terminal;
	size_t index;

	plan->new_session = true;
	plan->pty = p->request->process.terminal || p->request->sandbox.pty;
	plan->streams = p->request->sandbox.given ? p->host->terminals : all_streams;
	plan->from = p->request->sandbox.given ? "default: standard input is a terminal"
					       : planner_origin(p, "/process/terminal");
	if (p->request->process.console_size != NULL)
		plan->size = *p->request->process.console_size;
	if (plan->pty && !p->plan->without_userns && !find_devpts(p->plan, &index))
		return error_set(err, ERROR_CONFIG, 0, "%s needs a devpts mount on /dev/pts", plan->from);
	return 0;
}

bool terminal_open_wanted(const struct plan *plan)
{
	return plan->terminal.pty;
}

void terminal_open_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, plan->terminal.from, "a pseudo-terminal of its own, also as /dev/console");
	explain_say(out, EXPLAIN_STOPS, NULL,
		    "the caller's terminal is not reachable: TIOCSTI has nothing to type into");
	if (plan->terminal.streams != all_streams)
		explain_say(out, EXPLAIN_GRANTS, NULL, "standard streams that are no terminal are the caller's");
}

static int open_pair(int devpts, int *ret_master, int *ret_slave, struct error *err)
{
	int unlock = 0;
	AUTOCLOSE int master = sys_openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW, 0);

	if (master < 0 || sys_ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open a pseudo-terminal");
	/* The slave comes from the master, never from a name that the container could have made. */
	*ret_slave = sys_ioctl(master, TIOCGPTPEER, (void *)(long)(O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (*ret_slave < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the pseudo-terminal's other end");
	*ret_master = fd_take(&master);
	return 0;
}

static int attach_console(const struct plan *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count; i++) {
		if (strcmp(plan->mounts.at[i].target, "/dev") != 0 || plan->mounts.at[i].kind != MOUNT_FILESYSTEM)
			continue;
		AUTOCLOSE int target =
			sys_openat(run->mounts[i], "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		AUTOCLOSE int tree = sys_open_tree(run->terminal, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
		if (target < 0 || tree < 0 || sys_move_mount(tree, target, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make /dev/console");
	}
	return 0;
}

/* A container that runs may have put anything there by now. */
static int running_devpts(const char *target, struct error *err)
{
	struct statfs fs;
	AUTOCLOSE int devpts = place_open(target, PLACE_ORDINARY);

	if (devpts < 0 || fstatfs(devpts, &fs) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' of the container", target);
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return error_set(err, ERROR_SYSTEM, 0, "'%s' of the container holds no terminals", target);
	return fd_take(&devpts);
}

/* Without mounts the host's own /dev has the ptmx. */
static int open_devpts(const struct plan *plan, size_t index, struct error *err)
{
	if (plan->join.wanted)
		return running_devpts(plan->mounts.at[index].target, err);
	int dev = sys_openat(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY, 0);
	return dev < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot open /dev") : dev;
}

int terminal_open(const struct plan *plan, struct run *run, struct error *err)
{
	struct winsize size = {.ws_row = (unsigned short)plan->terminal.size.height,
			       .ws_col = (unsigned short)plan->terminal.size.width};
	uint32_t owner = plan->ids.inner ? 0 : plan->user.uid;
	size_t index = 0;

	if (!plan->without_userns && !find_devpts(plan, &index))
		return error_set(err, ERROR_BUG, 0, "there is no devpts for the terminal");
	bool found = plan->join.wanted || plan->without_userns;
	AUTOCLOSE int there = found ? open_devpts(plan, index, err) : -1;
	if (found && there < 0)
		return -1;
	TRY(open_pair(found ? there : run->mounts[index], &run->master, &run->terminal, err));
	/* The program must not see a terminal without a size, so it is set here and not when the launcher has the
	 * master. */
	if (size.ws_row == 0)
		(void)sys_ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	if (size.ws_row != 0 && sys_ioctl(run->master, TIOCSWINSZ, &size) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the terminal's size");
	if (sys_fchownat(run->terminal, "", owner, (uint32_t)-1, AT_EMPTY_PATH) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot give the terminal to its user");
	return found ? 0 : attach_console(plan, run, err);
}

bool terminal_adopt_wanted(const struct plan *plan)
{
	return plan->terminal.new_session;
}

void terminal_adopt_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_STOPS, NULL,
		    "a session of its own: the caller's terminal is not its controlling terminal");
	if (!plan->terminal.pty)
		explain_say(out, EXPLAIN_GRANTS, NULL, "standard input, output and error of the caller");
}

int terminal_adopt(const struct plan *plan, struct run *run, struct error *err)
{
	if (sys_setsid() < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start a session");
	if (!plan->terminal.pty)
		return 0;
	if (sys_ioctl(run->terminal, TIOCSCTTY, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the pseudo-terminal the controlling one");
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		if ((plan->terminal.streams & 1U << stream) != 0 && sys_dup3(run->terminal, stream, 0) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make the pseudo-terminal stream %d", stream);
	fd_close(&run->terminal);
	return 0;
}
