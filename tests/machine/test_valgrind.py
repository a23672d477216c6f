# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs under valgrind: no error, nothing lost, no descriptor left open.

Not those that make a process in a container (create, run, exec): valgrind does not know the system calls that they are built on
(clone3, open_tree, mount_setattr, seccomp); the address sanitizer looks at these. The containers here are made without
valgrind. Debian 12's lacks pidfd_open, too: there, all is skipped that needs a process to be there."""

import re
import shlex

import pytest

pytestmark = pytest.mark.valgrind

VALGRIND = ["valgrind", "--log-file=/run/valgrind.log", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect", "--track-fds=yes"]

# a descriptor in the log, and whether it was there before us
OPEN = re.compile(r"==\d+== Open (?:file descriptor|AF_\w+ socket) (\d+):.*\n((?:==\d+== .+\n)*)")


@pytest.fixture
def watched(machine, runtime):
    """watched(verb, ...): under valgrind."""
    def call(*words, check=True, log="/dev/null"):
        command = shlex.join([*VALGRIND, f"/usr/bin/{runtime.name}", *runtime.options, *words])
        done = machine.run(f"{command} </dev/null >>{log} 2>&1", check=False, timeout=60)
        report = machine.output("cat /run/valgrind.log; rm /run/valgrind.log")
        # newer ones count this as an error, and are wrong where a system call that they do not follow gave the number again
        errors = int(re.search(r"ERROR SUMMARY: (\d+) errors", report)[1])
        assert errors == len(re.findall(r"File descriptor \d+: .* is already closed", report)), report
        unknown = re.search(r"unhandled \S+ syscall: \d+", report)
        if done.returncode not in (0, 99) and unknown:
            pytest.skip(f"this valgrind cannot run berth {words[0]}: {unknown[0]}")
        assert done.returncode in (0, 99) or not check, (machine.output(f"cat {log}"), report)
        leaked = [number for number, where in OPEN.findall(report + "\n") if "<inherited from parent>" not in where]
        assert leaked == [], report
    return call


@pytest.fixture
def host(bundles, runtime):
    """A container that runs."""
    runtime.create("host", bundles.make("host", ["sleep", "1000"]))
    runtime("start", "host")
    return "host"


@pytest.mark.parametrize("words", [["list"], ["list", "--format", "json"], ["features"], ["spec"], ["--version"], ["--help"],
                                   ["state", "host"], ["ps", "--format", "json", "host"],
                                   ["events", "--stats", "host"]], ids="-".join)
def test_look(machine, host, watched, words):
    if words == ["spec"]:
        words = ["spec", "--bundle", "/run"]
    watched(*words)
    machine.run("rm -f /run/config.json")


def test_refused(host, watched):
    watched("start", host, check=False)
    watched("delete", host, check=False)
    watched("state", "nobody", check=False)
    watched("create", "--bundle", "/nonexistent", "x", check=False)
    watched("exec", host, check=False)


def test_pause_resume(machine, host, watched):
    watched("pause", host)
    watched("resume", host)


def test_update(host, watched):
    watched("update", "--pids-limit", "100", host)


def test_kill_delete(host, watched, runtime):
    watched("kill", host, "KILL")
    runtime.machine.wait_until(f"{runtime.name} state {host} | grep stopped")
    watched("delete", host)


def test_delete_by_force(host, watched):
    watched("delete", "--force", host)


def test_start(bundles, runtime, watched):
    runtime.create("ready", bundles.make("ready", ["sleep", "1000"]))
    watched("start", "ready")
