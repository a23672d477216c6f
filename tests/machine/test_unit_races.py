# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things that happen at the wrong moment: a stop during the start, a new systemd, an end right after the beginning."""

import pytest


def hold_create(path):
    """An edit: `berth create` stands still in a hook until it is killed."""
    def edit(config):
        config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"touch {path}; exec sleep 1000"]}]}
    return edit


@pytest.fixture
def mark(machine):
    """A file on the host by which a container tells how far it is."""
    yield "/run/mark"
    machine.run("rm -f /run/mark")


def test_stop_while_it_is_prepared(machine, bundles, declare, mark):
    bundles.make("early", ["sleep", "1000"])
    declare("/run/systemd/system/container@early.service.d/hold.conf",
            f"[Service]\nExecStartPre=sh -c 'touch {mark}; exec sleep 1000'\n")
    machine.run(f"systemctl start --no-block container@early; until [ -e {mark} ]; do sleep 0.05; done")
    machine.run("systemctl stop container@early")
    assert machine.show("container@early", "Result") in ("signal", "success")  # which of them depends on systemd
    machine.run("systemctl reset-failed container@early", check=False)


def test_stop_while_it_is_created(machine, bundles, mark):
    bundles.make("early", ["sleep", "1000"], hold_create(mark))
    machine.run(f"systemctl start --no-block container@early; until [ -e {mark} ]; do sleep 0.05; done")
    machine.run("systemctl stop container@early")
    assert machine.show("container@early", "Result") == "success"
    assert machine.run("pgrep -fx 'sleep 1000'", check=False).returncode == 1


def test_killed_while_it_is_created(machine, bundles, mark):
    bundles.make("early", ["sleep", "1000"], hold_create(mark))
    machine.run(f"systemctl start --no-block container@early; until [ -e {mark} ]; do sleep 0.05; done")
    machine.run("systemctl kill --signal=KILL container@early")
    machine.wait_until("systemctl is-failed container@early")
    assert machine.show("container@early", "Result") == "signal"
    machine.wait_until("! pgrep -fx 'sleep 1000'")
    machine.run("systemctl reset-failed container@early")


def test_stop_at_any_moment_of_the_start(machine, bundles, declare):
    bundles.make("early", ["sleep", "1000"])
    declare("/run/systemd/system/container@early.service.d/limit.conf", "[Unit]\nStartLimitIntervalSec=0\n")
    machine.run("""for ms in $(seq 0 2 80); do
            systemctl start --no-block container@early
            sleep 0.0$(printf %02d $ms)
            systemctl stop container@early
            case $(systemctl show --value -p ActiveState container@early) in
                inactive) ;;
                failed) # its ExecStartPre= was killed: systemd calls that a failure
                    [ $(systemctl show --value -p Result container@early) = signal ] || exit
                    systemctl reset-failed container@early ;;
                *) exit 1 ;;
            esac
            [ ! -e /run/berth/early ] && [ ! -e /run/berth-unit/early ] || exit
        done""")


def test_restart_before_it_is_started(machine, bundles):
    bundles.make("early", ["sleep", "1000"])
    machine.run("for i in 1 2 3; do systemctl restart --no-block container@early; done; systemctl start container@early")
    assert machine.output("berth state early | grep -c running") == "1"
    machine.run("systemctl stop container@early")


def test_a_new_systemd_during_the_start(machine, bundles, mark):
    def edit(config):
        config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": [
            "sh", "-c", f"touch {mark}; while [ -e {mark} ]; do sleep 0.05; done"]}]}

    bundles.make("early", ["sleep", "1000"], edit)
    machine.run(f"systemctl start --no-block container@early; until [ -e {mark} ]; do sleep 0.05; done")
    machine.run(f"systemctl daemon-reexec; rm {mark}")
    machine.wait_until("systemctl is-active container@early")
    assert machine.show("container@early", "NRestarts") == "0"
    machine.run("systemctl stop container@early")
    assert machine.show("container@early", "Result") == "success"


def test_a_new_systemd_while_it_runs(machine, bundles):
    """Nothing changes: the same processes, and all that they say still arrives."""
    bundles.make("same", ["sh", "-c", "until [ -e /go ]; do sleep 0.05; done; systemd-notify --status=went; echo went;"
                                      " until [ -e /end ]; do sleep 0.05; done; exit 7"])
    machine.run("systemctl start container@same")
    before = machine.show("container@same", "MainPID", "InvocationID", "ActiveEnterTimestampMonotonic")
    machine.run("systemctl daemon-reexec && berth exec same touch /go")
    machine.wait_until("systemctl show -p StatusText container@same | grep went")
    machine.wait_until("journalctl -u container@same -o cat | grep -x went")
    assert machine.show("container@same", "MainPID", "InvocationID", "ActiveEnterTimestampMonotonic") == before
    machine.run("berth exec same touch /end")
    machine.wait_until("systemctl is-failed container@same")
    assert machine.show("container@same", "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "7"}
    machine.run("systemctl reset-failed container@same")


@pytest.mark.parametrize("status, result", [(0, "success"), (3, "exit-code")])
def test_an_end_right_after_ready(machine, declare, bundles, status, result):
    """It was ready, and then it ended; both are told, in this order."""
    bundles.make("short", ["true"])
    declare("/etc/berth/short.container", f"""[Container]
Rootfs=/var/lib/berth/short/rootfs
Exec=sh -c 'systemd-notify --ready; exit {status}'
Notify=ready
[Service]
ExecStartPost=echo has been ready
RemainAfterExit=yes
""")
    machine.run("systemctl start container@short", check=False)
    machine.wait_until("[ $(systemctl show --value -p SubState container@short) != running ]")
    assert machine.show("container@short", "Result", "ExecMainStatus") == {"Result": result, "ExecMainStatus": str(status)}
    assert "has been ready" in machine.journal("-u", "container@short")


def test_the_supervisor_and_its_payload_are_killed_together(machine, bundles):
    bundles.make("both", ["sleep", "1000"])
    machine.run("systemctl start container@both")
    machine.run("kill -KILL $(systemctl show --value -p MainPID container@both)"
                " $(head -n1 /sys/fs/cgroup/machine.slice/berth-both.scope/cgroup.procs)")
    machine.wait_until("! systemctl is-active container@both")
    machine.run("systemctl stop container@both; systemctl reset-failed container@both", check=False)


def test_another_supervisor_is_wanted_while_it_is_prepared(machine, bundles, mark):
    """As by an upgrade that comes during a start: the start goes on, and the order is carried out behind it."""
    program = "/usr/libexec/berth/berth-prepare"
    bundles.make("early", ["sleep", "1000"])
    machine.write("/tmp/slow", f"#!/bin/sh\ntouch {mark}; while [ $1 = start -a -e {mark} ]; do sleep 0.05; done; exec /tmp/prepare \"$@\"\n")
    machine.run(f"cp {program} /tmp/prepare; chmod +x /tmp/slow; mount --bind /tmp/slow {program}")
    try:
        machine.run(f"systemctl start --no-block container@early; until [ -e {mark} ]; do sleep 0.05; done")
        first = machine.show("container@early", "MainPID")
        machine.run("systemctl kill --kill-whom=main --signal=59 container@early")  # SIGRTMIN+25
        machine.run(f"umount -l {program}; rm {mark}")
        machine.wait_until(f"test $(systemctl show -P MainPID container@early) -gt 0 -a $(systemctl show -P MainPID container@early) != {first}")
        machine.wait_until("systemctl is-active container@early")
    finally:
        machine.run(f"umount -l {program}; rm -f /tmp/slow /tmp/prepare", check=False)
    assert "Took over container 'early'" in machine.journal("-u", "container@early")
