# SPDX-License-Identifier: LGPL-2.1-or-later
"""MAINPID= and its kin, and EXIT_STATUS=: what a payload says about its processes is for the supervisor, and not for systemd,
whose main process is the supervisor itself."""

import pytest


def unit(declare, name, *lines):
    declare(f"/etc/berth/{name}.container", "\n".join(["[Container]", f"Bundle=/var/lib/berth/{name}", "Notify=ready", *lines, ""]))


def said(machine, name, *words):
    """The lines of the payload that are about one of these."""
    return [line for line in machine.journal("-u", f"container@{name}", "-t", name).splitlines() if line.startswith(words)]


@pytest.mark.parametrize("how", ["number", "inode", "pidfd"])
def test_signals_go_to_the_main_process(machine, bundles, declare, how):
    """To it first, and when it has ended, the rest is stopped. systemd's main process stays the supervisor."""
    name = f"two-{how}"
    bundles.make(name, ["payload", "claim", how])
    unit(declare, name, "ReloadSignal=HUP")
    machine.run(f"systemctl start container@{name}")
    main = int(machine.show(f"container@{name}", "MainPID"))
    assert machine.output(f"cat /proc/{main}/comm") == "berth-supervise"

    machine.run(f"systemctl reload container@{name}")
    machine.wait_until(f"journalctl -u container@{name} -t {name} -o cat | grep -x 'main: reload'")
    machine.run(f"systemctl stop container@{name}")
    assert said(machine, name, "main:", "init:") == ["main: reload", "main: stop", "init: stop"]
    assert machine.show(f"container@{name}", "Result") == "success"


def test_main_process_that_has_ended(machine, bundles, declare):
    """init knows what that means: the container goes on, and the signals are for init again."""
    bundles.make("alone", ["sh", "-c", "sleep 1000 & main=$!; trap 'echo init: stop; exit 0' TERM; systemd-notify MAINPID=$main;"
                           " kill $main; wait $main; systemd-notify --ready; while :; do sleep 1000 & wait $!; done"])
    unit(declare, "alone")
    machine.run("systemctl start container@alone")
    machine.run("systemctl stop container@alone")
    assert said(machine, "alone", "init:") == ["init: stop"]
    assert machine.show("container@alone", "Result") == "success"


@pytest.mark.parametrize("name,claim", [("gone", "MAINPID=4242"), ("bare", "MAINPIDFD=1"), ("zero", "MAINPID=0")])
def test_nobody(machine, bundles, declare, name, claim):
    """What is not there is not believed; the rest of the message counts, and the signals go to init."""
    bundles.make(name, ["sh", "-c", "trap 'echo init: stop; exit 0' TERM;"
                          f" systemd-notify READY=1 STATUS=up {claim}; while :; do sleep 1000 & wait $!; done"])
    unit(declare, name)
    machine.run(f"systemctl start container@{name}")
    assert machine.show(f"container@{name}", "StatusText") == "up"
    machine.run(f"systemctl stop container@{name}")
    assert said(machine, name, "init:") == ["init: stop"]
    warnings = [line for line in machine.journal("-u", f"container@{name}", "-t", "berth-supervise").splitlines() if "dropped" in line]
    assert len(warnings) == 1 and "MAINPID" in warnings[0]


def test_somebody_else(machine, bundles, declare):
    """Without a pid namespace of its own a payload can name any process of the system. The stop signal is not for those."""
    def edit(config):
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]
    machine.run("systemd-run --unit=test-bystander sleep 1000")
    bystander = machine.show("test-bystander", "MainPID")
    bundles.make("reach", ["sh", "-c", f"trap 'echo init: stop; exit 0' TERM; systemd-notify READY=1 MAINPID={bystander};"
                           " while :; do sleep 1000 & wait $!; done"], edit)
    unit(declare, "reach")
    try:
        machine.run("systemctl start container@reach")
        machine.run("systemctl stop container@reach")
        assert said(machine, "reach", "init:") == ["init: stop"]
        assert machine.show("test-bystander", "ActiveState") == "active"
        assert "a main process that is none of the container" in machine.journal("-u", "container@reach", "-t", "berth-supervise")
    finally:
        machine.run("systemctl stop test-bystander")


def test_exit_status_of_init(machine, bundles, declare):
    """What a service manager that is the payload says of its end is how the unit ends."""
    bundles.make("manager", ["sh", "-c", "systemd-notify --ready; exec systemd-notify --no-block EXIT_STATUS=7"])
    unit(declare, "manager")
    machine.run("systemctl start container@manager")
    machine.wait_until("systemctl is-failed container@manager")
    assert machine.show("container@manager", "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "7"}


def test_exit_status_of_others(machine, bundles, declare):
    """Others do not speak for the container."""
    bundles.make("child", ["sh", "-c", "systemd-notify --ready; systemd-notify --no-block EXIT_STATUS=7; exit 3"])
    unit(declare, "child")
    machine.run("systemctl start container@child")
    machine.wait_until("systemctl is-failed container@child")
    assert machine.show("container@child", "ExecMainStatus") == "3"


def test_power_off(machine, bundles, declare):
    """A systemd in a container ends with reboot(2), for which the kernel kills it with SIGINT. What it said before is how it
    ended."""
    def edit(config):
        for capabilities in config["process"]["capabilities"].values():
            capabilities.append("CAP_SYS_BOOT")
    bundles.make("off", ["payload", "poweroff", "READY=1\nEXIT_STATUS=5"], edit)
    unit(declare, "off")
    machine.run("systemctl start container@off")
    machine.wait_until("systemctl is-failed container@off")
    assert machine.show("container@off", "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "5"}


def test_not_allowed(machine, bundles, declare):
    """A payload does not switch off the watchdog that the administrator has asked for."""
    bundles.make("tame", ["sh", "-c", "systemd-notify READY=1 WATCHDOG_USEC=60000000; exec sleep 1000"])
    unit(declare, "tame", "[Service]", "WatchdogSec=30")
    machine.run("systemctl start container@tame")
    assert machine.show("container@tame", "WatchdogUSec") == "30s"
    assert "a field that NotifyAllow= does not name, WATCHDOG_USEC." in machine.journal("-u", "container@tame")


def test_allowed(machine, bundles, declare):
    bundles.make("trusted", ["sh", "-c", "systemd-notify READY=1 WATCHDOG_USEC=60000000 RESTART_RESET=1; exec sleep 1000"])
    unit(declare, "trusted", "NotifyAllow=watchdog-usec restart-reset", "[Service]", "WatchdogSec=30")
    machine.run("systemctl start container@trusted")
    assert machine.show("container@trusted", "WatchdogUSec") == "1min"
    assert "dropped" not in machine.journal("-u", "container@trusted")
