// SPDX-License-Identifier: Apache-2.0
/*
 * What glibc's headers make of memcpy and sprintf where they know the room for the result, and of sscanf since C23.
 * Debian's archives of libcap-ng, libseccomp and yajl were compiled with them, and musl lacks these functions. Too
 * little room ends the program.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);
int __asprintf_chk(char **ret, int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *to, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...);
int __isoc23_sscanf(const char *text, const char *format, ...);
unsigned long __isoc23_strtoul(const char *text, char **end, int base);

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
	if (size > room)
		__builtin_trap();
	return memcpy(to, from, size);
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int ret = vsnprintf(to, room, format, args);
	va_end(args);
	if (ret >= 0 && (size_t)ret >= room)
		__builtin_trap();
	return ret;
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list args;

	(void)flag;
	if (size > room)
		__builtin_trap();
	va_start(args, format);
	int ret = vsnprintf(to, size, format, args);
	va_end(args);
	return ret;
}

int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int length = vasprintf(ret, format, args);
	va_end(args);
	return length;
}

int __printf_chk(int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int ret = vprintf(format, args);
	va_end(args);
	return ret;
}

int __fprintf_chk(FILE *to, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int ret = vfprintf(to, format, args);
	va_end(args);
	return ret;
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	vsyslog(priority, format, args);
	va_end(args);
}

int __isoc23_sscanf(const char *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int ret = vsscanf(text, format, args);
	va_end(args);
	return ret;
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base)
{
	return strtoul(text, end, base);
}
