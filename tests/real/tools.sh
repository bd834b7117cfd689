#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# openssl, sqlite3, curl, and the small programs of every shell script.
set -eux
cd "$(mktemp -d)"
openssl genpkey -algorithm ED25519 -out key 2>/dev/null
openssl pkey -in key -pubout -out pub
head -c 100000 /dev/urandom >data
openssl pkeyutl -sign -inkey key -rawin -in data -out sig
openssl pkeyutl -verify -pubin -inkey pub -rawin -in data -sigfile sig >/dev/null
openssl enc -aes-256-cbc -pbkdf2 -k wall -in data -out data.enc
openssl enc -d -aes-256-cbc -pbkdf2 -k wall -in data.enc | cmp - data

[ "$(sqlite3 base.db 'PRAGMA journal_mode = WAL; CREATE TABLE w (i); INSERT INTO w VALUES (1), (41); SELECT sum(i) FROM w' |
	tail -n 1)" = 42 ]
curl -sSf -o copy "file://$PWD/data"
cmp data copy
tar -cf - data | gzip | gunzip | tar -tf - | grep -qx data
seq 1 50000 | sort -rn -S 1M --parallel=2 | head -n 1 | grep -qx 50000
cp -a data data2
mv data2 data3
touch -d @0 data3
find . -name 'data*' -print0 | xargs -0 -P 2 -n 1 sha256sum >sums
[ "$(wc -l <sums)" -ge 3 ]
mkfifo fifo
echo wall >fifo &
grep -qx wall fifo
[ "$(timeout 0.1 sleep 5 || echo $?)" = 124 ]
dd if=/dev/zero of=zero bs=64k count=4 conv=fsync 2>/dev/null
truncate -s 1M sparse
nice true
nohup true 2>/dev/null
df . >/dev/null
date +%s >/dev/null
echo "tools: ok"
