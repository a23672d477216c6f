# SPDX-License-Identifier: LGPL-2.1-or-later
"""Health checks: what is executed, what becomes of the results, and where they are shown."""

import json

import pytest

UP = "test -e /up"


@pytest.fixture
def container(machine, bundles, declare):
    """container(keys, service): declare and start a container with health checks; its payload sleeps."""

    def make(keys, service="", args=("sleep", "1000"), start="start"):
        bundles.make("patient", list(args))
        declare("/etc/berth/patient.container",
                f"[Container]\nBundle=/var/lib/berth/patient\n{keys}\n[Service]\n{service}\n")
        machine.run(f"systemctl {start} container@patient")
        return bundles.directory("patient") / "rootfs"

    return make


def health(machine):
    return json.loads(machine.output("berth state patient"))["health"]


def until_status(machine, text):
    """Wait for what systemctl status shows."""
    machine.wait_until(f"test \"$(systemctl show -P StatusText container@patient)\" = '{text}'")


def said(machine):
    invocation = machine.show("container@patient", "InvocationID")
    return machine.journal(f"_SYSTEMD_INVOCATION_ID={invocation}").splitlines()


def test_from_starting_to_healthy_to_unhealthy_and_back(machine, container):
    rootfs = container(f"HealthCmd={UP} && echo fine || {{ echo not up; exit 3; }}\n"
                       "HealthInterval=200ms\nHealthRetries=2\nHealthStartPeriod=1h")
    assert machine.show("container@patient", "ActiveState", "StatusText") == {
        "ActiveState": "active", "StatusText": "starting"}
    assert health(machine)["status"] == "starting"

    (rootfs / "up").touch()
    until_status(machine, "healthy")
    assert health(machine)["status"] == "healthy"
    assert health(machine)["failingStreak"] == 0
    (entry,) = health(machine)["log"]
    assert entry["exitCode"] == 0 and entry["output"] == "fine" and entry["start"] < entry["end"]

    (rootfs / "up").unlink()
    until_status(machine, "unhealthy: 2 checks failed, last: exit status 3")
    found = health(machine)
    assert found["status"] == "unhealthy" and found["failingStreak"] >= 2
    assert found["log"][0]["exitCode"] == 3 and found["log"][0]["output"] == "not up"
    assert machine.show("container@patient", "ActiveState") == "active"

    (rootfs / "up").touch()
    until_status(machine, "healthy")
    # only changes are logged
    assert [line for line in said(machine) if "health" in line] == [
        "Container 'patient' is healthy.",
        "Container 'patient' is unhealthy: 2 checks failed, last: exit status 3: not up",
        "Container 'patient' is healthy."]


def test_list_and_inspection_stay_valid(machine, container):
    """What the specification wants of a state is there as before."""
    container("HealthCmd=true\nHealthInterval=200ms")
    until_status(machine, "healthy")
    state = json.loads(machine.output("berth state patient"))
    assert state["status"] == "running" and state["id"] == "patient"
    (entry,) = json.loads(machine.output("berth list --format json"))
    assert entry["health"]["status"] == "healthy"


def test_no_checks_no_word(machine, container):
    container("HealthCmd=none\nHealthInterval=1s")
    assert machine.show("container@patient", "StatusText") == ""
    assert "health" not in json.loads(machine.output("berth state patient"))


@pytest.mark.parametrize("command", [
    '["CMD", "test", "a b", "=", "a\\u0020b"]',
    "CMD test 'a b' = \"a b\"",
    "CMD-SHELL true && true",
    "\"test 1 = 1\"",
])
def test_forms_of_a_command(machine, container, command):
    container(f"HealthCmd={command}\nHealthInterval=200ms")
    until_status(machine, "healthy")


def test_the_check_is_in_the_container(machine, container):
    """With its user, its name and its limits."""
    container("HealthCmd=echo $(hostname) $(id -u) $(cat /proc/self/oom_score_adj) $(cat /proc/self/cgroup)\n"
              "HealthInterval=200ms\nUser=1000")
    until_status(machine, "healthy")
    name, uid, oom, cgroup = health(machine)["log"][0]["output"].split(" ", 3)
    payload = machine.output("nsenter -t $(systemctl show -P MainPID container@patient) -p -m true;"
                             " cat /proc/$(berth state patient | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p')/oom_score_adj")
    assert (uid, oom) == ("1000", payload)
    assert name != machine.output("hostname")
    assert "0::" in cgroup


def test_the_status_of_the_payload_stays(machine, bundles, container):
    rootfs = container(f"HealthCmd={UP}\nHealthInterval=200ms\nHealthRetries=1", start="start",
                       args=["sh", "-c", "systemd-notify --status='12 clients'; until [ -e /go ]; do sleep 0.05; done;"
                             " systemd-notify --status='13 clients'; exec sleep 1000"])
    until_status(machine, "unhealthy: 1 check failed, last: exit status 1; 12 clients")
    (rootfs / "up").touch()
    until_status(machine, "healthy; 12 clients")
    (rootfs / "go").touch()
    until_status(machine, "healthy; 13 clients")


def test_ready_when_healthy(machine, container):
    """Neither the start of the payload nor its own word counts."""
    rootfs = container(f"HealthCmd={UP}\nHealthInterval=200ms\nHealthStartPeriod=1h\nNotify=healthy",
                       args=["sh", "-c", "systemd-notify --ready --status=mine; exec sleep 1000"], start="start --no-block")
    until_status(machine, "starting; mine")
    assert machine.show("container@patient", "ActiveState") == "activating"
    (rootfs / "up").touch()
    machine.run("systemctl start container@patient")
    assert machine.show("container@patient", "ActiveState") == "active"
    assert "ready" in json.loads(machine.output("berth state patient"))


def test_a_check_that_hangs(machine, container):
    """It is killed with everything that it started."""
    container("HealthCmd=sleep 4323 & setsid sleep 4323 & wait\nHealthInterval=200ms\nHealthTimeout=1s\nHealthRetries=1")
    until_status(machine, "unhealthy: 1 check failed, last: not finished within 1s")
    machine.run("systemctl stop container@patient")
    assert machine.run("pgrep -f '[s]leep 4323'", check=False).stdout == ""


def test_what_a_check_leaves_running(machine, container):
    """It does not pile up."""
    container("HealthCmd=setsid sleep 4324 >/dev/null 2>&1 </dev/null & echo x >>/count\nHealthInterval=100ms")
    machine.wait_until("test $(wc -l </var/lib/berth/patient/rootfs/count) -ge 5")
    assert int(machine.output("pgrep -cf '[s]leep 4324' || true")) <= 1


def test_a_check_that_says_much(machine, container):
    """It neither hangs nor fills anything."""
    container("HealthCmd=yes x | tr -cd x | head -c 1000000; false\nHealthInterval=200ms\nHealthRetries=1")
    until_status(machine, "unhealthy: 1 check failed, last: exit status 1")
    assert health(machine)["log"][0]["output"] == "x" * 500


def test_a_command_that_is_not_there(machine, container):
    container("HealthCmd=CMD /no/such/program\nHealthInterval=200ms\nHealthRetries=1")
    until_status(machine, "unhealthy: 1 check failed, last: exit status 255")
    assert "no such file or directory" in health(machine)["log"][0]["output"]


def test_paused(machine, container):
    """Nothing is checked, and the time does not count."""
    rootfs = container(f"HealthCmd=echo x >>/count; {UP}\nHealthInterval=200ms\nHealthTimeout=1s\nHealthRetries=1")
    (rootfs / "up").touch()
    until_status(machine, "healthy")
    machine.run("berth pause patient")
    count = machine.output("wc -l </var/lib/berth/patient/rootfs/count")
    machine.run("sleep 2.5")  # several intervals and timeouts, in which nothing is to happen
    assert machine.output("wc -l </var/lib/berth/patient/rootfs/count") == count
    assert machine.show("container@patient", "StatusText") == "healthy"
    machine.run("berth resume patient")
    machine.wait_until(f"test $(wc -l </var/lib/berth/patient/rootfs/count) -gt {count}")
    assert machine.show("container@patient", "StatusText") == "healthy"


def test_on_failure_kill(machine, container):
    rootfs = container(f"HealthCmd={UP}\nHealthInterval=200ms\nHealthRetries=1\nHealthOnFailure=kill\nHealthStartPeriod=1h",
                       start="start")
    (rootfs / "up").touch()
    until_status(machine, "healthy")
    (rootfs / "up").unlink()
    machine.wait_until("systemctl is-failed container@patient")
    assert machine.show("container@patient", "Result", "ExecMainStatus") == {"Result": "signal", "ExecMainStatus": "9"}
    assert "Container 'patient' is unhealthy: HealthOnFailure=kill" in said(machine)


def test_on_failure_stop(machine, container):
    """As after systemctl stop: with the stop signal, and no failure."""
    container(f"HealthCmd={UP}\nHealthInterval=200ms\nHealthRetries=1\nHealthOnFailure=stop",
              args=["sh", "-c", "trap 'echo asked to stop; exit 0' TERM; while :; do sleep 0.05; done"])
    machine.wait_until("test $(systemctl show -P ActiveState container@patient) = inactive")
    assert machine.show("container@patient", "Result") == "success"
    assert "asked to stop" in machine.journal("-u", "container@patient").splitlines()


@pytest.mark.parametrize("restart", ["no", "on-failure"])
def test_on_failure_restart(machine, container, restart):
    """Whatever Restart= says; the next one is as healthy as it is."""
    rootfs = container(f"HealthCmd={UP}\nHealthInterval=200ms\nHealthRetries=1\nHealthOnFailure=restart\nHealthStartPeriod=1h",
                       f"Restart={restart}")
    (rootfs / "up").touch()
    until_status(machine, "healthy")
    first = machine.show("container@patient", "InvocationID")
    (rootfs / "up").unlink()
    machine.wait_until("test $(systemctl show -P NRestarts container@patient) = 1")
    until_status(machine, "starting")
    assert machine.show("container@patient", "InvocationID", "ActiveState")["ActiveState"] == "active"
    assert machine.show("container@patient", "InvocationID") != first
    (rootfs / "up").touch()
    until_status(machine, "healthy")


def test_restart_of_a_payload_that_does_not_listen(machine, container):
    """It is killed after TimeoutStopSec=, and restarted."""
    rootfs = container(f"HealthCmd={UP}\nHealthInterval=200ms\nHealthRetries=1\nHealthOnFailure=restart\nHealthStartPeriod=1h",
                       "TimeoutStopSec=1", args=["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"])
    (rootfs / "up").touch()
    until_status(machine, "healthy")
    (rootfs / "up").unlink()
    machine.wait_until("test $(systemctl show -P NRestarts container@patient) = 1")
    assert "Container 'patient' has not ended in time: it is killed." in machine.journal("-u", "container@patient")


def test_stop_during_a_check(machine, container):
    rootfs = container("HealthCmd=touch /checking; sleep 4325\nHealthInterval=1s\nHealthOnFailure=restart\nHealthRetries=1")
    machine.wait_until("test -e /var/lib/berth/patient/rootfs/checking")
    machine.run("systemctl stop container@patient")
    assert machine.show("container@patient", "ActiveState", "Result", "NRestarts") == {
        "ActiveState": "inactive", "Result": "success", "NRestarts": "0"}
    assert machine.run("pgrep -f '[s]leep 4325'", check=False).stdout == ""
    assert rootfs.exists()


def test_the_next_supervisor_goes_on(machine, container):
    """What the last one found out still holds, and a check that it left does not stay."""
    rootfs = container(f"HealthCmd={UP} && echo x >>/count\nHealthInterval=200ms\nHealthRetries=1\nNotify=healthy",
                       start="start --no-block")
    (rootfs / "up").touch()
    machine.wait_until("systemctl is-active container@patient")
    supervisor, pid = (machine.show("container@patient", "MainPID"), json.loads(machine.output("berth state patient"))["pid"])
    machine.run(f"kill -KILL {supervisor}")
    machine.wait_until(f"test $(systemctl show -P MainPID container@patient) -gt 0 -a "
                       f"$(systemctl show -P MainPID container@patient) != {supervisor}")
    machine.wait_until("systemctl is-active container@patient")
    assert json.loads(machine.output("berth state patient"))["pid"] == pid
    until_status(machine, "healthy")
    count = machine.output("wc -l </var/lib/berth/patient/rootfs/count")
    machine.wait_until(f"test $(wc -l </var/lib/berth/patient/rootfs/count) -gt {count}")
    (rootfs / "up").unlink()
    until_status(machine, "unhealthy: 1 check failed, last: exit status 1")


def test_errors_are_told(machine, bundles, declare):
    bundles.make("patient")
    declare("/etc/berth/patient.container",
            "[Container]\nBundle=/var/lib/berth/patient\nHealthInterval=often\nHealthLogDestination=x\n")
    assert machine.run("systemctl start container@patient", check=False).returncode != 0
    log = machine.journal("-u", "container@patient")
    assert "patient.container:3: HealthInterval=often: expected a length of time, such as 30s or 1min 30s" in log
    assert "patient.container:4: key 'HealthLogDestination' is not possible in section [Container]" in log
