// SPDX-License-Identifier: Apache-2.0
/* A program that ends as soon as it begins: what is left of a measurement is whoever started it. */
#include "freestanding_start.h"

int floor_main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	return 0;
}
