# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb exec: each of its options, its errors and its exit status."""

import json
import re

import pytest

from runtimes import case, not_with

pytestmark = [pytest.mark.peer, pytest.mark.peer_crun]

NOT_CRUN = {"without": ["crun"], "why": "crun has no such option"}
ENV = {"without": ["crun"], "why": "crun 1.21 forgets the other variables"}


# (options, what the shell of the container runs, what it prints)
@pytest.mark.parametrize("options, script, printed", [
    ([], "echo $PWD $HOME", "/ /root"),
    (["--cwd", "/tmp"], "echo $PWD", "/tmp"),
    case(["--cwd="], "echo $PWD", "/", without=["crun"], why="crun changes to the directory without a name"),
    case(["-e", "A=b,c", "-e", "B=d e", "-e=C="], 'echo "$A|$B|${C-unset}"', "b,c|d e|", **ENV),
    case(["--env", "A=1", "--env", "A=2"], "echo $A", "2", **ENV),
    (["--env", "PATH=/nowhere:/bin"], "echo $PATH", "/nowhere:/bin"),
    (["-u", "1:2"], "id -u; id -g", "1\n2"),
    case(["--user", "7"], "id -u; id -g", "7\n0", without=["crun"], why="crun 1.21 takes 7 for a name"),
    case(["-g", "5", "-g", "6"], "id -G", "0 5 6", **NOT_CRUN),
    case(["--additional-gids", "5"], "id -G", "0 5", **NOT_CRUN),
    (["--no-new-privs"], "grep -o 'NoNewPrivs.*' /proc/self/status", "NoNewPrivs:\t1"),
    ([], "test -t 0 || echo no terminal", "no terminal"),
    case(["--tty=false"], "test -t 0 || echo no terminal", "no terminal", without=["crun"], why="argp(3)"),
], ids=str)
def test_the_process(sleeper, runtime, options, script, printed):
    done = runtime("exec", *options, sleeper, "sh", "-c", script)
    assert done.stdout.strip() == printed
    assert done.stderr == ""


def capabilities(runtime, container, *options):
    """The sets of a process: inheritable, permitted, effective, bounding, ambient."""
    text = runtime("exec", *options, container, "grep", "^Cap", "/proc/self/status").stdout
    return [int(value, 16) for value in re.findall(r":\t(\w+)", text)]


@not_with("crun", reason="crun replaces the sets")
@pytest.mark.parametrize("option", ["-c", "--cap"])
def test_one_more_capability(sleeper, runtime, option):
    before = capabilities(runtime, sleeper)
    more = [number | 1 << 21 for number in before]
    assert capabilities(runtime, sleeper, option, "CAP_SYS_ADMIN") == [0, *more[1:4], 0]


def test_a_capability_that_does_not_exist(sleeper, runtime):
    assert runtime("exec", "--cap", "CAP_NO_SUCH", sleeper, "echo", "runs").stdout == "runs\n"


def test_no_new_privileges_of_the_configuration(bundles, runtime):
    def edit(config):
        config["process"]["noNewPrivileges"] = False
    runtime.detached("run", "free", bundles.make("free", ["sleep", "1000"], edit), "--detach")
    script = "grep -o 'NoNewPrivs.*' /proc/self/status"
    assert runtime("exec", "free", "sh", "-c", script).stdout == "NoNewPrivs:\t0\n"
    assert runtime("exec", "--no-new-privs", "free", "sh", "-c", script).stdout == "NoNewPrivs:\t1\n"


# ---- a process file

PROCESS = {"args": ["sh", "-c", "echo $A; id -u; pwd; exit 4"], "cwd": "/tmp", "env": ["PATH=/bin", "A=from a file"],
           "user": {"uid": 3, "gid": 4}}


@pytest.mark.parametrize("option", ["-p", "--process"])
def test_a_process_file(machine, sleeper, runtime, option):
    machine.write("/tmp/process.json", json.dumps(PROCESS))
    done = runtime("exec", option, "/tmp/process.json", sleeper, check=False)
    machine.run("rm /tmp/process.json")
    assert done.stdout == "from a file\n3\n/tmp\n"
    assert done.returncode == 4


@pytest.mark.parametrize("text, words", [
    ("{", "process.json"), ("[]", "process.json"), (json.dumps({**PROCESS, "args": []}), "args"),
    (json.dumps({**PROCESS, "cwd": "tmp"}), "cwd"), (json.dumps({**PROCESS, "cwd": ""}), "cwd"),
])
@not_with("crun", "runc", reason="they do not say where")
def test_a_wrong_process_file(machine, sleeper, runtime, text, words):
    machine.write("/tmp/process.json", text)
    done = runtime("exec", "-p", "/tmp/process.json", sleeper, check=False)
    machine.run("rm /tmp/process.json")
    assert done.returncode == 255
    assert words in done.stderr


def test_a_process_file_that_is_not_there(sleeper, runtime):
    done = runtime("exec", "-p", "/tmp/nowhere.json", sleeper, check=False)
    assert done.returncode == (1 if runtime.name == "crun" else 255)
    assert "/tmp/nowhere.json" in done.stderr


# ---- exit status

@pytest.mark.parametrize("script, status", [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -15 $$", 143)])
def test_it_ends_as_the_process_does(sleeper, runtime, script, status):
    done = runtime("exec", sleeper, "sh", "-c", script, check=False)
    assert done.returncode == status
    assert done.stderr == ""


FILES = "cd {}/rootfs/bin && echo x >plain && mkdir directory && printf '#!/bin/nowhere\\n' >interpreter && chmod +x interpreter"
NOT_FOUND = "executable file not found in $PATH"
FAILURES = [
    (["no-such"], NOT_FOUND), (["plain"], NOT_FOUND), (["directory"], NOT_FOUND), ([""], NOT_FOUND),
    (["/bin/no-such"], "no such file or directory"), (["/bin/plain"], "permission denied"), (["/bin/directory"], "is a directory"),
    (["/bin/sh/x"], "not a directory"),
]


@not_with("crun", reason="crun has other words")
@pytest.mark.parametrize("verb", ["exec", "run", "create"])
@pytest.mark.parametrize("args, words", FAILURES, ids=[row[0][0] for row in FAILURES])
def test_what_cannot_be_executed(machine, bundles, runtime, verb, args, words):
    """Engines make 126 and 127 of these words."""
    bundle = bundles.make("fails", ["sleep", "1000"] if verb == "exec" else args)
    machine.run(FILES.format(bundle))
    if verb == "exec":
        assert runtime.detached("run", "fails", bundle, "--detach").returncode == 0
        done = runtime("exec", "fails", *args, check=False)
    else:
        done = runtime.detached(verb, "fails", bundle)
    assert done.returncode == (255 if verb == "exec" else 1)
    assert words in done.stderr
    assert args[0] in done.stderr
    if verb != "exec":
        assert runtime("state", "fails", check=False).returncode == 1, "nothing is left"


@pytest.mark.parametrize("verb", ["exec", "run"])
def test_an_interpreter_that_is_not_there(machine, bundles, runtime, verb):
    args = ["/bin/interpreter"]
    bundle = bundles.make("fails", ["sleep", "1000"] if verb == "exec" else args)
    machine.run(FILES.format(bundle))
    if verb == "exec":
        assert runtime.detached("run", "fails", bundle, "--detach").returncode == 0
    done = runtime("exec", "fails", *args, check=False) if verb == "exec" else runtime.run("fails", bundle, check=False)
    assert done.returncode in (1, 255)
    assert "no such file or directory" in done.stderr.lower()


@pytest.mark.parametrize("words, message", [
    case(["c"], "process args cannot be empty", without=["crun"], why="crun counts its words"),
    (["--cwd", "/no/such", "c", "true"], "/no/such"),
    case(["--cwd", "tmp", "c", "true"], "absolute path", without=["crun"], why="crun starts at the root directory"),
    case(["--user", "nobody", "c", "true"], "nobody", without=["crun"], why="crun says USERSPEC"),
    case(["--user", "1:x", "c", "true"], "x", without=["crun"], why="crun says USERSPEC"),
    case(["--env", "NAME", "c", "true"], "NAME", without=["runc", "crun"], why="runc does not say which, crun takes it"),
    case(["--detach", "--tty", "c", "true"], "cannot allocate tty if", without=["crun"], why="crun looks for its own terminal"),
    case(["--console-socket", "/tmp/s", "c", "true"], "cannot use console socket if", without=["crun"], why="crun ignores it"),
    (["--pid-file", "/no/such/pid", "c", "true"], "/no/such"),
    case(["--apparmor", "no-such", "c", "true"], "apparmor", without=["crun"], why="crun has status 1"),
    case(["--process-label", "no-such", "c", "true"], "selinux", without=["crun"], why="crun ignores it without SELinux"),
], ids=str)
def test_wrong_options(bundles, runtime, words, message):
    runtime.detached("run", "c", bundles.make("c", ["sleep", "1000"]), "--detach")
    done = runtime("exec", *words, check=False)
    assert done.returncode == (255 if runtime.name != "crun" else done.returncode or 255)
    assert message.lower() in done.stderr.lower()


def test_exec_in_a_created_container(bundles, runtime):
    runtime.create("waiting", bundles.make("waiting", ["true"]))
    assert runtime("exec", "waiting", "echo", "inside").stdout == "inside\n"


def test_exec_in_a_stopped_container(machine, sleeper, runtime):
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    done = runtime("exec", sleeper, "true", check=False)
    assert done.returncode == (1 if runtime.name == "crun" else 255)
    assert re.search("cannot exec in a stopped container|is not running", done.stderr)


def test_exec_in_no_container(runtime):
    done = runtime("exec", "nothing", "true", check=False)
    assert done.returncode == (1 if runtime.name == "crun" else 255)
    if runtime.name != "crun":
        assert "container does not exist" in done.stderr


@not_with("crun", reason="crun has no such option")
def test_ignore_paused(machine, sleeper, runtime):
    runtime("pause", sleeper)
    call = f"{runtime.name} --systemd-cgroup"
    machine.run(f"{call} exec --ignore-paused {sleeper} echo went on >/tmp/out 2>&1 & sleep 0.3; {call} resume {sleeper} && wait")
    assert machine.output("cat /tmp/out; rm /tmp/out") == "went on"


# ---- who stays with it

def test_detach(machine, sleeper, runtime):
    machine.run(f"{runtime.name} --systemd-cgroup exec --detach --pid-file /tmp/exec.pid {sleeper} sleep 1001 >/dev/null 2>&1")
    text, mode = machine.run("cat /tmp/exec.pid; stat -c ' %a' /tmp/exec.pid").stdout.split(" ")
    assert text.isdigit(), "digits, and no newline"
    if runtime.name != "crun":
        assert mode.strip() == "644"
    assert machine.run(f"tr '\\0' ' ' </proc/{text}/cmdline").stdout == "sleep 1001 "
    assert int(text) in json.loads(runtime("ps", "-f", "json", sleeper).stdout)
    machine.run(f"kill -KILL {text}; rm /tmp/exec.pid")
    assert runtime.status(sleeper) == "running"


def test_stdin_and_much_output(machine, sleeper, runtime):
    call = f"{runtime.name} --systemd-cgroup exec {sleeper}"
    assert machine.output(f"echo in | {call} cat") == "in"
    assert machine.output(f"{call} seq 1 200000 | md5sum") == machine.output("seq 1 200000 | md5sum")
    if runtime.name != "crun":  # crashes
        assert machine.output(f"{call} cat <&-; echo $?") == "0"


def test_preserved_descriptors_of_exec(machine, sleeper, runtime):
    done = machine.run(f"exec 3</etc/passwd 4</etc/group 5</etc/shadow; {runtime.name} --systemd-cgroup exec --preserve-fds 2 {sleeper}"
                       " payload fds")
    assert done.stdout.split() == ["3", "4"]


@not_with("runc", reason="runc fills them with descriptors of its own")
def test_preserved_descriptors_with_holes(machine, sleeper, runtime):
    done = machine.run(f"exec 5</etc/shadow; {runtime.name} --systemd-cgroup exec --preserve-fds 3 {sleeper} payload fds")
    assert done.stdout.split() == ["5"]


# ---- terminal

def test_a_terminal(sleeper, runtime, terminal):
    done = terminal(f"{runtime.name} --systemd-cgroup exec -t {sleeper} sh -c 'tty; until stty size 2>/dev/null; do sleep 0.05; done; read a; echo got $a; exit 3'",
                    ("24 80", "abc\n"))
    assert done.returncode == 3
    assert re.search(r"/dev/(pts/\d|console)", done.stdout)
    assert "got abc\n" in done.stdout


def test_the_size_of_a_terminal_changes(sleeper, runtime, terminal):
    script = "trap \"stty size\" WINCH; echo ready; while :; do sleep 0.1; done"
    done = terminal(f"{runtime.name} --systemd-cgroup exec -t {sleeper} sh -c '{script}'", ("ready", "@30x90"), ("30 90", "\x03"))
    assert done.returncode == 130, done.stdout


@not_with("crun", reason="now and then crun loses output")
def test_a_terminal_gives_all_of_much_output(sleeper, runtime, terminal):
    done = terminal(f"{runtime.name} --systemd-cgroup exec -t {sleeper} seq 1 50000")
    assert done.stdout.split() == [str(n) for n in range(1, 50001)]


def test_the_terminal_is_as_before(sleeper, runtime, terminal):
    done = terminal(f"stty -a >/tmp/before; {runtime.name} --systemd-cgroup exec -t {sleeper} true; stty -a | diff /tmp/before - && echo same")
    assert done.stdout.endswith("same\n")


# ---- cgroup

@pytest.fixture
def cgroup(machine, sleeper, runtime):
    """The directory of the container's cgroup; below it there is one more, a/b."""
    path = machine.output(f"sed -n 's/^0:://p' /proc/{runtime.state(sleeper)['pid']}/cgroup")
    machine.run(f"mkdir -p /sys/fs/cgroup{path}/a/b")
    yield path


@pytest.mark.parametrize("word, below", [
    ("a/b", "/a/b"), ("/a", "/a"), case(":a", "/a", without=["crun"], why="crun has paths only"), ("/", "/"), ("", "/")])
def test_a_cgroup_below(sleeper, runtime, cgroup, word, below):
    if runtime.name == "crun":
        pytest.skip("crun has a cgroup of its own in the scope")
    done = runtime("exec", "--cgroup", word, sleeper, "sed", "-n", "s/^0:://p", "/proc/self/cgroup")
    assert done.stdout.strip() == (cgroup + below).rstrip("/")


@not_with("crun", reason="crun has other words, and lets .. pass")
@pytest.mark.parametrize("words, message", [
    (["no/such"], "no such file or directory"), ([".."], "is not a sub cgroup path"), (["a/../../.."], "is not a sub cgroup path"),
    (["cpu,memory:a"], "unknown controller"), (["a:b:c"], "invalid --cgroup argument: a:b:c"), (["a", "a/b"], "invalid --cgroup argument"),
], ids=str)
def test_a_cgroup_that_cannot_be(sleeper, runtime, cgroup, words, message):
    options = [option for word in words for option in ("--cgroup", word)]
    done = runtime("exec", *options, sleeper, "true", check=False)
    assert done.returncode == 255
    assert message in done.stderr.lower()
