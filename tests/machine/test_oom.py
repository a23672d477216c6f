# SPDX-License-Identifier: LGPL-2.1-or-later
"""Out of memory without a memory controller: what systemd-oomd does, and which settings reach the scope. For the kernel's
own killer there are cases in tests/vm."""

import pytest

# systemd-oomd counts in an extended attribute of the cgroup, then kills what is in it.
OOMD = """python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.oomd_ooms", b"1")' {cgroup} && echo 1 >{cgroup}/cgroup.kill"""


def kill_as_oomd(machine):
    machine.run(OOMD.format(cgroup="/sys/fs/cgroup/machine.slice/berth-hungry.scope"))


def test_killed_by_oomd(machine, bundles):
    bundles.make("hungry", ["sleep", "1000"])
    machine.run("systemctl start container@hungry")
    kill_as_oomd(machine)
    machine.wait_until("systemctl is-failed container@hungry")
    assert machine.show("container@hungry", "Result") == "oom-kill"
    assert "systemd-oomd killed the container" in machine.journal("-u", "container@hungry")


@pytest.mark.parametrize("pause", ["0", "300ms"])
def test_again_after_a_restart(machine, bundles, declare, pause):
    """The first time does not count for the second, whether or not the service has the same cgroup still."""
    bundles.make("hungry", ["sleep", "1000"])
    declare("/run/systemd/system/container@hungry.service.d/restart.conf", f"[Service]\nRestart=on-failure\nRestartSec={pause}\n")
    machine.run("systemctl start container@hungry")
    for n in "12":
        machine.wait_until("berth state hungry | grep running")
        kill_as_oomd(machine)
        machine.wait_until(f"[ $(systemctl show --value -p NRestarts container@hungry) = {n} ]")
    machine.wait_until("berth state hungry | grep running && systemctl is-active container@hungry")
    said = machine.journal("-u", "container@hungry")
    assert said.count("container@hungry.service: Failed with result 'oom-kill'.") == 2
    assert "Failed to" not in said
    machine.run("systemctl kill --signal=KILL berth-hungry.scope")
    machine.wait_until("[ $(systemctl show --value -p NRestarts container@hungry) = 3 ]")
    assert "container@hungry.service: Failed with result 'signal'." in machine.journal("-u", "container@hungry")


@pytest.mark.parametrize("name, value, shown", [
    ("ManagedOOMSwap", "kill", None), ("ManagedOOMMemoryPressure", "kill", None), ("ManagedOOMPreference", "avoid", None),
    ("ManagedOOMMemoryPressureLimit", "50%", "2147483648"), ("OOMPolicy", "kill", None)])
def test_settings_reach_the_scope(machine, bundles, declare, name, value, shown):
    bundles.make("hungry", ["sleep", "1000"])
    declare("/run/systemd/system/container@hungry.service.d/oom.conf", f"[Service]\n{name}={value}\n")
    machine.run("systemctl start container@hungry")
    got = machine.show("berth-hungry.scope", name) if name != "OOMPolicy" or knows_oom_policy(machine) else value
    assert got in (value, shown) or (shown and abs(int(got) - int(shown)) < 2)


def knows_oom_policy(machine):
    """Scopes of systemd 252 have no OOMPolicy=."""
    return "OOMPolicy=" in machine.output("systemctl show berth-hungry.scope")


def test_the_scope_is_not_stopped_with_a_process(machine, bundles):
    """What the unit does is decided by the supervisor; systemd may not stop the scope by itself."""
    bundles.make("hungry", ["sleep", "1000"])
    machine.run("systemctl start container@hungry")
    if knows_oom_policy(machine):
        assert machine.show("berth-hungry.scope", "OOMPolicy") == "continue"
    assert machine.show("container@hungry", "OOMPolicy") == "stop"
