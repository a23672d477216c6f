# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run: the options that say how the unit and its payload are run."""

import json
import re

import pytest

from adhoc import ROOTFS, UNIT, Adhoc
from users import UserBundles


@pytest.fixture
def adhoc(machine, bundles):
    adhoc = Adhoc(machine, bundles)
    yield adhoc
    adhoc.clean()


def systemd_version(machine):
    return int(re.match(r"systemd (\d+)", machine.output("systemctl --version"))[1])


def test_nice(adhoc):
    assert adhoc.output("--nice=7", "cut", "-d", " ", "-f", "19", "/proc/self/stat") == "7\n"


def test_remain_after_exit(machine, adhoc):
    adhoc.start("-r", "true")
    machine.wait_until(f"test $(systemctl show -P SubState {UNIT}) = exited")
    assert adhoc.show("ActiveState") == "active"
    machine.run(f"systemctl stop {UNIT}")
    assert adhoc.units() == ""


def test_send_sighup(machine, adhoc):
    adhoc.start("--send-sighup", "sh", "-c", "trap '' TERM; trap 'echo got HUP; exit 0' HUP; echo ready; while :; do sleep 0.05; done")
    machine.wait_until(f"journalctl -u {UNIT} -o cat | grep -x ready")
    machine.run(f"systemctl stop {UNIT}")
    assert machine.journal("-u", UNIT).splitlines().count("got HUP") == 1


@pytest.mark.parametrize("options, expected", [
    ("--slice-inherit", "adhoc.slice"),
    ("--slice-inherit --slice=sub", "adhoc-sub.slice"),
    ("", "machine.slice"),
])
def test_slice(machine, adhoc, options, expected):
    words = f"berth-run {options} --unit={UNIT} --rootfs={ROOTFS} sleep 1000"
    machine.run(f"systemd-run --quiet --wait --collect --slice=adhoc.slice {words}")
    assert adhoc.show("Slice") == adhoc.show("Slice", unit=f"berth-{UNIT}.scope") == expected


def test_oneshot_has_started_when_it_has_ended(machine, adhoc):
    """and Type=oneshot is not active without --remain-after-exit."""
    adhoc.start("--service-type=oneshot", "sh", "-c", "sleep 0.3; echo done")
    assert "done" in machine.journal("-u", UNIT).splitlines()
    assert adhoc(f"--service-type=oneshot --unit={UNIT}", "false").returncode != 0


def test_simple_has_started_at_once(adhoc):
    adhoc.start("--service-type=simple", "sleep", "1000")
    assert adhoc.show("Type") == "simple"


def test_same_dir(machine, adhoc):
    machine.run("mkdir -p '/srv/50% of it' && echo here >'/srv/50% of it/file'")
    words = f"berth-run --pipe --quiet -d --rootfs={ROOTFS} -- sh -c 'cat file; pwd; echo back >answer'"
    assert machine.output(f"cd '/srv/50% of it' && {words} && cat answer") == "here\n/srv/50% of it\nback"
    machine.run("rm -r '/srv/50% of it'")


def test_expand_environment(adhoc):
    words = ["$A", "${A}x${B}", "$$A", "$NONE", "-${NONE}-", "$5", "a$A"]
    script = ("sh", "-c", 'for w; do echo "<$w>"; done', "sh")
    options = "-E A='one  two' -E B=three"
    assert adhoc.output(options, *script, *words) == "".join(f"<{w}>\n" for w in words)
    assert adhoc.output(f"{options} --expand-environment=no", *script, *words) == "".join(f"<{w}>\n" for w in words)
    expanded = ["one", "two", "one  twoxthree", "$A", "--", "$5", "a$A"]
    assert adhoc.output(f"{options} --expand-environment=yes", *script, *words) == "".join(f"<{w}>\n" for w in expanded)


@pytest.mark.parametrize("script", ["exit 7", "kill -KILL $$", "kill -SEGV $$"])
def test_ignore_failure(adhoc, script):
    adhoc.start("--wait --quiet --ignore-failure", "sh", "-c", script)
    assert adhoc.units() == ""


def test_ignore_failure_is_not_about_the_start(adhoc):
    assert adhoc("--wait --quiet --collect --ignore-failure", "/no/such/program").returncode != 0


def test_user_and_system(user, bundles, adhoc):
    """Each where it is the default anyway, and refused where it cannot be."""
    made = UserBundles(user, bundles.template, "berth")
    rootfs = made.make("adhoc", ["true"]) + "/rootfs"
    try:
        words = f"berth-run --pipe --quiet --collect {{}} --rootfs {rootfs} echo hello"
        assert user.output(words.format("--user")) == user.output(words.format("")) == "hello"
        done = user.run(words.format("--system"), check=False)
        assert done.returncode != 0
        assert "--system: only root can" in done.stderr
        done = user.run(f"berth-run --pipe --quiet --collect --rootfs {rootfs} --uid=5 true", check=False)
        assert (done.returncode, "; the user namespace has no such id" in done.stderr) == (125, True)
    finally:
        made.remove()
    assert adhoc.output("--system", "echo", "hello") == "hello\n"
    done = adhoc("--user", "true")
    assert done.returncode != 0
    assert "--user: containers of root are units of the system" in done.stderr


def test_same_dir_and_no_ask_password_as_a_user(user, bundles, adhoc):
    made = UserBundles(user, bundles.template, "berth")
    rootfs = made.make("adhoc", ["true"]) + "/rootfs"
    try:
        user.run("mkdir -p here && echo file of mine >here/file")
        words = f"berth-run --user --no-ask-password --pipe --quiet -d --rootfs {rootfs} cat file"
        assert user.output(f"cd here && {words}") == "file of mine"
    finally:
        user.run("rm -r here")
        made.remove()


@pytest.mark.parametrize("options", ["--json=short", "--json=pretty --wait", "--json=short --no-block", "--json=pretty --pipe"])
def test_json(machine, adhoc, options):
    """also of a container that has ended before anybody could ask."""
    done = adhoc(f"--unit={UNIT} -r {options}" if "--no-block" in options else f"--unit={UNIT} {options}", "true")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made.pop("unit") == f"{UNIT}.service"
    if "--no-block" not in options:
        started = machine.journal(f"INVOCATION_ID={made.pop('invocation_id')}", "-u", UNIT)
        assert f"Started {UNIT}.service" in started
        assert made == {}
    assert "Running as unit" not in done.stderr
    assert ("\n" in done.stdout.strip()) == ("pretty" in options)


def test_json_is_off(adhoc):
    done = adhoc("--json=off", "true")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Running as unit: berth-run-r" in done.stderr


def test_json_of_what_is_triggered(adhoc):
    for option, kind in (("--on-active=1h", "timer"), ("--listen=@adhoc", "socket"), ("--path-property=PathExists=/nowhere", "path")):
        done = adhoc(f"--json=short --unit={UNIT} {option}", "true")
        assert json.loads(done.stdout) == {"unit": f"{UNIT}.service", "trigger": f"{UNIT}.{kind}"}
        assert done.stderr == ""
        adhoc.clean()


def test_json_of_a_scope(adhoc):
    done = adhoc(f"--scope --json=short --unit={UNIT}", "true")
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", {"unit": f"{UNIT}.scope"})


def test_json_of_what_failed_to_start(adhoc):
    done = adhoc("--json=short --collect", "/no/such/program")
    assert (done.returncode, done.stdout) == (127, "")


def test_background_is_no_reason_to_fail(adhoc):
    done = adhoc("--wait --quiet --background=44", "true")
    assert done.returncode == 0
    assert "--background=: the terminal keeps its colors, ignored" in done.stderr


@pytest.mark.parametrize("option", ["--verbose", "--job-mode=fail"])
def test_options_of_later_versions(machine, adhoc, option):
    version = systemd_version(machine)
    if version >= 258:
        pytest.skip("systemd-run has them")
    done = adhoc(option, "true")
    assert done.returncode != 0
    assert f"{option.partition('=')[0]}: systemd 258 or later is needed, this one is {version}" in done.stderr
    assert adhoc.units() == ""


@pytest.mark.parametrize("options, message", [
    ("--nice=20", "--nice=20: expected a number from -20 to 19"),
    ("--nice=x", "--nice=x: expected a number from -20 to 19"),
    ("--service-type=forking", "--service-type=forking: expected exec|notify|oneshot|simple"),
    ("--expand-environment=maybe", "--expand-environment=maybe: expected yes or no"),
    ("-p MemoryMax", "--property=MemoryMax: expected NAME=VALUE"),
    ("--same-dir --working-directory=/", "--same-dir and --working-directory= exclude each other"),
    ("--json=yes", "--json=yes: expected pretty|short|off"),
    ("--user --system", "--user and --system exclude each other"),
])
def test_what_is_refused(machine, adhoc, options, message):
    done = adhoc(f"--unit={UNIT} {options}", "true")
    assert done.returncode == 125
    assert message in done.stderr
    assert adhoc.units() == ""


def test_same_dir_that_cannot_be(machine, adhoc):
    for directory, reason in (("/", "'/' cannot be a directory of the container"), ("/srv/a:b", "has a colon in it")):
        machine.run(f"mkdir -p {directory}")
        done = machine.run(f"cd {directory} && berth-run -d --rootfs {ROOTFS} true", check=False)
        assert done.returncode != 0
        assert reason in done.stderr
    machine.run("rmdir /srv/a:b")


def test_working_directory_has_a_letter(adhoc):
    assert adhoc.output("-w /tmp", "pwd") == "/tmp\n"
