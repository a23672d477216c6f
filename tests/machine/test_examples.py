# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples that are installed: berth verify accepts each, and each runs and does what it says. resctrl.container has its
case in tests/vm."""

import pathlib
import re
import shlex
import subprocess

import pytest

from test_user_units import Units

EXAMPLES = "/usr/share/doc/berth/examples"
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "data/examples"
NAMES = sorted(path.name for path in SOURCE.iterdir())
SERVER = "printf '#!/bin/sh\\nexec payload serve\\n' >usr/bin/server && chmod +x usr/bin/server"
# directory that examples have as their root -> what is made in it beside busybox and the test's programs; that of busybox is
# made as hello.container tells
ROOTS = {"/srv/app": SERVER, "/srv/debian": "true"}
IMAGE = "docker.io/library/busybox"


@pytest.fixture(scope="module", autouse=True)
def roots(machine, bundle_template):
    """The roots; and a directory that takes an overlay, which the machine's own root does not."""
    machine.run("mkdir -p /var/lib/berth /run/disk && rm -r /var/lib/berth && ln -s /run/disk /var/lib/berth")
    commands = re.findall("^#   (.*)$", (SOURCE / "hello.container").read_text(), re.M)
    assert len(commands) == 3
    machine.run(["bash", "-ec", "\n".join([*commands, "echo it works >/srv/busybox/www/index.html"])])
    for root, make in ROOTS.items():
        subprocess.run(["cp", "-a", bundle_template[0], machine.root / root.lstrip("/")], check=True)
        machine.run(f"cd {root} && {make}")
    yield
    machine.run(["rm", "-r", *ROOTS, "/srv/busybox", "/run/disk"])
    machine.run("rm /var/lib/berth")


@pytest.fixture
def image(machine):
    """What `berth pull` of the example fetches, here from a layout."""
    machine.run("mkdir /srv/made && cd /srv/made && umoci init --layout here && umoci new --image here:busybox"
                " && umoci unpack --image here:busybox one && cp -a /srv/busybox/. one/rootfs/ && cp /srv/debian/etc/passwd one/rootfs/etc/"
                f" && umoci repack --image here:busybox one && berth pull --quiet --from oci:/srv/made/here:busybox {IMAGE}")
    yield
    machine.run("rm -r /srv/made")


class Examples:
    """Puts examples where a user would, and tells what became of them."""

    def __init__(self, machine, declare):
        self.machine, self.declare = machine, declare

    def install(self, *names):
        for name in names:
            folder = "/etc/systemd/system" if name.endswith(".timer") else "/etc/berth"
            self.declare(f"{folder}/{name}", self.machine.run(["cat", f"{EXAMPLES}/{name}"]).stdout)

    def start(self, unit, *names):
        self.install(*(names or [f"{unit.removeprefix('container@')}.container"]))
        self.machine.run(["systemctl", "start", unit])

    def until_said(self, name, line):
        self.machine.wait_until(f"journalctl -u container@{name} -o cat | grep -x {shlex.quote(line)}")

    def get(self, port):
        return self.machine.output(f"busybox wget -q -O - http://127.0.0.1:{port}/")


@pytest.fixture
def examples(machine, declare):
    return Examples(machine, declare)


def test_all_are_installed(machine):
    assert set(NAMES) <= set(machine.output(f"ls {EXAMPLES}").split())


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".container")])
def test_accepted(machine, examples, image, name):
    """Where it lies, and in its place with what it needs; resctrl has to be mounted, and here it cannot be."""
    files = [name, "data.volume"] if name == "readonly.container" else [name]
    if name == "user.container":
        machine.run("mkdir -p /root/busybox/bin")
    examples.install(*files)
    for word in (f"/etc/berth/{name}", name.removesuffix(".container")):
        done = machine.run(["berth", "verify", word], check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines() if "resctrl" not in line]
        assert not said and done.returncode == (name == "resctrl.container")
    if name == "user.container":
        machine.run("rm -r /root/busybox")


def test_hello(examples):
    examples.start("container@hello")
    examples.until_said("hello", "hello from hello")


def test_image(examples, image):
    examples.start("container@image")
    examples.until_said("image", "2")


def test_socket(machine, examples):
    examples.start("container@socket.socket", "socket.container")
    assert not machine.output("systemctl is-active container@socket || true") == "active"
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; head -n 1 <&3'")
    machine.wait_until("journalctl -u container@socket -o cat | grep 'LISTEN_FDS=1 LISTEN_FDNAMES=http'")
    machine.run("systemctl stop container@socket.socket")


def test_inetd(machine, examples):
    examples.start("container@inetd.socket", "inetd.container")
    assert [examples.get(8081), examples.get(8081)] == ["it works", "it works"]
    machine.wait_until("! systemctl list-units --no-legend 'container-inetd@*.service' | grep .")
    machine.run("systemctl stop container@inetd.socket")


def test_proxy(machine, examples):
    examples.start("container@proxy.socket", "proxy.container")
    assert machine.show("container@proxy", "ActiveState") == "inactive"
    assert examples.get(8082) == "it works"
    assert machine.show("container@proxy", "ActiveState") == "active"
    machine.run("systemctl stop container@proxy.socket container-proxy@proxy.socket container-proxy@proxy container@proxy")


def test_healthy(machine, examples):
    examples.start("container@healthy")
    assert machine.show("container@healthy", "StatusText") == "healthy"
    assert examples.get(8083) == "it works"


def test_limited(machine, examples):
    examples.start("container@limited")
    assert machine.show("berth-limited.scope", "MemoryHigh", "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax") == {
        "MemoryHigh": str(48 << 20), "MemoryMax": str(64 << 20), "CPUQuotaPerSecUSec": "500ms", "TasksMax": "32"}
    machine.run("systemctl stop container@limited")
    assert machine.show("container@limited", "Result") == "success"


def test_readonly(machine, examples):
    examples.install("readonly.container", "data.volume")
    for n in "12":
        machine.run("systemctl start container@readonly")
        examples.until_said("readonly", n)
        machine.run("systemctl stop container@readonly")
    assert machine.output("stat -c %u:%g /var/lib/berth/volumes/example-data") == "1000:1000"
    assert machine.run("test -e /srv/busybox/data", check=False).returncode == 0  # where the volume is mounted


def test_scratch(machine, examples):
    examples.start("container@scratch")
    examples.until_said("scratch", "changed")
    machine.run("systemctl stop container@scratch")
    machine.run("! test -e /srv/busybox/etc/motd")


def test_notify(machine, examples):
    examples.start("container@notify")
    assert machine.show("container@notify", "StatusText", "WatchdogUSec") == {
        "StatusText": "ready for work", "WatchdogUSec": "30s"}
    machine.wait_until("test $(systemctl show -P WatchdogTimestampMonotonic container@notify) -gt"
                       " $(systemctl show -P ActiveEnterTimestampMonotonic container@notify)")


def test_nightly(machine, examples):
    examples.install("nightly.container", "container@nightly.timer")
    machine.run("systemd-analyze verify /etc/systemd/system/container@nightly.timer")
    machine.run("systemctl enable --now container@nightly.timer")
    assert machine.show("container@nightly.timer", "Unit", "ActiveState") == {
        "Unit": "container@nightly.service", "ActiveState": "active"}
    assert machine.output("systemctl list-timers --no-legend container@nightly.timer")
    machine.run("systemctl start container@nightly")
    machine.wait_until("journalctl -u container@nightly -o cat | grep 'done, at'")
    machine.wait_until("test $(systemctl is-active container@nightly) = inactive")
    machine.run("systemctl disable --now container@nightly.timer")


def test_worker(machine, examples):
    examples.install("worker@.container")
    machine.run("systemctl start container@worker@mail container@worker@web")
    for name in ("mail", "web"):
        machine.wait_until(f"journalctl -u container@worker@{name} -o cat | grep -x 'working on {name}'")
        assert machine.show(f"container@worker@{name}", "Description") == f"Worker for {name}"
        machine.run(f"berth state worker-{name} && test -d /var/lib/berth/volumes/worker-{name}")
    machine.run("systemctl stop container@worker@mail container@worker@web")


def test_user(machine, user):
    units = Units(user)
    user.run("cp -a --no-preserve=ownership /srv/busybox .")
    units.declare(".config/berth/user.container", machine.run(["cat", f"{EXAMPLES}/user.container"]).stdout)
    assert user.run("berth verify user").stderr == ""
    units.ctl("start", "container@user")
    machine.wait_until(f"journalctl -o cat _UID={user.uid} CONTAINER_NAME=user | grep -x 0")
    units.clean()
    user.run("rm -r busybox")
