#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
#	dbus_peer.py UID PATH NAME...	as this user: on the bus whose socket is at PATH, has these names and answers every call with the
#					first of them; prints its own unique name once it is there
import os
import socket
import struct
import sys


def pad(data, to):
    return data + b"\0" * (-len(data) % to)


def text(data, value):
    return pad(data, 4) + struct.pack("<I", len(value)) + value.encode() + b"\0"


def field(data, code, kind, value):
    data = pad(data, 8) + bytes([code, 1]) + kind.encode() + b"\0"
    if kind == "u":
        return pad(data, 4) + struct.pack("<I", value)
    if kind == "g":
        return data + bytes([len(value)]) + value.encode() + b"\0"
    return text(data, value)


def message(kind, fields, body=b""):
    message.serial += 1
    head = b""
    for code, of, value in fields:
        head = field(head, code, of, value)
    start = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), message.serial, len(head))
    return pad(start + head, 8) + body


message.serial = 0


def read_value(data, at, kind):
    if kind == "u":
        at += -at % 4
        return struct.unpack_from("<I", data, at)[0], at + 4
    if kind == "g":
        return data[at + 1 : at + 1 + data[at]].decode(), at + 2 + data[at]
    at += -at % 4
    length = struct.unpack_from("<I", data, at)[0]
    return data[at + 4 : at + 4 + length].decode(), at + 5 + length


def receive(stream):
    start = stream.read(16)
    if len(start) < 16:
        sys.exit(0)
    _, kind, flags, _, body, serial, length = struct.unpack("<cBBBIII", start)
    head = stream.read(length + -length % 8)
    fields, at = {}, 0
    while at < length:
        at += -at % 8
        code, of = head[at], chr(head[at + 2])
        fields[code], at = read_value(head, at + 4, of)
    return kind, serial, fields, stream.read(body), flags


def call(peer, stream, member, kind="", body=b""):
    fields = [(1, "o", "/org/freedesktop/DBus"), (2, "s", "org.freedesktop.DBus"), (3, "s", member)]
    fields += [(6, "s", "org.freedesktop.DBus")] + ([(8, "g", kind)] if kind else [])
    peer.sendall(message(1, fields, body))
    while True:
        got = receive(stream)
        if got[0] in (2, 3) and got[2].get(5) == message.serial:
            return got


uid = int(sys.argv[1])
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[2])
peer.sendall(b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n")
stream = peer.makefile("rb")
assert stream.readline().startswith(b"OK")
peer.sendall(b"BEGIN\r\n")
unique = read_value(call(peer, stream, "Hello")[3], 0, "s")[0]
for name in sys.argv[3:]:
    call(peer, stream, "RequestName", "su", pad(text(b"", name), 4) + struct.pack("<I", 0))
print(unique, flush=True)
while True:
    kind, serial, fields, _, _ = receive(stream)
    if kind == 1:
        peer.sendall(message(2, [(5, "u", serial), (6, "s", fields[7]), (8, "g", "s")], text(b"", sys.argv[3])))
