// SPDX-License-Identifier: Apache-2.0
/* What of a container's message for the service manager is passed on. */
#include <string.h>

#include "check.h"
#include "run/notify.h"

static char passed[512];

static bool filter(const char *message)
{
	return notify_filter(message, strlen(message), passed);
}

int main(void)
{
	test("known lines are passed on, and READY=1 is seen wherever it stands");
	CHECK(filter("STATUS=starting\nREADY=1") && strcmp(passed, "STATUS=starting\nREADY=1\n") == 0);
	CHECK(filter("READY=1\n") && strcmp(passed, "READY=1\n") == 0);
	CHECK(!filter("STOPPING=1\nRELOADING=1\nWATCHDOG=1\nERRNO=2") && strchr(passed, 'W') != NULL);

	test("nothing else is: no process, descriptor or bound of its own, and no control character");
	CHECK(!filter("MAINPID=1\nFDSTORE=1\nFDNAME=x\nBARRIER=1\nNOTIFYACCESS=all\nWATCHDOG_USEC=1\nX=1"));
	CHECK(passed[0] == '\0');
	CHECK(!filter("READY=0\nREADY=11\nREADY\n\n\n=\nSTATUS=\nSTATUS=\x1b[2J\nWATCHDOG=trigger") &&
	      passed[0] == '\0');
	CHECK(!filter("STATUS=\xc2\x9b"
		      "2J\nSTATUS=\x9b\nSTATUS=\xc3") &&
	      passed[0] == '\0');
	CHECK(!filter("STATUS=\xc3\xa9") && passed[0] != '\0');
	CHECK(!notify_filter("READY=1\0", 8, passed) && passed[0] == '\0');
	CHECK(!notify_filter("", 0, passed) && passed[0] == '\0');
	return check_done();
}
