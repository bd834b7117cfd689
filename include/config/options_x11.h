// SPDX-License-Identifier: Apache-2.0
/* What --socket x11 reads of the caller: which display, and the cookie that opens it. */
#ifndef CASEMATE_CONFIG_OPTIONS_X11_H
#define CASEMATE_CONFIG_OPTIONS_X11_H

#include <stddef.h>

#include "base/arena.h"

/* The number of the display inside: no program of the host is asked by accident. */
#define X11_INSIDE "99"

/* The digits of ":N", ":N.SCREEN" or "unix:N", in @arena; NULL where @display is not on this machine. */
const char *x11_number(struct arena *arena, const char *display);

/*
 * Of the @length bytes of Xauthority(5) at @text, the cookies of display @number of this machine, for display
 * X11_INSIDE of any: the sandbox has another host name. *@ret_length is 0 where there is none. What cannot be
 * understood ends the list.
 */
const char *x11_cookies(struct arena *arena, const char *text, size_t length, const char *number, size_t *ret_length);

#endif
