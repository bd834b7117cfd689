#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A seccomp agent for tests: seccomp_agent.py SOCKET OUTPUT [ERRNO].

Listens on SOCKET, writes the container process state to OUTPUT, and answers every call that is handed to it with ERRNO, or
lets it go on where none is given. Ends with the container."""
import array
import ctypes
import fcntl
import select
import socket
import struct
import sys

NOTIF_RECV, NOTIF_SEND, CONTINUE = 0xC0502100, 0xC0182101, 1


def receive_state(path, output):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen(1)
        connection, _ = server.accept()
        text, control, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(16 * 4))
        descriptors = array.array("i")
        for level, kind, data in control:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            descriptors.frombytes(data)
        while more := connection.recv(65536):
            text += more
    with open(output, "wb") as state:
        state.write(text)
    assert len(descriptors) == 1, descriptors
    return descriptors[0]


def answer(listener, errno):
    request = ctypes.create_string_buffer(80)
    fcntl.ioctl(listener, NOTIF_RECV, request)
    number = struct.unpack_from("Q", request)[0]
    reply = struct.pack("QqiI", number, 0, -errno, 0 if errno else CONTINUE)
    fcntl.ioctl(listener, NOTIF_SEND, ctypes.create_string_buffer(reply, 24))


def main():
    listener = receive_state(sys.argv[1], sys.argv[2])
    errno = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        for _, event in poll.poll():
            if event & select.POLLIN:
                try:
                    answer(listener, errno)
                except FileNotFoundError:  # the caller was killed meanwhile
                    pass
            elif event & (select.POLLHUP | select.POLLERR):
                return


main()
