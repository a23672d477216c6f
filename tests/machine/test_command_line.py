# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in front of the verbs: the grammar, global options, help, version, and how errors are told."""

import json
import re

import pytest

from runtimes import case, not_with

pytestmark = [pytest.mark.peer, pytest.mark.peer_crun]

ARGP = "crun reads its command line with argp(3)"
VERBS = ["create", "delete", "events", "exec", "features", "kill", "list", "pause", "ps", "resume", "run", "spec", "start",
         "state", "update"]
RECORD = r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)" level=error msg="?container.*does not exist.*"?'


# ---- grammar

@pytest.mark.parametrize("words", [
    case("-root=/run/none list", without=["crun"], why=ARGP),
    "--root /run/none list",
    "--root=/run/none list",
    case("-debug=false --systemd-cgroup=false list", without=["crun"], why=ARGP),
    case("--debug=0 -systemd-cgroup=T list", without=["crun"], why=ARGP),
    "-- list",
    "list -q",
    case("list -quiet=true -f=json", without=["crun"], why=ARGP),
    "list -q --",
])
def test_flags_as_go_reads_them(runtime, words):
    text = runtime.machine.run([runtime.name, *words.split()]).stdout
    assert len(text.splitlines()) == (0 if "-q" in words else 1), "nothing, or the head of the table"


@not_with("crun", reason="crun wants them in front")
def test_options_behind_the_id(machine, bundles, runtime):
    runtime.ids.add("late")
    bundle = bundles.make("late", ["true"])
    machine.run(f"{runtime.name} --systemd-cgroup create late --bundle {bundle} --pid-file=/tmp/late.pid >/dev/null 2>&1")
    assert machine.output("cat /tmp/late.pid; rm /tmp/late.pid") == str(runtime.state("late")["pid"])
    done = runtime("exec", "late", "-t", "true", check=False)
    assert '"-t": executable file not found' in done.stderr.replace("\\", "")
    runtime("delete", "late", "--force")
    runtime("delete", "late", "-f")


# (command line, what the message says)
WRONG = [
    (["--nosuch"], "flag provided but not defined: -nosuch"),
    (["list", "-nosuch=x"], "flag provided but not defined: -nosuch"),
    (["list", "-qf", "json"], "flag provided but not defined: -qf"),
    (["list", "---q"], "bad flag syntax: ---q"),
    (["list", "--format"], "flag needs an argument: -format"),
    (["list", "-f"], "flag needs an argument: -f"),
    (["list", "-q=maybe"], 'invalid boolean value "maybe" for -q'),
    (["run", "--preserve-fds", "x", "c"], 'invalid value "x" for flag -preserve-fds'),
    (["exec", "-g", "x", "c", "true"], 'invalid value "x" for flag -g'),
    (["create"], '"create" requires exactly 1 argument(s)'),
    (["create", "a", "b"], '"create" requires exactly 1 argument(s)'),
    (["delete"], '"delete" requires exactly 1 argument(s)'),
    (["delete", "a", "b", "--force"], '"delete" requires exactly 1 argument(s)'),
    (["delete", "--", "a", "--force"], '"delete" requires exactly 1 argument(s)'),
    (["delete", "a", "--nosuch"], '"delete" requires exactly 1 argument(s)'),
    (["events"], '"events" requires exactly 1 argument(s)'),
    (["exec"], '"exec" requires a minimum of 1 argument(s)'),
    (["features", "a"], '"features" requires exactly 0 argument(s)'),
    (["kill"], '"kill" requires a minimum of 1 argument(s)'),
    (["kill", "a", "TERM", "b"], '"kill" requires a maximum of 2 argument(s)'),
    (["list", "a"], '"list" requires exactly 0 argument(s)'),
    (["pause"], '"pause" requires exactly 1 argument(s)'),
    (["ps"], '"ps" requires a minimum of 1 argument(s)'),
    (["resume"], '"resume" requires exactly 1 argument(s)'),
    (["run"], '"run" requires exactly 1 argument(s)'),
    (["spec", "a"], '"spec" requires exactly 0 argument(s)'),
    (["start"], '"start" requires'),
    (["state", "a", "b"], '"state" requires exactly 1 argument(s)'),
    (["update"], '"update" requires exactly 1 argument(s)'),
]


@not_with("crun", reason="crun has other words and does not print the help")
@pytest.mark.parametrize("words, message", WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_wrong_command_lines(runtime, words, message):
    done = runtime(*words, check=False)
    assert done.returncode == 1
    assert message in done.stderr.replace("\\", "")
    assert done.stdout.startswith("Incorrect Usage")
    assert f"{runtime.name} " in done.stdout, "the help of the command"


def test_an_unknown_command(runtime):
    done = runtime("nosuch", check=False)
    assert done.returncode == {"crun": 1}.get(runtime.name, 3)
    assert "nosuch" in done.stderr


@not_with("crun", reason="crun has no such message")
def test_an_unknown_command_has_no_help(runtime):
    for words in (["nosuch"], ["help", "nosuch"]):
        done = runtime(*words, check=False)
        assert done.returncode == 3
        assert "No help topic for 'nosuch'" in done.stderr


# ---- help and version

@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(runtime, verb):
    if runtime.name == "crun" and verb == "events":
        pytest.skip("crun has no events")
    ways = [[verb, "--help"]] if runtime.name == "crun" else [[verb, "--help"], [verb, "-h"], [verb, "-help"], ["help", verb]]
    texts = [runtime(*words).stdout for words in ways]
    assert verb in texts[0]
    assert set(texts) == {texts[0]}


@pytest.mark.parametrize("words", ["--help", case("-h", without=["crun"], why=ARGP), case("help", without=["crun"], why=ARGP),
                                   case("", without=["crun"], why="crun wants a command")])
def test_help(runtime, words):
    text = runtime(*words.split()).stdout
    assert all(verb in text for verb in set(VERBS) - {"events"})


@not_with("runc", reason="of argp(3), which crun uses")
@pytest.mark.parametrize("words", [["--usage"], ["exec", "--usage"], ["-?"], ["kill", "-?"]], ids=" ".join)
def test_usage(runtime, words):
    text = runtime(*words).stdout
    assert text.startswith("Usage:")
    if "--usage" in words:
        assert "--" in text
        assert max(len(line) for line in text.splitlines()) < 80


@pytest.mark.parametrize("word", ["--version", "-v", case("-V", without=["runc"], why="crun's")])
def test_version(runtime, word):
    done = runtime(word)
    lines = done.stdout.splitlines()
    assert re.fullmatch(rf"{runtime.name} version \S+", lines[0])
    assert any(re.fullmatch(r"commit: \S+", line) for line in lines)
    assert any(re.fullmatch(r"spec: \d+\.\d+\.\d+", line) for line in lines)
    assert done.stderr == ""


# ---- errors: where they go, what they look like

def test_errors_on_stderr(runtime):
    done = runtime("state", "nothing", check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    if runtime.name != "crun":
        assert re.fullmatch(RECORD, done.stderr.strip())


def test_errors_on_a_terminal(runtime, terminal):
    text = terminal(f"{runtime.name} state nothing").stdout
    assert "nothing" in text or runtime.name == "runc"
    assert "time=" not in text


@not_with("runc", "crun", reason="they do not look whether stderr is the journal's")
def test_errors_in_the_journal(machine, runtime):
    machine.run("systemd-run --quiet --wait --unit=speaks berth state nothing", check=False)
    entries = machine.journal("-u", "speaks", "-p", "err", "SYSLOG_IDENTIFIER=berth")
    machine.run("systemctl reset-failed speaks", check=False)
    assert entries == "container does not exist: nothing"


@pytest.fixture
def log(machine):
    yield "/tmp/test.log"
    machine.run("rm -f /tmp/test.log")


def test_the_log_gets_one_object(machine, runtime, log):
    """Podman reads the file as one object, containerd as a stream of them."""
    for words in (["state", "nothing"], ["delete", "nothing"]):
        done = runtime("--log", log, "--log-format", "json", *words, check=False)
        assert done.returncode == 1
        assert not done.stderr.startswith("{")
        assert len(done.stderr.splitlines()) == 1
    first, second = (json.loads(line) for line in machine.output(f"cat {log}").splitlines())
    assert first.keys() == {"level", "msg", "time"}
    assert first["level"] == "error"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", first["time"])
    assert second["level"] == "error"
    if runtime.name != "crun":
        assert machine.output(f"stat -c %a {log}") == "644"


@not_with("crun", reason="crun writes the message alone")
def test_the_log_as_text(machine, runtime, log):
    machine.write(log, "before\n")
    done = runtime("--log", log, "state", "nothing", check=False)
    before, record = machine.output(f"cat {log}").splitlines()
    assert before == "before"
    assert re.fullmatch(RECORD, record)
    assert "time=" not in done.stderr
    assert "does not exist" in done.stderr


def test_success_leaves_the_log_empty(machine, bundles, runtime, log):
    runtime.ids.add("quiet")
    runtime("--log", log, "--log-format", "json", "run", "--bundle", bundles.make("quiet", ["true"]), "quiet")
    assert machine.output(f"cat {log}") == ""


def test_json_on_stderr(runtime):
    done = runtime("--log-format=json", "state", "nothing", check=False)
    assert json.loads(done.stderr)["level"] == "error"


@not_with("runc", reason="crun's")
@pytest.mark.parametrize("target", ["journald:some", "syslog:some"])
def test_the_journal_and_syslog_as_log(machine, runtime, target):
    done = runtime("--log", target, "state", "nothing", check=False)
    assert "nothing" in done.stderr
    name = "crun" if runtime.name == "crun" and target.startswith("journald") else "some"
    machine.wait_until(f"journalctl --quiet --output=cat PRIORITY=3 SYSLOG_IDENTIFIER={name} | grep nothing")


@not_with("runc", reason="crun's")
def test_a_log_with_its_kind(machine, runtime, log):
    runtime("--log", f"file:{log}", "state", "nothing", check=False)
    assert "nothing" in machine.output(f"cat {log}")


@pytest.mark.parametrize("options, words", [
    (["--log", "/nowhere/at/all"], "/nowhere/at/all"),
    (["--log-format", "xml"], "xml"),
    case(["--log-level", "loud"], "loud", without=["runc"], why="crun's"),
    case(["--rootless", "perhaps"], "perhaps", without=["runc", "crun"], why="they look at it when they make a container"),
    case(["--cgroup-manager", "me"], "manager", without=["runc"], why="crun's"),
])
def test_wrong_global_options(runtime, options, words):
    done = runtime(*options, "list", check=False)
    assert done.returncode == 1
    assert words in done.stderr


@pytest.mark.parametrize("words", [
    "--rootless=true", "--rootless auto", "--rootless false",
    case("--criu /usr/sbin/criu", without=["crun"], why="for old callers of runc"),
    case("--log-level debug", without=["runc"], why="crun's"),
    case("--log= --log-format= --root=", without=["runc", "crun"], why="crun refuses, runc's root is the current directory"),
])
def test_global_options_that_are_accepted(runtime, words):
    assert runtime(*words.split(), "list").returncode == 0


def test_debug(runtime):
    done = runtime("--debug", "--log-format=json", "state", "nothing", check=False)
    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert records[-1]["level"] == "error"
    if runtime.name != "runc":
        assert "debug" in [record["level"] for record in records]


# ---- state and ids

@not_with("crun", reason="crun changes to the bundle first")
def test_a_relative_root(machine, bundles, runtime):
    bundle = bundles.make("rooted", ["sleep", "1000"])
    machine.run(f"mkdir -p /tmp/here && cd /tmp/here && {runtime.name} --root some/root create --bundle {bundle} rooted >/dev/null 2>&1")
    root = ["--root", "/tmp/here/some/root"]
    assert json.loads(runtime(*root, "state", "rooted").stdout)["status"] == "created"
    assert runtime(*root, "list", "-q").stdout == "rooted\n"
    assert "rooted" not in runtime("list", "-q").stdout.split()
    runtime(*root, "delete", "--force", "rooted")
    machine.run("rm -r /tmp/here")


@pytest.mark.parametrize("container", ["a", "A-b_c.d", case("a+b", without=["runc", "crun"], why="they do not escape it in the name of the scope"), "0", case(".hidden", without=["crun"], why="not below its root"),
                                       case("-minus", without=["crun"], why="argp(3)"), "x" * 100])
def test_ids(bundles, runtime, container):
    runtime.ids.add(container)
    bundle = bundles.make("named", ["true"])
    runtime("run", "--bundle", bundle, "--", container)
    assert runtime("list", "-q").stdout == ""


@not_with("crun", reason="crun 1.21 takes some of them: delete of .. empties /run")
@pytest.mark.parametrize("container", ["", ".", "..", "a/b", "../a", "a b", "a:b", "ä"])
@pytest.mark.parametrize("verb", ["create", "state", "delete"])
def test_ids_that_cannot_be(bundles, runtime, verb, container):
    options = ["--bundle", bundles.make("named", ["true"])] if verb == "create" else []
    done = runtime(verb, *options, container, check=False)
    assert done.returncode == 1
    assert re.search("invalid container ID format|container id cannot be empty", done.stderr)
