# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file descriptor store: what a payload put there comes back behind the sockets, and a server is restarted without
losing a connection."""

import pathlib
import re

import pytest

ROOTFS = "/var/lib/berth/stored/rootfs"

SERVER = f"""\
[Unit]
StartLimitIntervalSec=0
[Container]
Rootfs={ROOTFS}
Exec=payload tcp 4030
Notify=ready
[Service]
FileDescriptorStoreMax=100
"""


@pytest.fixture(autouse=True)
def rootfs(bundles):
    bundles.make("stored")


@pytest.fixture
def client(machine):
    """client(connections, *commands): the commands run while that many connections are in use; how many there were of what."""
    machine.write("/tmp/tcp_client.py", (pathlib.Path(__file__).parent / "tcp_client.py").read_text())

    def run(connections, *commands):
        said = machine.output(["python3", "/tmp/tcp_client.py", "4030", connections, *commands], timeout=120)
        assert said.startswith("0 problems, "), said
        return int(re.search(r"(\d+) names", said)[1])

    yield run
    machine.run("rm /tmp/tcp_client.py")


def test_restart_loses_no_connection(machine, declare, client):
    """Listener and connections live on in the store. Nobody sees a restart, and who comes in the meantime is served."""
    declare("/etc/berth/tcp.container", SERVER)
    machine.run("systemctl start container@tcp")
    assert client(20, *["systemctl restart container@tcp"] * 5) == 6
    machine.wait_until("[ $(systemctl show -p NFileDescriptorStore --value container@tcp) = 1 ]")  # the listener


# Talks over connections, ends the server, and talks over the same connections to the next one.
TALK_TWICE = """
import socket, subprocess
connections = [socket.create_connection(("127.0.0.1", 4030)) for _ in range(5)]
files = [connection.makefile("rw") for connection in connections]

def who(file):
    file.write("hello\\n")
    file.flush()
    return file.readline()

first = {who(file) for file in files}
subprocess.run(["berth", "kill", "tcp", "KILL"], check=True)
second = {who(file) for file in files}
print(len(first), len(second), len(first & second))
"""


def test_crash_loses_no_connection(machine, declare):
    """What the payload has in the store, it has whatever happens to it."""
    declare("/etc/berth/tcp.container", SERVER + "Restart=on-failure\nRestartSec=50ms\n")
    machine.run("systemctl start container@tcp")
    assert machine.output(["python3", "-c", TALK_TWICE]) == "1 1 0"
    assert "5 connections came back" in machine.journal("-u", "container@tcp").splitlines()


@pytest.mark.parametrize("restart", ["systemctl restart container@two", "berth kill two KILL"])
def test_sockets_come_first(machine, declare, restart):
    declare("/etc/berth/two.container",
            f"[Container]\nRootfs={ROOTFS}\nExec=payload keep something\nNotify=ready\n"
            "[Service]\nFileDescriptorStoreMax=2\nRestart=on-failure\nRestartSec=50ms\n"
            "[Socket]\nListenStream=127.0.0.1:4031\nFileDescriptorName=http\n")
    machine.run("systemctl start container@two")
    assert machine.show("container@two", "StatusText") == "kept"
    machine.run(restart)
    machine.wait_until("systemctl show -p StatusText container@two | grep -x 'StatusText=something in http:memory'")
    machine.run("systemctl stop container@two.socket")


def test_preserved_over_a_stop(machine, declare):
    """As long as systemd has the unit loaded, which it has while something wants it."""
    if int(machine.output("systemctl --version").split()[1]) < 254:
        pytest.skip("FileDescriptorStorePreserve= came with systemd 254")
    declare("/etc/berth/stay.container",
            f"[Container]\nRootfs={ROOTFS}\nExec=payload keep something\nNotify=ready\n"
            "[Service]\nFileDescriptorStoreMax=1\nFileDescriptorStorePreserve=yes\n[Install]\nWantedBy=multi-user.target\n")
    machine.run("systemctl start container@stay")
    machine.run("systemctl stop container@stay")
    assert machine.show("container@stay", "NFileDescriptorStore") == "1"
    machine.run("systemctl start container@stay")
    assert machine.show("container@stay", "StatusText") == "something in memory"
    machine.run("systemctl stop container@stay && systemctl clean --what=fdstore container@stay")
