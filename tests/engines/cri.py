#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client of the Container Runtime Interface, for tests.

    cri.py SOCKET METHOD < request.json    prints the answer as JSON; what the server refuses is on standard error, status 1

The messages are those of cri.proto, in their JSON form, except that what a program printed (bytes) is text.
"""
import json
import os
import subprocess
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def messages():
    """The package of cri.proto, compiled by protoc."""
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.NamedTemporaryFile() as compiled:
        subprocess.run(["protoc", f"-I{here}", f"--descriptor_set_out={compiled.name}", f"{here}/cri.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(compiled.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return lambda name: factory.GetPrototype(pool.FindMessageTypeByName(f"runtime.v1.{name}"))


def printable(answer):
    """JSON with the bytes of streams as text."""
    tree = json_format.MessageToDict(answer, including_default_value_fields=True)
    for stream in ("stdout", "stderr"):
        if isinstance(getattr(answer, stream, None), bytes):
            tree[stream] = getattr(answer, stream).decode(errors="replace")
    return json.dumps(tree)


def main():
    socket, method = sys.argv[1:]
    message = messages()
    request = json_format.ParseDict(json.load(sys.stdin), message(method + "Request")())
    call = grpc.insecure_channel("unix://" + socket).unary_unary(
        f"/runtime.v1.RuntimeService/{method}",
        request_serializer=lambda value: value.SerializeToString(),
        response_deserializer=message(method + "Response").FromString)
    try:
        print(printable(call(request, timeout=60)))
    except grpc.RpcError as error:
        print(f"{method}: {error.details()}", file=sys.stderr)
        sys.exit(1)


main()
