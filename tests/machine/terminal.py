# SPDX-License-Identifier: LGPL-2.1-or-later
"""terminal.py COMMAND [WAIT-FOR TYPE]...: run a shell command on a terminal of 24 x 80, as a person does.

Each pair waits until the command has printed a text, and types another one; "@ROWSxCOLUMNS" changes the window instead.
Prints what the command printed and ends with its status, 128 + N after signal N."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

TIMEOUT = 20


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def act(fd, text):
    if text.startswith("@"):
        resize(fd, *(int(number) for number in text[1:].split("x")))
    else:
        os.write(fd, text.encode())


def main():
    command, *words = sys.argv[1:]
    steps = list(zip(words[::2], words[1::2]))
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", command])
    resize(fd, 24, 80)

    said, seen = b"", 0
    while True:
        if not select.select([fd], [], [], TIMEOUT)[0]:
            print(f"no more output for {TIMEOUT} s, waiting for {steps[:1]}", file=sys.stderr)
            os.kill(pid, signal.SIGKILL)
            break
        try:
            data = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        said += data
        while steps and steps[0][0].encode() in said[seen:]:
            seen = said.index(steps[0][0].encode(), seen) + len(steps[0][0])
            act(fd, steps.pop(0)[1])

    status = os.waitpid(pid, 0)[1]
    sys.stdout.buffer.write(said)
    sys.stdout.flush()
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


main()
