# SPDX-License-Identifier: LGPL-2.1-or-later
"""The supervisor dies and the container goes on: the next one takes it over. And the other way round: what has to end, ends."""

import random
import re

import pytest

UNIT = "container@{}"

# Holds the unit between two supervisors until /tmp/go exists.
GATE = "[Service]\nExecStopPost=sh -c 'until [ -e /tmp/go ]; do sleep 0.02; done'\n"
HELD = "grep -x sh /proc/$(systemctl show -P ControlPID {})/comm"

# Counts, and does what it is told by files.
COUNTER = ["sh", "-c", "trap 'echo trapped; exit 7' TERM; i=0;"
           " while [ ! -e /end ]; do i=$((i+1)); echo count $i; usleep 5000; done; exit 3"]


def supervisor(machine, unit):
    return int(machine.show(unit, "MainPID"))


def payload(machine, name):
    return int(machine.output(f"berth state {name} | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'"))


def wait_for_another(machine, unit, old):
    """Wait until the unit is active with another supervisor than that one; returns it."""
    machine.wait_until(f"p=$(systemctl show -P MainPID {unit}) && test $p != 0 && test $p != {old} && systemctl is-active {unit}")
    return supervisor(machine, unit)


def kill_supervisor(machine, unit, signal="KILL"):
    """Kills it and waits for the next one."""
    old = supervisor(machine, unit)
    machine.run(f"kill -{signal} {old}")
    return wait_for_another(machine, unit, old)


def check_counts(machine, unit):
    """That no line of the last container is missing from the journal and none is there twice."""
    counts = [int(n) for n in re.findall(r"^count (\d+)$", machine.journal("-u", unit), re.MULTILINE)]
    counts = counts[len(counts) - 1 - counts[::-1].index(1):]
    assert counts == list(range(1, len(counts) + 1))
    return len(counts)


@pytest.fixture
def counter(machine, bundles):
    bundles.make("counter", COUNTER)
    machine.run("systemctl start container@counter")
    machine.wait_until("berth state counter | grep running")
    return "container@counter"


@pytest.fixture
def gate(machine, declare):
    """gate(name): hold the unit between two supervisors until the function that this returns is called."""
    machine.run("rm -f /tmp/go")

    def make(name):
        declare(f"/run/systemd/system/container@{name}.service.d/gate.conf", GATE)
        return lambda: machine.run("touch /tmp/go")
    yield make
    machine.run("touch /tmp/go")


def lose_supervisor(machine, name):
    """Kill it with the gate closed."""
    machine.run(f"kill -KILL {supervisor(machine, UNIT.format(name))}")
    machine.wait_until(HELD.format(UNIT.format(name)))


# ---- the container goes on

@pytest.mark.parametrize("signal", ["KILL", "SEGV", "BUS"])
def test_the_container_runs_on(machine, counter, declare, signal):
    declare("/run/systemd/system/alarm.service", "[Service]\nType=oneshot\nExecStart=touch /tmp/alarm\n")
    declare("/run/systemd/system/container@counter.service.d/alarm.conf", "[Unit]\nOnFailure=alarm.service\n")
    pid, scope = payload(machine, "counter"), machine.show("berth-counter.scope", "InvocationID")
    kill_supervisor(machine, counter, signal)
    assert payload(machine, "counter") == pid
    assert machine.show("berth-counter.scope", "InvocationID") == scope
    assert machine.show(counter, "ActiveState", "Result") == {"ActiveState": "active", "Result": "success"}
    assert machine.run("test -e /tmp/alarm", check=False).returncode == 1, "OnFailure= was triggered"
    assert check_counts(machine, counter) > 3


def test_no_line_is_lost(machine, counter):
    """Neither is one attributed to somebody else."""
    for _ in range(5):
        kill_supervisor(machine, counter)
    n = check_counts(machine, counter)
    machine.wait_until(f"journalctl -u {counter} -o cat | grep -x 'count {n + 20}'")
    check_counts(machine, counter)
    assert machine.output(f"journalctl -u {counter} -o cat SYSLOG_IDENTIFIER=berth | grep -c count || true") == "0"


def test_lines_written_in_between(machine, gate, bundles):
    bundles.make("writer", ["sh", "-c", "until [ -e /say ]; do sleep 0.02; done; echo said; echo wrong >&2; touch /done; exec sleep 1000"])
    go = gate("writer")
    machine.run("systemctl start container@writer")
    lose_supervisor(machine, "writer")
    (bundles.directory("writer") / "rootfs/say").touch()
    machine.wait_until("test -e /var/lib/berth/writer/rootfs/done")
    assert "said" not in machine.journal("-u", "container@writer").splitlines()
    go()
    machine.wait_until("journalctl -u container@writer -o cat | grep -x said")
    machine.wait_until("journalctl -u container@writer -o cat PRIORITY=3 SYSLOG_IDENTIFIER=writer | grep -x wrong")


def test_sockets_stay(machine, bundles, declare, gate):
    """Clients are served by the payload while there is no supervisor, and afterwards."""
    def share_network(config):
        config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "network"]
    connect = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/4011; head -n 1 <&3'"
    bundles.make("server", ["payload", "serve"], share_network)
    declare("/run/systemd/system/server.socket", "[Socket]\nListenStream=127.0.0.1:4011\nService=container@server.service\n")
    go = gate("server")
    machine.run("systemctl start server.socket")
    assert machine.output(connect) == "server.socket"
    pid = payload(machine, "server")
    lose_supervisor(machine, "server")
    assert machine.output(connect) == "server.socket"
    go()
    wait_for_another(machine, "container@server", 0)
    assert machine.output(connect) == "server.socket"
    assert payload(machine, "server") == pid
    assert machine.show("server.socket", "ActiveState") == "active"


def test_notifications_go_on(machine, bundles, declare):
    bundles.make("talker", ["sh", "-c", "systemd-notify --ready --status=one; until [ -e /go ]; do sleep 0.02; done;"
                            " systemd-notify --status=two; exec sleep 1000"])
    declare("/etc/berth/talker.container", "[Container]\nBundle=/var/lib/berth/talker\nNotify=ready\n")
    machine.run("systemctl start container@talker")
    kill_supervisor(machine, "container@talker")
    (bundles.directory("talker") / "rootfs/go").touch()
    machine.wait_until("systemctl show -P StatusText container@talker | grep -x two")


def test_the_main_process_stays_known(machine, bundles):
    """The one that the payload has named before (MAINPID=) gets the stop signal."""
    bundles.make("named", ["sh", "-c", "sh -c 'trap \"echo main; exit\" TERM; systemd-notify MAINPID=$$; touch /named; while :; do usleep 20000; done' &"
                           " trap 'echo init; exit' TERM; wait; wait"])
    machine.run("systemctl start container@named")
    machine.wait_until("test -e /run/berth-unit/named/main")
    kill_supervisor(machine, "container@named")
    machine.run("systemctl stop container@named")
    said = machine.journal("-u", "container@named").splitlines()
    assert "main" in said


def test_the_watchdog_goes_on(machine, bundles, declare):
    bundles.make("dog", ["sh", "-c", "while [ ! -e /go ]; do systemd-notify WATCHDOG=1; usleep 100000; done; exec sleep 1000"])
    declare("/run/systemd/system/container@dog.service.d/watchdog.conf", "[Service]\nWatchdogSec=1\n")
    machine.run("systemctl start container@dog")
    kill_supervisor(machine, "container@dog")
    (bundles.directory("dog") / "rootfs/go").touch()
    machine.wait_until("systemctl is-failed container@dog")
    assert machine.show("container@dog", "Result") == "watchdog"


def test_a_paused_container(machine, counter):
    machine.run("berth pause counter")
    kill_supervisor(machine, counter)
    assert '"paused"' in machine.output("berth state counter")
    machine.run("berth resume counter")


def test_output_that_is_a_file(machine, bundles, declare):
    bundles.make("filed", COUNTER)
    declare("/run/systemd/system/container@filed.service.d/file.conf", "[Service]\nStandardOutput=append:/tmp/filed.log\n")
    machine.run("rm -f /tmp/filed.log; systemctl start container@filed")
    kill_supervisor(machine, "container@filed")
    n = int(machine.output("wc -l </tmp/filed.log"))
    machine.wait_until(f"grep -x 'count {n + 20}' /tmp/filed.log")


# ---- the end of a container that was taken over

def test_stop_of_an_adopted_container(machine, counter):
    """It gets its stop signal, and its exit status is the unit's."""
    kill_supervisor(machine, counter)
    machine.run(f"systemctl stop {counter}")
    assert machine.show(counter, "ActiveState", "ExecMainStatus") == {"ActiveState": "failed", "ExecMainStatus": "7"}
    assert "trapped" in machine.journal("-u", counter).splitlines()


def test_exit_status_of_an_adopted_container(machine, counter, bundles):
    kill_supervisor(machine, counter)
    (bundles.directory("counter") / "rootfs/end").touch()
    machine.wait_until(f"systemctl is-failed {counter}")
    assert machine.show(counter, "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "3"}


def test_fatal_signal_of_an_adopted_container(machine, counter):
    kill_supervisor(machine, counter)
    machine.run("berth kill counter KILL")
    machine.wait_until(f"systemctl is-failed {counter}")
    assert machine.show(counter, "Result", "ExecMainStatus") == {"Result": "signal", "ExecMainStatus": "9"}


def test_it_ended_while_nobody_watched(machine, bundles, gate):
    bundles.make("alone", ["sh", "-c", "echo begun; until [ -e /end ]; do sleep 0.02; done"])
    go = gate("alone")
    machine.run("systemctl start container@alone")
    pid = payload(machine, "alone")
    lose_supervisor(machine, "alone")
    (bundles.directory("alone") / "rootfs/end").touch()
    machine.wait_until(f"test ! -e /proc/{pid}")
    go()
    machine.wait_until("systemctl is-failed container@alone")
    assert machine.show("container@alone", "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "255"}
    assert "ended while nobody watched" in machine.journal("-u", "container@alone")


# ---- supervisors that die at other times

def test_killed_before_ready(machine, bundles, declare):
    bundles.make("slow", ["sh", "-c", "until [ -e /go ]; do sleep 0.02; done; systemd-notify --ready; exec sleep 1000"])
    declare("/etc/berth/slow.container", "[Container]\nBundle=/var/lib/berth/slow\nNotify=ready\n")
    machine.run("systemctl start --no-block container@slow")
    machine.wait_until("berth state slow | grep running")
    pid, old = payload(machine, "slow"), supervisor(machine, "container@slow")
    machine.run(f"kill -KILL {old}")
    machine.wait_until(f"p=$(systemctl show -P MainPID container@slow) && test $p != 0 && test $p != {old}")
    assert machine.show("container@slow", "ActiveState") == "activating"
    (bundles.directory("slow") / "rootfs/go").touch()
    machine.wait_until("systemctl is-active container@slow")
    assert payload(machine, "slow") == pid


def test_killed_while_creating(machine, bundles):
    """There is nothing to keep yet."""
    def edit(config):
        config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "1007"]}]}
    bundles.make("early", ["sleep", "1000"], edit)
    machine.run("systemctl start --no-block container@early")
    machine.wait_until("pgrep -fx 'sleep 1007'")
    machine.run(f"kill -KILL {supervisor(machine, 'container@early')}")
    machine.wait_until("systemctl is-failed container@early && ! pgrep -fx 'sleep 1007'")
    assert machine.output("berth list -q; ls /run/berth-unit") == ""


def test_killed_while_stopping(machine, bundles):
    """Who asked for a stop gets it."""
    bundles.make("stubborn", ["sh", "-c", "trap 'touch /asked' TERM; touch /up; while :; do usleep 20000; done"])
    root = bundles.directory("stubborn") / "rootfs"
    machine.run("systemctl start container@stubborn")
    machine.wait_until("test -e /var/lib/berth/stubborn/rootfs/up")
    machine.run("systemctl stop --no-block container@stubborn")
    machine.wait_until("test -e /var/lib/berth/stubborn/rootfs/asked")
    assert (root / "asked").exists()
    machine.run(f"kill -KILL {supervisor(machine, 'container@stubborn')}")
    machine.wait_until("test \"$(systemctl is-active container@stubborn)\" = failed")
    assert machine.output("berth list -q; ls /run/berth-unit") == ""


def test_killed_when_told_to_stop_by_signal(machine, bundles):
    """Also without a job: SIGTERM to the supervisor asks for the end as well."""
    bundles.make("stubborn", ["sh", "-c", "trap 'touch /asked' TERM; touch /up; while :; do usleep 20000; done"])
    machine.run("systemctl start container@stubborn")
    machine.wait_until("test -e /var/lib/berth/stubborn/rootfs/up")
    pid = supervisor(machine, "container@stubborn")
    machine.run(f"kill -TERM {pid}")
    machine.wait_until("test -e /var/lib/berth/stubborn/rootfs/asked")
    machine.run(f"kill -KILL {pid}")
    machine.wait_until("systemctl is-failed container@stubborn")
    assert machine.output("berth list -q") == ""


@pytest.mark.parametrize("then", ["start", "delete"])
def test_prepare_killed_as_well(machine, counter, declare, then):
    """Nobody is left who could decide: the next start takes the container over, and delete --force removes it."""
    declare("/run/systemd/system/container@counter.service.d/killed.conf",
            "[Service]\nExecStopPost=\nExecStopPost=sh -c 'kill -KILL $$$$'\n")
    pid = payload(machine, "counter")
    machine.run(f"kill -KILL {supervisor(machine, counter)}")
    machine.wait_until(f"systemctl is-failed {counter}")
    machine.run("rm /run/systemd/system/container@counter.service.d/killed.conf; systemctl daemon-reload")
    if then == "delete":
        machine.run("berth delete --force counter")
    machine.run(f"systemctl start {counter}")
    assert (payload(machine, "counter") == pid) == (then == "start")
    machine.run("touch /run/systemd/system/container@counter.service.d/killed.conf")


def test_killed_again_at_once(machine, counter):
    """Each new supervisor, as soon as it is there: in whatever it is doing."""
    pid = payload(machine, "counter")
    machine.run(f"""
        n=0 last=0
        until [ $n = 20 ]; do
                p=$(systemctl show -P MainPID {counter})
                if [ $p != 0 ] && [ $p != $last ]; then
                        kill -KILL $p 2>/dev/null && n=$((n+1)) last=$p
                fi
        done""")
    wait_for_another(machine, counter, 0)
    assert payload(machine, "counter") == pid


def test_start_limit(machine, counter, declare):
    """It is for services that fail. A supervisor that was killed did not."""
    declare("/run/systemd/system/container@counter.service.d/limit.conf", "[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=1h\n")
    pid = payload(machine, "counter")
    for _ in range(4):
        kill_supervisor(machine, counter)
    assert payload(machine, "counter") == pid


def test_crashes_have_a_limit(machine, counter):
    """A supervisor that dies of itself each time is not tried for ever."""
    pid = payload(machine, "counter")
    for _ in range(5):
        kill_supervisor(machine, counter, "SEGV")
    assert payload(machine, "counter") == pid
    machine.run(f"kill -SEGV {supervisor(machine, counter)}")
    machine.wait_until(f"systemctl is-failed {counter}")
    assert "crash again and again" in machine.journal("-u", counter)
    assert machine.output("berth list -q") == ""


# ---- what others do meanwhile

@pytest.mark.parametrize("command", ["stop", "kill-and-stop"])
def test_stop_when_the_start_is_queued(machine, counter, gate, command):
    """A stop wins over the next supervisor whenever it comes, and leaves nothing behind."""
    if command == "kill-and-stop":
        for _ in range(10):
            machine.run(f"kill -KILL {supervisor(machine, counter)}; systemctl stop {counter}")
            machine.wait_until("test -z \"$(berth list -q)\" && test ! -e /run/berth-unit/counter")
            machine.run(f"systemctl reset-failed {counter}; systemctl start {counter}")
        return
    go = gate("counter")
    lose_supervisor(machine, "counter")
    machine.run(f"systemctl stop --no-block {counter}")
    go()
    machine.wait_until("test -z \"$(berth list -q)\" && test ! -e /run/berth-unit/counter")
    assert machine.show(counter, "ActiveState") in ("inactive", "failed")


def test_systemd_does_not_start_it(machine, counter, declare, gate):
    """As when a condition does not hold any more."""
    machine.run("touch /tmp/condition")
    declare("/run/systemd/system/container@counter.service.d/condition.conf", "[Unit]\nConditionPathExists=/tmp/condition\n")
    go = gate("counter")
    lose_supervisor(machine, "counter")
    machine.run("rm /tmp/condition")
    go()
    machine.wait_until("test -z \"$(berth list -q)\" && test ! -e /run/berth-unit/counter")
    assert "No new supervisor comes" in machine.journal("-u", "container-rebirth-counter-*")


def test_restart_is_a_new_container(machine, counter):
    kill_supervisor(machine, counter)
    pid = payload(machine, "counter")
    machine.run(f"systemctl restart {counter}")
    assert payload(machine, "counter") != pid
    assert machine.show(counter, "ActiveState") == "active"


def test_a_failed_restart_leaves_none(machine, bundles):
    bundles.make("broken", ["sleep", "1000"])
    machine.run("systemctl start container@broken")
    kill_supervisor(machine, "container@broken")
    (bundles.directory("broken") / "config.json").write_text("{")
    assert machine.run("systemctl restart container@broken", check=False).returncode != 0
    assert machine.output("berth list -q; ls /run/berth-unit") == ""


def test_another_configuration_waits_for_the_restart(machine, bundles):
    bundles.make("edited", ["sleep", "1000"])
    machine.run("systemctl start container@edited")
    pid = payload(machine, "edited")
    (bundles.directory("edited") / "config.json").write_text("{")
    kill_supervisor(machine, "container@edited")
    assert payload(machine, "edited") == pid


@pytest.mark.parametrize("command", ["daemon-reload", "daemon-reexec"])
def test_systemd_begins_anew(machine, counter, command):
    before = supervisor(machine, counter), payload(machine, "counter")
    machine.run(f"systemctl {command}")
    assert (supervisor(machine, counter), payload(machine, "counter")) == before
    assert machine.show(counter, "ActiveState") == "active"
    kill_supervisor(machine, counter)
    assert payload(machine, "counter") == before[1]


def test_killed_while_systemd_executes_itself(machine, counter):
    pid, old = payload(machine, "counter"), supervisor(machine, counter)
    for _ in range(3):
        machine.run(f"kill -KILL {old} & systemctl daemon-reexec")
        old = wait_for_another(machine, counter, old)
    assert payload(machine, "counter") == pid


@pytest.mark.parametrize("restart", ["always", "on-failure"])
def test_restart_of_the_unit(machine, counter, declare, restart):
    """Restart= is for the container. Neither does the next supervisor wait for RestartSec=, nor are dependents stopped."""
    declare(f"/run/systemd/system/container@counter.service.d/restart.conf", f"[Service]\nRestart={restart}\nRestartSec=1h\n")
    declare("/run/systemd/system/follower.service", f"[Unit]\nRequires={counter}.service\nAfter={counter}.service\n[Service]\nExecStart=sleep 1000\n")
    machine.run("systemctl start follower")
    pid, follower = payload(machine, "counter"), supervisor(machine, "follower")
    kill_supervisor(machine, counter)
    assert payload(machine, "counter") == pid
    assert supervisor(machine, "follower") == follower
    machine.run("systemctl stop follower")
    # and it still does what it is for
    machine.run("berth kill counter KILL")
    machine.wait_until(f"test $(systemctl show -P SubState {counter}) = auto-restart")


# ---- berth adopt

def test_adopt(machine, bundles):
    for name in ("one", "two", "three"):
        bundles.make(name, COUNTER)
        machine.run(f"systemctl start container@{name}")
    before = {name: (supervisor(machine, f"container@{name}"), payload(machine, name)) for name in ("one", "two", "three")}
    said = machine.output("berth adopt --all")
    for name, (old, pid) in before.items():
        new = supervisor(machine, f"container@{name}")
        assert new not in (0, old)
        assert payload(machine, name) == pid
        assert f"{name}: process {new} has taken over from {old}" in said.splitlines()
        check_counts(machine, f"container@{name}")
    two = supervisor(machine, "container@two")
    machine.run("berth adopt one three")
    assert supervisor(machine, "container@two") == two
    assert supervisor(machine, "container@one") not in (0, before["one"][0])


@pytest.mark.parametrize("command", ["berth adopt prompt", "kill -KILL $(systemctl show -P MainPID container@prompt)"], ids=["adopt", "kill"])
def test_a_line_that_is_not_complete(machine, bundles, command):
    bundles.make("prompt", ["sh", "-c", "printf half; touch /half; until [ -e /go ]; do sleep 0.02; done; echo whole; exec sleep 1000"])
    machine.run("systemctl start container@prompt")
    machine.wait_until("test -e /var/lib/berth/prompt/rootfs/half")
    old = supervisor(machine, "container@prompt")
    machine.run(command)
    wait_for_another(machine, "container@prompt", old)
    (bundles.directory("prompt") / "rootfs/go").touch()
    machine.wait_until("journalctl -u container@prompt -o cat | grep -x halfwhole")


def test_adopt_of_nothing(machine, bundles, runtime):
    assert machine.output("berth adopt --all") == ""
    assert "no unit runs a container of that name: none" in machine.run("berth adopt none", check=False).stderr
    assert machine.run("berth adopt", check=False).returncode == 1
    assert machine.run("berth adopt --all none", check=False).returncode == 1


# ---- units of other kinds

def test_adhoc_container(machine, bundles):
    bundle = bundles.make("adhoc", ["sleep", "1000"])
    machine.run(f"berth-run --unit=rebirth-adhoc --rootfs {bundle}/rootfs -- sleep 1000")
    pid = payload(machine, "rebirth-adhoc")
    kill_supervisor(machine, "rebirth-adhoc")
    machine.run("berth adopt rebirth-adhoc")
    assert payload(machine, "rebirth-adhoc") == pid
    machine.run("systemctl stop rebirth-adhoc")


def test_adhoc_container_that_is_waited_for(machine, bundles):
    """Who waits is told that it was killed, and that is the end."""
    bundle = bundles.make("adhoc", ["sleep", "1000"])
    said = machine.output(f"berth-run --wait --quiet --unit=rebirth-waited --rootfs {bundle}/rootfs -- sleep 1000 >/tmp/waited 2>&1 & "
                          "until berth state rebirth-waited 2>&1 | grep -q running; do sleep 0.02; done;"
                          "kill -KILL $(systemctl show -P MainPID rebirth-waited); wait $!; echo $?")
    assert said == "137"
    assert machine.output("berth list -q") == ""


def test_for_a_user(machine, user, bundle_template):
    user.run("mkdir -p mine .config/berth")
    machine.run(f"cp -a /bin/busybox {user.home}/mine/busybox")
    home = user.home
    user.run(f"mkdir -p {home}/mine/rootfs/bin {home}/mine/rootfs/proc {home}/mine/rootfs/dev {home}/mine/rootfs/sys {home}/mine/rootfs/tmp {home}/mine/rootfs/run"
             f" && cp /bin/busybox {home}/mine/rootfs/bin && ln -sf busybox {home}/mine/rootfs/bin/sh")
    user.run("cat >.config/berth/mine.container <<'END'\n"
             f"[Container]\nRootfs={home}/mine/rootfs\nExec=sh -c \"trap 'exit 7' TERM; while :; do busybox usleep 10000; done\"\nEND")
    user.run("systemctl --user daemon-reload; systemctl --user start container@mine")
    pid = user.output("berth state mine | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'")
    old = user.output("systemctl --user show -P MainPID container@mine")
    user.run(f"kill -KILL {old}; until p=$(systemctl --user show -P MainPID container@mine) && test $p != 0 && test $p != {old}"
             " && systemctl --user is-active container@mine; do sleep 0.05; done")
    user.run("berth adopt --all")
    assert user.output("berth state mine | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'") == pid
    user.run("systemctl --user stop container@mine")
    assert user.output("systemctl --user show -P ExecMainStatus container@mine; berth list -q") == "7"
    user.run("systemctl --user reset-failed; rm -r mine .config/berth/mine.container; systemctl --user daemon-reload")


# ---- and all of it

def test_a_hundred_supervisors_killed(machine, bundles):
    names = [f"many-{i}" for i in range(4)]
    for name in names:
        bundles.make(name, COUNTER)
        machine.run(f"systemctl start container@{name}")
    pids = {name: payload(machine, name) for name in names}
    seed = random.randrange(1 << 15)
    print(f"seed {seed}")
    machine.run(f"""
        RANDOM={seed}
        n=0
        until [ $n = 100 ]; do
                p=$(systemctl show -P MainPID container@many-$((RANDOM % 4)))
                [ "$p" != 0 ] && kill -KILL $p 2>/dev/null && n=$((n+1))
                sleep 0.0$((RANDOM % 10))
        done""".replace("RANDOM % ", "(RANDOM = (RANDOM * 75 + 74) % 65537) % "), timeout=120)
    for name in names:
        wait_for_another(machine, f"container@{name}", 0)
    assert {name: payload(machine, name) for name in names} == pids
    for name in names:
        check_counts(machine, f"container@{name}")
        assert int(machine.output(f"ls /proc/{supervisor(machine, f'container@{name}')}/fd | wc -l")) < 24
    machine.wait_until("test -z \"$(systemctl list-units --all --plain --no-legend 'container-rebirth-*')\"")
