# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run at a real terminal: tmux, whose screen shows what programs in the container draw."""

import itertools
import shlex

import pytest

ROOTFS = "/var/lib/berth/seat/rootfs"
RUN = f"berth-run --quiet --collect --unit=seat-test --rootfs {ROOTFS}"
DETACH = "C-]"
# prints "ready", and is another text itself: what is typed is on the screen, too
READY = r"echo re\ady"
numbers = itertools.count()


class Seat:
    """A terminal of 24 x 80 with a shell in it, whose prompt is "host$"."""

    def __init__(self, machine):
        self.machine = machine
        self.socket = f"seat-{next(numbers)}"
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "env", "PS1=host$ ", "sh")
        self.wait_for("host$")

    def tmux(self, *words, **kwargs):
        return self.machine.output(["tmux", "-L", self.socket, "-f", "/dev/null", *words], **kwargs)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def wait_for(self, *texts):
        """Wait until all the texts are on the screen."""
        tests = " && ".join(f"grep -q -F -e {shlex.quote(text)} /tmp/screen" for text in texts)
        try:
            self.machine.wait_until(f"tmux -L {self.socket} capture-pane -p >/tmp/screen && {tests}")
        except AssertionError as error:
            raise AssertionError(f"no {texts} on the screen:\n{self.screen()}") from error

    def type(self, *keys):
        """Type keys, in tmux's names; a text of several characters is typed as it is, and Enter after it."""
        for key in keys:
            if key in (DETACH, "C-c", "Escape", "Enter") or len(key) == 1:
                self.tmux("send-keys", key)
            else:
                self.tmux("send-keys", "-l", "--", key)
                self.tmux("send-keys", "Enter")

    def detach(self):
        self.tmux("send-keys", DETACH, DETACH, DETACH)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def is_sane(self):
        """Whether the terminal is as a shell wants it, not as a program that was killed left it."""
        self.type("stty -a | tr ';' '\\n' >/tmp/modes; echo modes read")
        self.machine.wait_until("grep -q -w -e '-\\?echo' /tmp/modes")
        modes = self.machine.output("cat /tmp/modes").split()
        return {"icanon", "echo", "isig", "opost"} <= set(modes)

    def close(self):
        self.tmux("kill-server", check=False)


@pytest.fixture
def seat(machine, bundles):
    bundles.make("seat")
    seat = Seat(machine)
    yield seat
    machine.run("systemctl stop --quiet seat-test.service; systemctl reset-failed", check=False)
    seat.close()
    machine.run("rm -f /tmp/screen /tmp/modes")


def test_vi_edits_a_file(machine, seat):
    seat.type(f"{RUN} --pty sh; echo status $?")
    seat.wait_for("/ #")
    seat.type("vi /edited")
    seat.wait_for("~")
    seat.type("i", "first line", "second line", "Escape")
    seat.wait_for("- /edited [Modified]")  # not what is typed any more
    seat.type(":wq")
    machine.wait_until(f"test -s {ROOTFS}/edited")
    seat.wait_for("/ #")
    seat.type("exit 3")
    seat.wait_for("status 3")
    assert machine.output(f"cat {ROOTFS}/edited") == "first line\nsecond line"
    assert seat.is_sane()


def test_size_at_the_start_and_after_a_resize(seat):
    seat.type(f"{RUN} --pty sh")
    seat.wait_for("/ #")
    seat.type("echo size $(stty size)")
    seat.wait_for("size 24 80")
    seat.resize(100, 30)
    seat.type("until [ \"$(stty size)\" = '30 100' ]; do usleep 10000; done; echo now $(stty size)")
    seat.wait_for("now 30 100")
    seat.type("exit")


def test_program_in_the_foreground_sees_a_resize(seat):
    seat.type(f"{RUN} --pty -- sh -c 'trap \"stty size\" WINCH; echo waiting; while :; do read line; done'")
    seat.wait_for("waiting")
    seat.resize(91, 31)
    seat.wait_for("31 91")
    seat.type("C-c")


def test_top_draws_and_ends(seat):
    seat.type(f"clear; {RUN} --pty top; echo status $?")
    seat.wait_for("Mem:", "PID", "top")
    seat.type("q")
    seat.wait_for("status 0")
    assert seat.is_sane()


def test_detach_leaves_the_container_running(machine, seat):
    seat.type(f"{RUN} --pty -- sh -c 'i=0; while :; do i=$((i+1)); echo line $i; echo $i >/count; usleep 1000; done'; echo status $?")
    seat.wait_for("line 7")
    seat.detach()
    seat.wait_for("status 0")
    assert seat.is_sane()
    # more than what a terminal takes that nobody reads
    machine.wait_until(f"test $(cat {ROOTFS}/count) -gt 3000")
    assert machine.show("seat-test.service", "ActiveState") == "active"
    machine.run("systemctl stop seat-test")


def test_detach_goes_on_waiting_with_wait(machine, seat):
    seat.type(f"{RUN} --pty --wait -- sh -c '{READY}; until [ -e /go ]; do usleep 10000; done; exit 9'; echo status $?")
    seat.wait_for("ready")
    seat.detach()
    seat.machine.wait_until("test -s /run/berth-run/seat-test")
    machine.run(f"touch {ROOTFS}/go")
    seat.wait_for("status 9")


def test_two_keys_do_not_detach(seat):
    seat.type(f"{RUN} --pty sh")
    seat.wait_for("/ #")
    seat.type("echo here")
    seat.wait_for("here")
    seat.type(DETACH, DETACH, "x", DETACH, "Enter", "echo still $((1+1))")
    seat.wait_for("still 2")
    seat.type("exit")


def test_how_to_leave_is_said(seat):
    seat.type(f"{RUN} --pty sh".replace("--quiet", "") + "; echo status $?")
    seat.wait_for("/ #", "Running as unit: seat-test.service", "Press ^] three times within 1s to disconnect TTY.")
    seat.type("exit 4")
    seat.wait_for("status 4")


@pytest.mark.parametrize("sig", ["TERM", "HUP", "INT"])
def test_terminal_is_restored_when_berth_run_is_killed(machine, seat, sig):
    """And the payload is hung up on, as by a terminal that is closed."""
    seat.type(f"{RUN} --pty -- sh -c '{READY}; exec sleep 1000'; echo status $?")
    seat.wait_for("ready")
    machine.run(f"pkill -{sig} -x berth-run")
    machine.wait_until("! systemctl is-active seat-test.service")
    seat.wait_for(f"status {128 + {'TERM': 15, 'HUP': 1, 'INT': 2}[sig]}")
    assert seat.is_sane()


def test_terminal_is_restored_when_the_unit_fails_to_start(seat):
    seat.type(f"{RUN} --pty /no/such/program; echo status $?")
    seat.wait_for("status 127", "/no/such/program")
    assert seat.is_sane()


def test_payload_killed_by_a_signal(machine, seat):
    seat.type(f"{RUN} --pty -- sh -c '{READY}; exec sleep 1000'; echo status $?")
    seat.wait_for("ready")
    machine.run("systemctl kill --signal=KILL berth-seat-test.scope")
    seat.wait_for("status 137")
    assert seat.is_sane()


def test_terminal_type_is_the_callers(seat):
    seat.type(f"TERM=vt220 {RUN} --pty -- sh -c 'echo type $TERM'; echo do\\ne")
    seat.wait_for("type vt220", "done")
    seat.type(f"{RUN} --pty -E TERM=other -- sh -c 'echo type $TERM'")
    seat.wait_for("type other")


def test_job_control(seat):
    seat.type(f"{RUN} --pty sh")
    seat.wait_for("/ #")
    seat.type("sleep 1000")
    seat.machine.wait_until("pgrep -x -f 'sleep 1000'")
    seat.type("C-c", "echo interrupted $?")
    seat.wait_for("interrupted 130")
    seat.type("exit")


def test_restart_keeps_the_terminal(machine, seat):
    script = r"if [ -e /been ]; then echo ag\ain; read line; exit 6; fi; touch /been; exit 1"
    seat.type(f"{RUN} --pty -p Restart=on-failure -p RestartSec=0 -p RestartPreventExitStatus=6 -- sh -c '{script}'; echo status $?")
    seat.wait_for("again")
    seat.type("Enter")
    seat.wait_for("status 6")
    assert seat.is_sane()


def test_restart_by_a_job(machine, seat):
    seat.type(f"{RUN} --pty -- sh -c '{READY} $(cat /proc/uptime); trap \"exit 0\" TERM; touch /up; while :; do usleep 10000; done'; echo status $?")
    seat.wait_for("ready")
    machine.wait_until(f"test -e {ROOTFS}/up")
    machine.run(f"rm {ROOTFS}/up; systemctl restart seat-test")
    machine.wait_until(f"test -e {ROOTFS}/up")
    machine.run("systemctl stop seat-test")
    seat.wait_for("status 0")
    assert seat.screen().count("ready ") == 2


def test_survives_daemon_reexec(machine, seat):
    seat.type(f"{RUN} --pty -- sh -c '{READY}; read line; exit 8'; echo status $?")
    seat.wait_for("ready")
    machine.run("systemctl daemon-reexec")
    machine.wait_until("systemctl is-active seat-test.service")
    seat.type("Enter")
    seat.wait_for("status 8")


def test_input_that_is_no_terminal(machine, bundles):
    """What is piped in is typed, and then the end of a file."""
    bundles.make("seat")
    done = machine.run(f"printf 'echo from a pipe; tty\\nexit 5\\n' | {RUN} --pty sh", check=False)
    assert done.returncode == 5, done.stderr
    assert "from a pipe" in done.stdout
    assert "/dev/pts/0" in done.stdout
    assert machine.run(f"{RUN} --pty -- sh -c 'cat; echo over' </dev/null").stdout == "over\n"


def test_shell(machine, seat):
    """A shell of the container in our directory, a summary at its end, and nothing left of it."""
    run = f"berth-run --unit=seat-test --rootfs {ROOTFS} -S"
    machine.run("mkdir -p /srv/seat")
    seat.type(f"cd /srv/seat; {run}; echo status $?")
    seat.wait_for("/srv/seat #")
    seat.type("exit 3")
    seat.wait_for("Finished with result: exit-code", "status=3", "CPU time consumed:", "status 3")
    assert machine.show("seat-test.service", "LoadState") == "not-found"
    seat.type(f"cd /; clear; {run} -q; echo status $?")
    seat.wait_for("/ #")
    seat.type("exit 4")
    seat.wait_for("status 4")
    done = machine.run(f"{run} -- true", check=False)
    assert (done.returncode, done.stderr) == (125, "berth-run: --shell runs /bin/sh: no command is expected\n")
    machine.run("rm -r /srv/seat")


def test_pty_and_pipe_choose_by_the_terminal(machine, seat):
    seat.type(f"{RUN} -t -P -- sh -c 'test -t 1 && echo a ter\\minal'; echo do\\ne")
    seat.wait_for("a terminal", "done")
    seat.type(f"{RUN} -t -P -- sh -c 'test -t 1 || echo no ter\\minal' | cat")
    seat.wait_for("no terminal")
