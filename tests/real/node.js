// SPDX-License-Identifier: Apache-2.0
// An HTTP server that requests itself, worker threads, child processes, files, crypto, compression and WebAssembly.
"use strict";
const assert = require("assert");
const childProcess = require("child_process");
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const net = require("net");
const os = require("os");
const path = require("path");
const { promisify } = require("util");
const zlib = require("zlib");
const worker = require("worker_threads");

if (!worker.isMainThread) {
	const cells = new Int32Array(worker.workerData);
	for (let i = 0; i < 1000; i++) Atomics.add(cells, 0, 1);
	worker.parentPort.postMessage(crypto.createHash("sha256").update("wall").digest("hex"));
	return;
}
if (process.argv[2] === "child") {
	process.on("message", (message) => process.send(message + 1, () => process.disconnect()));
	return;
}

function request(options, body) {
	return new Promise((resolve, reject) => {
		const ask = http.request(options, (answer) => {
			const parts = [];
			answer.on("data", (part) => parts.push(part));
			answer.on("end", () => resolve(Buffer.concat(parts)));
		});
		ask.on("error", reject);
		ask.end(body);
	});
}

async function checkHttp() {
	const server = http.createServer((ask, answer) => ask.pipe(zlib.createGzip()).pipe(answer));
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	const body = crypto.randomBytes(200000);
	const asks = Array.from({ length: 20 }, () =>
		request({ host: "127.0.0.1", port: server.address().port, method: "POST" }, body));
	for (const got of await Promise.all(asks)) assert(zlib.gunzipSync(got).equals(body));
	server.close();
}

async function checkWorkers() {
	const shared = new SharedArrayBuffer(4);
	const workers = Array.from({ length: 4 }, () => new Promise((done, fail) => {
		const one = new worker.Worker(__filename, { workerData: shared });
		one.on("message", done);
		one.on("error", fail);
	}));
	assert.strictEqual(new Set(await Promise.all(workers)).size, 1);
	assert.strictEqual(new Int32Array(shared)[0], 4000);
}

async function checkChildren() {
	const { stdout } = await promisify(childProcess.execFile)("sh", ["-c", "echo $((6 * 7))"]);
	assert.strictEqual(stdout, "42\n");
	const child = childProcess.fork(__filename, ["child"]);
	child.send(1);
	assert.strictEqual(await new Promise((done) => child.on("message", done)), 2);
	assert.strictEqual(childProcess.spawnSync("sh", ["-c", "kill -9 $$"]).signal, "SIGKILL");
}

async function checkFiles() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "node-"));
	const file = path.join(folder, "file");
	const changed = new Promise((done) => fs.watch(folder, done));
	await fs.promises.writeFile(file, "wall");
	await changed;
	await fs.promises.copyFile(file, file + "2");
	assert.strictEqual(await fs.promises.readFile(file + "2", "utf8"), "wall");
	const server = net.createServer((peer) => peer.end("stone"));
	await new Promise((done) => server.listen(path.join(folder, "socket"), done));
	const answer = await new Promise((done) =>
		net.connect(path.join(folder, "socket")).on("data", (data) => done(data.toString())));
	assert.strictEqual(answer, "stone");
	server.close();
	fs.rmSync(folder, { recursive: true });
}

async function main() {
	await checkHttp();
	await checkWorkers();
	await checkChildren();
	await checkFiles();
	await promisify(crypto.scrypt)("wall", "salt", 32);
	const wasm = Buffer.from("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b", "hex");
	assert.strictEqual((await WebAssembly.instantiate(wasm)).instance.exports.add(40, 2), 42);
	assert(os.cpus().length > 0 && os.uptime() > 0 && os.networkInterfaces().lo);
	process.exit(0);
}

process.on("exit", (status) => status || fs.writeSync(1, "node: ok\n"));
main().catch((error) => {
	console.error(error);
	process.exit(1);
});
