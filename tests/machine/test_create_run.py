# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs create, run and start: each of their options, and who stays with a container in the foreground."""

import json
import re

import pytest

from runtimes import case, not_with

pytestmark = [pytest.mark.peer, pytest.mark.peer_crun]


def terminal_wanted(config):
    config["process"]["terminal"] = True


def gone(runtime, container):
    return runtime("state", container, check=False).returncode == 1


# ---- bundle and configuration

@pytest.mark.parametrize("option", ["-b", "--bundle"])
def test_bundle(bundles, runtime, option):
    runtime.ids.add("plain")
    assert runtime("run", option, bundles.make("plain", ["echo", "here"]), "plain").stdout == "here\n"


def test_the_bundle_is_where_we_are(machine, bundles, runtime):
    bundle = bundles.make("plain", ["sleep", "1000"])
    machine.run(f"cd {bundle} && {runtime.name} --systemd-cgroup create --pid-file pid plain >/dev/null 2>&1")
    runtime.ids.add("plain")
    state = runtime.state("plain")
    assert state["bundle"] == bundle
    assert machine.output(f"cat {bundle}/pid") == str(state["pid"])


@not_with("runc", reason="crun's")
@pytest.mark.parametrize("option", ["-f", "--config"])
def test_another_configuration(machine, bundles, runtime, option):
    bundle = bundles.make("plain", ["echo", "one"])
    machine.run(f"sed 's/\"one\"/\"other\"/' {bundle}/config.json >/tmp/other.json")
    assert runtime.run("plain", bundle, option, "/tmp/other.json").stdout == "other\n"
    machine.run("rm /tmp/other.json")


@pytest.mark.parametrize("verb", ["create", "run"])
def test_no_bundle(runtime, verb):
    done = runtime(verb, "--bundle", "/no/such/bundle", "x", check=False)
    assert done.returncode == 1
    assert "/no/such/bundle" in done.stderr
    assert gone(runtime, "x")


@pytest.mark.parametrize("verb", ["create", "run"])
def test_no_configuration(machine, runtime, verb):
    machine.run("mkdir /tmp/empty")
    done = runtime(verb, "--bundle", "/tmp/empty", "x", check=False)
    machine.run("rmdir /tmp/empty")
    assert done.returncode == 1
    assert "config.json" in done.stderr


@pytest.mark.parametrize("verb", ["create", "run"])
def test_the_id_is_taken(bundles, runtime, sleeper, verb):
    done = runtime.detached(verb, sleeper, bundles.make("second", ["true"]))
    assert done.returncode == 1
    assert re.search(r"container with given ID already exists|already exists", done.stderr)
    assert runtime.status(sleeper) == "running"


# ---- pid file

def test_the_pid_file(machine, bundles, runtime):
    machine.write("/tmp/dir/init.pid", "an old file\n")
    runtime.create("numbered", bundles.make("numbered", ["sleep", "1000"]), "--pid-file", "/tmp/dir/init.pid")
    assert machine.run("cat /tmp/dir/init.pid").stdout == str(runtime.state("numbered")["pid"]), "digits, and no newline"
    assert machine.output("ls -A /tmp/dir") == "init.pid"
    if runtime.name != "crun":
        assert machine.output("stat -c %a /tmp/dir/init.pid") == "644"
    machine.run("rm -r /tmp/dir")


@pytest.mark.parametrize("verb", ["create", "run"])
def test_a_pid_file_that_cannot_be_written(machine, bundles, runtime, verb):
    done = runtime.detached(verb, "numbered", bundles.make("numbered", ["sleep", "1000"]), "--pid-file", "/no/such/pid")
    assert done.returncode == 1
    assert "/no/such" in done.stderr
    if runtime.name != "crun":
        assert gone(runtime, "numbered")


# ---- descriptors

@pytest.mark.parametrize("n, seen", [(0, ""), (2, "3 4"), (3, "3 4 5")])
def test_preserved_descriptors(machine, bundles, runtime, n, seen):
    bundle = bundles.make("given", ["payload", "fds"])
    runtime.ids.add("given")
    done = machine.run(f"exec 3</etc/passwd 4</etc/group 5</etc/hostname 6</etc/passwd; {runtime.name} --systemd-cgroup run"
                       f" --preserve-fds {n} --bundle {bundle} given")
    assert done.stdout.split() == seen.split()


@not_with("runc", reason="runc wants all of them")
def test_preserved_descriptors_with_holes(machine, bundles, runtime):
    bundle = bundles.make("given", ["payload", "fds"])
    runtime.ids.add("given")
    done = machine.run(f"exec 4</etc/passwd 6</etc/group; {runtime.name} --systemd-cgroup run --preserve-fds 4 --bundle {bundle} given")
    assert done.stdout.split() == ["4", "6"]


ACTIVATED = "exec 3</etc/passwd 4</etc/group 5</etc/hostname; export LISTEN_FDS=2; {}; exec {} --systemd-cgroup run {} --bundle {} given"


@pytest.mark.parametrize("who, options, seen", [
    ("LISTEN_PID=$$; export LISTEN_PID", "", "2 1 3 4"),
    ("LISTEN_PID=$$; export LISTEN_PID", "--preserve-fds 1", "2 1 3 4 5"),
    ("LISTEN_PID=1; export LISTEN_PID", "", "none none"),
    ("unset LISTEN_PID", "", "none none"),
    ("unset LISTEN_PID", "--preserve-fds 1", "none none 3"),
])
@not_with("crun", reason="crun does not look whom LISTEN_PID names")
def test_descriptors_of_socket_activation(machine, bundles, runtime, who, options, seen):
    bundle = bundles.make("given", ["sh", "-c", "echo ${LISTEN_FDS:-none} ${LISTEN_PID:-none}; payload fds"])
    runtime.ids.add("given")
    done = machine.run(ACTIVATED.format(who, runtime.name, options, bundle))
    assert done.stdout.split() == seen.split()


# ---- switches

@pytest.mark.parametrize("options", [["--no-pivot"], ["--no-new-keyring"], ["--no-subreaper"],
                                     ["--no-pivot", "--no-new-keyring", "--no-subreaper"]], ids=" ".join)
def test_switches_of_run(bundles, runtime, options):
    bundle = bundles.make("plain", ["sh", "-c", "echo $$; ls /bin/payload; ls -d /var/lib/berth 2>/dev/null; echo end"])
    assert runtime.run("plain", bundle, *options).stdout == "1\n/bin/payload\nend\n"


@pytest.mark.parametrize("options", [["--no-pivot"], ["--no-new-keyring"]], ids=" ".join)
def test_switches_of_create(machine, bundles, runtime, options):
    runtime.create("plain", bundles.make("plain", ["echo", "started"]), *options)
    runtime("start", "plain")
    machine.wait_until("grep -x started /tmp/plain.log")


def test_keep(bundles, runtime):
    done = runtime.run("kept", bundles.make("kept", ["sh", "-c", "exit 3"]), "--keep", check=False)
    assert done.returncode == 3
    state = runtime.state("kept")
    assert (state["status"], state["pid"]) == ("stopped", 0)
    assert runtime("list", "-q").stdout == "kept\n"
    runtime("delete", "kept")
    assert gone(runtime, "kept")


def test_without_keep_nothing_is_kept(bundles, runtime):
    runtime.run("kept", bundles.make("kept", ["true"]))
    assert gone(runtime, "kept")


@pytest.mark.parametrize("option", ["-d", "--detach"])
def test_detach(machine, bundles, runtime, option):
    done = runtime.detached("run", "away", bundles.make("away", ["sh", "-c", "echo out; exec sleep 1000"]), option)
    assert done.returncode == 0
    assert runtime.status("away") == "running"
    machine.wait_until("grep -x out /tmp/away.log")


# ---- start

def test_start_is_refused(machine, sleeper, runtime):
    done = runtime("start", sleeper, check=False)
    assert done.returncode == 1
    if runtime.name != "crun":
        assert "cannot start an already running container" in done.stderr
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    done = runtime("start", sleeper, check=False)
    assert done.returncode == 1
    if runtime.name != "crun":
        assert "cannot start a container that has stopped" in done.stderr


@not_with("crun", reason="crun starts it, and it waits")
def test_start_of_a_paused_container(bundles, runtime):
    runtime.create("paused", bundles.make("paused", ["sleep", "1000"]))
    runtime("pause", "paused")
    done = runtime("start", "paused", check=False)
    assert done.returncode == 1
    assert "paused" in done.stderr
    runtime("resume", "paused")
    runtime("start", "paused")
    assert runtime.status("paused") == "running"


# ---- terminals

@pytest.mark.parametrize("verb, options, edit, words", [
    ("create", [], terminal_wanted, "cannot allocate tty if {} will detach without setting console socket"),
    ("run", ["--detach"], terminal_wanted, "cannot allocate tty if {} will detach without setting console socket"),
    ("create", ["--console-socket", "/tmp/s"], None, "cannot use console socket if {} will not detach or allocate tty"),
    ("run", ["--console-socket", "/tmp/s"], None, "cannot use console socket if {} will not detach or allocate tty"),
    ("run", ["--console-socket", "/tmp/s"], terminal_wanted, "cannot use console socket if {} will not detach or allocate tty"),
    ("create", ["--console-socket", "/tmp/nowhere"], terminal_wanted, "no such file or directory"),
], ids=["create", "run-detach", "create-socket", "run-socket", "run-terminal-socket", "nobody-listens"])
@not_with("crun", reason="crun has other rules")
def test_terminals_that_cannot_be(bundles, runtime, verb, options, edit, words):
    done = runtime.detached(verb, "seen", bundles.make("seen", ["true"], edit), *options)
    assert done.returncode == 1
    assert words.format(runtime.name) in done.stderr.replace("No such", "no such")
    assert gone(runtime, "seen")


CONSOLE = r"""
import array, os, select, socket, sys
path = sys.argv[1]
os.chdir(os.path.dirname(path))
listener = socket.socket(socket.AF_UNIX)
listener.bind(os.path.basename(path))
listener.listen()
open("/tmp/console.ready", "w").close()
connection = listener.accept()[0]
data, fds, _, _ = socket.recv_fds(connection, 4096, 10)
print(len(fds), len(data) > 0, flush=True)
os.write(fds[0], b"typed\n")
text = b""
while b"got typed" not in text:
    text += os.read(fds[0], 4096)
print(text.decode(), flush=True)
"""


@pytest.fixture(params=["/tmp/console/socket",
                        case("/tmp/console/" + "long-name/" * 12 + "socket", without=["runc"], why="longer than sun_path")],
                ids=["short", "long"])
def console(machine, request):
    machine.write("/tmp/console.py", CONSOLE)
    machine.run(f"mkdir -p $(dirname {request.param}); rm -f /tmp/console.ready; systemd-run --quiet --unit=console"
                f" --property=StandardOutput=truncate:/tmp/console.out python3 /tmp/console.py {request.param}")
    machine.wait_until("test -e /tmp/console.ready")
    yield request.param
    machine.run("systemctl stop console; systemctl reset-failed console", check=False)
    machine.run("rm -r /tmp/console /tmp/console.py /tmp/console.ready /tmp/console.out")


READ = ["sh", "-c", "tty; read a; echo got $a; exec sleep 1000"]


@pytest.mark.parametrize("verb", ["create", "run", "exec"])
def test_the_console_socket(machine, bundles, runtime, console, verb):
    options = ["--console-socket", console]
    bundle = bundles.make("seen", ["sleep", "1000"] if verb == "exec" else READ, None if verb == "exec" else terminal_wanted)
    if verb == "create":
        runtime.create("seen", bundle, *options)
        runtime("start", "seen")
    elif verb == "run":
        done = runtime.detached("run", "seen", bundle, "--detach", *options)
        assert done.returncode == 0, done.stderr
    else:
        assert runtime.detached("run", "seen", bundle, "--detach").returncode == 0
        runtime("exec", "--tty", "--detach", *options, "seen", *READ)
    machine.wait_until("grep 'got typed' /tmp/console.out")
    first, *rest = machine.output("cat /tmp/console.out").splitlines()
    assert first == "1 True", "one descriptor, and a byte to carry it"
    assert re.search("^/dev/(pts/[0-9]+|console)", "\n".join(rest), re.M)


@not_with("crun", reason="crun makes the terminal too late for its size")
def test_run_on_a_terminal(bundles, runtime, terminal):
    bundle = bundles.make("seen", ["sh", "-c", "tty; until stty size 2>/dev/null; do sleep 0.05; done; read a; echo got $a; exit 3"], terminal_wanted)
    runtime.ids.add("seen")
    done = terminal(f"{runtime.name} --systemd-cgroup run --bundle {bundle} seen", ("24 80", "abc\n"))
    assert done.returncode == 3, done.stdout
    assert "got abc\n" in done.stdout
    assert gone(runtime, "seen")


def test_keys_are_signals_of_the_container(bundles, runtime, terminal):
    bundle = bundles.make("seen", ["sh", "-c", "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.1; done"],
                          terminal_wanted)
    runtime.ids.add("seen")
    done = terminal(f"{runtime.name} --systemd-cgroup run --bundle {bundle} seen", ("ready", "\x03"))
    assert done.returncode == 9, done.stdout
    assert "interrupted" in done.stdout


@not_with("crun", reason="crun loses some of it")
def test_much_output_on_a_terminal(bundles, runtime, terminal):
    bundle = bundles.make("seen", ["seq", "1", "50000"], terminal_wanted)
    runtime.ids.add("seen")
    done = terminal(f"{runtime.name} --systemd-cgroup run --bundle {bundle} seen")
    assert done.stdout.split() == [str(n) for n in range(1, 50001)]


# ---- the foreground

@pytest.mark.parametrize("name, status", [("HUP", 1), ("INT", 2), ("QUIT", 3), ("TERM", 15), ("USR1", 10), ("USR2", 12)])
@not_with("crun", reason="crun passes no signals on")
def test_signals_are_passed_on(machine, bundles, runtime, name, status):
    script = f"trap 'exit {status}' {name}; echo ready; while :; do sleep 0.1; done"
    bundle = bundles.make("told", ["sh", "-c", script])
    runtime.ids.add("told")
    machine.run(f"{{ {runtime.name} --systemd-cgroup run --bundle {bundle} told >/tmp/told.log 2>&1; echo $? >/tmp/told.status; }} &"
                f" until grep -q ready /tmp/told.log; do sleep 0.05; done; kill -{name} $(pgrep -x {runtime.name}); wait")
    assert machine.output("cat /tmp/told.status; rm /tmp/told.status") == str(status)
    assert gone(runtime, "told")


def test_stdin_in_the_foreground(machine, bundles, runtime):
    bundle = bundles.make("reads", ["cat"])
    runtime.ids.add("reads")
    call = f"{runtime.name} --systemd-cgroup run --bundle {bundle} reads"
    assert machine.output(f"echo in | {call}") == "in"
    if runtime.name != "crun":  # crashes
        assert machine.output(f"{call} <&-; echo $?") == "0"


def test_much_output(machine, bundles, runtime):
    bundle = bundles.make("tells", ["seq", "1", "200000"])
    runtime.ids.add("tells")
    assert machine.output(f"{runtime.name} --systemd-cgroup run --bundle {bundle} tells | md5sum") == \
        machine.output("seq 1 200000 | md5sum")


def test_verbs_need_no_option_for_the_cgroup(machine, bundles, runtime):
    """Engines say how cgroups are made once, to create."""
    runtime.create("placed", bundles.make("placed", ["sleep", "1000"]))

    def plain(*words):
        return machine.run([runtime.name, *words])
    plain("start", "placed")
    cgroup = f"/proc/{runtime.state('placed')['pid']}/cgroup"
    assert plain("exec", "placed", "echo", "inside").stdout == "inside\n"
    assert f"{runtime.name}-placed.scope" in machine.output(f"cat {cgroup}")
    assert len(json.loads(plain("ps", "-f", "json", "placed").stdout)) == 1
    plain("pause", "placed")
    plain("resume", "placed")
    plain("kill", "placed", "KILL")
    machine.wait_until(f"{runtime.name} state placed | grep stopped")
    plain("delete", "placed")
    assert gone(runtime, "placed")
