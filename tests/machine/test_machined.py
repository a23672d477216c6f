# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machine=yes: the container is known to systemd-machined as long as it runs."""

import pytest

ROOTFS = "/var/lib/berth/guest/rootfs"


@pytest.fixture(autouse=True)
def machined(machine):
    machine.run("systemctl start dbus.socket dbus")
    yield
    machine.wait_until("! machinectl --no-legend | grep -q .")


@pytest.fixture
def guest(machine, bundles, declare):
    """guest(exec, container="", service=""): container@guest runs, which is a machine."""
    bundles.make("guest")

    def start(command="sleep 1000", container="StopSignal=SIGKILL", service="", check=True):
        declare("/etc/berth/guest.container",
                f"[Container]\nRootfs={ROOTFS}\nExec={command}\nMachine=yes\n{container}\n[Service]\n{service}\n")
        return machine.run("systemctl start container@guest", check=check)

    yield start
    machine.run("systemctl stop container@guest; systemctl reset-failed --quiet container@guest", check=False)


def test_it_is_registered(machine, guest):
    guest()
    assert machine.output("machinectl --no-legend list").split()[:3] == ["guest", "container", "berth"]
    shown = dict(line.split("=", 1) for line in machine.output("machinectl show guest").splitlines())
    assert (shown["Name"], shown["Class"], shown["Service"]) == ("guest", "container", "berth")
    assert shown["Unit"] == "berth-guest.scope"
    assert shown["RootDirectory"] == ROOTFS
    assert f'"pid": {shown["Leader"]}' in machine.output("berth state guest")
    assert "sleep 1000" in machine.output("machinectl --no-pager status guest")
    machine.run("systemctl stop container@guest")
    machine.wait_until("! machinectl show guest")


def test_only_if_it_is_asked_for(machine, bundles):
    bundles.make("private", ["sleep", "1000"])
    machine.run("systemctl start container@private")
    assert machine.run("machinectl show private", check=False).returncode == 1


def test_restarts(machine, guest):
    """The old machine may not be forgotten yet when the new one comes."""
    guest()
    for _ in range(3):
        machine.run("systemctl restart container@guest")
    assert machine.output("machinectl --no-legend list").split()[0] == "guest"


def test_terminate_stops_the_unit(machine, guest):
    """By the unit's rules: with the stop signal, and without a restart."""
    guest('sh -c "trap \'echo asked; exit 0\' USR1; trap \'echo terminated\' TERM; echo up; while :; do sleep 0.1; done"',
          "StopSignal=SIGUSR1", "Restart=always\nRestartSec=0")
    machine.wait_until("journalctl -u container@guest -o cat | grep -x up")
    machine.run("machinectl terminate guest")
    machine.wait_until("systemctl is-active container@guest | grep -x inactive")
    said = machine.journal("-u", "container@guest").splitlines()
    assert "asked" in said
    assert "terminated" not in said
    assert machine.show("container@guest", "Result", "NRestarts") == {"Result": "success", "NRestarts": "0"}


def test_an_end_of_its_own_is_no_stop(machine, guest):
    """The scope of a container that ends is removed, which must not stop the unit that restarts it."""
    guest('sh -c "echo up; sleep 0.1; exit 3"', service="Restart=always\nRestartSec=0\nStartLimitBurst=100")
    machine.wait_until("[ $(systemctl show -P NRestarts container@guest) -gt 2 ]")


def test_a_name_that_is_taken(machine, bundles, guest):
    machine.run("systemd-run --unit=other-guest sleep 1000")
    machine.run("busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager RegisterMachine"
                " sayssus guest 0 other container $(systemctl show -P MainPID other-guest) /")
    assert guest(check=False).returncode != 0
    assert "there is another machine of that name" in machine.journal("-u", "container@guest")
    machine.run("systemctl stop other-guest")


def test_a_name_that_machined_does_not_take(machine, bundles, declare):
    bundles.make("guest")
    declare("/etc/berth/a+b.container", f"[Container]\nRootfs={ROOTFS}\nExec=true\nMachine=yes\n")
    assert machine.run("systemctl start 'container@a+b'", check=False).returncode != 0
    assert "'a+b' cannot be the name of a machine" in machine.journal("-u", "container@a+b")
    machine.run("systemctl reset-failed 'container@a+b'")


def test_without_machined(machine, guest):
    """It is said before the payload runs, and nothing is left."""
    machine.run("systemctl stop systemd-machined; systemctl mask --runtime systemd-machined dbus-org.freedesktop.machine1.service")
    try:
        assert guest("sh -c 'echo ran'", check=False).returncode != 0
    finally:
        machine.run("systemctl unmask --runtime systemd-machined dbus-org.freedesktop.machine1.service")
    said = machine.journal("-u", "container@guest")
    assert "Failed to register container 'guest' with systemd-machined" in said
    assert "ran" not in said.splitlines()


def test_of_a_user(machine, user):
    user.run("mkdir -p .config/berth && printf '[Container]\\nRootfs=/\\nExec=true\\nMachine=yes\\n' >.config/berth/mine.container")
    user.run("systemctl --user daemon-reload")
    assert user.run("systemctl --user start container@mine", check=False).returncode != 0
    assert "systemd-machined takes machines from root only" in machine.journal(f"_UID={user.uid}")
    user.run("systemctl --user reset-failed container@mine; rm .config/berth/mine.container; systemctl --user daemon-reload")
