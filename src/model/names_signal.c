// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <string.h>

#include "model/names.h"

static const struct lookup_row rows[] = {
	{"SIGHUP", SIGHUP},       {"SIGINT", SIGINT},     {"SIGQUIT", SIGQUIT}, {"SIGILL", SIGILL},
	{"SIGTRAP", SIGTRAP},     {"SIGABRT", SIGABRT},   {"SIGIOT", SIGABRT},  {"SIGBUS", SIGBUS},
	{"SIGFPE", SIGFPE},       {"SIGKILL", SIGKILL},   {"SIGUSR1", SIGUSR1}, {"SIGSEGV", SIGSEGV},
	{"SIGUSR2", SIGUSR2},     {"SIGPIPE", SIGPIPE},   {"SIGALRM", SIGALRM}, {"SIGTERM", SIGTERM},
	{"SIGSTKFLT", SIGSTKFLT}, {"SIGCHLD", SIGCHLD},   {"SIGCLD", SIGCHLD},  {"SIGCONT", SIGCONT},
	{"SIGSTOP", SIGSTOP},     {"SIGTSTP", SIGTSTP},   {"SIGTTIN", SIGTTIN}, {"SIGTTOU", SIGTTOU},
	{"SIGURG", SIGURG},       {"SIGXCPU", SIGXCPU},   {"SIGXFSZ", SIGXFSZ}, {"SIGVTALRM", SIGVTALRM},
	{"SIGPROF", SIGPROF},     {"SIGWINCH", SIGWINCH}, {"SIGIO", SIGIO},     {"SIGPOLL", SIGIO},
	{"SIGPWR", SIGPWR},       {"SIGSYS", SIGSYS},
};

/* The kernel's range; the C library keeps the first two of it for itself. */
enum { SIGNAL_MAX = 64, REALTIME_MIN = 34 };

/* Decimal digits and nothing else; -1 when that is not so, or above SIGNAL_MAX. */
static int small_number(const char *text)
{
	int value = 0;

	if (*text == '\0' || strspn(text, "0123456789") != strlen(text))
		return -1;
	for (; *text != '\0'; text++) {
		value = value * 10 + (*text - '0');
		if (value > SIGNAL_MAX)
			return -1;
	}
	return value;
}

/* "RTMIN", "RTMIN+3", "RTMAX-2" */
static int realtime(const char *name)
{
	bool from_top = strncmp(name, "RTMAX", 5) == 0;

	if (!from_top && strncmp(name, "RTMIN", 5) != 0)
		return -1;
	if (name[5] == '\0')
		return from_top ? SIGNAL_MAX : REALTIME_MIN;
	if (name[5] != (from_top ? '-' : '+'))
		return -1;
	int offset = small_number(name + 6);
	if (offset < 0 || offset > SIGNAL_MAX - REALTIME_MIN)
		return -1;
	return from_top ? SIGNAL_MAX - offset : REALTIME_MIN + offset;
}

int names_signal(const char *name)
{
	int number = small_number(name);
	const char *tail = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;

	if (number > 0)
		return number;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name + 3, tail) == 0)
			return (int)rows[i].value;
	}
	return realtime(tail);
}
