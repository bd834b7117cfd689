# SPDX-License-Identifier: Apache-2.0
"""What ordinary Python programs use: threads, processes, sockets, TLS, a data base, shared memory, memory maps."""
import asyncio
import concurrent.futures
import ctypes
import hashlib
import mmap
import multiprocessing
import os
import random
import select
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time


def square(number):
    return number * number


def check_threads():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(square, range(100))) == [n * n for n in range(100)]
    event = threading.Event()
    threading.Timer(0.01, event.set).start()
    assert event.wait(10)


def check_processes():
    out = subprocess.run(["sh", "-c", "read x; echo $x; exit 3"], input="wall\n", capture_output=True, text=True)
    assert (out.stdout, out.returncode) == ("wall\n", 3)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, [1, 2, 3]) == [1, 4, 9]
    child = subprocess.Popen(["sleep", "60"])
    pidfd = os.pidfd_open(child.pid)
    signal.pidfd_send_signal(pidfd, signal.SIGTERM)
    assert select.select([pidfd], [], [], 10)[0] == [pidfd]
    assert child.wait() == -signal.SIGTERM


def check_sockets():
    for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_UNIX, tempfile.mktemp())):
        with socket.socket(family) as server:
            server.bind(address)
            server.listen()
            with socket.socket(family) as client:
                client.connect(server.getsockname())
                with server.accept()[0] as peer:
                    peer.sendall(b"hello")
                    assert client.recv(16) == b"hello"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
        one.bind(("127.0.0.1", 0))
        two.sendto(b"ping", one.getsockname())
        assert one.recvfrom(16)[0] == b"ping"
    assert ("lo" in [name for _, name in socket.if_nameindex()])
    left, right = socket.socketpair()
    with tempfile.TemporaryFile() as file:
        file.write(b"passed")
        file.flush()
        socket.send_fds(left, [b"x"], [file.fileno()])
        received = socket.recv_fds(right, 1, 1)[1][0]
        assert os.pread(received, 16, 0) == b"passed"


async def asyncio_echo():
    async def answer(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    writer.write(b"stone\n")
    assert await reader.readline() == b"STONE\n"
    writer.close()
    server.close()
    process = await asyncio.create_subprocess_exec("true")
    assert await process.wait() == 0


def check_tls():
    if not os.access("/usr/bin/openssl", os.X_OK):
        assert ssl.create_default_context().get_ca_certs() is not None
        return
    key, cert = tempfile.mktemp(), tempfile.mktemp()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=real", "-addext", "subjectAltName=DNS:real", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(cert, key)
    theirs = ssl.create_default_context(cafile=cert)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with ours.wrap_socket(listener.accept()[0], server_side=True) as peer:
            peer.sendall(peer.recv(16)[::-1])

    thread = threading.Thread(target=serve)
    thread.start()
    with theirs.wrap_socket(socket.create_connection(listener.getsockname()), server_hostname="real") as client:
        client.sendall(b"abc")
        assert client.recv(16) == b"cba"
    thread.join()


def check_files():
    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(os.path.join(folder, "base"))
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("CREATE TABLE wall (id INTEGER PRIMARY KEY, stone TEXT)")
        base.executemany("INSERT INTO wall (stone) VALUES (?)", [(str(n),) for n in range(1000)])
        base.commit()
        assert base.execute("SELECT count(*) FROM wall").fetchone() == (1000,)
        base.close()
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            file.truncate(1 << 20)
            os.posix_fallocate(file.fileno(), 0, 1 << 20)
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as area:
            area[4096:4100] = b"wall"
            area.flush()
        with open(path, "rb") as source, open(path + "2", "wb") as target:
            os.copy_file_range(source.fileno(), target.fileno(), 1 << 20)
        os.chmod(path, 0o600)
        os.utime(path, (1, 1))
        os.rename(path, path + "3")
        assert sorted(os.listdir(folder)) == ["base", "file2", "file3"]


def check_memory():
    from multiprocessing import shared_memory

    block = shared_memory.SharedMemory(create=True, size=4096)
    block.buf[:4] = b"wall"
    block.close()
    block.unlink()
    fd = os.memfd_create("wall")
    os.write(fd, b"x")
    libc = ctypes.CDLL(None)
    assert libc.getpid() == os.getpid()
    # A function made at run time, as ctypes' own callbacks are.
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 5)(3, 1, 2, 5, 4)
    libc.qsort(numbers, 5, ctypes.sizeof(ctypes.c_int), callback(lambda a, b: a[0] - b[0]))
    assert list(numbers) == [1, 2, 3, 4, 5]


def check_host_facts():
    assert os.cpu_count() and os.sched_getaffinity(0) and os.getloadavg()
    assert os.urandom(16) != os.urandom(16) and random.SystemRandom().random() < 1
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
    assert time.clock_gettime(time.CLOCK_BOOTTIME) > 0
    os.nice(1)
    fired = []
    signal.signal(signal.SIGALRM, lambda *_: fired.append(True))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    signal.sigtimedwait([], 1)
    assert fired
    master, slave = os.openpty()
    assert os.isatty(slave)
    os.write(master, b"x\n")
    assert os.read(slave, 16) == b"x\n"


def main():
    check_threads()
    check_processes()
    check_sockets()
    asyncio.run(asyncio_echo())
    check_tls()
    check_files()
    check_memory()
    check_host_facts()
    print("python: ok", flush=True)


if __name__ == "__main__":
    sys.exit(main())
