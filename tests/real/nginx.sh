#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nginx [PORT]: serves a file and a proxy of itself on loopback; the answers are compared byte by byte.
set -eux
port=${1:-8080}
here=$(dirname "$0")
mkdir /tmp/www
head -c 300000 /dev/urandom >/tmp/www/file
cat >/tmp/nginx-listen.conf <<END
server {
	listen 127.0.0.1:$port;
	location / { root /tmp/www; }
	location /again/ { proxy_pass http://unix:/tmp/nginx.sock:/; }
}
server {
	listen unix:/tmp/nginx.sock;
	location / { root /tmp/www; gzip on; }
}
END
nginx -e stderr -c "$here/nginx.conf" 2>/tmp/nginx.log &
server=$!
trap 'kill $server 2>/dev/null; cat /tmp/nginx.log >&2' EXIT
curl -sSf --retry 50 --retry-delay 1 --retry-connrefused -o /tmp/got "http://127.0.0.1:$port/file"
cmp /tmp/www/file /tmp/got
curl -sSf -o /tmp/got "http://127.0.0.1:$port/again/file"
cmp /tmp/www/file /tmp/got
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/none")" = 404 ]
# A reload starts new workers and ends the old ones.
kill -HUP $server
curl -sSf --retry 5 -o /tmp/got "http://127.0.0.1:$port/file"
kill -QUIT $server
wait $server
trap - EXIT
echo "nginx: ok"
