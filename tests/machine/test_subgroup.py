# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cgroups below the container's own that crun's annotations ask for. In the machine there are no controllers: that
limits stay above, and that controllers reach down, is in tests/vm."""

import os

import pytest

from edits import MAPPING, both, put
from runtimes import Runtime, not_with

if os.environ.get("BERTH_TEST_RUNTIME") == "runc":
    pytest.skip("runc knows no such annotations", allow_module_level=True)

SUBGROUP, DELEGATE = "run.oci.systemd.subgroup", "run.oci.delegate-cgroup"
SLEEP = ["sh", "-c", "sleep 1000 & sleep 1001 & wait"]


def below(**annotations):
    names = {"subgroup": SUBGROUP, "delegate": DELEGATE}
    return put("annotations", {names[name]: value for name, value in annotations.items()})


def new_cgroup_namespace(config):
    namespaces = config["linux"]["namespaces"]
    if not any(namespace["type"] == "cgroup" for namespace in namespaces):
        namespaces.append({"type": "cgroup"})


def cgroup(machine, pid):
    return machine.output(f"sed -n 's/^0:://p' /proc/{pid}/cgroup")


def run(machine, bundles, runtime, edit, args=SLEEP):
    done = runtime.detached("run", "below", bundles.make("below", args, edit), "--detach")
    assert done.returncode == 0, done.stderr
    return runtime.state("below")["pid"]


@pytest.mark.parametrize("edit, host, inside", [
    (below(subgroup="sub"), "/sub", "/"),
    (below(subgroup="a/b"), "/a/b", "/"),
    (below(subgroup=""), "", "/"),
    (below(subgroup="sub", delegate="mine"), "/sub/mine", "/mine"),
    (below(subgroup="", delegate="mine"), "/mine", "/mine"),
    (below(subgroup="sub", delegate="to/me"), "/sub/to/me", "/to/me"),
], ids=["subgroup", "two-steps", "empty", "both", "delegate", "delegate-two-steps"])
def test_where_init_is(machine, bundles, runtime, edit, host, inside):
    """The root of the cgroup namespace is the subgroup; the delegated one is below it. The scope has no process then."""
    pid = run(machine, bundles, runtime, both(edit, new_cgroup_namespace))
    scope, dot, rest = cgroup(machine, pid).partition(".scope")
    assert (dot, rest) == (".scope", host)
    if host:
        assert machine.output(f"cat /sys/fs/cgroup{scope}.scope/cgroup.procs") == ""
    assert machine.output(f"nsenter --target {pid} --cgroup sed -n 's/^0:://p' /proc/{pid}/cgroup") == inside
    # crun's exec goes to the root of the namespace, where nobody can be when controllers reach down
    if runtime.name == "berth":
        assert runtime("exec", "below", "sed", "-n", "s/^0:://p", "/proc/self/cgroup").stdout.strip() == inside


@not_with("crun", reason="exec does not go where init is")
def test_verbs_see_all_below(machine, bundles, runtime):
    pid = run(machine, bundles, runtime, below(subgroup="sub", delegate="mine"))
    place = cgroup(machine, pid)
    machine.run(f"{runtime.name} exec --detach below sleep 1002 >/dev/null 2>&1")
    machine.wait_until(f"[ $(wc -l </sys/fs/cgroup{place}/cgroup.procs) = 4 ]")
    assert len(runtime("ps", "below").stdout.splitlines()) == 5

    runtime("pause", "below")
    assert runtime.status("below") == "paused"
    assert machine.output(f"sed -n 's/^frozen //p' /sys/fs/cgroup{place}/cgroup.events") == "1"
    runtime("resume", "below")
    assert runtime.status("below") == "running"

    runtime("kill", "below", "KILL")
    machine.wait_until(f"{runtime.name} state below | grep stopped")
    runtime("delete", "below")
    scope = place.partition(".scope")[0] + ".scope"
    machine.wait_until(f"[ ! -e /sys/fs/cgroup{scope} ]")
    assert machine.output("systemctl list-units --all --plain --no-legend '*below*.scope'") == ""


def test_create_start_delete_force(machine, bundles, runtime):
    runtime.create("below", bundles.make("below", SLEEP, below(subgroup="sub", delegate="mine")))
    place = cgroup(machine, runtime.state("below")["pid"])
    assert place.endswith(".scope/sub/mine")
    runtime("start", "below")
    runtime("delete", "--force", "below")
    assert machine.run(f"test -e /sys/fs/cgroup{place}", check=False).returncode != 0


def test_all_are_killed(machine, bundles, runtime):
    def shared(config):
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]
    pid = run(machine, bundles, runtime, both(below(subgroup="sub", delegate="mine"), shared))
    place = cgroup(machine, pid)
    machine.wait_until(f"[ $(wc -l </sys/fs/cgroup{place}/cgroup.procs) = 3 ]")
    runtime("kill", "--all", "below", "KILL")
    machine.wait_until(f"! grep 'populated 1' /sys/fs/cgroup{place}/cgroup.events")


@pytest.mark.parametrize("owner", [100000, 0], ids=["user-namespace", "host"])
def test_the_delegated_cgroup_is_the_containers(machine, bundles, runtime, owner):
    def mapped(config):
        if owner:
            config["linux"]["namespaces"].append({"type": "user"})
            config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = MAPPING
    pid = run(machine, bundles, runtime, both(below(subgroup="sub", delegate="mine"), mapped, new_cgroup_namespace))
    place = "/sys/fs/cgroup" + cgroup(machine, pid)
    assert machine.output(f"stat -c %u {place} {place}/cgroup.procs {place}/cgroup.subtree_control").split() == [str(owner)] * 3
    scope = place.partition(".scope")[0] + ".scope"
    assert machine.output(f"stat -c %u {scope} {scope}/cgroup.procs {place}/cgroup.freeze").split() == ["0"] * 3


def test_exec_names_a_cgroup_below_the_subgroup(machine, bundles, runtime):
    if runtime.name != "berth":
        pytest.skip("crun 1.21 has another rule for what exec --cgroup is relative to")
    run(machine, bundles, runtime, both(below(subgroup="sub", delegate="mine"), new_cgroup_namespace))
    done = runtime("exec", "--cgroup", "mine", "below", "sed", "-n", "s/^0:://p", "/proc/self/cgroup")
    assert done.stdout.strip() == "/mine"
    done = runtime("exec", "--cgroup", "/", "below", "sed", "-n", "s/^0:://p", "/proc/self/cgroup")
    assert done.stdout.strip() == "/"


@pytest.mark.parametrize("annotation", [SUBGROUP, DELEGATE])
@pytest.mark.parametrize("name", ["..", "/etc", "a/../../b", ".", "a//b"])
def test_names_that_lead_elsewhere(machine, bundles, runtime, annotation, name):
    if runtime.name != "berth":
        pytest.skip("crun 1.21 does not check")
    done = runtime.run("below", bundles.make("below", ["true"], put("annotations", {annotation: name})), check=False)
    assert done.returncode == 1
    assert f"annotations/{annotation}: " in done.stderr and f"'{name}'" in done.stderr
    assert runtime("list", "--quiet").stdout == ""


@not_with("crun", reason="leaves the parents that it has made")
def test_below_a_named_path(machine, bundles):
    """The delegated cgroup needs no systemd; the subgroup is for a scope."""
    runtime = Runtime(machine, os.environ.get("BERTH_TEST_RUNTIME", "berth"), options=())
    edit = both(below(subgroup="sub", delegate="mine"), put("linux", "cgroupsPath", "/engine/below"))
    try:
        pid = run(machine, bundles, runtime, edit)
        assert cgroup(machine, pid) == "/engine/below/mine"
    finally:
        runtime.delete_all()
    assert machine.run("test -e /sys/fs/cgroup/engine", check=False).returncode != 0


def test_no_cgroup_to_delegate(machine, bundles, runtime):
    if runtime.name != "berth":
        pytest.skip("a promise that only berth makes")
    bundle = bundles.make("below", ["true"], both(below(delegate="mine"), put("linux", "cgroupsPath", None)))
    done = Runtime(machine, "berth", options=("--cgroup-manager=disabled",)).run("below", bundle, check=False)
    assert done.returncode == 1
    assert DELEGATE in done.stderr and "disabled" in done.stderr


@pytest.mark.skipif(os.environ.get("BERTH_TEST_RUNTIME", "berth") != "berth", reason="only berth has units for containers")
def test_a_service_hears_its_payload(machine, bundles):
    """What the payload says from below the scope is passed on."""
    bundles.make("below", ["sh", "-c", "systemd-notify --ready --status=here; sleep 1000"], below(subgroup="sub", delegate="mine"))
    machine.run("systemctl start container@below")
    machine.wait_until("systemctl show --value -p StatusText container@below | grep -x here")
    assert cgroup(machine, machine.output("berth state below | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p'")).endswith(".scope/sub/mine")
    machine.run("systemctl stop container@below")
    assert machine.output("systemctl show --value -p ActiveState container@below") == "inactive"
