#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh DIR: a library and a program of two files, built by make in DIR with two jobs, then run.
set -eux
mkdir "$1/wall"
cd "$1/wall"
cat >add.c <<END
int add(int a, int b);
int add(int a, int b) { return a + b; }
END
cat >main.c <<END
#include <pthread.h>
#include <stdio.h>
int add(int a, int b);
static void *work(void *arg) { *(int *)arg = add(40, 2); return arg; }
int main(void)
{
	pthread_t thread;
	int sum = 0;
	if (pthread_create(&thread, 0, work, &sum) || pthread_join(thread, 0))
		return 1;
	return printf("%d\n", sum) < 0;
}
END
cat >Makefile <<'END'
CFLAGS = -O2 -Wall -pthread
main: main.o libadd.a
	$(CC) $(CFLAGS) -o $@ main.o libadd.a
libadd.a: add.o
	$(AR) rcs $@ add.o
END
make -s -j2
[ "$(./main)" = 42 ]
echo "build: ok"
