# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disposable machine (see boot, stop, and inside.c) as a Python object, and what the tests do in it all the time."""

import os
import pathlib
import re
import shlex
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
STATE = pathlib.Path(os.environ.get("BERTH_MACHINES", "/var/tmp/berth-machines"))


def from_now_on():
    """The option of journalctl that leaves out what it has now."""
    return f"--since=@{time.time():.6f}"


class CommandFailed(AssertionError):
    """A command in the machine that should have succeeded; the message has all it said."""


class Machine:
    """A machine that is up. `root` is its root file system as the host sees it (its tmpfs mounts do not show there)."""

    def __init__(self, name, build, root="/", copies=()):
        """Boot it; build is the build directory, whose stage/ is copied into it like the other copies."""
        self.name = name
        # tests use the same names again and again: one is shown the part of the journal that came since it began
        self.since = from_now_on()
        self.root = STATE / name / "root"
        options = [word for copy in [build / "stage", *copies] for word in ("--copy", str(copy))]
        subprocess.run([HERE / "boot", *options, name, root], check=True, stdin=subprocess.DEVNULL)
        nspawn = (STATE / name / "nspawn.pid").read_text().strip()
        # its pid 1 as the host sees it
        self.leader = pathlib.Path("/proc") / pathlib.Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()[0]
        self.enter = [build / "tests/machine/inside", self.leader.name]

    def stop(self):
        subprocess.run([HERE / "stop", self.name], check=True, stdin=subprocess.DEVNULL)

    def run(self, command, check=True, timeout=60, stdin=""):
        """Run a command, a string for the shell or a list of arguments, as root in the machine; its output is text.

        With check, a status other than 0 is a failure of the test. A command that takes longer than timeout always is.
        What journalctl shows the shell begins with the test, unless it is told of another place.
        """
        if isinstance(command, str) and "journalctl " in command and not re.search(r"--(since|cursor|after-cursor)\b", command):
            command = f"journalctl() {{ command journalctl {self.since} \"$@\"; }}\n{command}"
        argv = ["sh", "-c", command] if isinstance(command, str) else [str(arg) for arg in command]
        done = subprocess.run(
            [*self.enter, str(timeout), *argv],
            input=stdin, capture_output=True, text=True, timeout=timeout + 30, check=False)
        if done.returncode in (124, 137):
            raise CommandFailed(f"not done after {timeout} s: {_describe(argv, done)}")
        if check and done.returncode != 0:
            raise CommandFailed(_describe(argv, done))
        return done

    def output(self, command, **kwargs):
        """What a successful command prints, without the white space around it."""
        return self.run(command, **kwargs).stdout.strip()

    def inside(self, path):
        """A file of the machine as the host can read it, whatever is mounted there in the machine."""
        return self.leader / "root" / path.lstrip("/")

    def wait_until(self, condition, timeout=50):
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
        """The messages (a line each) that match, e.g. ("-u", "container@web"), since the test began. (--lines=N would be the
        first of them: with a begin, journalctl counts from there.)"""
        self.run(["journalctl", "--sync"])
        return self.output(["journalctl", "--quiet", "--no-pager", "--output=cat", self.since, *matches])


def _describe(argv, done):
    command = argv[2] if argv[:2] == ["sh", "-c"] else shlex.join(argv)
    return f"'{command}' ended with status {done.returncode}\nstdout: {done.stdout}\nstderr: {done.stderr}"
