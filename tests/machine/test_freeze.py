# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frozen containers: who freezes and who thaws does not matter, they can be stopped, and their watchdog waits for them."""

import json

import pytest

TRAPS = ["sh", "-c", "trap 'echo got TERM; exit 0' TERM; echo ready; while :; do sleep 0.05; done"]
FEEDS = ["sh", "-c", "trap 'exit 0' TERM; while :; do systemd-notify WATCHDOG=1; sleep 0.2; done"]
FREEZE = {"systemd": "systemctl freeze berth-cold.scope", "berth": "berth pause cold"}
THAW = {"systemd": "systemctl thaw berth-cold.scope", "berth": "berth resume cold"}


@pytest.fixture
def cold(machine, bundles):
    """A container that runs and handles SIGTERM."""
    bundles.make("cold", TRAPS)
    machine.run("systemctl start container@cold")
    machine.wait_until("journalctl -u container@cold -o cat | grep -x ready")


def seen(machine):
    """What berth, systemd and the kernel say."""
    cgroup = machine.show("berth-cold.scope", "ControlGroup")
    return (json.loads(machine.output("berth state cold"))["status"], machine.show("berth-cold.scope", "FreezerState"),
            machine.output(f"cat /sys/fs/cgroup{cgroup}/cgroup.freeze"))


FROZEN, THAWED = ("paused", "frozen", "1"), ("running", "running", "0")


@pytest.mark.parametrize("thaw", THAW)
@pytest.mark.parametrize("freeze", FREEZE)
def test_both_ways_agree(machine, cold, freeze, thaw):
    for _ in range(2):
        machine.run(FREEZE[freeze])
        assert seen(machine) == FROZEN
        machine.run("systemctl daemon-reload")
        assert seen(machine) == FROZEN
        machine.run(THAW[thaw])
        assert seen(machine) == THAWED
        machine.run("systemctl daemon-reload")
        assert seen(machine) == THAWED


def test_frozen_over_a_new_systemd(machine, cold):
    machine.run("berth pause cold")
    machine.run("systemctl daemon-reexec")
    assert seen(machine) == FROZEN
    machine.run("systemctl stop container@cold")
    assert machine.show("container@cold", "Result") == "success"


def test_frozen_by_its_file(machine, cold):
    """As other tools do, without a word to systemd."""
    cgroup = machine.show("berth-cold.scope", "ControlGroup")
    machine.run(f"echo 1 >/sys/fs/cgroup{cgroup}/cgroup.freeze")
    machine.wait_until("berth state cold | grep paused")
    machine.run("berth resume cold")
    assert seen(machine) == THAWED


# A stop that does not work ends after TimeoutStopSec=, with the result "timeout".
@pytest.mark.parametrize("freeze", FREEZE)
def test_stop_of_the_unit(machine, cold, freeze):
    machine.run(FREEZE[freeze])
    machine.run("systemctl stop container@cold")
    assert machine.show("container@cold", "Result") == "success"
    said = machine.journal("-u", "container@cold")
    assert "Container 'cold' is paused: resuming it, so that it can stop" in said
    assert "got TERM" in said


@pytest.mark.parametrize("freeze", FREEZE)
def test_restart_of_the_unit(machine, cold, freeze):
    machine.run(FREEZE[freeze])
    machine.run("systemctl restart container@cold")
    assert seen(machine) == THAWED


@pytest.mark.parametrize("freeze", FREEZE)
def test_stop_of_the_scope(machine, cold, freeze):
    """systemd 252 thaws it; newer ones refuse at once."""
    machine.run(FREEZE[freeze])
    done = machine.run("systemctl stop berth-cold.scope", check=False)
    if done.returncode != 0:
        assert "Cannot perform operation on frozen unit berth-cold.scope" in done.stderr
        assert seen(machine) == FROZEN
        machine.run("systemctl thaw berth-cold.scope && systemctl stop berth-cold.scope")
    machine.wait_until("! systemctl is-active container@cold")
    assert machine.show("container@cold", "Result") == "success"
    assert "got TERM" in machine.journal("-u", "container@cold")


def test_stop_of_one_that_drops_the_signal(machine, bundles):
    bundles.make("cold", ["sleep", "1000"])
    machine.run("systemctl start container@cold && berth pause cold && systemctl stop container@cold")
    assert machine.show("container@cold", "Result") == "success"


@pytest.mark.parametrize("freeze", FREEZE)
@pytest.mark.parametrize("end", ["berth kill cold KILL", "berth delete --force cold",
                                 "systemctl kill --signal=KILL berth-cold.scope"])
def test_kill(machine, cold, freeze, end):
    machine.run(FREEZE[freeze])
    machine.run(end)
    machine.wait_until("systemctl is-failed container@cold")
    assert machine.show("container@cold", "Result", "ExecMainStatus") == {"Result": "signal", "ExecMainStatus": "9"}


def test_kill_waits_for_the_thaw(machine, cold):
    machine.run("berth pause cold && berth kill cold TERM")
    assert seen(machine) == FROZEN
    machine.run("berth resume cold")
    machine.wait_until("! systemctl is-active container@cold")
    assert machine.show("container@cold", "Result") == "success"


def wait_for_watchdogs(machine, count):
    """Until systemd has seen the watchdog fed that many times."""
    machine.run(f"""last=; n=0
        until [ $n -gt {count} ]; do
            now=$(systemctl show --value -p WatchdogTimestampMonotonic container@cold)
            [ "$now" = "$last" ] || n=$((n + 1)) last=$now
            sleep 0.05
        done""")


@pytest.mark.parametrize("freeze", FREEZE)
def test_the_watchdog_waits(machine, bundles, declare, freeze):
    declare("/run/systemd/system/container@cold.service.d/watchdog.conf", "[Service]\nWatchdogSec=1\n")
    bundles.make("cold", FEEDS)
    machine.run("systemctl start container@cold")
    wait_for_watchdogs(machine, 2)
    for _ in range(2):
        machine.run(FREEZE[freeze])
        wait_for_watchdogs(machine, 4)
        assert machine.show("container@cold", "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
        assert seen(machine) == FROZEN
        machine.run(THAW[freeze])
        wait_for_watchdogs(machine, 4)
    machine.run("systemctl stop container@cold")
    assert machine.show("container@cold", "Result") == "success"


def test_the_watchdog_fires_after_the_thaw(machine, bundles, declare):
    """Nobody but the supervisor feeds it, and only while the container is frozen."""
    declare("/run/systemd/system/container@cold.service.d/watchdog.conf", "[Service]\nWatchdogSec=2\n")
    bundles.make("cold", ["sleep", "1000"])
    machine.run("systemctl start container@cold && berth pause cold")
    wait_for_watchdogs(machine, 4)
    assert machine.show("container@cold", "ActiveState") == "active"
    machine.run("berth resume cold")
    machine.wait_until("systemctl is-failed container@cold")
    assert machine.show("container@cold", "Result") == "watchdog"


def test_a_watchdog_that_the_payload_changed(machine, bundles, declare):
    bundles.make("cold", ["sh", "-c", "systemd-notify --ready WATCHDOG_USEC=1000000; while :; do systemd-notify WATCHDOG=1; sleep 0.2; done"])
    declare("/etc/berth/cold.container", "[Container]\nBundle=/var/lib/berth/cold\nNotify=ready\nNotifyAllow=watchdog-usec\n"
            "[Service]\nWatchdogSec=1h\n")
    machine.run("systemctl start container@cold")
    wait_for_watchdogs(machine, 1)
    machine.run("berth pause cold")
    wait_for_watchdogs(machine, 6)
    assert machine.show("container@cold", "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
    machine.run("systemctl stop container@cold")


def test_frozen_over_a_new_supervisor(machine, bundles, declare):
    """It is fed by the next one, too."""
    declare("/run/systemd/system/container@cold.service.d/watchdog.conf", "[Service]\nWatchdogSec=1\n")
    bundles.make("cold", FEEDS)
    machine.run("systemctl start container@cold && berth pause cold")
    pid = machine.show("container@cold", "MainPID")
    machine.run(f"kill -KILL {pid}")
    machine.wait_until(f"systemctl is-active container@cold && [ $(systemctl show --value -p MainPID container@cold) != {pid} ]")
    assert seen(machine) == FROZEN
    wait_for_watchdogs(machine, 4)
    machine.run("berth resume cold")
    wait_for_watchdogs(machine, 4)
    assert machine.show("container@cold", "ActiveState") == "active"
    machine.run("systemctl stop container@cold")


def test_other_times_go_on(machine, bundles, declare):
    """RuntimeMaxSec= ends a frozen container as any other: with its stop signal."""
    bundles.make("cold", TRAPS)
    declare("/run/systemd/system/container@cold.service.d/time.conf", "[Service]\nRuntimeMaxSec=2\n")
    machine.run("systemctl start container@cold && berth pause cold")
    machine.wait_until("! systemctl is-active container@cold")
    assert machine.show("container@cold", "Result", "ExecMainStatus") == {"Result": "timeout", "ExecMainStatus": "0"}
    assert "got TERM" in machine.journal("-u", "container@cold")


def test_a_frozen_slice(machine, cold):
    machine.run("systemctl freeze machine.slice")
    try:
        assert json.loads(machine.output("berth state cold"))["status"] == "paused"
        done = machine.run("berth resume cold", check=False)
        assert done.returncode == 1
        assert "cannot resume container cold: it stands still with all of '/machine.slice'" in done.stderr
    finally:
        machine.run("systemctl thaw machine.slice")
    assert seen(machine) == THAWED
    machine.run("systemctl stop container@cold")
    assert machine.show("container@cold", "Result") == "success"


def test_a_frozen_supervisor(machine, bundles):
    """The container goes on, and what it says waits."""
    bundles.make("cold", ["sh", "-c", "trap 'exit 0' TERM; until [ -e /go ]; do sleep 0.05; done; echo went;"
                                      " systemd-notify --status=went; touch /gone; while :; do sleep 0.05; done"])
    machine.run("systemctl start container@cold && systemctl freeze container@cold && berth exec cold touch /go")
    machine.wait_until("berth exec cold test -e /gone")
    assert machine.show("container@cold", "StatusText") == ""
    assert machine.output("berth state cold | grep -c running") == "1"
    machine.run("systemctl thaw container@cold")
    machine.wait_until("systemctl show -p StatusText container@cold | grep went")
    machine.wait_until("journalctl -u container@cold -o cat | grep -x went")
    machine.run("systemctl stop container@cold")
