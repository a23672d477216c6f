# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman, berth and systemd together: containers as units, and systemd as the payload."""

import pytest

RUN = "podman --runtime berth run"

NOTIFIER = "sh -c 'systemd-notify --status=up --ready; exec sleep 1000'"


def test_a_container_that_notifies(machine):
    """The unit is ready when the payload says so, not before."""
    machine.run("systemd-run --quiet --unit=notifier --property=Type=notify --property=NotifyAccess=all"
                f" {RUN} --rm --name c --sdnotify=container box {NOTIFIER}")
    assert machine.show("notifier", "ActiveState") == "active"
    machine.run("podman stop -t 0 c")
    machine.run("systemctl stop notifier; systemctl reset-failed notifier", check=False)


QUADLET = """
[Container]
Image=localhost/box
ContainerName=c
Exec=sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
GlobalArgs=--runtime=berth
Network=none

[Service]
Environment=CONTAINERS_CONF=/etc/containers/no-limits.conf
"""


def test_quadlet(machine):
    """Quadlet names a cgroup below the service's own: the container is there."""
    if machine.run("ls /usr/lib/systemd/system-generators/podman-system-generator", check=False).returncode != 0:
        pytest.skip("this Podman has no Quadlet")
    machine.write("/etc/containers/systemd/square.container", QUADLET)
    machine.run("systemctl daemon-reload && systemctl start square")
    assert machine.show("square", "ActiveState") == "active"
    assert machine.output("podman exec c cat /proc/1/comm") == "sh"
    pid = machine.output("podman inspect -f '{{.State.Pid}}' c")
    assert "/system.slice/square.service/libpod-payload-" in machine.output(f"grep ^0:: /proc/{pid}/cgroup")
    machine.run("systemctl stop square")
    assert machine.show("square", "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    machine.run("rm /etc/containers/systemd/square.container && systemctl daemon-reload")


def test_a_generated_unit(machine):
    """What people did before Quadlet: `podman generate systemd`."""
    machine.run("podman --runtime berth create --name c --init --sdnotify=conmon box sleep 1000"
                " && podman generate systemd --name c >/run/systemd/system/generated.service && systemctl daemon-reload")
    machine.run("systemctl start generated")
    pid = machine.output("podman inspect -f '{{.State.Pid}}' c")
    assert "/machine.slice/libpod-" in machine.output(f"grep ^0:: /proc/{pid}/cgroup")
    machine.run("systemctl restart generated")
    assert machine.output("podman exec c cat /proc/1/comm") != ""
    machine.run("systemctl stop generated")
    assert machine.show("generated", "ActiveState") in ("inactive", "failed")
    machine.run("rm /run/systemd/system/generated.service; systemctl daemon-reload; systemctl reset-failed")


@pytest.fixture
def debian(machine):
    """A root file system with systemd: the machine's own."""
    machine.run("mkdir /tmp/debian && mount --bind / /tmp/debian")
    yield "/tmp/debian"
    machine.run("podman rm -f -t 0 c; umount /tmp/debian && rmdir /tmp/debian")


def test_systemd_is_the_payload(machine, debian):
    """It finds a cgroup of its own that it may divide, makes units in it, and ends when Podman says so."""
    machine.run(f"{RUN} -d --name c --systemd=always --rootfs {debian}:O /sbin/init")
    machine.wait_until("podman exec c systemctl is-system-running | grep -E 'running|degraded'")
    assert machine.output("podman exec c systemctl show -p Virtualization --value") == "podman"
    assert machine.output("podman exec c systemd-run --quiet --wait --pipe grep ^0:: /proc/self/cgroup").startswith(
        "0::/system.slice/run-")
    machine.run("podman stop -t 30 c")
    assert machine.output("podman inspect -f '{{.State.ExitCode}}' c") == "0"
