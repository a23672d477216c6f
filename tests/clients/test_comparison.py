# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of the README that compares berth with Quadlet, systemd-nspawn, runc and crun: each row of it is one of ROWS here,
and each cell is what is seen when the same thing is done with all of them."""

import os
import pathlib
import re

import pytest

pytestmark = pytest.mark.skipif(os.environ.get("BERTH_TEST_SUITE", "trixie") != "trixie", reason="the table is about Debian 13")

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
PEERS = ("berth", "Quadlet", "nspawn", "runc", "crun")

# What the settings of a unit tell its program: each is a line of the payload.
PROBE = """#!/bin/sh
echo "probe LISTEN_FDNAMES=$LISTEN_FDNAMES"
echo "probe WATCHDOG_USEC=$WATCHDOG_USEC"
echo "probe FDSTORE=$FDSTORE"
echo "probe MEMORY_PRESSURE_WATCH=$MEMORY_PRESSURE_WATCH"
echo "probe credential=$(cat "$CREDENTIALS_DIRECTORY/token" 2>/dev/null)"
echo "probe StateDirectory=$(test -w "$STATE_DIRECTORY" && echo writable)"
echo "probe end"
exec sleep 77777
"""
SETTINGS = """
WatchdogSec=60
FileDescriptorStoreMax=3
StateDirectory=compared
SetCredential=token:secret
"""
SOCKET = "[Socket]\nListenStream=127.0.0.1:7007\nFileDescriptorName=web\n"
QUADLET = "\n[Container]\nImage=localhost/probe\nNetwork=none\nExec=probe\n"
BERTH = "\n[Container]\nRootfs=/srv/probe\nExec=probe\n"
NO_LIMITS = "Environment=CONTAINERS_CONF=/etc/containers/no-limits.conf\n"


def service(command):
    # a payload that never says READY=1 would keep crun waiting
    return f"[Service]\nExecStart=env -u NOTIFY_SOCKET {command}\n{SETTINGS}"


# peer -> (unit, files beside its socket)
UNITS = {
    "berth": ("container@compared", {"/etc/berth/compared.container": f"{BERTH}[Service]\n{SETTINGS}{SOCKET}"}),
    "Quadlet": ("compared", {"/etc/containers/systemd/compared.container": f"{QUADLET}[Service]\n{NO_LIMITS}{SETTINGS}"}),
    "nspawn": ("compared", {"/etc/systemd/system/compared.service": service(
        "systemd-nspawn --quiet --keep-unit --register=no --as-pid2 --directory=/srv/probe /bin/probe")}),
    "runc": ("compared", {"/etc/systemd/system/compared.service": service("runc --systemd-cgroup run --bundle /srv/oci compared")}),
    "crun": ("compared", {"/etc/systemd/system/compared.service": service("crun --systemd-cgroup run --bundle /srv/oci compared")}),
}


def told(said, line):
    return f"probe {line}" in said


def told_any(said, name):
    return re.search(f"^probe {name}=.", said, re.M) is not None


# what the README says -> does the payload know it
WHAT_THE_PROGRAM_GETS = {
    "`FileDescriptorName=` of sockets": lambda said: told(said, "LISTEN_FDNAMES=web"),
    "`WatchdogSec=`": lambda said: told(said, "WATCHDOG_USEC=60000000"),
    "`FileDescriptorStoreMax=`": lambda said: told(said, "FDSTORE=3"),
    "`LoadCredential=`, `SetCredential=`": lambda said: told(said, "credential=secret"),
    "`StateDirectory=`": lambda said: told(said, "StateDirectory=writable"),
    "`MemoryPressureWatch=`": lambda said: told_any(said, "MEMORY_PRESSURE_WATCH"),
}
KILLED = "a payload killed by a signal is the result `signal`"
LOGGED = "`journalctl -u` of the unit has what the payload prints"
MISTYPED = "a mistyped key: the unit's log names file and line"
ENABLED = "`systemctl enable` and `mask` of what a file declares"


def readme_rows():
    """Row -> the five words behind it."""
    rows = {}
    for line in README.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 1 + len(PEERS) and set(cells[1:]) <= {"yes", "no", "\u2013"}:
            rows[cells[0]] = cells[1:]
    return rows


@pytest.fixture(scope="module", autouse=True)
def roots(machine):
    """The same root as a directory, a bundle and an image."""
    machine.run("mkdir -p /srv/probe /srv/oci && tar -C /srv/probe -xf /box.tar && touch /srv/probe/etc/os-release")
    machine.write("/srv/probe/bin/probe", PROBE)
    machine.run("chmod +x /srv/probe/bin/probe && tar -C /srv/probe -cf /probe.tar . && podman import --change 'ENV PATH=/bin:/usr/bin'"
                " /probe.tar probe && cd /srv/oci && runc spec && sed -i 's/\"terminal\": true/\"terminal\": false/; s/\"sh\"/\"probe\"/;"
                " s#\"rootfs\"#\"/srv/probe\"#; s/\"readonly\": true/\"readonly\": false/' config.json")
    yield
    machine.run("rm -r /srv/probe /srv/oci /probe.tar; podman rmi probe")


@pytest.fixture
def install(machine):
    """install(files): units and declarations; at the end they are gone, with what runs of them."""
    installed = []

    def write(files):
        for path, text in files.items():
            machine.write(path, text)
            installed.append(path)
        machine.run("systemctl daemon-reload")

    yield write
    machine.run("systemctl stop 'compared*' 'container@compared*'; pkill -KILL -x -f 'sleep 77777'; runc delete -f compared; crun delete -f compared",
                check=False)
    machine.run(["rm", "-f", *installed])
    machine.run("systemctl daemon-reload; systemctl reset-failed")


def start(machine, install, peer):
    """Start it with its socket, and wait until the payload has said all. Returns the unit."""
    unit, files = UNITS[peer]
    install(files if peer == "berth" else {**files, "/etc/systemd/system/compared.socket": SOCKET})
    machine.run(f"systemctl start {unit}.socket && systemctl start {unit}")
    machine.wait_until("journalctl -o cat | grep -x 'probe end'")
    return unit


def cell(row, peer):
    return readme_rows()[row][PEERS.index(peer)]


def answer(seen):
    return "yes" if seen else "no"


def test_the_table_has_no_other_rows():
    assert set(readme_rows()) == {*WHAT_THE_PROGRAM_GETS, LOGGED, KILLED, MISTYPED, ENABLED}


@pytest.mark.parametrize("peer", PEERS)
def test_what_the_program_gets(machine, install, peer):
    """Without any word about it in the command line or the declaration of the container."""
    unit = start(machine, install, peer)
    said = machine.journal()
    assert {row: cell(row, peer) for row in WHAT_THE_PROGRAM_GETS} == {
        row: answer(is_told(said)) for row, is_told in WHAT_THE_PROGRAM_GETS.items()}
    assert cell(LOGGED, peer) == answer("probe end" in machine.journal("-u", unit))


@pytest.mark.parametrize("peer", PEERS)
def test_a_payload_that_is_killed(machine, install, peer):
    unit = start(machine, install, peer)
    machine.run("pkill -KILL -x -f 'sleep 77777'")
    machine.wait_until(f"systemctl show -P ActiveState {unit} | grep -E '^(failed|inactive)$'")
    assert cell(KILLED, peer) == answer(machine.show(unit, "Result") == "signal")


MISTAKES = {
    "berth": ("container@compared", "/etc/berth/compared.container", BERTH.replace("Exec=", "Exce=")),
    "Quadlet": ("compared", "/etc/containers/systemd/compared.container", QUADLET.replace("Exec=", "Exce=")),
    "nspawn": ("systemd-nspawn@compared", "/etc/systemd/nspawn/compared.nspawn", "\n[Exec]\nParamters=probe\n"),
}


@pytest.mark.parametrize("peer", MISTAKES)
def test_a_mistyped_key(machine, install, peer):
    unit, path, text = MISTAKES[peer]
    install({path: text})
    machine.run("mkdir -p /var/lib/machines && ln -sfn /srv/probe /var/lib/machines/compared")
    machine.run(f"systemctl start {unit}", check=False)
    assert cell(MISTYPED, peer) == answer(f"{path}:" in machine.journal("-u", unit))
    machine.run(f"systemctl stop {unit}; rm /var/lib/machines/compared", check=False)


@pytest.mark.parametrize("peer", MISTAKES)
def test_enable_and_mask(machine, install, peer):
    if peer == "nspawn":
        unit = "systemd-nspawn@compared"
    else:
        unit, files = UNITS[peer]
        install(files)
    seen = all(machine.run(["systemctl", verb, unit], check=False).returncode == 0 for verb in ("enable", "disable", "mask", "unmask"))
    assert cell(ENABLED, peer) == answer(seen)


@pytest.mark.parametrize("row", [MISTYPED, ENABLED])
@pytest.mark.parametrize("peer", ["runc", "crun"])
def test_what_is_not_theirs(row, peer):
    """They have no declarations."""
    assert cell(row, peer) == "\u2013"


def test_podman_runs_what_the_readme_says(machine):
    """The command line of the section about engines, with the image that is here."""
    command, = re.findall(r"^    (podman --runtime berth run .*?)(?: +#.*)?$", README.read_text(), re.M)
    assert machine.output(command.replace("docker.io/library/busybox", "localhost/box")) == "hello"
