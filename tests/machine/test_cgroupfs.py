# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers whose cgroup systemd does not make: the caller named a path, or wants none. What runc can do as well holds
for it, too (BERTH_TEST_RUNTIME=runc). Limits need controllers: see tests/vm."""

import os
import shlex

import pytest

from runtimes import Runtime

SLEEP = ["sleep", "1000"]
ONLY_BERTH = pytest.mark.skipif(
    os.environ.get("BERTH_TEST_RUNTIME", "berth") != "berth", reason="a promise that only berth makes")


@pytest.fixture
def runtime(machine, bundles):
    """The runtime under test without --systemd-cgroup; at the end its containers are deleted."""
    runtime = Runtime(machine, os.environ.get("BERTH_TEST_RUNTIME", "berth"), options=())
    yield runtime
    runtime.delete_all()


def at(path):
    """An edit of the configuration: this cgroup path, no resources (there are no controllers in the machine)."""
    def edit(config):
        config["linux"]["cgroupsPath"] = path
    return edit


def cgroup(machine, pid):
    return machine.output(f"sed -n 's/^0:://p' /proc/{pid}/cgroup")


def exists(machine, path):
    return machine.run(f"test -d /sys/fs/cgroup{path}", check=False).returncode == 0


def test_the_path_is_where_it_is(machine, bundles, runtime):
    runtime.create("named", bundles.make("named", SLEEP, at("/engine/pod/named")))
    state = runtime.state("named")
    assert cgroup(machine, state["pid"]) == "/engine/pod/named"
    assert machine.output("systemctl list-units --all --plain --no-legend 'berth-*'") == ""

    runtime("start", "named")
    assert runtime.status("named") == "running"
    assert runtime("exec", "named", "sed", "-n", "s/^0:://p", "/proc/self/cgroup").stdout == "/engine/pod/named\n"
    runtime("kill", "named", "KILL")
    machine.wait_until(f"{runtime.name} state named | grep stopped")
    runtime("delete", "named")
    assert not exists(machine, "/engine/pod/named")
    machine.run("cd /sys/fs/cgroup; if [ -d engine ]; then rmdir engine/pod engine; fi")


def test_exec_is_in_the_cgroup(machine, bundles, runtime):
    bundle = bundles.make("joined", SLEEP, at("/joined"))
    assert runtime.detached("run", "joined", bundle, "--detach").returncode == 0, runtime.log("joined")
    machine.run(f"{runtime.name} exec --detach joined sleep 1001 >/dev/null 2>&1")
    machine.wait_until("[ $(wc -l </sys/fs/cgroup/joined/cgroup.procs) = 2 ]")


# runc 1.1 at times does not wait long enough to remove the directory.
@ONLY_BERTH
def test_delete_force_kills_all_of_it(machine, bundles, runtime):
    def edit(config):
        at("/forced")(config)
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]

    bundle = bundles.make("forced", ["sh", "-c", "sleep 1001 & exec sleep 1000"], edit)
    assert runtime.detached("run", "forced", bundle, "--detach").returncode == 0, runtime.log("forced")
    machine.wait_until("[ $(wc -l </sys/fs/cgroup/forced/cgroup.procs) = 2 ]")
    pids = machine.output("cat /sys/fs/cgroup/forced/cgroup.procs").split()
    runtime("delete", "--force", "forced")
    assert not exists(machine, "/forced")
    for pid in pids:
        machine.wait_until(f"! test -e /proc/{pid}")


def test_sub_cgroups_go_with_it(machine, bundles, runtime):
    bundle = bundles.make("nested", SLEEP, at("/nested"))
    assert runtime.detached("run", "nested", bundle, "--detach").returncode == 0, runtime.log("nested")
    machine.run("mkdir -p /sys/fs/cgroup/nested/a/b")
    machine.run("echo $$ >/sys/fs/cgroup/nested/a/b/cgroup.procs; exec sleep 0")
    runtime("delete", "--force", "nested")
    assert not exists(machine, "/nested")


def test_run_in_the_foreground(machine, bundles, runtime):
    done = runtime.run("brief", bundles.make("brief", ["sh", "-c", "exit 7"], at("/brief")), check=False)
    assert done.returncode == 7
    assert not exists(machine, "/brief")


# runc 1.1 makes no exceptions from a wildcard rule.
@ONLY_BERTH
def test_device_rules(machine, bundles, runtime):
    def edit(config):
        at("/devices")(config)
        config["linux"]["resources"] = {"devices": [
            {"allow": False, "access": "rwm"},
            {"allow": True, "type": "c", "major": 10, "access": "rw"},
            {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "w"}]}
        config["process"]["capabilities"] = {k: ["CAP_MKNOD"] for k in ("bounding", "effective", "permitted")}

    script = ("mknod /tmp/fuse c 10 229; mknod /tmp/ram b 1 0; mknod /tmp/mem c 1 1;"
              " for f in /tmp/fuse /tmp/ram /tmp/mem /dev/null; do for how in '<' '>>'; do"
              " sh -c \"exec 9$how $f\" 2>/tmp/error; grep -q permitted /tmp/error && echo no $how $f; done; done")
    done = runtime.run("devices", bundles.make("devices", ["sh", "-c", script], edit), check=False)
    refused = done.stdout.splitlines()
    assert "no >> /tmp/fuse" in refused, done
    assert "no < /tmp/fuse" not in refused
    assert {"no < /tmp/ram", "no >> /tmp/ram", "no < /tmp/mem", "no >> /tmp/mem"} <= set(refused)
    assert not [line for line in refused if line.endswith("/dev/null")]


# runc 1.1 only warns.
@ONLY_BERTH
def test_a_cgroup_with_processes_is_refused(machine, bundles, runtime):
    machine.run("mkdir /sys/fs/cgroup/busy;"
                " sleep 1002 >/dev/null 2>&1 & echo $! >/sys/fs/cgroup/busy/cgroup.procs")
    done = runtime.detached("create", "busy", bundles.make("busy", SLEEP, at("/busy")))
    assert done.returncode != 0
    assert "container's cgroup is not empty" in done.stderr
    assert machine.output("wc -l </sys/fs/cgroup/busy/cgroup.procs") == "1"
    machine.run("echo 1 >/sys/fs/cgroup/busy/cgroup.kill; until rmdir /sys/fs/cgroup/busy; do sleep 0.05; done")


def test_a_directory_that_was_there_stays(machine, bundles, runtime):
    machine.run("mkdir -p /sys/fs/cgroup/given")
    bundle = bundles.make("given", SLEEP, at("/given/inner"))
    assert runtime.detached("run", "given", bundle, "--detach").returncode == 0, runtime.log("given")
    runtime("delete", "--force", "given")
    assert not exists(machine, "/given/inner")
    machine.run("rmdir /sys/fs/cgroup/given")


@ONLY_BERTH
def test_parents_that_were_made_go_when_they_are_empty(machine, bundles, runtime):
    for name in "one", "two":
        bundle = bundles.make(name, SLEEP, at(f"/shared/{name}"))
        assert runtime.detached("run", name, bundle, "--detach").returncode == 0, runtime.log(name)
    runtime("delete", "--force", "two")
    assert exists(machine, "/shared/one")
    runtime("delete", "--force", "one")
    assert not exists(machine, "/shared")


@ONLY_BERTH
@pytest.mark.parametrize("path", ["/", "/a/../b", "../a"])
def test_bad_paths(machine, bundles, runtime, path):
    done = runtime.detached("create", "bad", bundles.make("bad", SLEEP, at(path)))
    assert done.returncode != 0
    assert "/linux/cgroupsPath" in done.stderr


@ONLY_BERTH
def test_a_limit_without_its_controller(machine, bundles, runtime):
    def edit(config):
        at("/limited")(config)
        config["linux"]["resources"] = {"unified": {"memory.nosuch": "1"}}

    done = runtime.detached("create", "limited", bundles.make("limited", SLEEP, edit))
    assert done.returncode != 0
    assert "memory.nosuch" in done.stderr
    assert "controllers available here" in done.stderr
    assert not exists(machine, "/limited")


@ONLY_BERTH
@pytest.mark.parametrize(("options", "path", "expected"), [
    (["--cgroup-manager=systemd"], None, "/machine.slice/berth-chosen.scope"),
    ([], None, "/machine.slice/berth-chosen.scope"),
    ([], "system.slice:x:y", "/system.slice/x-y.scope"),
    ([], "/chosen", "/chosen"),
    (["--cgroup-manager=cgroupfs"], "/chosen", "/chosen"),
    (["--cgroup-manager=cgroupfs", "--systemd-cgroup"], "/chosen", "/chosen"),
])
def test_the_choice(machine, bundles, runtime, options, path, expected):
    bundle = bundles.make("chosen", SLEEP, at(path) if path else None)
    runtime.options = options
    runtime.create("chosen", bundle)
    runtime.options = ()
    assert cgroup(machine, runtime.state("chosen")["pid"]) == expected
    runtime("delete", "--force", "chosen")


@pytest.mark.parametrize("path", ["/chosen", "chosen", "x:y", "a:b:c:d"])
def test_no_place_for_a_scope(bundles, runtime, path):
    runtime.options = ["--systemd-cgroup"]
    done = runtime.detached("create", "chosen", bundles.make("chosen", SLEEP, at(path)))
    runtime.options = ()
    assert done.returncode != 0
    assert "expected cgroupsPath to be of format" in done.stderr


@ONLY_BERTH
def test_without_a_path_it_is_beside_ours(machine, bundles, runtime):
    bundle = bundles.make("beside", SLEEP)
    command = shlex.join(["berth", "--cgroup-manager=cgroupfs", "create", "--bundle", bundle, "beside"])
    runtime.ids.add("beside")
    machine.run(f"mkdir -p /sys/fs/cgroup/ours/own; (echo 0 >/sys/fs/cgroup/ours/own/cgroup.procs;"
                f" {command} >/tmp/beside.log 2>&1)")
    assert cgroup(machine, runtime.state("beside")["pid"]) == "/ours/beside"
    runtime("delete", "--force", "beside")
    machine.run("rmdir /sys/fs/cgroup/ours/own /sys/fs/cgroup/ours")


@ONLY_BERTH
def test_disabled(machine, bundles, runtime):
    bundle = bundles.make("free", SLEEP)
    runtime.options = ["--cgroup-manager=disabled"]
    assert runtime.detached("run", "free", bundle, "--detach").returncode == 0, runtime.log("free")
    runtime.options = ()
    assert "berth" not in cgroup(machine, runtime.state("free")["pid"])
    assert runtime("exec", "free", "echo", "hello").stdout == "hello\n"
    runtime("kill", "--all", "free", "KILL")
    machine.wait_until("berth state free | grep stopped")
    runtime("delete", "free")


@ONLY_BERTH
def test_disabled_has_no_limits(machine, bundles, runtime):
    def edit(config):
        config["linux"]["resources"] = {"pids": {"limit": 5}}

    runtime.options = ["--cgroup-manager=disabled"]
    done = runtime.detached("create", "free", bundles.make("free", SLEEP, edit))
    assert done.returncode != 0
    assert "pids.max" in done.stderr


@ONLY_BERTH
def test_an_unknown_manager(runtime):
    done = runtime("--cgroup-manager=none", "list", check=False)
    assert done.returncode != 0
    assert "invalid cgroup-manager: none" in done.stderr


# The same machine as a process sees it that has no systemd.
NO_SYSTEMD = "unshare --mount sh -c 'mount -t tmpfs none /run/systemd && {}' >/tmp/{}.log 2>&1"


@ONLY_BERTH
@pytest.mark.parametrize(("options", "path", "expected"), [
    ([], "/alone", "/alone"),
    (["--cgroup-manager=cgroupfs"], "/alone", "/alone"),
    (["--cgroup-manager=disabled"], None, None),
])
def test_without_systemd(machine, bundles, runtime, options, path, expected):
    bundle = bundles.make("alone", SLEEP, at(path) if path else None)
    command = shlex.join(["berth", *options, "create", "--bundle", bundle, "alone"])
    runtime.ids.add("alone")
    machine.run(NO_SYSTEMD.format(command, "alone"))
    if expected:
        assert cgroup(machine, runtime.state("alone")["pid"]) == expected
    machine.run(NO_SYSTEMD.format("berth start alone && berth delete --force alone", "alone"))
    assert runtime("state", "alone", check=False).returncode != 0


@ONLY_BERTH
def test_without_systemd_and_without_a_choice(machine, bundles, runtime):
    bundle = bundles.make("lost", SLEEP)
    done = machine.run(NO_SYSTEMD.format(f"berth create --bundle {bundle} lost", "lost"), check=False)
    assert done.returncode != 0
    said = runtime.log("lost")
    assert "systemd is not running here" in said
    assert "--cgroup-manager=cgroupfs" in said
