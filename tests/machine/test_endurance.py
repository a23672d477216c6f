# SPDX-License-Identifier: LGPL-2.1-or-later
"""What adds up: a unit that is restarted a thousand times, and many at once, leave systemd as they found it."""

import pytest

from machine import from_now_on

RESTARTS = 1000
UNITS = 50
ROUNDS = 4

# What would grow, one number a line. Logs grow, and so does what pid 1 remembers of journald's streams for a moment.
CENSUS = {
    "units": "systemctl list-units --all --plain --no-legend | wc -l",
    "jobs": "systemctl list-jobs --no-legend | wc -l",
    "scopes": "systemctl list-units --all --plain --no-legend 'berth-*.scope' | wc -l",
    "cgroups": "find /sys/fs/cgroup -type d | wc -l",
    "mounts": "wc -l </proc/1/mountinfo",
    "descriptors of systemd": "find /proc/1/fd -type l | wc -l",
    "descriptors of journald": "find /proc/$(pidof systemd-journald)/fd -type l | wc -l",
    "files in /run": "find /run -xdev ! -path '/run/log/*' ! -path '/run/systemd/journal/*' ! -path '/run/systemd/units/*' | wc -l",
    "processes": "find /proc -maxdepth 1 -name '[0-9]*' | xargs -I{} sh -c 'readlink {}/exe' | grep -c berth || :",
    "IPC objects": "cat /proc/sysvipc/* | wc -l",
}
COUNT = "\n".join(CENSUS.values())


def settle(machine, wanted):
    """What systemd does after a job takes a moment: wait until the census is as it was, or tell how it differs."""
    done = machine.run(["timeout", "20", "sh", "-c", f"until [ \"$({{ {COUNT}\n}})\" = '{wanted}' ]; do sleep 0.1; done"], check=False)
    if done.returncode != 0:
        now = machine.output(COUNT)
        before_and_now = zip(CENSUS, wanted.splitlines(), now.splitlines(), strict=True)
        pytest.fail("grown: " + ", ".join(f"{what} {a} -> {b}" for what, a, b in before_and_now if a != b))


def memory_of_systemd(machine):
    return int(machine.output("awk '/^VmRSS/ { print $2 }' /proc/1/status"))


def complaints(machine, since):
    """Warnings and worse, from whomever."""
    return machine.journal("--priority=warning", since)


@pytest.fixture
def no_limit(declare):
    """systemd would refuse to start a unit that often."""
    declare("/run/systemd/system/container@.service.d/limit.conf", "[Unit]\nStartLimitIntervalSec=0\n")


def test_a_thousand_restarts(machine, bundles, no_limit):
    bundles.make("often", ["sleep", "1000"])
    restart = "i=0; while [ $i -lt {} ]; do systemctl restart container@often || exit; i=$((i + 1)); done"
    machine.run("systemctl start container@often")
    machine.run(restart.format(20))
    before, memory, since = machine.output(COUNT), memory_of_systemd(machine), from_now_on()

    machine.run(restart.format(RESTARTS), timeout=600)

    settle(machine, before)
    assert memory_of_systemd(machine) < memory + 1024
    assert complaints(machine, since) == ""
    assert machine.show("container@often", "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


@pytest.fixture
def many(machine, bundles):
    """Many containers over one root file system; their units as words for the shell."""
    bundles.make("many", ["sleep", "1000"])
    machine.run(f"""cd /var/lib/berth
        for i in $(seq {UNITS}); do
            mkdir many-$i
            sed 's|"rootfs"|"/var/lib/berth/many/rootfs"|' many/config.json >many-$i/config.json
        done""")
    yield " ".join(f"container@many-{i}" for i in range(1, UNITS + 1))
    machine.run("rm -r /var/lib/berth/many-*")


def test_many_at_once(machine, many, no_limit):
    machine.run(f"systemctl start {many}", timeout=120)
    before, since = machine.output(COUNT), from_now_on()
    for _ in range(ROUNDS):
        machine.run(f"systemctl restart {many}", timeout=120)
        assert set(machine.output(f"systemctl is-active {many}").split()) == {"active"}
    settle(machine, before)
    assert complaints(machine, since) == ""
    machine.run(f"systemctl stop {many}", timeout=120)
    assert machine.output("systemctl list-units --all --plain --no-legend 'container@many-*' 'berth-many-*'") == ""


def test_a_payload_that_ends_at_once(machine, bundles, declare, no_limit):
    """systemd restarts it by itself, again and again."""
    bundles.make("brief", ["true"])
    declare("/run/systemd/system/container@brief.service.d/restart.conf", "[Service]\nRestart=always\nRestartSec=0\n")
    machine.run("systemctl start container@brief")
    machine.run("until [ $(systemctl show --value -p NRestarts container@brief) -gt 50 ]; do sleep 0.1; done", timeout=120)
    machine.run("systemctl stop container@brief")
    assert machine.show("container@brief", "Result") == "success"
