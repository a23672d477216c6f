# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemctl reload: it returns when the reload is done, and fails when it failed."""

import pytest

LOOP = "while :; do sleep 0.05; done"

# announces that it reloads, and is done when /go appears
SPEAKER = ("trap 'systemd-notify RELOADING=1; until [ -e /go ]; do sleep 0.05; done; echo reloaded;"
           " systemd-notify READY=1' HUP; systemd-notify --ready; " + LOOP)

# knows nothing of sd_notify
LISTENER = "trap 'echo got USR1' USR1; trap 'echo got HUP' HUP; echo begins; " + LOOP


def version(machine):
    return int(machine.output("systemctl --version | sed -n 's/^systemd \\([0-9]*\\).*/\\1/p'"))


@pytest.fixture
def container(machine, bundles, declare):
    """container(script, keys): start a declared container whose payload is a shell script."""

    def make(script, keys="", service="", name="reloader"):
        bundles.make(name, ["sh", "-c", script])
        declare(f"/etc/berth/{name}.container",
                f"[Container]\nBundle=/var/lib/berth/{name}\n{keys}\n[Service]\n{service}\n")
        machine.run(f"systemctl start container@{name}")
        return name

    return make


def said(machine, name="reloader"):
    """What the journal has of the container that runs. (Of a process that has ended already, as berth-prepare, journald cannot
    always tell whose it was.)"""
    invocation = machine.show(f"container@{name}", "InvocationID")
    return machine.journal(f"_SYSTEMD_INVOCATION_ID={invocation}", "+", f"INVOCATION_ID={invocation}",
                           "+", "SYSLOG_IDENTIFIER=berth-prepare").splitlines()


def until_said(machine, line, name="reloader"):
    """Wait until the container that runs has said that."""
    invocation = machine.show(f"container@{name}", "InvocationID")
    machine.write("/tmp/line", line + "\n")
    machine.wait_until(f"journalctl -q -o cat _SYSTEMD_INVOCATION_ID={invocation} | grep -Fxf /tmp/line")


def begin_reload(machine):
    """Start a reload and wait until systemd sees it."""
    machine.run("systemctl reload --no-block container@reloader")
    machine.wait_until("test $(systemctl show -P ActiveState container@reloader) = reloading")


def test_type(machine, bundles, container):
    """notify-reload where systemd has it."""
    container(SPEAKER, "Notify=ready")
    expected = "notify-reload" if version(machine) >= 253 else "notify"
    assert machine.show("container@reloader", "Type", "CanReload") == {"Type": expected, "CanReload": "yes"}
    assert machine.show("container@any-bundle", "Type", "CanReload") == {"Type": expected, "CanReload": "yes"}


def test_no_warnings_about_the_unit(machine, container):
    """No systemd finds anything in it that it does not know."""
    container(SPEAKER, "Notify=ready")
    machine.run("systemctl daemon-reload")
    machine.run("systemctl show container@reloader container@any-bundle")
    log = machine.journal("_PID=1")
    assert [line for line in log.splitlines() if "container@" in line and "ignoring" in line] == []


def test_the_payload_says_when_it_is_done(machine, bundles, container):
    container(SPEAKER, "Notify=ready")
    begin_reload(machine)
    assert "reloaded" not in said(machine)
    (bundles.directory("reloader") / "rootfs/go").touch()
    machine.wait_until("systemctl is-active container@reloader")
    assert "reloaded" in said(machine)

    machine.run("systemctl reload container@reloader")
    assert said(machine).count("reloaded") == 2


def test_a_bundle_without_declaration(machine, bundles):
    bundles.make("reloader", ["sh", "-c", SPEAKER], edit=lambda c: c.update(annotations={"berth.notify": "ready"}))
    (bundles.directory("reloader") / "rootfs/go").touch()
    machine.run("systemctl start container@reloader")
    machine.run("systemctl reload container@reloader")
    assert "reloaded" in said(machine)


def test_signal(machine, container):
    """For a payload that knows nothing of notifications, done is when the signal is sent."""
    container(LISTENER, "ReloadSignal=USR1")
    until_said(machine, "begins")
    machine.run("systemctl reload container@reloader")
    until_said(machine, "got USR1")
    assert "got HUP" not in said(machine)
    assert machine.show("container@reloader", "ActiveState") == "active"


def test_signal_to_a_payload_that_answers(machine, bundles, container):
    """One that answers nevertheless is waited for."""
    container(SPEAKER, "Notify=ready\nReloadSignal=HUP")
    begin_reload(machine)
    (bundles.directory("reloader") / "rootfs/go").touch()
    machine.wait_until("systemctl is-active container@reloader")
    machine.run("systemctl reload container@reloader")
    assert said(machine).count("reloaded") == 2


def test_signal_that_nobody_handles(machine, container):
    """It would be lost, or end the payload: the reload fails, and the payload goes on."""
    container("exec sleep 1000", "ReloadSignal=USR1")
    failed = machine.run("systemctl reload container@reloader", check=False)
    assert failed.returncode != 0
    assert "Container 'reloader' was not reloaded: the payload does not handle SIGUSR1" in said(machine)
    assert machine.show("container@reloader", "ActiveState") == "active"


def test_command(machine, bundles, container):
    container("exec sleep 1000", "ReloadCmd=sh -c 'echo command in $(hostname); until [ -e /go ]; do sleep 0.05; done'")
    begin_reload(machine)
    (bundles.directory("reloader") / "rootfs/go").touch()
    machine.run("systemctl reload container@reloader")
    assert machine.show("container@reloader", "ActiveState") == "active"
    # what it writes is logged as what the payload writes
    assert [line for line in machine.journal("-u", "container@reloader", "CONTAINER_NAME=reloader").splitlines()
            if line.startswith("command in ")]


@pytest.mark.parametrize("command, reason", [
    ("sh -c 'exit 3'", "ReloadCmd= ended with exit status 3"),
    ("sh -c 'kill -KILL $$'", "ReloadCmd= ended with exit status 137"),
    ("/no/such/program", "ReloadCmd= ended with exit status 255"),
])
def test_command_that_fails(machine, container, command, reason):
    container("exec sleep 1000", f"ReloadCmd={command}")
    assert machine.run("systemctl reload container@reloader", check=False).returncode != 0
    assert f"Container 'reloader' was not reloaded: {reason}" in said(machine)
    assert machine.show("container@reloader", "ActiveState") == "active"


def test_command_that_hangs(machine, container):
    """systemd's patience ends with TimeoutStartSec=; then nothing of the command is left."""
    container("exec sleep 1000", "ReloadCmd=sh -c 'sleep 4321 & sleep 4321'", "TimeoutStartSec=2")
    assert machine.run("systemctl reload container@reloader", check=False).returncode != 0
    machine.wait_until("! pgrep -f '[s]leep 4321'")
    assert machine.show("container@reloader", "ActiveState") == "active"
    assert "The reload of 'reloader' was called off: ReloadCmd= is killed." in said(machine)


def test_payload_that_never_answers(machine, container):
    container("systemd-notify --ready; " + LISTENER, "Notify=ready", "TimeoutStartSec=2")
    until_said(machine, "begins")
    assert machine.run("systemctl reload container@reloader", check=False).returncode != 0
    until_said(machine, "The reload of 'reloader' was called off: its payload has not said RELOADING=1."
               " For one that knows nothing of sd_notify(3) there are ReloadSignal= and ReloadCmd=.")
    assert "got HUP" in said(machine)
    assert machine.show("container@reloader", "ActiveState") == "active"


def test_not_applicable(machine, container):
    """Without a word about reload, it is as with any unit that cannot: reload-or-restart restarts."""
    container(LISTENER)
    failed = machine.run("systemctl reload container@reloader", check=False)
    assert failed.returncode != 0
    assert "not applicable" in failed.stderr
    before = machine.show("container@reloader", "InvocationID")
    machine.run("systemctl reload-or-restart container@reloader")
    assert machine.show("container@reloader", "InvocationID") != before


def test_own_exec_reload(machine, container):
    """What the administrator writes counts: a signal to the supervisor is one to the payload."""
    container(LISTENER, "", "ExecReload=kill -HUP $MAINPID")
    until_said(machine, "begins")
    machine.run("systemctl reload container@reloader")
    until_said(machine, "got HUP")


def test_paused(machine, container):
    container("exec sleep 1000", "ReloadCmd=true")
    machine.run("berth pause reloader")
    assert machine.run("systemctl reload container@reloader", check=False).returncode != 0
    machine.run("berth resume reloader")
    assert "Container 'reloader' was not reloaded: it is paused" in said(machine)
    machine.run("systemctl reload container@reloader")


def test_payload_that_ends_meanwhile(machine, bundles, container):
    container("trap 'exit 7' HUP; systemd-notify --ready; " + LOOP, "Notify=ready")
    assert machine.run("systemctl reload container@reloader", check=False).returncode != 0
    machine.wait_until("systemctl is-failed container@reloader")
    assert machine.show("container@reloader", "ExecMainStatus") == "7"


def test_stop_meanwhile(machine, container):
    container("exec sleep 1000", "ReloadCmd=sleep 4322")
    begin_reload(machine)
    machine.run("systemctl stop container@reloader")
    machine.wait_until("! pgrep -f '[s]leep 4322'")
    assert machine.show("container@reloader", "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}


def test_storm(machine, container):
    """Many at once: each returns after a reload that began after it was asked for, and none fails."""
    container("exec sleep 1000", "ReloadCmd=sh -c 'echo x >>/count'")
    machine.run("for i in $(seq 40); do systemctl reload container@reloader & done;"
                " for job in $(jobs -p); do wait $job || exit 1; done")
    assert machine.show("container@reloader", "ActiveState") == "active"
    assert "was not reloaded" not in "\n".join(said(machine))
    assert int(machine.output("wc -l </var/lib/berth/reloader/rootfs/count")) >= 1


def test_signal_to_the_supervisor(machine, container):
    """A SIGHUP to the unit is the payload's, and no reload."""
    container(LISTENER)
    until_said(machine, "begins")
    machine.run("systemctl kill --kill-whom=main -s HUP container@reloader")
    until_said(machine, "got HUP")


def test_by_the_next_supervisor(machine, container):
    container("exec sleep 1000", "ReloadCmd=true")
    supervisor = machine.show("container@reloader", "MainPID")
    machine.run(f"kill -KILL {supervisor}")
    machine.wait_until(f"test $(systemctl show -P MainPID container@reloader) -gt 0 -a "
                       f"$(systemctl show -P MainPID container@reloader) != {supervisor}")
    machine.wait_until("systemctl is-active container@reloader")
    machine.run("systemctl reload container@reloader")


def test_without_a_container(machine):
    failed = machine.run("$(systemctl show -P ExecReload container@nobody | sed -n 's/.* path=\\([^ ;]*\\).*/\\1/p')"
                         " reload nobody", check=False)
    assert failed.returncode == 1
    assert "Container 'nobody' was not reloaded: it does not run as a unit" in failed.stderr
