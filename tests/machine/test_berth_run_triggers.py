# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run: containers that timers, paths and sockets start."""

import pytest

from adhoc import ROOTFS, UNIT, Adhoc
from users import UserBundles

SAY = ("sh", "-c", "echo here")
SOCKET = "/run/adhoc-test.sock"


@pytest.fixture
def adhoc(machine, bundles):
    adhoc = Adhoc(machine, bundles)
    yield adhoc
    adhoc.clean()


@pytest.fixture
def said(machine, adhoc):
    """said(line, times): wait until the payload has printed this line so often in this test."""
    start = machine.output("date +@%s.%6N")

    def wait(line, times=1):
        machine.wait_until(f"test $(journalctl -o cat --since={start} -t {UNIT} | grep -cx '{line}') -ge {times}")

    return wait


@pytest.mark.parametrize("option", ["--on-active=1ms", "--on-boot=0", "--on-startup=0", "--on-calendar=*:*:*"])
def test_timer(adhoc, said, option):
    done = adhoc.start(f"{option} --timer-property=AccuracySec=1ms", *SAY)
    assert f"Running timer as unit: {UNIT}.timer" in done.stderr
    assert f"Will run service as unit: {UNIT}.service" in done.stderr
    said("here")


def test_timer_starts_it_again(adhoc, said):
    adhoc.start("--on-active=0 --on-unit-inactive=1ms --timer-property=AccuracySec=1ms", *SAY)
    said("here", times=3)


def test_timer_starts_it_again_after_a_failure(adhoc, said):
    adhoc.start("--on-active=0 --on-unit-inactive=1ms --timer-property=AccuracySec=1ms", "sh", "-c", "echo here; exit 3")
    said("here", times=3)


def test_timer_since_the_last_start(adhoc, said):
    adhoc.start("--on-active=0 --on-unit-active=10ms --timer-property=AccuracySec=1ms", *SAY)
    said("here", times=3)


@pytest.mark.parametrize("option, name", [
    ("--on-clock-change", "OnClockChange"),
    ("--on-timezone-change", "OnTimezoneChange"),
])
def test_timer_of_changes(adhoc, option, name):
    adhoc.start(option, *SAY)
    assert adhoc.show(name, unit=f"{UNIT}.timer") == "yes"
    assert adhoc.show("ActiveState") == "inactive"


def test_timer_property_can_say_when(adhoc, said):
    adhoc.start("--timer-property=OnActiveSec=1ms --timer-property=AccuracySec=1ms", *SAY)
    said("here")


def test_path(machine, adhoc, said):
    adhoc.start("--path-property=PathExists=/run/adhoc-there", "sh", "-c", "echo here; sleep 1000")
    assert adhoc.show("ActiveState") == "inactive"
    machine.run("touch /run/adhoc-there")
    said("here")
    machine.run(f"rm /run/adhoc-there; systemctl stop {UNIT}.path {UNIT}.service")


@pytest.mark.parametrize("option, names", [
    (f"--listen={SOCKET}", f"{UNIT}.socket"),
    (f"--socket-property=ListenStream={SOCKET} --socket-property=FileDescriptorName=web", "web"),
    (f"--listen={SOCKET} --listen=@adhoc-test --socket-property=FileDescriptorName=web", "web:web"),
])
def test_socket(machine, adhoc, said, option, names):
    adhoc.start(option, "sh", "-c", 'echo "$LISTEN_FDS $LISTEN_FDNAMES $(($LISTEN_PID == $$))"; exec sleep 1000')
    assert adhoc.show("ActiveState") == "inactive"
    machine.run(["python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"])
    said(f"{len(names.split(':'))} {names} 1")


def test_socket_starts_it_again(machine, adhoc):
    adhoc.start("--listen=127.0.0.1:7711 --network=none", "payload", "serve")
    for _ in range(2):
        assert machine.output(["python3", "-c", "import socket; s = socket.create_connection(('127.0.0.1', 7711));"
                               " print(s.makefile().read())"]) == f"{UNIT}.socket"
        machine.run(f"systemctl stop {UNIT}.service")


def test_relative_path_of_a_socket(machine, adhoc):
    words = f"cd /run && berth-run -u {UNIT} --listen=./adhoc-test.sock --rootfs={ROOTFS} true"
    assert machine.run(words, check=False).returncode == 0
    assert adhoc.show("Listen", unit=f"{UNIT}.socket") == f"{SOCKET} (Stream)"


def test_stopping_the_timer_leaves_nothing(machine, adhoc):
    adhoc.start("--on-active=1h", "true")
    machine.run(f"systemctl stop {UNIT}.timer")
    assert adhoc.units() == ""


def test_as_a_user(user, bundles, adhoc):
    """A timer and a socket of the user's own systemd."""
    made = UserBundles(user, bundles.template, "berth")
    rootfs = made.make("adhoc", ["true"]) + "/rootfs"
    words = f"berth-run --quiet --unit={UNIT} --volume=./there:/there --rootfs={rootfs}"
    try:
        user.run("mkdir there")
        user.run(f"{words} --on-active=1ms --timer-property=AccuracySec=1ms -- touch /there/timer")
        user.run("until test -e there/timer; do sleep 0.05; done")
        user.run(f"until ! systemctl --user is-active {UNIT}.timer {UNIT}.service; do sleep 0.05; done")
        user.run(f"{words} --listen=$XDG_RUNTIME_DIR/adhoc.sock -- sh -c 'echo $LISTEN_FDS >/there/socket; exec sleep 1000'")
        user.run("python3 -c 'import os, socket; socket.socket(socket.AF_UNIX)"
                 ".connect(os.environ[\"XDG_RUNTIME_DIR\"] + \"/adhoc.sock\")'")
        user.run("until test -s there/socket; do sleep 0.05; done")
        assert user.output("cat there/socket") == "1"
    finally:
        user.run(f"systemctl --user stop {UNIT}.socket {UNIT}.service; rm -r there")
        made.remove()


@pytest.mark.parametrize("options, message", [
    ("--on-active=soon", "--on-active=soon: expected a length of time, such as 30 or 1h 30min"),
    ("--on-calendar=never", "--on-calendar=never: expected a calendar specification"),
    ("--listen=nonsense", "--listen=nonsense: expected a port, ADDRESS:PORT or the path of a socket"),
    ("--listen=70000", "--listen=70000: expected a port"),
    ("--path-property=PathExists", "--path-property=PathExists: expected NAME=VALUE"),
    ("--socket-property=x", "--socket-property=x: expected NAME=VALUE"),
    ("--timer-property=AccuracySec=1", "--timer-property= has no effect without"),
    ("--timer-property=Nonsense=1 --on-active=1", "Nonsense"),
    ("--wait --on-active=1", "--wait and --on-active= exclude each other"),
    ("--pipe --listen=80", "--pipe and --listen= exclude each other"),
    ("--pty --path-property=PathExists=/x", "--pty and --path-property= exclude each other"),
    ("--on-active=1 --listen=80", "--on-active= and --listen= exclude each other"),
    ("--path-property=PathExists=/x --socket-property=ListenStream=80", "--path-property= and --socket-property= exclude each other"),
    ("--no-block --wait", "--wait and --no-block exclude each other"),
])
def test_what_is_refused(adhoc, options, message):
    done = adhoc(f"--unit={UNIT} {options}", "true")
    assert done.returncode == 125
    assert message in done.stderr
    assert adhoc.units() == ""
