# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run: a container from a command line, as a transient unit with systemd-run's manners."""

import re
import shlex

import pytest

ROOTFS = "/var/lib/berth/adhoc/rootfs"


def milliseconds(text):
    """A length of time in systemd's words."""
    units = {"min": 60000, "s": 1000, "ms": 1, "us": 0.001}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)(min|s|ms|us)", text))


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
    assert "Finished with result: exit-code\nMain processes terminated with: code=exited, status=7\n" in done.stderr
    assert "Service runtime: " in done.stderr
    assert "CPU time consumed: " in done.stderr


def test_summary_is_that_of_the_payload(berth_run):
    """The time of a loop, which the supervisor does not take."""
    done = berth_run("--wait", "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
    assert done.returncode == 0
    lines = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    assert lines["Finished with result"] == "success"
    assert lines["Main processes terminated with"] == "code=exited, status=0"
    assert milliseconds(lines["CPU time consumed"]) > 50
    assert milliseconds(lines["Service runtime"]) >= milliseconds(lines["CPU time consumed"]) / 2


def test_summary_of_a_signal(berth_run):
    done = berth_run("--wait", "payload", "crash")
    assert done.returncode == 128 + 11
    assert re.search(r"^Main processes terminated with: code=(dumped|killed), status=11/SEGV$", done.stderr, re.MULTILINE)


def test_quiet_has_no_summary(berth_run):
    assert berth_run("--wait --quiet", "sh", "-c", "exit 7").stderr == ""


def test_stop_is_128_plus_15(machine, berth_run):
    """systemd counts this end as success; a shell does not."""
    machine.run("systemd-run --quiet --collect sh -c 'until systemctl is-active adhoc-test.service; do sleep 0.1; done;"
                " systemctl stop adhoc-test.service'")
    done = berth_run("--wait --collect -u adhoc-test", "sleep", "1000")
    assert done.returncode == 143
    assert "Finished with result: success\nMain processes terminated with: code=killed, status=15/TERM\n" in done.stderr


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


def test_stdio_that_is_closed(machine, berth_run):
    command = f"berth-run --pipe --quiet --rootfs {ROOTFS} -- sh -c"
    assert machine.output(f"{command} 'cat; echo out' <&-") == "out"
    assert machine.run(f"{command} 'echo out; exit 7' <&- >&- 2>&-", check=False).returncode == 7


@pytest.fixture
def slow(machine, berth_run):
    """Options of a unit that is being started until there is a file /go, and a way to wait until it is."""
    machine.run("rm -f /starting /go")
    script = "touch /starting; until test -e /go; do sleep 0.05; done"
    yield ["berth-run", "--unit=adhoc-test", "-p", f'ExecStartPre=/bin/sh -c "{script}"', "--rootfs", ROOTFS]
    machine.run("touch /go; systemctl stop --quiet adhoc-test.service; systemctl reset-failed; rm -f /starting /go", check=False)


def end_at_the_start(machine, words, sig):
    script = f"{shlex.join(words)} </dev/null >/dev/null 2>&1 & until test -e /starting; do sleep 0.05; done; kill -{sig} $!; wait $!; echo $?"
    return int(machine.output(script))


@pytest.mark.parametrize("mode", ["--wait", "--pipe"])
def test_ended_while_the_unit_starts(machine, slow, mode):
    """The container goes on, and nothing else is left."""
    assert end_at_the_start(machine, [*slow, mode, "--", "sleep", "1000"], "TERM") == 143
    assert machine.output("ls /run/berth-run") == ""
    machine.run("touch /go")
    machine.wait_until("test $(systemctl is-active adhoc-test) = active")


@pytest.mark.parametrize("sig, status", [("TERM", 143), ("HUP", 129), ("KILL", 137)])
def test_ended_before_the_unit_has_the_terminal(machine, slow, sig, status):
    """A payload that should have had a terminal does not start without."""
    assert end_at_the_start(machine, [*slow, "--pty", "--", "sleep", "1000"], sig) == status
    machine.run("touch /go")
    machine.wait_until("test $(systemctl is-active adhoc-test) = failed")
    assert "berth-run, whose terminal this was to have, has ended" in machine.output("journalctl -u adhoc-test -o cat")
    assert machine.output("ls /run/berth-run") == ""


def test_ended_while_the_container_is_made(machine, bundles, slow):
    """The terminal is lost when there is no payload yet that could be told."""
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "touch /starting; until test -e /go; do sleep 0.05; done"],
            "env": ["PATH=/usr/bin:/bin"]}
    bundles.make("hooked", ["sleep", "1000"], edit=lambda config: config.update(hooks={"createRuntime": [hook]}))
    words = ["berth-run", "--unit=adhoc-test", "--pty", "--bundle", "/var/lib/berth/hooked"]
    assert end_at_the_start(machine, words, "TERM") == 143
    machine.run("touch /go")
    machine.wait_until("case $(systemctl is-active adhoc-test) in inactive|failed) ;; *) false;; esac")


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
    (f"berth-run --rootfs {ROOTFS} --volume /nowhere:/x -- true", "command line: --volume=: '/nowhere': No such file or directory"),
    (f"berth-run --rootfs {ROOTFS} --volume no.volume:/x -- true", "command line: --volume=: 'no.volume': No such file or directory"),
    (f"berth-run --rootfs {ROOTFS} -E =x -- true", "cannot be the name of a variable"),
    (f"berth-run --rootfs {ROOTFS} -u a/b -- true", "'a/b' cannot be the name of a container"),
    (f"berth-run --rootfs {ROOTFS} -p Nonsense=1 -- true", "Nonsense"),
    (f"berth-run --rootfs {ROOTFS} -p User=nobody -- true", "command line: key 'User' is not possible in section [Service]:"),
    (f"berth-run --rootfs {ROOTFS} -p ExecStopPost= -- true", "an empty 'ExecStopPost=' would remove what the unit needs"),
    (f"berth-run --rootfs {ROOTFS} --nonsense -- true", "--nonsense"),
])
def test_bad_input_is_refused_before_anything_is_started(machine, berth_run, command, message):
    done = machine.run(command, check=False)
    assert done.returncode == 125
    assert message in done.stderr
    assert machine.output("systemctl list-units --all --no-legend 'berth-run-*'") == ""


@pytest.mark.parametrize("options", ["--pipe", "--wait", "", "--wait --collect", "--pty", "--service-type=notify", "--scope"])
@pytest.mark.parametrize("program, status", [
    ("/no/such/program", 127), ("no-such-program", 127), ("/etc/passwd", 126), ("/etc", 126), ("/script", 127), ("/garbage", 126)])
def test_payload_that_cannot_be_executed(machine, berth_run, options, program, status):
    """The program is not there; there, but none; a script whose interpreter is missing; nothing that the kernel knows."""
    machine.run(f"cd {ROOTFS} && printf '#!/no/such/shell' >script && printf garbage >garbage && chmod +x script garbage")
    done = berth_run(f"{options} --quiet", program)
    assert done.returncode == status, done.stderr
    if options.startswith("--p") or options == "--scope":
        assert program in done.stdout + done.stderr
    assert "<3>" not in done.stdout + done.stderr


def test_first_words_are_the_last(machine, berth_run):
    """The end of everything and what was said about it are seen at once."""
    script = f"""berth-run --pty --quiet --unit=adhoc-test --rootfs {ROOTFS} no-such-program </dev/null & pid=$!
        until pgrep -P $pid systemd-run >/dev/null; do :; done
        kill -STOP $pid; until systemctl is-failed --quiet adhoc-test && ! pgrep -r S,R,D -P $pid; do sleep 0.05; done
        kill -CONT $pid; wait $pid; echo $?"""
    said = machine.output(f"{script} 2>&1", check=False).split()
    assert said[-1] == "127"
    assert any("no-such-program" in word for word in said[:-1]), said


def test_name_in_use(machine, berth_run):
    berth_run("--unit=adhoc-test --quiet", "sleep", "1000")
    done = berth_run("--unit=adhoc-test --wait", "true")
    assert done.returncode == 125
    assert "is running already" in done.stderr
    machine.run("systemctl stop adhoc-test")
