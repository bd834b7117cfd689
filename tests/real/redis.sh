#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A redis server on loopback: strings, a Lua script, a snapshot by a forked child, an append-only file.
set -eux
dir=$(mktemp -d)
redis-server --bind 127.0.0.1 --port 6379 --dir "$dir" --appendonly yes --io-threads 2 --save '' >"$dir/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; cat "$dir/log" >&2' EXIT

ask() {
	redis-cli -h 127.0.0.1 -p 6379 "$@"
}

tries=0
until [ "$(ask PING 2>/dev/null)" = PONG ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ]
	sleep 0.1
done
[ "$(ask SET fortress casemate)" = OK ]
[ "$(ask GET fortress)" = casemate ]
[ "$(ask EVAL 'return redis.call("INCRBY", KEYS[1], 41) + 1' 1 counter)" = 42 ]
[ "$(ask SAVE)" = OK ]
ask BGREWRITEAOF >/dev/null
tries=0
until ask INFO persistence | grep -q '^aof_rewrite_in_progress:0'; do
	tries=$((tries + 1))
	[ $tries -lt 100 ]
	sleep 0.1
done
ask INFO persistence | grep -q '^aof_last_bgrewrite_status:ok'
[ -s "$dir/dump.rdb" ]
ask SHUTDOWN NOSAVE || true
wait $server
trap - EXIT
echo "redis: ok"
