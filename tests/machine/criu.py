#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stand-in for the program CRIU, for what the real one does not do on demand: it speaks its RPC on the descriptor that it
is given ("criu swrk FD"), writes down what it was asked for, and behaves as its name says: criu-old, criu-mute, criu-failing.
"""

import os
import pathlib
import socket
import sys

DUMP, RESTORE, FEATURE_CHECK, VERSION, PRE_DUMP = 1, 2, 9, 10, 13
LOG = "(00.000100) Warn  (criu/x.c:1): not an error\n(00.000200) Error (criu/x.c:2): the first reason\n" \
      "(00.000300)      1: Error (criu/y.c:3): the second: reason\n(00.000400) Error (criu/z.c:4): Doing it FAILED.\n"


def varint(data, i):
    value = shift = 0
    while True:
        value |= (data[i] & 0x7f) << shift
        shift += 7
        i += 1
        if not data[i - 1] & 0x80:
            return value, i


def fields(data):
    """Number and value of each field of a message."""
    i = 0
    while i < len(data):
        key, i = varint(data, i)
        value, i = varint(data, i)
        if key & 7 == 2:
            value, i = data[i:i + value], i + value
        yield key >> 3, value


def number(field, value):
    return bytes([field << 3, value])


def message(field, data):
    return bytes([field << 3 | 2, len(data)]) + data


def describe(opts):
    """The options as words: strings, numbers, pairs of strings."""
    words = []
    for field, value in fields(opts):
        if isinstance(value, bytes) and field in (11, 23, 25, 27, 39):
            value = "=".join(x.decode() if isinstance(x, bytes) else str(x) for _, x in fields(value))
        elif isinstance(value, bytes):
            value = value.decode()
        words.append(f"{field} {value}")
    return "\n".join(words) + "\n"


def main():
    name = pathlib.Path(sys.argv[0]).name
    rpc = socket.socket(fileno=int(sys.argv[2]))
    request = dict(fields(rpc.recv(65536)))
    kind = request[1]
    answer = number(1, kind) + number(2, 1)
    if kind == VERSION:
        minor = 2 if name == "criu-old" else 19
        rpc.send(answer + message(10, number(1, 3) + number(2, minor)))
        return
    if kind == FEATURE_CHECK:
        rpc.send(answer + message(8, b""))
        return
    opts = dict(fields(request[2]))
    pathlib.Path("/tmp/criu-request").write_text(describe(request[2]))
    with open(f"/proc/self/fd/{opts[17]}/{opts[10].decode()}", "w", encoding="utf-8") as log:
        log.write(LOG)
    if name == "criu-mute":
        os._exit(1)
    rpc.send(number(1, kind) + number(2, 0) + number(7, 52))


main()
