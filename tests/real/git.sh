#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A repository with commits, a branch, a merge, a pack, and a clone of it.
set -eux
cd "$(mktemp -d)"
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git init -q -b main wall
cd wall
for n in 1 2 3; do
	echo "$n" >"stone$n"
	git add "stone$n"
	git commit -q -m "stone $n"
done
git checkout -q -b tower HEAD~1
echo 4 >stone4
git add stone4
git commit -q -m "stone 4"
git checkout -q main
git merge -q -m merge tower
git repack -q -a -d
git fsck --strict 2>&1
git clone -q --no-local . ../copy
[ "$(git -C ../copy rev-list --count HEAD)" = 5 ]
[ "$(git grep -c 4 -- stone4)" = stone4:1 ]
echo "git: ok"
