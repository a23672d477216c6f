# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run --scope: a container in its caller's context."""

import pytest

from adhoc import ROOTFS, UNIT, Adhoc
from users import UserBundles

SCOPE = f"{UNIT}.scope"


@pytest.fixture
def adhoc(machine, bundles):
    adhoc = Adhoc(machine, bundles)
    yield adhoc
    adhoc.clean()


@pytest.fixture
def background(machine, adhoc):
    """background(options, command): let berth-run --scope stay with a container while the test looks."""
    def start(options, command, prefix=""):
        words = f"{prefix} berth-run --scope --unit={UNIT} {options} --rootfs={ROOTFS} -- {command}"
        machine.run(f"systemd-run --quiet --collect --unit=adhoc-caller -p KillMode=process sh -c '{words}; echo $? >/run/adhoc-status'")
        machine.wait_until(f"systemctl is-active {SCOPE} && berth state {UNIT} | grep running")

    yield start
    machine.run("systemctl stop --quiet adhoc-caller; rm -f /run/adhoc-status", check=False)


def status_of_background(machine):
    machine.wait_until("test -s /run/adhoc-status")
    return int(machine.output("cat /run/adhoc-status"))


def nothing_is_left(machine):
    # systemd sees a moment later that a scope has no processes
    machine.wait_until(f"test -z \"$(systemctl list-units --all --no-legend '{UNIT}*' 'berth-run-*')\"")
    return machine.output("ls -d /run/berth/* /run/berth-unit/* 2>/dev/null", check=False) == ""


def test_stdio_and_status_are_the_callers(machine, adhoc):
    done = adhoc(f"--scope --unit={UNIT}", "sh", "-c", "cat; echo to stderr >&2; exit 4", stdin="from stdin\n")
    assert (done.returncode, done.stdout) == (4, "from stdin\n")
    assert done.stderr == f"Running scope as unit: {SCOPE}\nto stderr\n"
    assert nothing_is_left(machine)


def test_quiet_and_without_a_name(machine, adhoc):
    done = adhoc("--scope --quiet", "true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "Running scope as unit: berth-run-r" in adhoc("--scope", "true").stderr
    assert nothing_is_left(machine)


def test_signal_is_128_plus_n(adhoc):
    assert adhoc("--scope --quiet", "payload", "crash").returncode == 128 + 11


def test_environment_is_the_containers(machine, adhoc):
    words = f"HERE=caller berth-run --scope --quiet -E GIVEN=yes --rootfs={ROOTFS} -- env"
    lines = machine.output(words).splitlines()
    assert "GIVEN=yes" in lines
    assert not any(line.startswith(("HERE=", "BERTH_DECLARATION=")) for line in lines)


def test_settings_reach_the_payload(machine, adhoc):
    machine.run("mkdir -p /srv/here && echo file >/srv/here/file")
    words = f"cd /srv/here && berth-run --scope --quiet -d --uid=nobody --nice=5 --network=none --rootfs={ROOTFS} --"
    script = "pwd; cat file; id -u; cut -d ' ' -f 19 /proc/self/stat; ls /sys/class/net"
    assert machine.run(f'{words} sh -c "{script}"').stdout == "/srv/here\nfile\n65534\n5\nlo\n"
    machine.run("rm -r /srv/here")


def test_properties_are_those_of_the_scope(machine, adhoc, background):
    background("-p MemoryMax=64M -p TasksMax=9 -p CPUQuota=50% -p OOMPolicy=kill --description=mine --slice=adhoc", "sleep 1000")
    assert adhoc.show("MemoryMax", "TasksMax", "CPUQuotaPerSecUSec", "OOMPolicy", "Description", "Slice", unit=SCOPE) == \
        {"MemoryMax": str(64 << 20), "TasksMax": "9", "CPUQuotaPerSecUSec": "500ms", "OOMPolicy": "kill", "Description": "mine",
         "Slice": "adhoc.slice"}
    processes = machine.output(f"cat /sys/fs/cgroup/adhoc.slice/{SCOPE}/cgroup.procs | xargs -n 1 ps -o comm= -p")
    assert processes == "sleep"
    machine.run(f"berth kill {UNIT} KILL")
    assert status_of_background(machine) == 137
    assert nothing_is_left(machine)


@pytest.mark.parametrize("options, expected", [
    ("", "machine.slice"),
    ("--slice-inherit", "adhoc-own.slice"),
    ("--slice-inherit --slice=sub", "adhoc-own-sub.slice"),
])
def test_slice(machine, adhoc, background, options, expected):
    background(options, "sleep 1000", prefix="systemd-run --quiet --scope --slice=adhoc-own")
    assert adhoc.show("Slice", unit=SCOPE) == expected
    machine.run(f"berth kill {UNIT} KILL")
    assert status_of_background(machine) == 137


def test_signals_go_to_the_payload(machine, adhoc, background):
    background("--quiet", 'sh -c "trap \\"exit 9\\" TERM; while :; do sleep 0.05; done"')
    machine.run("pkill -TERM -x berth-run")
    assert status_of_background(machine) == 9
    assert nothing_is_left(machine)


def test_stop_of_the_scope_ends_it(machine, adhoc, background):
    background("--quiet", 'sh -c "trap \\"exit 9\\" TERM; while :; do sleep 0.05; done"')
    machine.run(f"systemctl stop {SCOPE}")
    assert status_of_background(machine) == 9
    assert nothing_is_left(machine)


def test_name_in_use(machine, adhoc, background):
    background("--quiet", "sleep 1000")
    done = adhoc(f"--scope --unit={UNIT}", "true")
    assert done.returncode != 0
    assert "is running already" in done.stderr
    assert machine.output(f"berth state {UNIT} | grep -c running") == "1"
    machine.run(f"berth kill {UNIT} KILL")
    assert status_of_background(machine) == 137


def test_bundle(machine, bundles, adhoc):
    bundles.make("whole", ["sh", "-c", "echo from the bundle; exit 3"])
    done = adhoc("--scope --quiet", source="--bundle=/var/lib/berth/whole")
    assert (done.returncode, done.stdout) == (3, "from the bundle\n")


@pytest.mark.parametrize("program, status", [("/no/such/program", 127), ("no-such-program", 127), ("/etc/passwd", 126)])
def test_payload_that_cannot_be_executed(machine, adhoc, program, status):
    done = adhoc(f"--scope --quiet --unit={UNIT}", program)
    assert done.returncode == status
    assert program in done.stderr
    assert nothing_is_left(machine)


def test_user(user, bundles, adhoc):
    made = UserBundles(user, bundles.template, "berth")
    rootfs = made.make("adhoc", ["true"]) + "/rootfs"
    try:
        words = f"berth-run --scope --quiet -p MemoryMax=64M --rootfs {rootfs} -- sh -c"
        script = "id -u; exit 5"
        done = user.run(f'{words} "{script}"', check=False)
        assert (done.returncode, done.stdout) == (5, "0\n"), done.stderr
    finally:
        made.remove()


@pytest.mark.parametrize("options, message", [
    ("-p Restart=always", "--property=Restart=always: a scope has no 'Restart'"),
    ("-p Nice=5", "--property=Nice=5: a scope has no 'Nice'"),
    ("-p MemoryMax=lots", "--property=MemoryMax=lots: expected bytes, such as 64M"),
    ("-p OOMPolicy=nonsense", "OOMPolicy"),
    ("--remain-after-exit", "--scope and --remain-after-exit exclude each other"),
    ("--service-type=notify", "--scope and --service-type= exclude each other"),
    ("--pty", "--scope and --pty exclude each other"),
    ("--no-block", "--scope and --no-block exclude each other"),
    ("--on-active=1", "--scope and --on-active= exclude each other"),
    ("--listen=80", "--scope and --listen= exclude each other"),
    ("--uid=nobody-there", "nobody-there"),
    ("--unit=a/b", "--unit=a/b: this cannot be the name of a container"),
])
def test_what_is_refused(machine, adhoc, options, message):
    done = adhoc(f"--scope --unit={UNIT} {options}", "true")
    assert done.returncode == 125
    assert message in done.stderr
    assert nothing_is_left(machine)
