# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd's own client, ctr, with berth as the binary that containerd's shim runs."""

import pytest

from rows import check_row

IMAGE = "localhost/box:latest"
RUN = "ctr run --runc-binary /usr/bin/berth --runc-systemd-cgroup --cgroup machine.slice:ctr:c"
START = f"{RUN} -d {IMAGE} c sleep 1000"

# name: (command, its status, a regular expression that all it prints has to contain)
COMMANDS = {
    "run": (f"{RUN} --rm {IMAGE} c echo hello", 0, r"^hello$"),
    "status": (f"{RUN} --rm {IMAGE} c sh -c 'exit 7'", 7, r"^$"),
    "no-program": (f"{RUN} --rm {IMAGE} c no-such-program", 1, r"executable file not found"),
    "terminal": (f"script -qec '{RUN} -t --rm {IMAGE} c tty' /dev/null", 0, r"/dev/pts/0"),
    "read-only": (f"{RUN} --rm --read-only {IMAGE} c touch /x", 1, r"Read-only file system"),
    "mount": (f"{RUN} --rm --mount type=bind,src=/etc,dst=/host,options=rbind:ro {IMAGE} c cat /host/debian_version", 0, r"."),
    "cgroup": (f"{START} && sed -n s/^0:://p /proc/$(ctr t ls | awk '$1 == \"c\" {{ print $2 }}')/cgroup", 0,
               r"/machine\.slice/ctr-c\.scope$"),
    "limits": (f"{RUN} -d --memory-limit 67108864 --cpus 0.5 {IMAGE} c sleep 1000 &&"
               " systemctl show -p MemoryMax,CPUQuotaPerSecUSec ctr-c.scope", 0,
               r"(?s)(?=.*MemoryMax=67108864).*CPUQuotaPerSecUSec=500ms"),
    "exec": (f"{START} && ctr t exec --exec-id e c sh -c 'echo inside; exit 5'", 5, r"^inside$"),
    "exec-no-program": (f"{START} && ctr t exec --exec-id e c no-such-program", 1, r"executable file not found"),
    "ps": (f"{START} && ctr t ps c", 0, r"^\d+ "),
    "metrics": (f"{START} && ctr t metrics c", 0, r"^memory\.usage"),
    "pause": (f"{START} && ctr t pause c && ctr t ls && ctr t resume c && ctr t ls", 0, r"(?s)c +\d+ +PAUSED.*c +\d+ +RUNNING"),
    "kill-again": (f"{START} && ctr t kill -s KILL c && until ctr t ls | grep STOPPED; do sleep 0.1; done && ctr t kill c", 1,
                   r"process already finished: not found|not found"),
}


@pytest.fixture(scope="module")
def containerd(machine):
    # the example, as its comment says
    machine.run("mkdir -p /etc/containerd && cp /usr/share/doc/berth/examples/containerd-berth.toml /etc/containerd/config.toml")
    machine.run("systemctl start containerd && rm -f /box-archive.tar && podman save --format docker-archive -o /box-archive.tar box")
    machine.wait_until("ctr version")
    machine.run("ctr image import /box-archive.tar")
    yield
    machine.run("systemctl stop containerd")


@pytest.fixture(autouse=True)
def removed(containerd, machine):
    yield
    machine.run("ctr t kill -s KILL c; until ! ctr t ls | grep -E 'RUNNING|PAUSED'; do sleep 0.1; done;"
                " ctr t rm c; ctr c rm c", check=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_command(machine, name):
    check_row(machine, COMMANDS[name])


def test_the_example_for_kubernetes(machine):
    """containerd takes it: the plugin that serves Kubernetes is up, and knows our runtime."""
    plugin = machine.output("ctr plugin ls | grep -w cri").split()
    assert plugin[-1] == "ok"
    assert machine.output("containerd config dump | grep -F '.containerd.runtimes.berth.options]'")
