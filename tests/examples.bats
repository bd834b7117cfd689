#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The examples in profiles/sandbox, each with its program doing real work for an ordinary user, and then with a shell in its
# place that looks for what was not granted.

load helpers/common
load helpers/sandbox
load helpers/network

setup() {
	common_setup
	requires pasta
	sandbox_setup
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	HOME_DIR=$BATS_TEST_TMPDIR/home
	WORK=$HOME_DIR/work
	mkdir -p "$WORK"
	cp "$SOURCE"/profiles/sandbox/*.json "$BATS_TEST_TMPDIR"
	echo "nobody knows" >"$HOME_DIR/secret"
	cd "$WORK" || return
	network_start
}

teardown() {
	network_stop
	common_teardown
}

# as_owner COMMAND...: as the user whose home that is, in the directory of the work, on a host with a network
as_owner() {
	chown -R "$TEST_UID:$TEST_UID" "$HOME_DIR"
	exec_on_host env -i PATH=/usr/bin:/bin HOME="$HOME_DIR" setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups \
		sh -c 'cd "$0" && exec timeout -k 2 60 "$@"' "$WORK" "$@"
}

# example NAME COMMAND...
example() {
	(as_owner "$USER_CASEMATE" sandbox --profile "$BATS_TEST_TMPDIR/$1.json" -- "${@:2}" </dev/null)
}

# confined NAME [WRITABLE]...: what a shell finds under that profile. Of the work it can write below what is named.
confined() {
	local name=$1 path
	shift
	run example "$name" cat "$HOME_DIR/secret"
	[ "$status" -ne 0 ] && [[ $output != *"nobody knows"* ]] || fail "$name reads the home"
	run example "$name" sh -c 'echo x >/usr/x || echo x >/etc/x'
	[ "$status" -ne 0 ] || fail "$name writes to the system"
	run example "$name" python3 -I -c "$ask" 10.9.0.1:8000 127.0.0.1:7777
	[[ $output != *neighbour* && $output != *host* ]] || fail "$name connects to what it may not"
	for path in . "$@"; do
		run example "$name" touch "$path/written"
		if [[ " $* " == *" $path "* ]]; then
			[ -e "$WORK/$path/written" ] || fail "$name cannot write to $path"
		else
			[ ! -e "$WORK/$path/written" ] || fail "$name writes to $path"
		fi
		rm -f "$WORK/$path/written"
	done
}

# serve NAME PORT COMMAND...: starts it, and waits until something listens on the host's port
serve() {
	as_owner "$USER_CASEMATE" sandbox --profile "$BATS_TEST_TMPDIR/$1.json" -- "${@:3}" </dev/null >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	SERVER=$!
	wait_until "on_host ss -Hltn 'sport = :$2' | grep -q 127.0.0.1:$2" || fail "$(cat "$BATS_TEST_TMPDIR/log")"
}

stop_serving() {
	kill -TERM "$SERVER"
	wait "$SERVER" || true
}

fetch() {
	wait_until "on_host curl -sf --max-time 5 -o '$BATS_TEST_TMPDIR/got' http://127.0.0.1:8080/$1"
	cat "$BATS_TEST_TMPDIR/got"
}

@test "the profile in casemate-profile(5) and the filter in casemate-explain(8) do what is said of them" {
	awk '/^\.Bd -literal/ { block = ""; next } /^\.Ed/ { if (block ~ /"film"/) printf "%s", block } { block = block $0 "\n" }' \
		"$SOURCE/man/casemate-profile.5" >"$BATS_TEST_TMPDIR/film.json"
	mkdir "$WORK/out"
	echo film >"$WORK/in.mkv"
	run -0 example film cp in.mkv out/film.mp4
	[ "$(cat "$WORK/out/film.mp4")" = film ]
	local filter
	requires jq
	filter=$(sed -n 's/^\.Dl .*--json bundle | jq //p' "$SOURCE/man/casemate-explain.8")
	run -0 --separate-stderr bash -c '"$1" explain --json sandbox -- true | jq "$2"' - "$USER_CASEMATE" "$filter"
	assert_match '"layer": "masks"'
}

@test "ffmpeg converts a film" {
	requires ffmpeg
	mkdir out
	ffmpeg -v error -f lavfi -i testsrc=duration=1:size=64x48:rate=5 -f lavfi -i sine=duration=1 -c:v mpeg4 -c:a ac3 in.mkv </dev/null
	example ffmpeg ffmpeg -v error -i in.mkv -c:v mjpeg -c:a pcm_s16le out/film.avi
	ffprobe -v error -show_entries stream=codec_name -of csv=p=0 out/film.avi | sort | xargs | grep -qx "mjpeg pcm_s16le"
	confined ffmpeg out
}

@test "convert makes an image smaller" {
	requires /usr/bin/convert
	mkdir out
	/usr/bin/convert -size 200x100 gradient:red-blue in.png
	example convert /usr/bin/convert in.png -resize 50% out/small.jpg
	[ "$(identify -format '%m %w %h' out/small.jpg)" = "JPEG 100 50" ]
	confined convert out
}

# needs_ports NAME: Landlock holds the ports that this example may connect to. On a kernel whose Landlock cannot, it is refused.
needs_ports() {
	have_landlock4 || { run example "$1" true && [ "$status" = 125 ] && [[ $output == *"Linux 6.7 has it"* ]] || fail "$1 is not refused"; }
	requires landlock4
}

@test "git clones over the network" {
	requires git
	needs_ports git-clone
	git init -q --bare "$BATS_TEST_TMPDIR/served.git"
	git -c user.name=a -c user.email=b@c -C "$BATS_TEST_TMPDIR" clone -q served.git filled 2>/dev/null
	echo content >"$BATS_TEST_TMPDIR/filled/file"
	git -C "$BATS_TEST_TMPDIR/filled" add file
	git -c user.name=a -c user.email=b@c -C "$BATS_TEST_TMPDIR/filled" commit -qm one
	git -C "$BATS_TEST_TMPDIR/filled" push -q origin HEAD
	chown -R 0:0 "$BATS_TEST_TMPDIR/served.git"
	(exec_on_host ip netns exec neighbour git daemon --export-all --reuseaddr --base-path="$BATS_TEST_TMPDIR") </dev/null >/dev/null 2>&1 3>&- &
	wait_until 'on_host ip netns exec neighbour ss -Hltn "sport = :9418" | grep -q 9418'
	example git-clone git clone -q git://10.9.0.1/served.git cloned
	[ "$(cat cloned/file)" = content ]
	on_host pkill -KILL --full "git-daemon .*$BATS_TEST_TMPDIR"
	confined git-clone .
}

@test "pip installs a package, whose setup.py finds nothing to take" {
	requires /usr/bin/pip3 setuptools
	needs_ports pip-install
	mkdir package
	echo 'answer = 42' >package/wall.py
	cat >package/setup.py <<-'END'
		import os, setuptools
		home = os.path.dirname(os.path.dirname(os.getcwd()))
		found = [os.path.join(at, name) for at, _, names in os.walk(home) for name in names if name == "secret"]
		open("found", "w").write(repr(found))
		setuptools.setup(name="wall", version="1", py_modules=["wall"])
	END
	example pip-install /usr/bin/pip3 install -q --no-index --no-build-isolation --no-deps --target lib ./package
	[ "$(PYTHONPATH=lib python3 -c 'import wall; print(wall.answer)')" = 42 ]
	[ "$(cat package/found)" = "[]" ]
	confined pip-install .
}

@test "make builds a program" {
	requires make gcc
	printf 'all: main\nmain: main.c\n\tgcc -o $@ $<\n' >Makefile
	echo 'int main(void) { return 42; }' >main.c
	example make make -j2
	run ./main
	[ "$status" -eq 42 ]
	confined make .
}

@test "python runs a script on its data" {
	requires /usr/bin/python3
	echo '[1, 2, 39]' >data.json
	echo 'import json, helper; print(helper.total(json.load(open("data.json"))))' >script.py
	echo 'def total(numbers): return sum(numbers)' >helper.py
	[ "$(example python python3 script.py)" = 42 ]
	confined python
}

@test "node serves" {
	requires node curl
	needs_ports node-server
	cat >server.js <<-'END'
		const http = require("http"), fs = require("fs");
		http.createServer((ask, answer) => answer.end(fs.readFileSync("page"))).listen(8080);
	END
	echo content >page
	serve node-server 8080 node server.js
	[ "$(fetch)" = content ]
	stop_serving
	confined node-server
}

@test "pdftotext reads a document" {
	requires pdftotext
	cat >paper.pdf <<-'END'
		%PDF-1.4
		1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
		2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
		3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
		4 0 obj <</Length 44>> stream
		BT /F 24 Tf 20 40 Td (stone and mortar) Tj ET
		endstream endobj
		5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
		trailer <</Root 1 0 R>>
	END
	example pdftotext pdftotext paper.pdf - 2>/dev/null | grep "stone and mortar"
	confined pdftotext
}

@test "redis keeps what it is told" {
	requires redis-server redis-cli
	needs_ports redis-server
	mkdir data
	serve redis-server 6379 redis-server --dir data --bind 0.0.0.0 --protected-mode no --save 1 1
	wait_until 'on_host redis-cli ping | grep -q PONG'
	[ "$(on_host redis-cli set stone mortar)" = OK ]
	[ "$(on_host redis-cli get stone)" = mortar ]
	stop_serving
	[ -s data/dump.rdb ]
	confined redis-server data
}

@test "nginx serves a directory" {
	requires nginx curl
	needs_ports nginx
	mkdir html
	echo content >html/page
	cat >nginx.conf <<-'END'
		daemon off;
		pid /tmp/nginx.pid;
		error_log stderr;
		events {}
		http {
			access_log off;
			client_body_temp_path /tmp/body;
			proxy_temp_path /tmp/proxy;
			fastcgi_temp_path /tmp/fastcgi;
			uwsgi_temp_path /tmp/uwsgi;
			scgi_temp_path /tmp/scgi;
			server { listen 8080; root html; }
		}
	END
	serve nginx 8080 nginx -p . -c nginx.conf -e stderr
	[ "$(fetch page)" = content ]
	stop_serving
	confined nginx
}

@test "each example says how it is used, and is tested here" {
	local file name
	for file in "$SOURCE"/profiles/sandbox/*.json; do
		name=$(basename "$file" .json)
		grep -q "casemate sandbox --profile $name -- " "$file" || fail "$name does not say how it is used"
		grep -q "confined $name" "$BATS_TEST_FILENAME" || fail "$name is not tested"
	done
}
