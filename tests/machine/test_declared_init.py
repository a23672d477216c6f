# SPDX-License-Identifier: LGPL-2.1-or-later
"""RunInit=: a small init between systemd's supervisor and the payload."""

import pytest

from declared import FILE, ROOTFS, UNIT, Declared


@pytest.fixture
def declared(machine, declare, bundles):
    bundles.make("declared")
    return Declared(machine, declare)


def test_payload_is_not_pid_1(declared):
    said = declared.said("RunInit=yes", "echo $$; tr '\\0' ' ' </proc/1/cmdline; echo")
    assert said == ["2", "/dev/init -- sh /script "]


def test_of_a_bundle(machine, declared):
    assert declared.said("RunInit=yes", "echo $$", source="Bundle=/var/lib/berth/declared") == ["2"]


def test_orphans_are_reaped(declared):
    """What nobody waits for is gone when it has ended."""
    script = ("sh -c 'sh -c \"exec sleep 0.1\" & echo $! >/pid'\n"
              "pid=$(cat /pid)\nuntil ! test -d /proc/$pid; do sleep 0.02; done\necho gone")
    assert declared.said("RunInit=yes", script) == ["gone"]


@pytest.mark.parametrize("how, result", [("exit 7", "7"), ("kill -9 $$", "137"), ("exec /nonexistent", "127")])
def test_exit_status(machine, declared, how, result):
    declared.start("RunInit=yes", how)
    machine.wait_until(f"systemctl is-failed {UNIT}")
    assert machine.show(UNIT, "ExecMainCode", "ExecMainStatus") == {"ExecMainCode": "1", "ExecMainStatus": result}


def test_program_that_is_not_there(machine, declared):
    declared.start("RunInit=yes", "", command="/nonexistent")
    machine.wait_until(f"systemctl is-failed {UNIT}")
    assert machine.show(UNIT, "ExecMainStatus") == "127"
    assert "berth-init: /nonexistent: No such file or directory" in declared.journal().splitlines()


def test_signals_reach_the_payload(machine, declared):
    """A shell without a handler does not end on SIGTERM as pid 1; behind an init it does."""
    declared.start("RunInit=yes\nStopSignal=SIGUSR1", "trap 'echo got USR1; exit 0' USR1\necho ready\nwhile :; do sleep 0.1; done")
    machine.wait_until(f"journalctl -u {UNIT} -o cat | grep -x ready")
    machine.run(f"systemctl stop {UNIT}")
    assert "got USR1" in declared.journal().splitlines()
    assert machine.show(UNIT, "Result") == "success"


def test_listeners_are_for_the_payload(machine, declared, declare):
    """LISTEN_PID is the payload's, not that of init."""
    declare(FILE, f"[Container]\nRootfs={ROOTFS}\nRunInit=yes\nExec=payload serve\n[Socket]\nListenStream=127.0.0.1:4011\n")
    machine.run(f"systemctl start {UNIT}.socket")
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4011; head -n 1 <&3'") == f"{UNIT}.socket"
    machine.run(f"systemctl stop {UNIT}.socket {UNIT}")


def test_terminal_signal_comes_once(declared):
    """The payload is in a process group of its own."""
    assert declared.said("RunInit=yes", "cut -d' ' -f1,5 /proc/self/stat | cut -d' ' -f2") == ["2"]
