// SPDX-License-Identifier: Apache-2.0
/* In which modes of AppArmor a profile confines, as the kernel writes them behind its name. */
#include "check.h"
#include "parts/labels.h"

int main(void)
{
	test("a profile that enforces or kills confines");
	CHECK(labels_mode_confines(" (enforce)\n") && labels_mode_confines(" (enforce)"));
	CHECK(labels_mode_confines(" (kill)\n"));

	test("one that complains, asks, or is called unconfined does not");
	CHECK(!labels_mode_confines(" (complain)\n") && !labels_mode_confines(" (unconfined)\n"));
	CHECK(!labels_mode_confines(" (prompt)\n") && !labels_mode_confines(" (mixed)\n"));

	test("nor one of which the kernel does not say it");
	CHECK(!labels_mode_confines("") && !labels_mode_confines("\n") && !labels_mode_confines(" (enforced)\n"));
	CHECK(!labels_mode_confines("//&other (enforce)\n") && !labels_mode_confines(" (enforce) (complain)\n"));
	return check_done();
}
