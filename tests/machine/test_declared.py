# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers declared by a .container file: what the generator makes of it, and systemctl's verbs on the result."""

import pytest

ROOTFS = "/var/lib/berth/declared/rootfs"

WEB = f"""\
[Unit]
Description=The web of this test
[Container]
Rootfs={ROOTFS}
Exec=sh -c "echo colour $COLOUR of $(id -u):$(id -g); touch /x 2>/dev/null || echo read-only; cat /data/word; exec sleep 1000"
Environment=COLOUR=blue
Volume=/run/declared:/data:ro
User=65534:65534
ReadOnly=yes
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(autouse=True)
def rootfs_and_volume(machine, bundles):
    bundles.make("declared")
    machine.write("/run/declared/word", "from outside\n")
    yield
    machine.run("rm -r /run/declared")


def test_keys_reach_the_payload(machine, declare):
    declare("/etc/berth/web.container", WEB)
    machine.run("systemctl start container@web")
    machine.wait_until("journalctl -u container@web -o cat | grep -x 'from outside'")
    said = machine.journal("-u", "container@web").splitlines()
    assert "colour blue of 65534:65534" in said
    assert "read-only" in said
    assert machine.show("container@web", "Description") == "The web of this test"


def test_enable_and_disable(machine, declare):
    declare("/etc/berth/web.container", WEB)
    machine.run("systemctl enable container@web")
    assert machine.output("systemctl is-enabled container@web") == "enabled"
    machine.run("systemctl disable container@web")
    assert machine.run("systemctl is-enabled container@web", check=False).stdout.strip() != "enabled"


def test_install_section_wants_it_at_boot(machine, declare):
    declare("/etc/berth/web.container", WEB)
    assert "container@web.service" in machine.show("multi-user.target", "Wants").split()


def test_mask(machine, declare):
    declare("/etc/berth/web.container", WEB)
    machine.run("systemctl mask container@web")
    assert machine.run("systemctl start container@web", check=False).returncode != 0
    machine.run("systemctl unmask container@web")
    machine.run("systemctl start container@web")


def test_edit(machine, declare):
    """What systemctl edit writes is a drop-in of the unit, which has the last word."""
    declare("/etc/berth/web.container", WEB)
    declare("/etc/systemd/system/container@web.service.d/override.conf", "[Unit]\nDescription=Edited\n")
    assert machine.show("container@web", "Description") == "Edited"
    assert "Description=Edited" in machine.output("systemctl cat container@web")


def test_service_section_is_passed_on(machine, declare):
    declare("/etc/berth/web.container", WEB + "[Service]\nRestart=always\nRestartSec=7\n")
    assert machine.show("container@web", "Restart", "RestartUSec") == {"Restart": "always", "RestartUSec": "7s"}


def test_socket_section(machine, declare):
    declare("/etc/berth/web.container",
            f"[Container]\nRootfs={ROOTFS}\nExec=payload serve\n[Socket]\nListenStream=127.0.0.1:4010\n")
    machine.run("systemctl start container@web.socket")
    answer = machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4010; head -n 1 <&3'")
    assert answer == "container@web.socket"
    assert machine.show("container@web", "ActiveState") == "active"
    machine.run("systemctl stop container@web.socket container@web")


def test_name_that_is_escaped(machine, declare):
    """A plus sign is none of a unit's name: what the unit is called and what the container is called differ."""
    declare("/etc/berth/a+b.container", f"[Container]\nRootfs={ROOTFS}\nExec=sleep 1000\n")
    unit = machine.output(["systemd-escape", "--template=container@.service", "a+b"])
    machine.run(["systemctl", "start", unit])
    assert machine.output("berth list -q") == "a+b"
    machine.run(["systemctl", "stop", unit])


def test_stop_signal(machine, declare):
    declare("/etc/berth/web.container",
            f"[Container]\nRootfs={ROOTFS}\nStopSignal=SIGUSR1\n"
            "Exec=sh -c \"trap 'echo got USR1; exit 0' USR1; echo ready; while :; do sleep 0.1; done\"\n")
    machine.run("systemctl start container@web")
    machine.wait_until("journalctl -u container@web -o cat | grep -x ready")
    machine.run("systemctl stop container@web")
    assert "got USR1" in machine.journal("-u", "container@web").splitlines()


def test_a_file_that_is_gone_is_no_unit(machine, declare):
    """Nothing the generator made outlives its file: a reload is enough."""
    declare("/etc/berth/gone.container", WEB)
    assert "gone.container" in machine.output("systemctl cat container@gone")
    machine.run("mv /etc/berth/gone.container /run/ && systemctl daemon-reload")
    assert "gone.container" not in machine.output("systemctl cat container@gone")
    machine.run("mv /run/gone.container /etc/berth/")
