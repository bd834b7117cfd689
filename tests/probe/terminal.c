// SPDX-License-Identifier: Apache-2.0
/* Attacks on the caller's terminal. The kernel takes the ioctl's number as 32 bits; a filter sees 64. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGH_HALF 0xffffffff00000000UL
#define TIOCLINUX_REQUEST 0x541cUL

/* Tries descriptors 0 to 2 and the controlling terminal. */
static enum outcome each_terminal(unsigned long request, void *arg)
{
	int fds[] = {0, 1, 2, open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
	int refusal = EPERM;

	for (int i = 0; i < 4; i++) {
		if (fds[i] < 0)
			continue;
		if (syscall(SYS_ioctl, fds[i], request, arg) >= 0)
			return allowed("descriptor %d", fds[i]);
		if (errno != EPERM)
			refusal = errno;
	}
	errno = refusal;
	return denied("%s", "");
}

static enum outcome push_character(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return each_terminal(TIOCSTI, " ");
}

static enum outcome push_character_high(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return each_terminal(HIGH_HALF | TIOCSTI, " ");
}

/* Subcode 6 (shift state) reads only. A terminal that is no console answers ENOTTY or EINVAL: the call got through. */
static enum outcome console_call(unsigned long high)
{
	char subcode = 6;
	long ret = syscall(SYS_ioctl, 0, high | TIOCLINUX_REQUEST, &subcode);

	return judge_reached(ret);
}

static enum outcome console(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return console_call(0);
}

static enum outcome console_high(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return console_call(HIGH_HALF);
}

static enum outcome open_terminal(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
}

const struct attack terminal_attacks[] = {
	{"tiocsti", push_character},           {"tiocsti-high-half", push_character_high}, {"tioclinux", console},
	{"tioclinux-high-half", console_high}, {"open-terminal", open_terminal},           {NULL, NULL},
};
