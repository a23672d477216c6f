# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptors: a payload has 0, 1 and 2 and what was meant for it, whatever its caller had open and forgot about.

In the container, /proc/self/fd of ls has one more for the directory itself, which the shell's `echo` over a pattern has not."""

import shlex

import pytest

# stray descriptors of the caller, without close-on-exec: a file, a directory of the host, and a high number
STRAY = "exec 7</etc/passwd 9</ 55</etc"

LIST = ["payload", "fds"]


@pytest.fixture
def strayed(machine, runtime):
    """strayed(prefix, verb, ...): a verb whose caller has descriptors open; its output is in the log of the container."""
    def call(prefix, container, *words, check=True):
        runtime.ids.add(container)
        command = shlex.join([runtime.name, *runtime.options, *words])
        return machine.run(["bash", "-c", f"{STRAY}; {prefix} exec {command} >>/tmp/{container}.log 2>&1"], check=check)
    return call


@pytest.mark.peer
def test_run(bundles, runtime, strayed):
    strayed("", "run", "run", "--bundle", bundles.make("run", LIST), "run")
    assert runtime.log("run") == ""


@pytest.mark.peer
def test_create_start(bundles, machine, runtime, strayed):
    bundle = bundles.make("start", ["sh", "-c", "payload fds; echo end"])
    strayed("", "start", "create", "--bundle", bundle, "start")
    strayed("", "start", "start", "start")
    machine.wait_until("grep -x end /tmp/start.log")
    assert runtime.log("start") == "end"


@pytest.mark.peer
def test_exec(bundles, runtime, strayed):
    runtime.create("host", bundles.make("host", ["sleep", "1000"]))
    runtime("start", "host")
    strayed("", "host", "exec", "host", *LIST)
    assert runtime.log("host") == ""


@pytest.mark.peer
@pytest.mark.parametrize("verb", ["run", "exec"])
def test_preserved_and_no_other(bundles, runtime, strayed, verb):
    """3 and 4 are wanted; 7, 9 and 55 are not."""
    preserve = "exec 3</etc/hostname 4</etc/hosts;"
    if verb == "run":
        strayed(preserve, "wanted", "run", "--preserve-fds", "2", "--bundle", bundles.make("wanted", LIST), "wanted")
    else:
        runtime.create("wanted", bundles.make("wanted", ["sleep", "1000"]))
        runtime("start", "wanted")
        strayed(preserve, "wanted", "exec", "--preserve-fds", "2", "wanted", *LIST)
    assert runtime.log("wanted").split() == ["3", "4"]


# runc 1.1 gives descriptors of its own to createContainer hooks
@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
def test_hooks(bundles, machine, runtime, strayed, kind):
    """A hook has the state on 0, and nothing above 2. startContainer runs in the container, the others see the host's root."""
    bundle_payload = "/var/lib/berth/hooked/rootfs/bin/payload"
    path = "/bin/payload" if kind == "startContainer" else bundle_payload

    def edit(config):
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >/dev/null; {path} fds >/tmp/hook-fds; echo end >>/tmp/hook-fds"]}]}

    bundle = bundles.make("hooked", ["true"], edit)
    strayed("", "hooked", "run", "--bundle", bundle, "hooked")
    # in the container /tmp is another one
    where = f"{bundle}/rootfs/tmp/hook-fds" if kind == "startContainer" else "/tmp/hook-fds"
    assert machine.output(f"cat {where}; rm {where}") == "end"


@pytest.mark.peer
def test_stdio_is_there(bundles, runtime, machine):
    """0, 1 and 2 are open in the payload even if the caller closed them: the next file it opens must not be its stderr."""
    bundle = bundles.make("closed", ["sh", "-c", "for fd in 0 1 2; do [ -e /proc/self/fd/$fd ] || exit 9; done"])
    runtime.ids.add("closed")
    command = shlex.join([runtime.name, *runtime.options, "run", "--bundle", bundle, "closed"])
    machine.run(["bash", "-c", f"exec {command} <&- >&- 2>&-"])
