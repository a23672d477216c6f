# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs of an OCI runtime, on its command line. Whatever is tested here holds for runc, too
(BERTH_TEST_RUNTIME=runc), so that the tests do not bend to our own implementation."""

import json
import os

import pytest

pytestmark = pytest.mark.peer

ONLY_BERTH = pytest.mark.skipif(
    os.environ.get("BERTH_TEST_RUNTIME", "berth") != "berth", reason="a promise that only berth makes")


def test_create_start_kill_delete(machine, bundles, runtime):
    bundle = bundles.make("steps", ["sh", "-c", "echo started; exec sleep 1000"])
    runtime.create("steps", bundle, "--pid-file", "/tmp/steps.pid")
    state = runtime.state("steps")
    assert state["status"] == "created"
    assert state["id"] == "steps"
    assert state["bundle"] == bundle
    assert machine.output("cat /tmp/steps.pid") == str(state["pid"])
    assert "started" not in runtime.log("steps")

    runtime("start", "steps")
    machine.wait_until("grep -x started /tmp/steps.log")
    assert runtime.status("steps") == "running"
    assert "steps" in runtime("list", "-q").stdout.split()

    runtime("kill", "steps", "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state steps | grep stopped")
    runtime("delete", "steps")
    assert runtime("state", "steps", check=False).returncode != 0
    machine.run("rm /tmp/steps.pid")


def test_the_container_is_in_a_scope(machine, bundles, runtime):
    runtime.create("placed", bundles.make("placed", ["sleep", "1000"]))
    pid = runtime.state("placed")["pid"]
    cgroup = machine.output(f"sed -n 's/^0:://p' /proc/{pid}/cgroup")
    assert cgroup.endswith(f"{runtime.name}-placed.scope")


@pytest.mark.parametrize("status", [0, 7, 255])
def test_run_ends_as_the_payload_does(bundles, runtime, status):
    bundle = bundles.make("ends", ["sh", "-c", f"echo out; echo err >&2; exit {status}"])
    done = runtime.run("ends", bundle, check=False)
    assert done.returncode == status
    assert done.stdout == "out\n"
    assert done.stderr == "err\n"


def test_run_of_a_killed_payload(bundles, runtime):
    done = runtime.run("crash", bundles.make("crash", ["payload", "crash"]), check=False)
    assert done.returncode == 128 + 11


@ONLY_BERTH
@pytest.mark.parametrize("mapped", [False, True])
def test_groups_of_the_caller(machine, bundles, runtime, mapped):
    """They are dropped, unless the annotation of `podman run --group-add keep-groups` is there."""
    def edit(config):
        config["process"]["user"]["additionalGids"] = [9]
        if mapped:
            config["linux"]["namespaces"].append({"type": "user"})
            for mappings in ("uidMappings", "gidMappings"):
                config["linux"][mappings] = [{"containerID": 0, "hostID": 0, "size": 65536}]
    script = ["sed", "-n", r"s/^Groups:\t//p", "/proc/self/status"]
    run = ["setpriv", "--groups", "7,8", runtime.name, *runtime.options, "run", "--bundle"]
    assert machine.output([*run, bundles.make("dropped", script, edit), "dropped"]) == "9"

    def keep(config):
        edit(config)
        config["annotations"] = {"run.oci.keep_original_groups": "1"}
    assert machine.output([*run, bundles.make("kept", script, keep), "kept"]) == "7 8"


def test_run_detached(machine, bundles, runtime):
    done = runtime.detached("run", "away", bundles.make("away", ["sleep", "1000"]), "--detach")
    assert done.returncode == 0, done.stderr
    assert runtime.status("away") == "running"


def test_exec(bundles, runtime):
    done = runtime.detached("run", "host", bundles.make("host", ["sleep", "1000"]), "--detach")
    assert done.returncode == 0, done.stderr
    done = runtime("exec", "--cwd", "/tmp", "--env", "COLOUR=blue", "host", "sh", "-c",
                   "echo $$ $PWD $COLOUR; cat /proc/1/comm; exit 3", check=False)
    assert done.returncode == 3, done.stderr
    pid, cwd, colour, init = done.stdout.split()
    assert int(pid) > 1
    assert (cwd, colour, init) == ("/tmp", "blue", "sleep")


def test_exec_of_a_missing_program(bundles, runtime):
    runtime.detached("run", "host", bundles.make("host", ["sleep", "1000"]), "--detach")
    done = runtime("exec", "host", "no-such-program", check=False)
    assert done.returncode != 0
    assert "no-such-program" in done.stderr


def test_start_twice_is_an_error(bundles, runtime):
    runtime.create("once", bundles.make("once", ["sleep", "1000"]))
    runtime("start", "once")
    assert runtime("start", "once", check=False).returncode != 0
    assert runtime.status("once") == "running"


def test_delete_of_a_running_container_is_refused(bundles, runtime):
    runtime.create("busy", bundles.make("busy", ["sleep", "1000"]))
    runtime("start", "busy")
    assert runtime("delete", "busy", check=False).returncode != 0
    assert runtime.status("busy") == "running"
    runtime("delete", "--force", "busy")
    assert runtime("state", "busy", check=False).returncode != 0


def test_force_delete_of_nothing_is_fine(runtime):
    runtime("delete", "--force", "nothing")


def test_preserved_descriptors(bundles, runtime):
    bundle = bundles.make("given", ["payload", "fds"])
    done = runtime.machine.run(
        f"exec 3</etc/passwd 4</etc/group 5</etc/shadow; {runtime.name} --systemd-cgroup run"
        f" --preserve-fds 2 --bundle {bundle} given")
    assert done.stdout.split() == ["3", "4"]


# (what the payload runs, edit of the configuration, what it has to print)
def hostname(config):
    config["hostname"] = "inside"


def user(config):
    config["process"]["user"] = {"uid": 65534, "gid": 65534, "additionalGids": [7]}


def limits(config):
    config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]


def read_only(config):
    config["root"]["readonly"] = True


def bind(config):
    config["mounts"].append(
        {"destination": "/mnt/etc", "type": "bind", "source": "/etc", "options": ["bind", "ro"]})


def device(config):
    config["linux"]["devices"] = [{"path": "/dev/gone", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]


def sysctl(config):
    config["linux"]["sysctl"] = {"kernel.msgmax": "4242"}


def environment(config):
    config["process"]["env"] = ["PATH=/bin", "A=b c"]


def no_mkdir(config):
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}


def cgroup_namespace(config):
    others = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "cgroup"]
    config["linux"]["namespaces"] = [*others, {"type": "cgroup"}]


def user_namespace(config):
    config["linux"]["namespaces"].append({"type": "user"})
    for mappings in ("uidMappings", "gidMappings"):
        config["linux"][mappings] = [{"containerID": 0, "hostID": 0, "size": 65536}]


SPEC = [
    ("hostname", hostname, "hostname", "inside"),
    ("user", user, "id -u; id -g; id -G", "65534\n65534\n65534 7"),
    ("rlimits", limits, "ulimit -Sn; ulimit -Hn", "100\n200"),
    ("read-only", read_only, "touch /x 2>/dev/null || echo refused", "refused"),
    ("bind", bind, "grep -q :/root: /mnt/etc/passwd && echo seen; touch /mnt/etc/x 2>/dev/null || echo refused", "seen\nrefused"),
    ("device", device, "echo x >/dev/gone && stat -c '%t:%T %a' /dev/gone", "1:3 666"),
    ("sysctl", sysctl, "cat /proc/sys/kernel/msgmax", "4242"),
    ("environment", environment, 'echo "$A"; echo $HOME', "b c\n/root"),
    ("no_new_privs", None, "sed -n 's/NoNewPrivs:\t//p' /proc/self/status", "1"),
    ("capabilities", None, "sed -n 's/CapEff:\t//p' /proc/self/status", "0000000020000420"),
    ("masked", None, "cat /proc/keys | wc -l", "0"),
    ("read-only paths", None, "touch /proc/sys/kernel/msgmax 2>/dev/null; echo 1 2>/dev/null >/proc/sys/kernel/msgmax || echo refused",
     "refused"),
    ("pid namespace", None, "echo $$", "1"),
    ("cgroup namespace", cgroup_namespace, "sed -n 's/^0:://p' /proc/self/cgroup", "/"),
    ("network namespace", None, "ls /sys/class/net", "lo"),
    ("seccomp", no_mkdir, "mkdir /tmp/x 2>&1 | grep -o 'not supported'", "not supported"),
    ("user namespace", user_namespace, "awk '{ print $1, $2, $3 }' /proc/self/uid_map", "0 0 65536"),
]


@pytest.mark.parametrize("name, edit, script, printed", SPEC, ids=[row[0].replace(" ", "-") for row in SPEC])
def test_spec(bundles, runtime, name, edit, script, printed):
    """One field of config.json a case: what a payload sees of it."""
    bundle = bundles.make("spec", ["sh", "-c", script], edit)
    done = runtime.run("spec", bundle)
    assert done.stdout.strip() == printed
    assert done.stderr == ""


# namespaces of a running container that another one joins by path
JOINED = [["network", "ipc", "uts"], ["pid"], ["user", "network"]]
FILES = {"network": "net"}


@pytest.mark.parametrize("kinds", JOINED, ids=["+".join(kinds) for kinds in JOINED])
def test_namespaces_joined_by_path(machine, bundles, runtime, kinds):
    first = bundles.make("first", ["sleep", "1000"], user_namespace if "user" in kinds else None)
    assert runtime.detached("run", "first", first, "--detach").returncode == 0
    proc = f"/proc/{runtime.state('first')['pid']}/ns"

    def join(config):
        if "user" in kinds:
            user_namespace(config)
            for mappings in ("uidMappings", "gidMappings"):
                del config["linux"][mappings]
        others = [ns for ns in config["linux"]["namespaces"] if ns["type"] not in kinds]
        joined = [{"type": kind, "path": f"{proc}/{FILES.get(kind, kind)}"} for kind in kinds]
        config["linux"]["namespaces"] = others + joined
        if "uts" in kinds:
            del config["hostname"]

    names = [FILES.get(kind, kind) for kind in kinds]
    second = bundles.make("second", ["sh", "-c", f"cd /proc/self/ns && for n in {' '.join(names)}; do readlink $n; done"], join)
    expected = machine.output(f"cd {proc} && for n in {' '.join(names)}; do readlink $n; done")
    assert runtime.run("second", second).stdout.strip() == expected


HOST_HOOKS = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]


def hooks(config, kinds=HOST_HOOKS, script="cat >/dev/null; echo $1 >>/tmp/hooks", **more):
    """Hooks that the host's shell runs; $1 is their kind."""
    config["hooks"] = {
        kind: [{"path": "/bin/sh", "args": ["sh", "-c", script, "hook", kind], "env": ["PATH=/usr/bin:/bin"], **more}]
        for kind in kinds}


def test_hooks_run_in_order(machine, bundles, runtime):
    runtime.run("hooked", bundles.make("hooked", ["true"], hooks))
    assert machine.output("cat /tmp/hooks; rm /tmp/hooks").split() == HOST_HOOKS


def test_hooks_get_the_state(machine, bundles, runtime):
    def edit(config):
        hooks(config, ["createRuntime"], "cat >/tmp/hook-state")
        config["annotations"] = {"a/b": "c"}
    bundle = bundles.make("hooked", ["true"], edit)
    runtime.run("hooked", bundle)
    text = machine.output("cat /tmp/hook-state; rm /tmp/hook-state")
    state = json.loads(text)
    assert (state["id"], state["status"], state["bundle"]) == ("hooked", "creating", bundle)
    assert state["pid"] > 1
    assert state["annotations"]["a/b"] == "c"
    assert '"a/b"' in text, "slashes must not be escaped"


# runc says "creating" and "created" where the specification has "created" and "running".
STATUS_IN_HOOKS = {"prestart": "created", "createRuntime": "creating", "createContainer": "creating",
                   "startContainer": "created", "poststart": "running", "poststop": "stopped"}


@pytest.mark.parametrize("kind, status", STATUS_IN_HOOKS.items(), ids=STATUS_IN_HOOKS)
@ONLY_BERTH
def test_status_in_hooks(machine, bundles, runtime, kind, status):
    """The status that hooks read, in the words of runtime.md, "State"."""
    def edit(config):
        hooks(config, [kind], "cat >/hooked/state")
        config["mounts"].append(
            {"destination": "/hooked", "type": "bind", "source": "/hooked", "options": ["bind"]})
    machine.run("mkdir /hooked")
    runtime.run("hooked", bundles.make("hooked", ["true"], edit))
    assert json.loads(machine.output("cat /hooked/state; rm -r /hooked"))["status"] == status


def test_a_hook_in_the_container(bundles, runtime):
    def edit(config):
        config["root"]["readonly"] = False
        hooks(config, ["startContainer"], "echo hook >/hooked")
    done = runtime.run("hooked", bundles.make("hooked", ["cat", "/hooked"], edit))
    assert done.stdout == "hook\n"


@pytest.mark.parametrize("kind", HOST_HOOKS[:4])
def test_a_hook_that_fails(bundles, runtime, kind):
    bundle = bundles.make("hooked", ["sleep", "1000"], lambda config: hooks(config, [kind], "echo the reason >&2; exit 3"))
    done = runtime.run("hooked", bundle, check=False)
    assert done.returncode != 0
    assert "the reason" in done.stderr


def test_a_hook_that_takes_too_long(bundles, runtime):
    bundle = bundles.make("hooked", ["true"], lambda config: hooks(config, ["prestart"], "exec sleep 1000", timeout=1))
    done = runtime.run("hooked", bundle, check=False)
    assert done.returncode != 0
    assert "timeout" in done.stderr


@pytest.mark.parametrize("source", ["berth", "runc", "crun"])
@ONLY_BERTH
def test_runs_what_spec_writes(machine, bundles, runtime, source):
    """A bundle as the runtimes' own `spec` makes it runs unchanged, but for the terminal and the command."""
    if machine.run(["which", source], check=False).returncode != 0:
        pytest.skip(f"{source} is not installed in the machine")
    bundle = bundles.make("made")
    machine.run(f"cd {bundle} && rm config.json && {source} spec &&"
                " sed -i 's/\"terminal\": true/\"terminal\": false/; s/\"sh\"/\"true\"/' config.json")
    runtime.run("made", bundle)


@ONLY_BERTH
def test_runs_what_umoci_unpacks(machine, bundles, runtime):
    """An image with a layer and a command of its own, unpacked by umoci, runs unchanged but for the terminal."""
    bundle = bundles.make("image")
    machine.run(f"cd {bundle} && umoci init --layout img && umoci new --image img:a && umoci unpack --image img:a empty"
                " && cp -a rootfs/. empty/rootfs/ && umoci repack --image img:a empty"
                " && umoci config --image img:a --config.cmd sh --config.cmd -c --config.cmd 'echo from an image'"
                " && umoci unpack --image img:a unpacked"
                " && sed -i 's/\"terminal\": *true/\"terminal\":false/' unpacked/config.json")
    done = runtime.run("image", f"{bundle}/unpacked")
    assert done.stdout == "from an image\n"
