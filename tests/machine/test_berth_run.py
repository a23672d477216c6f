# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run: a container from a command line, as a transient unit with systemd-run's manners."""

import shlex

import pytest

ROOTFS = "/var/lib/berth/adhoc/rootfs"


@pytest.fixture
def berth_run(machine, bundles):
    """berth_run(options, command): run it in the machine; units that failed are forgotten at the end."""
    bundles.make("adhoc")

    def run(options, *command, **kwargs):
        words = ["berth-run", *shlex.split(options), "--rootfs", ROOTFS, "--", *command]
        return machine.run(words, check=False, **kwargs)

    yield run
    machine.run("systemctl stop --quiet 'berth-run-*.service' adhoc-test.service; systemctl reset-failed", check=False)


def test_wait_gives_status_and_summary(berth_run):
    done = berth_run("--wait", "sh", "-c", "exit 7")
    assert done.returncode == 7
    assert "Running as unit: berth-run-r" in done.stderr
    assert "Finished with result: exit-code" in done.stderr
    assert "Service runtime:" in done.stderr


def test_success(berth_run):
    assert berth_run("--wait --quiet", "true").returncode == 0


def test_output_goes_to_the_journal(machine, berth_run):
    assert berth_run("--wait --unit=adhoc-test", "echo", "hello journal").returncode == 0
    assert "hello journal" in machine.journal("-u", "adhoc-test")


def test_signal_is_128_plus_n(machine, berth_run):
    machine.run("systemd-run --quiet --collect sh -c 'until systemctl is-active adhoc-test.service && systemctl kill"
                " --signal=KILL berth-adhoc-test.scope; do sleep 0.1; done'")
    # a status of 137 would say that the time limit of the machine's command was hit
    assert machine.output(f"berth-run --wait --collect --quiet -u adhoc-test --rootfs {ROOTFS} sleep 1000; echo $?") == "137"
    assert machine.show("adhoc-test", "LoadState") == "not-found"


def test_core_dump_is_128_plus_n(berth_run):
    assert berth_run("--pipe", "payload", "crash").returncode == 128 + 11


def test_failed_unit_stays_without_collect(machine, berth_run):
    berth_run("--wait --unit=adhoc-test", "false")
    assert machine.show("adhoc-test", "ActiveState", "ExecMainStatus") == \
        {"ActiveState": "failed", "ExecMainStatus": "1"}


def test_pipe_passes_stdio_through(berth_run):
    done = berth_run("--pipe --quiet", "sh", "-c", "cat; echo to stderr >&2; exit 4", stdin="from stdin\n")
    assert (done.returncode, done.stdout, done.stderr) == (4, "from stdin\n", "to stderr\n")


def test_arguments_are_literal(berth_run):
    words = ["$HOME", "${PATH}", "100%", "%i", "a\nb", 'quo"te', "back\\slash", " ", "end"]
    done = berth_run("--pipe --quiet", "sh", "-c", "for w; do echo \"<$w>\"; done", "sh", *words)
    assert done.stdout == "".join(f"<{word}>\n" for word in words)


def test_settings_reach_the_payload(machine, berth_run):
    done = berth_run("--pipe --quiet -E A='one two' -E LANG --uid=nobody --working-directory=/tmp --read-only",
                     "sh", "-c", 'echo "$A|$LANG|$(id -u):$(id -g)|$(pwd)"; touch /x || echo read-only')
    assert done.stdout == "one two|C.UTF-8|65534:65534|/tmp\nread-only\n"


def test_pty_is_a_terminal_in_the_container(machine, berth_run):
    """script(1) is the terminal that berth-run is called from."""
    command = f"berth-run --pty --quiet --collect --rootfs {ROOTFS} -- sh -c 'tty; stty size; exit 5'"
    done = machine.run(["script", "--quiet", "--return", "--command", f"stty rows 33 cols 77; {command}", "/dev/null"],
                       check=False)
    assert done.returncode == 5, done.stdout
    assert "/dev/pts/0" in done.stdout
    assert "33 77" in done.stdout


def test_pty_has_job_control(machine, berth_run):
    """^C reaches the foreground job of the shell in the container, and only that."""
    command = f"berth-run --pty --quiet --collect --unit=adhoc-test --rootfs {ROOTFS} -- sh -i"
    typed = ("until systemctl is-active --quiet adhoc-test.service; do sleep 0.1; done; echo sleep 1000;"
             " until pgrep -x -f 'sleep 1000' >/dev/null; do sleep 0.1; done; printf '\\003';"
             " echo 'echo status $?; exit 6'; while pgrep -x script >/dev/null; do sleep 0.1; done")
    done = machine.run(f"({typed}) | script --quiet --return --command {shlex.quote(command)} /dev/null", check=False)
    assert done.returncode == 6, done.stdout
    assert "status 130" in done.stdout


def test_properties_are_those_of_the_scope(machine, berth_run):
    done = berth_run("--unit=adhoc-test --slice=adhoc.slice -p MemoryMax=64M -p TasksMax=9", "sleep", "1000")
    assert done.returncode == 0, done.stderr
    assert machine.show("berth-adhoc-test.scope", "MemoryMax", "TasksMax", "Slice") == \
        {"MemoryMax": str(64 << 20), "TasksMax": "9", "Slice": "adhoc.slice"}
    machine.run("systemctl stop adhoc-test")


def test_restart(machine, berth_run):
    berth_run("--unit=adhoc-test -p Restart=on-failure -p RestartSec=0", "sh", "-c",
              "if [ -e /been ]; then exec sleep 1000; fi; touch /been; exit 1")
    machine.wait_until("test $(systemctl show -P NRestarts adhoc-test) = 1 && systemctl is-active adhoc-test")
    machine.run("systemctl stop adhoc-test")


def test_notify(machine, berth_run):
    """berth-run comes back when the payload is ready, not before."""
    done = berth_run("--unit=adhoc-test --service-type=notify", "sh", "-c",
                     "sleep 0.5; systemd-notify --ready --status=up; exec sleep 1000")
    assert done.returncode == 0, done.stderr
    assert machine.show("adhoc-test", "StatusText") == "up"
    machine.run("systemctl stop adhoc-test")


def test_bundle(machine, bundles, berth_run):
    bundles.make("whole", ["sh", "-c", "echo from the bundle"])
    assert machine.run("berth-run --pipe --quiet --bundle /var/lib/berth/whole").stdout == "from the bundle\n"
    assert machine.run("berth-run --pipe --quiet --bundle /var/lib/berth/whole -- echo other").stdout == "other\n"


@pytest.mark.parametrize("command, message", [
    ("berth-run -- true", "one of --image=, --rootfs= and --bundle= is needed"),
    (f"berth-run --rootfs {ROOTFS}", "a command is needed"),
    ("berth-run --rootfs /nowhere -- true", "root directory '/nowhere': No such file or directory"),
    (f"berth-run --rootfs {ROOTFS} --uid=nobody-there -- true", "nobody-there"),
    (f"berth-run --rootfs {ROOTFS} -E =x -- true", "cannot be the name of a variable"),
    (f"berth-run --rootfs {ROOTFS} -u a/b -- true", "'a/b' cannot be the name of a container"),
    (f"berth-run --rootfs {ROOTFS} -p Nonsense=1 -- true", "Nonsense"),
    (f"berth-run --rootfs {ROOTFS} -p User=nobody -- true", "command line: key 'User' is not possible in section [Service]:"),
    (f"berth-run --rootfs {ROOTFS} -p ExecStopPost= -- true", "an empty 'ExecStopPost=' would remove what the unit needs"),
    (f"berth-run --rootfs {ROOTFS} --nonsense -- true", "--nonsense"),
])
def test_bad_input_is_refused_before_anything_is_started(machine, berth_run, command, message):
    done = machine.run(command, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert machine.output("systemctl list-units --all --no-legend 'berth-run-*'") == ""


def test_payload_that_cannot_be_executed(berth_run):
    done = berth_run("--pipe --quiet --collect", "/no/such/program")
    assert done.returncode == 1
    assert "/no/such/program" in done.stderr


def test_name_in_use(machine, berth_run):
    berth_run("--unit=adhoc-test --quiet", "sleep", "1000")
    done = berth_run("--unit=adhoc-test --wait", "true")
    assert done.returncode == 1
    assert "is running already" in done.stderr
    machine.run("systemctl stop adhoc-test")
