#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A new database cluster, a server on loopback and a socket, queries with parallel workers, an index and a fast shutdown.
set -eux
for bin in /usr/lib/postgresql/*/bin /usr/bin; do
	[ ! -x "$bin/initdb" ] || break
done
data=$(mktemp -d)/data
trap 'cat "$data.log" >&2; tail -n 20 "$data.server" >&2' EXIT
"$bin/initdb" -D "$data" -U postgres --auth=trust --no-sync --encoding=UTF8 >"$data.log" 2>&1
"$bin/pg_ctl" -D "$data" -l "$data.server" -w -t 300 \
	-o "-c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c port=5432" start >>"$data.log" 2>&1

ask() {
	psql -X -q -v ON_ERROR_STOP=1 -h "$1" -U postgres -A -t -c "$2" postgres
}

ask 127.0.0.1 'CREATE TABLE wall (id int PRIMARY KEY, stone text)'
ask 127.0.0.1 "INSERT INTO wall SELECT i, md5(i::text) FROM generate_series(1, 20000) i"
[ "$(ask /tmp "SELECT id FROM wall WHERE stone = md5('4711')")" = 4711 ]
ask /tmp 'CREATE INDEX ON wall (stone)'
ask /tmp 'VACUUM ANALYZE wall'
# More than one process has to work on it: shared memory and semaphores between them.
sum=$(ask 127.0.0.1 "SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SELECT sum(id) FROM wall")
[ "$sum" = 200010000 ]
"$bin/pg_ctl" -D "$data" -m fast -w stop >>"$data.log" 2>&1
trap - EXIT
echo "postgres: ok"
