# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the payload's end means for the unit: exit status, signal, restarts."""


def test_exit_status(machine, bundles):
    bundles.make("seven", ["sh", "-c", "exit 7"])
    machine.run("systemctl start container@seven", check=False)
    machine.wait_until("systemctl is-failed container@seven")
    assert machine.show("container@seven", "ExecMainStatus", "Result") == {"ExecMainStatus": "7", "Result": "exit-code"}


def test_success(machine, bundles, declare):
    bundles.make("fine", ["true"])
    # systemd forgets a unit that has ended well, and its status with it, unless it counts as active
    declare("/run/systemd/system/container@fine.service.d/status.conf", "[Service]\nRemainAfterExit=yes\n")
    machine.run("systemctl start container@fine")
    machine.wait_until("test $(systemctl show -P SubState container@fine) = exited")
    assert machine.show("container@fine", "ExecMainStatus", "Result") == {"ExecMainStatus": "0", "Result": "success"}


def test_fatal_signal(machine, bundles):
    bundles.make("crash", ["payload", "crash"])
    machine.run("systemctl start container@crash", check=False)
    machine.wait_until("systemctl is-failed container@crash")
    shown = machine.show("container@crash", "ExecMainStatus", "Result")
    assert shown["Result"] in ("core-dump", "signal")
    assert shown["ExecMainStatus"] == "11"


def test_killed_payload(machine, bundles):
    bundles.make("killed", ["sleep", "1000"])
    machine.run("systemctl start container@killed")
    machine.run("systemctl kill --signal=KILL berth-killed.scope")
    machine.wait_until("systemctl is-failed container@killed")
    assert machine.show("container@killed", "ExecMainStatus", "Result") == {"ExecMainStatus": "9", "Result": "signal"}


def test_restart_on_failure(machine, bundles, declare):
    bundles.make("flaky", ["sh", "-c", "if [ -e /been ]; then echo stays; exec sleep 1000; fi; touch /been; exit 1"])
    declare("/run/systemd/system/container@flaky.service.d/restart.conf",
            "[Service]\nRestart=on-failure\nRestartSec=0\n")
    machine.run("systemctl start container@flaky", check=False)
    machine.wait_until("journalctl -u container@flaky -o cat | grep -x stays && systemctl is-active container@flaky")
    assert machine.show("container@flaky", "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "1"}


def test_success_exit_status(machine, bundles, declare):
    bundles.make("odd", ["sh", "-c", "exit 42"])
    declare("/run/systemd/system/container@odd.service.d/status.conf",
            "[Service]\nSuccessExitStatus=42\nRemainAfterExit=yes\n")
    machine.run("systemctl start container@odd")
    machine.wait_until("test $(systemctl show -P SubState container@odd) = exited")
    assert machine.show("container@odd", "ExecMainStatus", "Result") == {"ExecMainStatus": "42", "Result": "success"}


def test_stop_signal_in_sigwait(machine, bundles):
    """Signals that pid 1 waits for are delivered, although it has neither a handler nor, at that time, blocked them."""
    bundles.make("waiter", ["payload", "signals"])
    machine.run("systemctl start container@waiter")
    pid = machine.output("berth state waiter | sed -n 's/.*\"pid\": //p' | tr -d ,")
    machine.wait_until(f"grep -q '^128 ' /proc/{pid}/syscall || grep -q '^137 ' /proc/{pid}/syscall")  # x86-64, arm64
    machine.run("systemctl stop container@waiter")
    assert "init: stop" in machine.journal("-u", "container@waiter").splitlines()
    assert "killed it" not in machine.journal("-u", "container@waiter")
