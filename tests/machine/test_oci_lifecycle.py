# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every verb does in every state of a container, what is left when one fails, and what engines read of it: state, lists,
pid files and the log. Whatever is tested here holds for runc, too (BERTH_TEST_RUNTIME=runc)."""

import json

import pytest

pytestmark = pytest.mark.peer


def prepare(machine, runtime, bundle, state):
    """The container x in this state."""
    if state == "missing":
        return
    runtime.create("x", bundle)
    if state == "created":
        return
    runtime("start", "x")
    if state == "paused":
        runtime("pause", "x")
    if state == "stopped":
        runtime("kill", "x", "KILL")
        machine.wait_until(f"{runtime.name} state x | grep stopped")


def status_of(runtime, container="x"):
    done = runtime("state", container, check=False)
    return json.loads(done.stdout)["status"] if done.returncode == 0 else "missing"


# (status of x, verb and what comes before and after its name, exit status, what is said or None, the status afterwards)
NONE = "container does not exist"
VERBS = [
    ("missing", "state x", 1, NONE, "missing"),
    ("missing", "start x", 1, NONE, "missing"),
    ("missing", "kill x", 1, NONE, "missing"),
    ("missing", "delete x", 1, NONE, "missing"),
    ("missing", "delete --force x", 0, None, "missing"),
    ("missing", "exec x true", 255, NONE, "missing"),
    ("missing", "pause x", 1, NONE, "missing"),
    ("missing", "resume x", 1, NONE, "missing"),
    ("missing", "ps x", 1, NONE, "missing"),
    ("missing", "update --pids-limit 9 x", 1, NONE, "missing"),
    ("missing", "events --stats x", 1, NONE, "missing"),
    ("created", "state x", 0, None, "created"),
    ("created", "exec x true", 0, None, "created"),
    ("created", "pause x", 0, None, "paused"),
    ("created", "resume x", 1, "container not paused", "created"),
    ("created", "kill x BOGUS", 1, 'unknown signal "BOGUS"', "created"),
    ("created", "kill x KILL", 0, None, "stopped"),
    ("created", "delete x", 0, None, "missing"),
    ("running", "start x", 1, "cannot start a", "running"),
    ("running", "delete x", 1, "cannot delete container x that is not stopped: running", "running"),
    ("running", "delete --force x", 0, None, "missing"),
    ("running", "resume x", 1, "container not paused", "running"),
    ("running", "exec x false", 1, None, "running"),
    ("running", "exec x sh -c 'kill -TERM $$'", 143, None, "running"),
    ("running", "exec x /missing", 255, "no such file or directory", "running"),
    ("running", "exec x missing", 255, "executable file not found in $PATH", "running"),
    ("running", "exec x /tmp", 255, "is a directory", "running"),
    ("running", "exec --cwd /missing x true", 255, "no such file or directory", "running"),
    ("running", "exec --cwd relative x true", 255, "absolute path", "running"),
    ("running", "exec --user bogus x true", 255, "bogus", "running"),
    ("running", "exec --pid-file /missing/pid x true", 255, "/missing", "running"),
    ("paused", "pause x", 1, "container not running", "paused"),
    ("paused", "start x", 1, "cannot start a", "paused"),
    ("paused", "exec x true", 255, "cannot exec in a paused container (use --ignore-paused to override)", "paused"),
    ("paused", "delete x", 1, "cannot delete container x that is not stopped: paused", "paused"),
    ("paused", "delete --force x", 0, None, "missing"),
    ("stopped", "start x", 1, "cannot start a container that has stopped", "stopped"),
    ("stopped", "kill x", 1, "container not running", "stopped"),
    ("stopped", "exec x true", 255, "cannot exec in a stopped container", "stopped"),
    ("stopped", "pause x", 1, "container not running", "stopped"),
    ("stopped", "resume x", 1, "container not paused", "stopped"),
    ("stopped", "ps x", 0, None, "stopped"),
    ("stopped", "update --pids-limit 9 x", 1, "not running", "stopped"),
    ("stopped", "events --stats x", 1, "not running", "stopped"),
    ("stopped", "delete x", 0, None, "missing"),
]


@pytest.mark.parametrize("before, words, status, said, after", VERBS, ids=[f"{row[0]}-{row[1]}" for row in VERBS])
def test_verb(machine, bundles, runtime, before, words, status, said, after):
    """A verb that is refused changes nothing, and says why on stderr and, for engines, as JSON in the log."""
    prepare(machine, runtime, bundles.make("x", ["sleep", "1000"]), before)
    options = " ".join(("--log /tmp/x.log --log-format json", *runtime.options))
    done = machine.run(f"rm -f /tmp/x.log; {runtime.name} {options} {words}", check=False)
    assert done.returncode == status, done.stderr
    if words == "kill x KILL":
        machine.wait_until(f"{runtime.name} state x | grep stopped")
    assert status_of(runtime) == after
    if said is None:
        return
    assert said in done.stderr
    entries = [json.loads(line) for line in machine.output("cat /tmp/x.log").splitlines()]
    assert all({"level", "msg", "time"} <= entry.keys() for entry in entries)
    assert (entries[-1]["level"], said in entries[-1]["msg"]) == ("error", True)


def bundle_with(edit):
    def make(bundles):
        return bundles.make("y", ["sleep", "1000"], edit)
    return make


def process(**members):
    return bundle_with(lambda config: config["process"].update(members))


def linux(**members):
    return bundle_with(lambda config: config["linux"].update(members))


def another_mount(**members):
    return bundle_with(lambda config: config["mounts"].append(members))


def hostname_of_the_host(config):
    config["hostname"] = "x"
    config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "uts"]


# (what is wrong, the bundle, what has to be said about it)
CREATE = {
    "no bundle": (lambda bundles: "/missing", "/missing"),
    "no JSON": (lambda bundles: bundles.make_raw("y", "{"), ""),
    "no object": (lambda bundles: bundles.make_raw("y", "[]"), ""),
    "no root": (bundle_with(lambda config: config.pop("root")), "root"),
    "no root file system": (bundle_with(lambda config: config["root"].update(path="missing")), "missing"),
    "no process": (bundle_with(lambda config: config.pop("process")), "process"),
    "no arguments": (process(args=[]), "args must not be empty"),
    "no program": (process(args=["/missing"]), 'exec: "/missing": '),
    "not in PATH": (process(args=["missing"]), 'exec: "missing": executable file not found in $PATH'),
    "a directory": (process(args=["/tmp"]), 'exec: "/tmp": is a directory'),
    "no directory": (process(cwd=""), "wd"),
    "relative directory": (process(cwd="tmp"), "must be an absolute path"),
    "unknown limit": (process(rlimits=[{"type": "RLIMIT_X", "hard": 1, "soft": 1}]), "RLIMIT_X"),
    "terminal without socket": (process(terminal=True), "without setting console socket"),
    "unknown namespace": (linux(namespaces=[{"type": "mount"}, {"type": "bogus"}]), "bogus"),
    "namespace twice": (bundle_with(lambda config: config["linux"]["namespaces"].append({"type": "pid"})), "pid"),
    "host's name": (bundle_with(hostname_of_the_host), "hostname"),
    "host's sysctl": (linux(sysctl={"vm.swappiness": "1"}), "vm.swappiness"),
    "unknown action": (linux(seccomp={"defaultAction": "BOGUS"}), "BOGUS"),
    "unknown propagation": (linux(rootfsPropagation="bogus"), "bogus"),
    "no source": (another_mount(destination="/x", type="bind", source="/missing", options=["bind"]), "/missing"),
    "unknown file system": (another_mount(destination="/x", type="bogus", source="x"), "/x"),
    "unknown mount option": (another_mount(destination="/x", type="tmpfs", source="x", options=["bogus"]), "bogus"),
    "no hook": (bundle_with(lambda config: config.update(hooks={"prestart": [{"path": "/missing"}]})), "/missing"),
}


@pytest.mark.parametrize("make, said", CREATE.values(), ids=[name.replace(" ", "-") for name in CREATE])
def test_create_that_fails(bundles, runtime, make, said):
    """Nothing is left of it, and the id is free."""
    done = runtime.detached("create", "x", make(bundles))
    assert done.returncode == 1
    # without --log it is a record whose text is quoted
    assert done.stderr and said in done.stderr.replace('\\"', '"')
    assert status_of(runtime) == "missing"
    runtime.create("x", bundles.make("x", ["true"]))


def test_create_with_an_id_that_is_taken(bundles, runtime):
    bundle = bundles.make("x", ["sleep", "1000"])
    runtime.create("x", bundle)
    before = runtime.state("x")
    for verb in ("create", "run"):
        done = runtime(verb, "--bundle", bundle, "x", check=False)
        assert done.returncode == 1 and "container with given ID already exists" in done.stderr
    assert runtime.state("x") == before


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "ä", "x" * 1025],
                         ids=["empty", "dot", "dots", "slash", "space", "umlaut", "long"])
def test_ids_that_are_none(bundles, runtime, name):
    done = runtime("create", "--bundle", bundles.make("x", ["true"]), name, check=False)
    assert done.returncode == 1 and done.stderr
    assert runtime("list", "-q").stdout == ""


@pytest.mark.parametrize("verb", ["create", "run", "exec"])
def test_pid_file(machine, bundles, runtime, verb):
    """The bare number, and nothing that would have to be stripped."""
    bundle = bundles.make("x", ["sleep", "1000"])
    options = ["--pid-file", "/tmp/pid", *(["--detach"] if verb == "run" else [])]
    if verb == "exec":
        runtime.create("x", bundle)
        machine.run(f"{runtime.name} exec --detach --pid-file /tmp/pid x sleep 1000 >/tmp/x.log 2>&1")
    else:
        assert runtime.detached(verb, "x", bundle, *options).returncode == 0
    text = machine.run("cat /tmp/pid; rm /tmp/pid").stdout
    assert text.isdigit()
    assert (text == str(runtime.state("x")["pid"])) == (verb != "exec")
    assert machine.run(["cat", f"/proc/{text}/comm"]).stdout.strip() != ""


def test_state(machine, bundles, runtime):
    """All members, in each state; pid is 0 at the end, since the number may be somebody else's by then."""
    bundle = bundles.make("x", ["sleep", "1000"], lambda config: config.update(annotations={"a/b": "c"}))
    runtime.create("x", bundle)
    created = runtime.state("x")
    assert created["pid"] > 1 and created["created"].endswith("Z")
    assert {key: created[key] for key in ("id", "status", "bundle", "rootfs", "annotations")} == {
        "id": "x", "status": "created", "bundle": bundle, "rootfs": f"{bundle}/rootfs", "annotations": {"a/b": "c"}}
    runtime("start", "x")
    assert runtime.state("x") == {**created, "status": "running"}
    runtime("kill", "x", "KILL")
    machine.wait_until(f"{runtime.name} state x | grep stopped")
    assert runtime.state("x") == {**created, "status": "stopped", "pid": 0}


def test_list(bundles, runtime):
    """As a table, as JSON and as bare ids, sorted."""
    assert runtime("list", "-q").stdout == ""
    for name in ("y", "x"):
        runtime.create(name, bundles.make(name, ["sleep", "1000"]))
    assert runtime("list", "--quiet").stdout.split() == ["x", "y"]
    header, *rows = runtime("list").stdout.splitlines()
    assert header.split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    states = [runtime.state(name) for name in ("x", "y")]
    assert [row.split() for row in rows] == [
        [s["id"], str(s["pid"]), "created", s["bundle"], s["created"], "root"] for s in states]
    text = runtime("list", "--format", "json").stdout
    assert text.count("\n") <= 1
    assert json.loads(text) == [{**s, "owner": "root"} for s in states]
    done = runtime("list", "--format", "bogus", check=False)
    assert done.returncode == 1 and "invalid format option" in done.stderr


STAGES = ["prestart", "createRuntime", "createContainer", "startContainer"]


def hooks(failing=None):
    """An edit: each hook writes its kind into /hooked/ran, in which the container has the host's directory."""
    def edit(config):
        config["mounts"].append({"destination": "/hooked", "type": "bind", "source": "/hooked", "options": ["bind"]})
        config["hooks"] = {}
        for kind in (*STAGES, "poststart", "poststop"):
            end = "; echo reason >&2; exit 3" if kind == failing else ""
            script = f"cat >/hooked/{kind}; echo {kind} >>/hooked/ran{end}"
            config["hooks"][kind] = [{"path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/usr/bin:/bin"]}]
    return edit


@pytest.fixture
def hooked(machine):
    """ran(): the hooks that have run since the last call."""
    def ran():
        return machine.output("cat /hooked/ran && rm /hooked/ran", check=False).split()
    machine.run("mkdir /hooked")
    yield ran
    machine.run("rm -r /hooked")


def test_hooks_in_the_life_of_a_container(machine, bundles, runtime, hooked):
    """runc before 1.5 runs poststart at the end of create."""
    runtime.create("x", bundles.make("x", ["sleep", "1000"], hooks()))
    at_create = hooked()
    assert at_create[:3] == STAGES[:3]
    runtime("start", "x")
    at_start = hooked()
    assert sorted(at_create[3:] + at_start) == ["poststart", "startContainer"]
    runtime("kill", "x", "KILL")
    machine.wait_until(f"{runtime.name} state x | grep stopped")
    runtime("delete", "x")
    assert hooked() == ["poststop"]
    for kind in (*STAGES, "poststart", "poststop"):
        text = machine.run(["cat", f"/hooked/{kind}"]).stdout
        state = json.loads(text)
        assert text == json.dumps(state, separators=(",", ":")), "compact, on one line that does not end"
        assert (state["id"], state["bundle"], "pid" in state) == ("x", "/var/lib/berth/x", kind != "poststop")


@pytest.mark.parametrize("kind", STAGES[:3])
@pytest.mark.parametrize("verb", ["create", "run"])
def test_hook_that_fails_at_create(bundles, runtime, hooked, verb, kind):
    """The hooks after it do not run, but for poststop: it takes back what those before may have done. Nothing is left."""
    bundle = bundles.make("x", ["sleep", "1000"], hooks(failing=kind))
    done = runtime.detached(verb, "x", bundle, *(["--detach"] if verb == "run" else []))
    assert done.returncode == 1 and "reason" in done.stderr
    assert hooked() == [*STAGES[:STAGES.index(kind) + 1], "poststop"]
    assert status_of(runtime) == "missing"


def test_poststop_hook_after_another_failure(bundles, runtime, hooked):
    bundle = bundles.make("x", ["/missing"], hooks())
    assert runtime.detached("create", "x", bundle).returncode == 1
    assert hooked() == [*STAGES[:3], "poststop"]


def test_start_container_hook_that_fails(machine, bundles, runtime, hooked):
    """The payload does not run; what is left has stopped and waits for its delete. (runc's start says nothing of it.)"""
    runtime.create("x", bundles.make("x", ["touch", "/hooked/payload"], hooks(failing="startContainer")))
    done = runtime("start", "x", check=False)
    assert done.returncode == (0 if runtime.name == "runc" else 1)
    machine.wait_until(f"{runtime.name} state x | grep stopped")
    assert hooked()[:4] == (STAGES if runtime.name != "runc" else [*STAGES[:3], "poststart"])
    runtime("delete", "x")
    assert hooked() == ["poststop"]
    assert machine.run("ls /hooked/payload", check=False).returncode != 0


def test_poststop_hook_that_fails(bundles, runtime, hooked):
    """The container is deleted all the same."""
    runtime.create("x", bundles.make("x", ["sleep", "1000"], hooks(failing="poststop")))
    runtime("delete", "--force", "x")
    assert hooked()[-1] == "poststop"
    assert status_of(runtime) == "missing"
