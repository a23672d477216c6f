# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs that look at containers and end them - kill, delete, list, state - and those that need none: spec, features."""

import json
import re

import pytest

from runtimes import case, not_with

pytestmark = [pytest.mark.peer, pytest.mark.peer_crun]

TRAPS = ["sh", "-c", "trap 'echo got TERM' TERM; trap 'echo got USR1' USR1; trap 'echo got 2' INT; echo ready; while :; do sleep 0.05; done"]


def wait_stopped(machine, runtime, container):
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {container} | grep stopped")


@pytest.fixture
def catcher(machine, bundles, runtime):
    """A container that tells of TERM, USR1 and INT."""
    done = runtime.detached("run", "catcher", bundles.make("catcher", TRAPS), "--detach")
    assert done.returncode == 0, done.stderr
    machine.wait_until("grep -x ready /tmp/catcher.log")
    return "catcher"


# ---- kill

@pytest.mark.parametrize("words, said", [
    ([], "got TERM"), (["TERM"], "got TERM"), (["SIGTERM"], "got TERM"), (["15"], "got TERM"),
    (["SIGUSR1"], "got USR1"), (["USR1"], "got USR1"), (["2"], "got 2"), (["INT"], "got 2"),
    case(["term"], "got TERM", without=["crun"], why="crun wants upper case"),
    case(["sigusr1"], "got USR1", without=["crun"], why="crun wants upper case"),
    case([""], "got TERM", without=["crun"], why="crun knows no such signal"),
], ids=str)
def test_kill(machine, catcher, runtime, words, said):
    runtime("kill", catcher, *words)
    machine.wait_until(f"grep -x '{said}' /tmp/catcher.log")
    assert runtime.status(catcher) == "running"


@not_with("runc", reason="runc does not know them by name")
def test_kill_with_a_real_time_signal(machine, bundles, runtime):
    bundle = bundles.make("real", ["sh", "-c", "trap 'exit 5' RTMIN+3 2>/dev/null || trap 'exit 5' 37; echo ready; while :; do sleep 0.05; done"])
    runtime.detached("run", "real", bundle, "--detach")
    machine.wait_until("grep -x ready /tmp/real.log")
    runtime("kill", "real", "SIGRTMIN+3")
    wait_stopped(machine, runtime, "real")


def test_kill_with_nothing(machine, sleeper, runtime):
    """0 only asks."""
    assert runtime("kill", sleeper, "0").returncode == 0
    runtime("kill", sleeper, "KILL")
    wait_stopped(machine, runtime, sleeper)
    assert runtime("kill", sleeper, "0", check=False).returncode == 1


@pytest.mark.parametrize("signal", ["NOSUCH", "SIGNOSUCH", "99", "-1", case("9x", without=["crun"], why="crun takes 9")])
def test_kill_with_no_signal(sleeper, runtime, signal):
    done = runtime("kill", sleeper, signal, check=False)
    assert done.returncode == 1
    assert re.search("unknown signal|invalid argument", done.stderr.lower())
    assert runtime.status(sleeper) == "running"


@pytest.mark.parametrize("option", ["-a", "--all"])
def test_kill_all(machine, bundles, runtime, option):
    done = runtime.detached("run", "family", bundles.make("family", ["sh", "-c", "trap : TERM; sleep 1001 & while :; do sleep 0.05; done"]), "--detach")
    assert done.returncode == 0, done.stderr
    machine.wait_until("pgrep -fx 'sleep 1001'")
    runtime("kill", option, "family", "TERM")
    machine.wait_until("! pgrep -fx 'sleep 1001'")
    runtime("kill", option, "family", "KILL")
    wait_stopped(machine, runtime, "family")
    assert runtime("kill", option, "family", "KILL", check=False).returncode == 0


def test_kill_of_a_stopped_container(machine, sleeper, runtime):
    runtime("kill", sleeper, "KILL")
    wait_stopped(machine, runtime, sleeper)
    done = runtime("kill", sleeper, "KILL", check=False)
    assert done.returncode == 1
    assert "container not running" in done.stderr


def test_kill_of_a_created_container(machine, bundles, runtime):
    runtime.create("waiting", bundles.make("waiting", ["true"]))
    runtime("kill", "waiting", "KILL")
    wait_stopped(machine, runtime, "waiting")
    runtime("delete", "waiting")


@not_with("runc", "crun", reason="they kill init alone")
def test_kill_reaches_all_without_a_pid_namespace(machine, bundles, runtime):
    def edit(config):
        config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "pid"]
    done = runtime.detached("run", "open", bundles.make("open", ["sh", "-c", "sleep 1003 & sleep 1004 & wait"], edit), "--detach")
    assert done.returncode == 0, done.stderr
    machine.wait_until("pgrep -fx 'sleep 1003' && pgrep -fx 'sleep 1004'")
    runtime("kill", "open", "KILL")
    machine.wait_until("! pgrep -fx 'sleep 100[34]'")


# ---- kill and delete by pattern

@not_with("runc", reason="crun's")
def test_by_pattern(machine, bundles, runtime):
    bundle = bundles.make("some", ["sleep", "1000"])
    for container in ("some-1", "some-2", "other"):
        assert runtime.detached("run", container, bundle, "--detach").returncode == 0
    runtime("kill", "--regex", "^some-[0-9]$", "KILL")
    for container in ("some-1", "some-2"):
        wait_stopped(machine, runtime, container)
    assert runtime.status("other") == "running"
    runtime("delete", "-r", "^some")
    assert runtime("list", "-q").stdout == "other\n"
    runtime("delete", "--regex", "--force", "o.*r")
    assert runtime("list", "-q").stdout == ""
    done = runtime("delete", "--regex", "[", check=False)
    assert done.returncode == 1 or runtime.name == "crun"


# ---- delete

def test_delete_right_after_kill(bundles, runtime):
    """What scripts write."""
    bundle = bundles.make("brief", ["sleep", "1000"])
    for _ in range(10 if runtime.name == "berth" else 1):
        assert runtime.detached("run", "brief", bundle, "--detach").returncode == 0
        words = " ".join([runtime.name, *runtime.options])
        wait = "" if runtime.name == "berth" else f"until {words} state brief | grep -q stopped; do sleep 0.05; done;"
        runtime.machine.run(f"{words} kill brief KILL && {wait} {words} delete brief")


@pytest.mark.parametrize("option", ["-f", "--force"])
def test_delete_by_force(bundles, runtime, sleeper, option):
    assert runtime("delete", option, "nothing").returncode == 0
    done = runtime("delete", sleeper, check=False)
    assert done.returncode == 1
    if runtime.name != "crun":
        assert "cannot delete container sleeper that is not stopped: running" in done.stderr
    runtime("delete", option, sleeper)
    assert runtime("list", "-q").stdout == ""


@not_with("crun", reason="crun has other words")
def test_delete_of_a_paused_container(sleeper, runtime):
    runtime("pause", sleeper)
    done = runtime("delete", sleeper, check=False)
    assert done.returncode == 1
    assert "not stopped: paused" in done.stderr


def test_delete_of_a_created_container(machine, bundles, runtime):
    runtime.create("waiting", bundles.make("waiting", ["true"]))
    pid = runtime.state("waiting")["pid"]
    runtime("delete", *(["--force"] if runtime.name == "crun" else []), "waiting")
    assert machine.output(f"test -e /proc/{pid}; echo $?") == "1"


@pytest.mark.parametrize("verb", ["delete", "kill", "pause", "resume", "start", "state", "ps", "update",
                                  case("events", without=["crun"], why="crun has no events")])
def test_of_no_container(runtime, verb):
    done = runtime(verb, "nothing", check=False)
    assert done.returncode == 1 or runtime.name == "crun"
    if runtime.name != "crun":
        assert "container does not exist" in done.stderr


# ---- list

def cut(line, starts):
    return [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None])]


@not_with("crun", reason="crun has other columns")
def test_list_as_table(bundles, runtime):
    bundle = bundles.make("listed", ["sleep", "1000"])
    runtime.create("c", bundle)
    runtime.create("a-container-with-a-long-name", bundle)
    header, *rows = runtime("list").stdout.splitlines()
    assert header.split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    starts = [header.index(word) for word in header.split()]
    assert starts[1] == len("a-container-with-a-long-name") + 3
    assert starts[3] - starts[2] == 12
    for row, container in zip(rows, ["a-container-with-a-long-name", "c"], strict=True):
        state = runtime.state(container)
        assert cut(row, starts) == [container, str(state["pid"]), "created", bundle, state["created"], "root"]
    assert runtime("list", "--format", "table").stdout.splitlines() == [header, *rows]


def test_list_as_json(bundles, runtime, sleeper):
    for option in ("-f", "--format"):
        listed = json.loads(runtime("list", option, "json").stdout)
        assert len(listed) == 1
        state = runtime.state(sleeper)
        assert listed[0]["owner"] == "root"
        for key in ("id", "pid", "status", "bundle", "created"):
            assert listed[0][key] == state[key]


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_list_of_ids(machine, bundles, runtime, option):
    bundle = bundles.make("listed", ["sleep", "1000"])
    for container in ("two", "one"):
        runtime.create(container, bundle)
    assert sorted(runtime("list", option).stdout.split()) == ["one", "two"]
    words = " ".join([runtime.name, *runtime.options])
    machine.run(f"{words} list {option} | xargs -n1 {words} delete --force")
    assert runtime("list", option).stdout == ""


@pytest.mark.parametrize("verb", [["list"], ["ps", "sleeper"]], ids=["list", "ps"])
def test_a_format_that_is_none(sleeper, runtime, verb):
    done = runtime(verb[0], "-f", "xml", *verb[1:], check=False)
    assert done.returncode == 1
    assert "invalid format" in done.stderr


def test_list_of_nothing(runtime):
    assert not json.loads(runtime("list", "-f", "json").stdout)
    assert len(runtime("list").stdout.splitlines()) == 1
    assert len(runtime.machine.run([runtime.name, "--root", "/run/no-such-root", "list"]).stdout.splitlines()) == 1


# ---- state

def test_state(bundles, runtime):
    def edit(config):
        config["annotations"] = {"a/b": "c", "d": ""}
    bundle = bundles.make("shown", ["sleep", "1000"], edit)
    runtime.create("shown", bundle)
    text = runtime("state", "shown").stdout
    state = json.loads(text)
    assert re.fullmatch(r"1\.\d\.\d.*", state["ociVersion"])
    assert (state["id"], state["status"], state["bundle"]) == ("shown", "created", bundle)
    assert state["annotations"] == {"a/b": "c", "d": ""}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", state["created"])
    assert "owner" in state
    if runtime.name != "crun":
        assert state["rootfs"] == f"{bundle}/rootfs"
        assert text.startswith('{\n  "ociVersion"')
    runtime("start", "shown")
    assert runtime.state("shown") == {**state, "status": "running"}


# ---- spec

@pytest.fixture
def directory(machine):
    machine.run("mkdir /tmp/spec")
    yield "/tmp/spec"
    machine.run("rm -r /tmp/spec")


@pytest.mark.parametrize("option", [None, "-b", "--bundle"])
def test_spec(machine, runtime, directory, option):
    call = f"{runtime.name} spec" if option is None else f"{runtime.name} spec {option} {directory}"
    machine.run(f"cd {directory if option is None else '/'} && {call}")
    config = json.loads(machine.output(f"cat {directory}/config.json"))
    assert config["process"]["args"] == ["sh"]
    assert config["process"]["terminal"] is True
    assert config["root"] == {"path": "rootfs", "readonly": True}
    assert {mount["destination"] for mount in config["mounts"]} >= {
        "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"}
    assert {ns["type"] for ns in config["linux"]["namespaces"]} >= {"pid", "network", "ipc", "uts", "mount"}
    done = machine.run(f"cd {directory} && {runtime.name} spec", check=False)
    assert done.returncode == 1
    if runtime.name != "crun":
        assert "File config.json exists. Remove it first" in done.stderr


@not_with("crun", reason="crun leaves the maps out and the network in")
def test_spec_for_users(machine, runtime, directory):
    machine.run(f"cd {directory} && {runtime.name} spec --rootless")
    config = json.loads(machine.output(f"cat {directory}/config.json"))
    assert "user" in [ns["type"] for ns in config["linux"]["namespaces"]]
    assert "network" not in [ns["type"] for ns in config["linux"]["namespaces"]]
    assert config["linux"]["uidMappings"] and config["linux"]["gidMappings"]


@not_with("runc", reason="crun's")
@pytest.mark.parametrize("option", ["-f", case("--config", without=["crun"], why="crun has another word for it")])
def test_spec_into_another_file(machine, runtime, directory, option):
    machine.run(f"cd {directory} && {runtime.name} spec {option} other.json && test ! -e config.json")
    assert json.loads(machine.output(f"cat {directory}/other.json"))["ociVersion"]
    if runtime.name != "crun":  # writes over it
        assert machine.run(f"cd {directory} && {runtime.name} spec -f other.json", check=False).returncode == 1


def test_spec_in_no_directory(runtime):
    done = runtime("spec", "--bundle", "/no/such/directory", check=False)
    assert done.returncode == 1
    assert "/no/such/directory" in done.stderr


@not_with("runc", "crun", reason="it is their own that is compared with")
def test_spec_says_what_that_of_runc_says(machine, runtime, directory):
    """All members, and the same values but for what newer kernels and specifications have."""
    machine.run(f"cd {directory} && berth spec && mv config.json ours.json && runc spec")
    ours, theirs = (json.loads(machine.output(f"cat {directory}/{name}.json")) for name in ("ours", "config"))

    def missing(a, b, path=""):
        for key, value in b.items():
            if key not in a:
                yield f"{path}/{key}"
            elif isinstance(value, dict):
                yield from missing(a[key], value, f"{path}/{key}")
    assert list(missing(ours, theirs)) == []
    assert ours["process"] | {"capabilities": 0} == theirs["process"] | {"capabilities": 0}
    assert [m["destination"] for m in ours["mounts"]] == [m["destination"] for m in theirs["mounts"]]
    for paths in ("maskedPaths", "readonlyPaths"):
        assert set(ours["linux"][paths]) >= set(theirs["linux"][paths])


# ---- features

@not_with("crun", reason="crun sorts nothing")
def test_features(runtime):
    done = runtime("features")
    assert done.stderr == "", "engines read both together"
    features = json.loads(done.stdout)
    assert features["ociVersionMin"] == "1.0.0"
    assert re.match(r"1\.\d\.\d", features["ociVersionMax"])
    assert features["hooks"] == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
    assert features["mountOptions"] == sorted(set(features["mountOptions"]))
    assert {"bind", "ro", "rro", "nosuid", "rbind"} <= set(features["mountOptions"])
    assert features["linux"]["namespaces"] == sorted(features["linux"]["namespaces"])
    assert "CAP_SYS_ADMIN" in features["linux"]["capabilities"]
    assert features["linux"]["cgroup"]["v2"] is True
    assert features["linux"]["seccomp"]["enabled"] is True
