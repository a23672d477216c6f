# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb mounts. Only later releases of crun than Debian 13's have it, and runc has none."""

import json

import pytest

from runtimes import not_with

pytestmark = not_with("runc", "crun", reason="they have no such verb")


@pytest.fixture
def change(machine, runtime):
    """change("add", container, mounts): the verb with a file that lists them."""
    def run(verb, container, mounts, **kwargs):
        text = mounts if isinstance(mounts, str) else json.dumps(mounts)
        machine.write("/tmp/mounts.json", text)
        return runtime("mounts", verb, container, "/tmp/mounts.json", **kwargs)
    machine.run("mkdir -p /tmp/source && echo hello >/tmp/source/file")
    yield run
    machine.run("rm -rf /tmp/source /tmp/mounts.json")


def bind(destination, *options, source="/tmp/source"):
    return {"destination": destination, "type": "bind", "source": source, "options": ["bind", *options]}


def tmpfs(destination, *options):
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def mounted(runtime, container):
    """What is mounted below /mnt and /etc; newer kernels list it in the order in which it was made, not put there."""
    text = runtime("exec", container, "awk", '$5 ~ "^/(mnt|etc)" { print $5 }', "/proc/self/mountinfo").stdout
    return sorted(text.split())


@pytest.mark.parametrize("user", [False, True], ids=["root", "user-namespace"])
def test_add_and_remove(machine, bundles, runtime, change, user):
    def edit(config):
        if user:
            config["linux"]["namespaces"].append({"type": "user"})
            for mappings in ("uidMappings", "gidMappings"):
                config["linux"][mappings] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundle = bundles.make("live", ["sleep", "1000"], edit)
    machine.run(f"mkdir -p {bundle}/rootfs/mnt/a {bundle}/rootfs/mnt/t {bundle}/rootfs/mnt/p && touch {bundle}/rootfs/etc/file")
    done = runtime.detached("run", "live", bundle, "--detach")
    assert done.returncode == 0, done.stderr
    mounts = [bind("/mnt/a", "ro"), tmpfs("/mnt/t", "size=1m", "mode=700"),
              {"destination": "/mnt/p", "type": "proc", "source": "proc"}, bind("/etc/file", source="/tmp/source/file")]
    change("add", "live", mounts)
    assert mounted(runtime, "live") == ["/etc/file", "/mnt/a", "/mnt/p", "/mnt/t"]
    done = runtime("exec", "live", "sh", "-c", "cat /mnt/a/file /etc/file; touch /mnt/a/x || echo refused; ls -d /mnt/p/1; "
                                               "echo x >/mnt/t/x && stat -c '%u %a' /mnt/t")
    assert done.stdout == "hello\nhello\nrefused\n/mnt/p/1\n0 700\n"
    change("remove", "live", [{"destination": mount["destination"]} for mount in mounts])
    assert mounted(runtime, "live") == []
    assert machine.output("grep -c /mnt/ /proc/1/mountinfo || :") == "0"


def test_destinations_are_made(bundles, runtime, change, sleeper):
    change("add", sleeper, [tmpfs("/mnt/new/directory"), bind("/mnt/new/file", source="/tmp/source/file")])
    assert mounted(runtime, sleeper) == ["/mnt/new/directory", "/mnt/new/file"]


def test_a_created_container(bundles, runtime, change):
    runtime.create("waiting", bundles.make("waiting", ["cat", "/mnt/file"]))
    change("add", "waiting", [bind("/mnt")])
    runtime("start", "waiting")
    runtime.machine.wait_until("grep -x hello /tmp/waiting.log")


def test_all_or_none(runtime, change, sleeper):
    done = change("add", sleeper, [bind("/mnt/a"), bind("/etc/hostname", source="/tmp/source/file"), tmpfs("/mnt/t", "nosuch=1")],
                  check=False)
    assert done.returncode == 1
    assert "/mnt/t" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert mounted(runtime, sleeper) == []


def test_remove_all_or_none(runtime, change, sleeper):
    change("add", sleeper, [tmpfs("/mnt/a")])
    done = change("remove", sleeper, [{"destination": "/mnt/a"}, {"destination": "/mnt"}], check=False)
    assert done.returncode == 1
    assert "nothing is mounted" in done.stderr
    assert mounted(runtime, sleeper) == ["/mnt/a"]


def test_paths_stay_in_the_container(machine, runtime, change, sleeper):
    """What the container has made of its paths leads nowhere else."""
    runtime("exec", sleeper, "sh", "-c", "rm -rf /mnt; mkdir /mnt; ln -s /../../../../tmp /mnt/up; ln -s /proc/1/root/tmp /mnt/magic")
    change("add", sleeper, [tmpfs("/mnt/up/in", "mode=755")])
    assert runtime("exec", sleeper, "awk", "$5 ~ /in$/ { print $5 }", "/proc/self/mountinfo").stdout == "/tmp/in\n"
    assert machine.output("test -e /tmp/in; echo $?") == "1"
    change("remove", sleeper, [{"destination": "/mnt/up/in"}])
    done = change("add", sleeper, [tmpfs("/mnt/magic/in")], check=False)
    assert done.returncode == 1
    assert machine.output("test -e /tmp/in; echo $?") == "1"


@pytest.mark.parametrize("verb, mounts, words", [
    ("add", "[", "mounts.json:"), ("add", "{}", "expected an array"), ("add", [{"destination": "mnt"}], "/mounts/0"),
    ("add", [bind("/mnt/x", source="/no/such/source")], "/no/such/source"), ("add", [tmpfs("/proc/x")], "/proc/x"),
    ("remove", [{"destination": "mnt"}], "absolute path"), ("remove", [{}], "/mounts/0/destination"),
    ("remove", [{"destination": "/"}], "nothing is mounted"), ("remove", [{"destination": "/no/such"}], "/no/such"),
    ("turn", [], "add or remove"),
], ids=str)
def test_wrong_lists(runtime, change, sleeper, verb, mounts, words):
    done = change(verb, sleeper, mounts, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert mounted(runtime, sleeper) == []


def test_of_a_container_that_has_ended(machine, runtime, change, sleeper):
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"berth state {sleeper} | grep stopped")
    done = change("add", sleeper, [tmpfs("/mnt")], check=False)
    assert done.returncode == 1
    assert "container not running" in done.stderr
