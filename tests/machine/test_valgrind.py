# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs under valgrind: no error, nothing lost, no descriptor left open, none in the payload that is not its own.

What becomes init or a hook is watched until it executes that. valgrind has to know the system calls that containers are made
of, as that of Debian forky does: with an older one the tests are skipped that it cannot run, with the number of the system call.

Two things are different under it. It keeps descriptors for itself, so RLIMIT_NOFILE cannot be set. And /proc/self/exe is
valgrind's program, of which berth cannot let go, so it lies on a read-only mount, where it need not."""

import re
import shlex

import pytest

from machine import HERE

pytestmark = pytest.mark.valgrind

LOGS = "/run/valgrind"
SUPPRESSIONS = "/run/valgrind.supp"
VALGRIND = ["valgrind", "--quiet", f"--log-file={LOGS}/%p", f"--suppressions={SUPPRESSIONS}", "--error-exitcode=99",
            "--leak-check=full", "--errors-for-leak-kinds=definite,indirect", "--show-leak-kinds=definite,indirect",
            "--track-fds=yes"]

# what ls says when it has no descriptors but 0, 1, 2 and the directory it looks at
OWN_FDS = ["0", "1", "2", "3"]
LIST_FDS = ["ls", "/proc/self/fd"]


@pytest.fixture
def valgrind(machine, nothing_left):
    machine.write(SUPPRESSIONS, (HERE / "valgrind.supp").read_text())
    machine.run(f"mkdir {LOGS} && mount --bind /usr/bin/berth /usr/bin/berth && mount -o remount,bind,ro /usr/bin/berth")
    yield
    machine.run(f"umount /usr/bin/berth && rm -r {LOGS} {SUPPRESSIONS}")


# without the mounts of the host there is nobody to name functions by
NO_SYMBOLS = re.compile(r"^==\d+== (warning: connection to image .* failed|         no debug info loaded)\n", re.MULTILINE)


def findings(text, is_child):
    """What is said in a log. A child that ends with _exit() closes nothing before."""
    if is_child:
        text = re.sub(r"==\d+== FILE DESCRIPTORS:.*", "", text, flags=re.DOTALL)
    return re.findall(r"^==\d+==.*", NO_SYMBOLS.sub("", text), re.MULTILINE)


@pytest.fixture
def watched(machine, runtime, valgrind):
    """watched(verb, ...): under valgrind; returns the output."""
    def call(*words, status=0):
        command = shlex.join([*VALGRIND, f"/usr/bin/{runtime.name}", *runtime.options, *words])
        done = machine.run(f"echo $$ >{LOGS}/main; exec {command} </dev/null >/tmp/watched.log 2>&1", check=False)
        output = machine.output("cat /tmp/watched.log")
        main, *logs = machine.output(f"cd {LOGS}; cat main; rm main; for log in *; do echo \"LOG $log\"; cat $log; rm $log; done"
                                     ).split("LOG ")
        unknown = re.search(r"unhandled \S+ syscall: \d+", "".join(logs))
        if done.returncode not in (status, 99) and unknown:
            pytest.skip(f"this valgrind cannot run berth {words[0]}: {unknown[0]}: {output}")
        for log in logs:
            pid, _, text = log.partition("\n")
            assert findings(text, is_child=pid != main.strip()) == []
        assert done.returncode == status, output
        return output
    return call


def no_limits(config):
    config["process"].pop("rlimits", None)


def with_hooks(config):
    no_limits(config)
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "ls /proc/self/fd | xargs >>/run/hooks"]}
    config["hooks"] = {kind: [hook] for kind in ("prestart", "createRuntime", "poststart", "poststop")}


def with_user_namespace(config):
    no_limits(config)
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def with_seccomp(config):
    no_limits(config)
    config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                  "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}


@pytest.fixture
def host(bundles, runtime):
    """A container that runs."""
    runtime.create("host", bundles.make("host", ["sleep", "1000"], no_limits))
    runtime("start", "host")
    return "host"


@pytest.mark.parametrize("words", [["list"], ["list", "--format", "json"], ["features"], ["spec"], ["--version"], ["--help"],
                                   ["state", "host"], ["ps", "host"], ["ps", "--format", "json", "host"],
                                   ["events", "--stats", "host"]], ids="-".join)
def test_look(machine, host, watched, words):
    if words == ["spec"]:
        words = ["spec", "--bundle", "/run"]
    watched(*words)
    machine.run("rm -f /run/config.json")


def test_refused(host, watched):
    watched("start", host, status=1)
    watched("delete", host, status=1)
    watched("state", "nobody", status=1)
    watched("create", "--bundle", "/nonexistent", "x", status=1)
    watched("exec", host, status=255)


@pytest.mark.parametrize("edit", [no_limits, with_user_namespace, with_seccomp])
def test_run(bundles, runtime, watched, edit):
    bundle = bundles.make("x", LIST_FDS, edit)
    runtime.ids.add("x")
    assert watched("run", "--bundle", bundle, "x").split() == OWN_FDS


def test_hooks(machine, bundles, runtime, watched):
    bundle = bundles.make("x", LIST_FDS, with_hooks)
    runtime.ids.add("x")
    assert watched("run", "--bundle", bundle, "x").split() == OWN_FDS
    assert machine.output("cat /run/hooks; rm /run/hooks").splitlines() == [" ".join(OWN_FDS)] * 4


def test_run_fails(bundles, runtime, watched):
    runtime.ids.add("x")
    watched("run", "--bundle", bundles.make("x", ["/nonexistent"], no_limits), "x", status=1)


def test_create_start_delete(bundles, runtime, watched):
    bundle = bundles.make("x", ["sh", "-c", "ls /proc/self/fd"], no_limits)
    runtime.ids.add("x")
    watched("create", "--bundle", bundle, "x")
    watched("start", "x")
    runtime.machine.wait_until(f"{runtime.name} state x | grep stopped")
    watched("delete", "x")


def test_run_detached(bundles, runtime, watched):
    runtime.ids.add("x")
    watched("run", "--detach", "--bundle", bundles.make("x", ["sleep", "1000"], no_limits), "x")
    fds = runtime.machine.output("ls /proc/$(berth state x | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p')/fd")
    assert fds.split() == ["0", "1", "2"]


def test_exec(host, watched):
    assert watched("exec", host, *LIST_FDS).split() == OWN_FDS
    watched("exec", "--detach", host, "sleep", "1000")
    watched("exec", host, "sh", "-c", "exit 7", status=7)


def test_pause_resume(host, watched):
    watched("pause", host)
    watched("resume", host)


def test_update(host, watched):
    watched("update", "--pids-limit", "100", host)


def test_kill(host, watched):
    watched("kill", host, "KILL")


def test_delete_by_force(host, watched):
    watched("delete", "--force", host)
