# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting, watching and stopping a container with systemctl."""

import time

HELLO = ["sh", "-c", "echo hi; sleep 1000"]


def test_start_look_stop(machine, bundles):
    bundles.make("hello", HELLO)

    began = time.monotonic()
    machine.run("systemctl start container@hello")
    # measured from outside, with nsenter and all: the unit itself has to be active within a second
    assert time.monotonic() - began < 2
    assert machine.show("container@hello", "ActiveState") == "active"

    tree = machine.output("systemd-cgls --no-pager /machine.slice")
    assert "berth-hello.scope" in tree
    assert "sleep 1000" in tree
    machine.wait_until("journalctl -u container@hello -o cat | grep -x hi")

    began = time.monotonic()
    machine.run("systemctl stop container@hello")
    assert time.monotonic() - began < 3
    assert machine.show("container@hello", "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    assert machine.run("systemctl is-active berth-hello.scope", check=False).stdout.strip() == "inactive"


def test_status_names_the_payload(machine, bundles):
    bundles.make("hello", HELLO)
    machine.run("systemctl start container@hello")
    status = machine.output("systemctl status --no-pager container@hello")
    assert "active (running)" in status
    assert "hello" in status


def test_journal_fields(machine, bundles):
    bundles.make("fields", ["sh", "-c", "echo out; echo err >&2; echo '<4>warn'; exec sleep 1000"])
    machine.run("systemctl start container@fields")
    machine.wait_until("journalctl -u container@fields -o cat | grep -x warn")

    for message, priority in (("out", "6"), ("err", "3"), ("warn", "4")):
        fields = machine.output(
            f"journalctl -u container@fields --output=export MESSAGE={message} | tr -d '\\000'").splitlines()
        assert f"PRIORITY={priority}" in fields, message
        assert "CONTAINER_NAME=fields" in fields, message
        assert any(field.startswith("OBJECT_PID=") for field in fields), message


def test_stop_signal_reaches_the_payload(machine, bundles):
    bundles.make("polite", ["sh", "-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done"])
    machine.run("systemctl start container@polite")
    machine.wait_until("journalctl -u container@polite -o cat | grep -x ready")
    machine.run("systemctl stop container@polite")
    assert "bye" in machine.journal("-u", "container@polite").splitlines()
    assert machine.show("container@polite", "Result") == "success"


def test_restart(machine, bundles):
    bundles.make("again", HELLO)
    machine.run("systemctl start container@again")
    first = machine.show("berth-again.scope", "InvocationID")
    machine.run("systemctl restart container@again")
    assert machine.show("container@again", "ActiveState") == "active"
    assert machine.show("berth-again.scope", "ActiveState") == "active"
    assert machine.show("berth-again.scope", "InvocationID") != first


def test_a_hundred_starts_and_stops(machine, bundles):
    bundles.make("often", ["sleep", "1000"])
    machine.run(
        "for i in $(seq 100); do"
        " systemctl start container@often && systemctl stop container@often || { echo failed at $i >&2; exit 1; };"
        " done", timeout=300)
    assert machine.show("container@often", "ActiveState") == "inactive"


def test_fifty_at_once(machine, bundles):
    names = [f"many{i}" for i in range(50)]
    for name in names:
        bundles.make(name, ["sleep", "1000"])
    units = " ".join(f"container@{name}" for name in names)
    machine.run(f"systemctl start {units}", timeout=120)
    assert machine.output("systemctl list-units --plain --no-legend 'berth-many*.scope' --state=running | wc -l") == "50"
    machine.run(f"systemctl stop {units}", timeout=120)


def test_a_container_that_somebody_else_created_is_left_alone(machine, bundles):
    bundle = bundles.make("theirs", ["sleep", "1000"])
    machine.run(f"berth create --bundle {bundle} theirs >/dev/null 2>&1")
    assert machine.run("systemctl start container@theirs", check=False).returncode != 0
    assert '"created"' in machine.output("berth state theirs")
    machine.run("berth delete theirs; systemctl reset-failed container@theirs")


def test_signals_to_the_unit(machine, bundles):
    """Who sends one to a service means its program; those with a meaning of their own have it."""
    names = ["HUP", "QUIT", "USR1", "USR2", "PWR", "WINCH", "35", "64"]
    traps = "; ".join(f"trap 'echo got {name}' {name}" for name in names)
    bundles.make("told", ["sh", "-c", f"{traps}; echo ready; while :; do sleep 0.05; done"])
    machine.run("systemctl start container@told")
    machine.wait_until("journalctl -u container@told -o cat | grep -x ready")
    supervisor = machine.show("container@told", "MainPID")
    for name in names:
        machine.run(f"systemctl kill --kill-whom=main --signal={name} container@told")
        machine.wait_until(f"journalctl -u container@told -o cat | grep -x 'got {name}'")
    assert machine.show("container@told", "MainPID") == supervisor


def test_stop_of_the_slice(machine, bundles, declare):
    """As at a shutdown: services end with their stop signal, in their order, and their scopes wait for that."""
    note = "trap 'echo {0} TERM >>/notes/log' TERM; trap 'echo {0} asked >>/notes/log; sleep 0.5; echo {0} ends >>/notes/log; exit 0' USR1"
    machine.run("mkdir -p /run/notes")
    for name in ("first", "second"):
        bundle = bundles.make(name)
        script = f"{note.format(name)}; systemd-notify --ready; while :; do sleep 0.05; done"
        (bundles.directory(name) / "rootfs/script").write_text(script)
        declare(f"/etc/berth/{name}.container", f"""[Unit]
{"After=container@first.service" if name == "second" else ""}
[Container]
Rootfs={bundle}/rootfs
Exec=sh /script
Volume=/run/notes:/notes
Notify=ready
StopSignal=USR1
[Service]
Slice=ordered.slice
""")
    machine.run("systemctl start container@first container@second")
    machine.run("systemctl stop ordered.slice")
    assert machine.output("cat /run/notes/log; rm -r /run/notes").splitlines() == ["second asked", "second ends", "first asked", "first ends"]
    for name in ("first", "second"):
        assert machine.show(f"container@{name}", "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
