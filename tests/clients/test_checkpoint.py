# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman container checkpoint and restore, with berth as the runtime and CRIU behind it."""

import pytest

COUNT = "i=0; while :; do i=$((i+1)); echo $i; echo $i >/tmp/count; sleep 0.05; done"


@pytest.fixture
def podman(machine):
    """podman(COMMAND): run it as a service of the machine does, since CRIU wants to see only cgroups that it can reach, and a
    process that was sent into the machine from outside has others, too."""
    service = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "-p", "KillMode=process"]
    check = machine.run([*service, "criu", "check"], check=False)
    if check.returncode != 0:
        pytest.skip(f"CRIU does not work here: {(check.stderr.strip() or check.stdout.strip()).splitlines()[-1]}")

    def run(command):
        return machine.output([*service, "sh", "-c", f"podman --runtime berth {command}"])

    yield run
    machine.run("rm -f /tmp/image.tar.gz")


def count(podman, container):
    return int(podman(f"exec {container} cat /tmp/count"))


def start(machine, podman):
    podman(f"run -d --name c box sh -c '{COUNT}'")
    machine.wait_until("[ $(podman logs c | wc -l) -gt 5 ]")


def goes_on(machine, podman, container, least):
    """It counts on from where it was, and its output is in the log."""
    now = count(podman, container)
    assert now >= least
    machine.wait_until(f"[ $(podman logs {container} | tail -n 1) -gt {now} ]")


def test_in_place(machine, podman):
    start(machine, podman)
    podman("container checkpoint c")
    assert podman("ps -a --format '{{.State}}'") == "exited"
    least = int(machine.output("podman logs c | tail -n 1"))
    podman("container restore c")
    assert podman("ps --format '{{.State}}'") == "running"
    goes_on(machine, podman, "c", least)


def test_leave_running(machine, podman):
    start(machine, podman)
    podman("container checkpoint --leave-running --file-locks --tcp-established c")
    goes_on(machine, podman, "c", 5)


def test_under_another_name(machine, podman):
    """Exported, removed, and imported as a container with another id: so its scope has another name, too."""
    start(machine, podman)
    before = podman("inspect -f '{{.State.CgroupPath}}' c")
    podman("container checkpoint --export /tmp/image.tar.gz c")
    podman("rm -f c")
    podman("container restore --import /tmp/image.tar.gz --name d")
    goes_on(machine, podman, "d", 5)
    pid = podman("inspect -f '{{.State.Pid}}' d")
    cgroup = machine.output(f"sed -n s/^0:://p /proc/{pid}/cgroup")
    assert podman("inspect -f '{{.Id}}' d") in cgroup
    assert cgroup != before
    machine.run(f"test ! -e /sys/fs/cgroup{before}")
    podman("stop -t 0 d")
    assert podman("ps -a --format '{{.State}}'") == "exited"
