# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disposable machine (see boot, enter, stop) as a Python object, and what the tests do in it all the time."""

import os
import pathlib
import shlex
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
STATE = pathlib.Path(os.environ.get("BERTH_MACHINES", "/var/tmp/berth-machines"))


class CommandFailed(AssertionError):
    """A command in the machine that should have succeeded; the message has all it said."""


class Machine:
    """A machine that is up. `root` is its root file system as the host sees it (its tmpfs mounts do not show there)."""

    def __init__(self, name, root="/", copies=()):
        self.name = name
        self.root = STATE / name / "root"
        options = [word for copy in copies for word in ("--copy", str(copy))]
        subprocess.run([HERE / "boot", *options, name, root], check=True, stdin=subprocess.DEVNULL)

    def stop(self):
        subprocess.run([HERE / "stop", self.name], check=True, stdin=subprocess.DEVNULL)

    def run(self, command, check=True, timeout=60, stdin=""):
        """Run a command, a string for the shell or a list of arguments, as root in the machine; its output is text.

        With check, a status other than 0 is a failure of the test. A command that takes longer than timeout always is.
        """
        argv = ["sh", "-c", command] if isinstance(command, str) else [str(arg) for arg in command]
        # the time limit has to be kept inside: killing `enter` would leave the command running
        done = subprocess.run(
            [HERE / "enter", self.name, "timeout", "--kill-after=5", str(timeout), *argv],
            input=stdin, capture_output=True, text=True, timeout=timeout + 30, check=False)
        if done.returncode in (124, 137):
            raise CommandFailed(f"not done after {timeout} s: {_describe(argv, done)}")
        if check and done.returncode != 0:
            raise CommandFailed(_describe(argv, done))
        return done

    def output(self, command, **kwargs):
        """What a successful command prints, without the white space around it."""
        return self.run(command, **kwargs).stdout.strip()

    def wait_until(self, condition, timeout=20):
        """Wait until a shell command in the machine succeeds."""
        self.run(f"until {{ {condition}\n}} >/dev/null 2>&1; do sleep 0.05; done", timeout=timeout)

    def write(self, path, text):
        """Write a file in the machine; its folder is made if need be."""
        self.run(f'mkdir -p "$(dirname {shlex.quote(path)})" && cat >{shlex.quote(path)}', stdin=text)

    def show(self, unit, *properties):
        """Properties of a unit as a dictionary; with one property, its value."""
        text = self.output(["systemctl", "show", unit, "-p", ",".join(properties)])
        values = dict(line.split("=", 1) for line in text.splitlines())
        return values[properties[0]] if len(properties) == 1 else values

    def journal(self, *matches):
        """The messages (a line each) that match, e.g. ("-u", "container@web"), of the whole life of the machine."""
        self.run(["journalctl", "--sync"])
        return self.output(["journalctl", "--quiet", "--no-pager", "--output=cat", *matches])


def _describe(argv, done):
    command = argv[2] if argv[:2] == ["sh", "-c"] else shlex.join(argv)
    return f"'{command}' ended with status {done.returncode}\nstdout: {done.stdout}\nstderr: {done.stderr}"
