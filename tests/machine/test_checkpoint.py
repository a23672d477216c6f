# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint and restore, with CRIU.

Debian 12's CRIU does not know the vdso of newer kernels, so the machine is one of Debian 13 whatever the host is; the tests
describe the interface and not us: they pass with BERTH_TEST_RUNTIME=runc, too, but for what is ours alone.
"""

import json
import os
import pathlib
import shlex
import subprocess

import pytest

from bundles import Bundles
from machine import Machine
from runtimes import Runtime

HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = os.environ.get("BERTH_TEST_RUNTIME", "berth")
COUNT = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/run/count.new; mv /run/count.new /run/count; sleep 0.05; done"]

ours_only = pytest.mark.skipif(RUNTIME != "berth", reason="only berth says it like this")


@pytest.fixture(scope="module")
def machine(build):
    """A machine whose CRIU works with this kernel."""
    command = [HERE / "root", os.environ.get("BERTH_TEST_SUITE", "trixie")]
    root = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    machine = Machine(f"pytest-criu-{os.getpid()}", build, root)
    machine.run("install -d /opt/criu")
    machine.write("/opt/criu/stand-in", (HERE / "criu.py").read_text())
    machine.run("chmod +x /opt/criu/stand-in; for n in old mute failing; do ln -s stand-in /opt/criu/criu-$n; done")
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def criu(machine):
    """For tests that need the real one."""
    done = machine.run("systemd-run --quiet --pipe --wait --collect criu check", check=False)
    if done.returncode != 0:
        pytest.skip(f"CRIU does not work here: {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1]}")


class Checkpointer(Runtime):
    """The runtime as a service of the machine runs it: CRIU wants to see only cgroups that it can reach, and a process that
    was sent into the machine from outside has others, too. The output of detached containers goes through pipes, since
    those are what a restored container can get again."""

    def __call__(self, *args, **kwargs):
        check = kwargs.pop("check", True)
        command = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "-p", "KillMode=process", "-p",
                   "WorkingDirectory=/tmp", self.name, *self.options, *args]
        return self.machine.run(command, check=check, **kwargs)

    def detached(self, verb, container, bundle, *options):
        self.ids.add(container)
        words = shlex.join([self.name, *self.options, verb, "--bundle", bundle, *options, container])
        script = f"{{ {words} </dev/null 2>&1; echo $? >/tmp/{container}.status; }} | cat >>/tmp/{container}.log 2>/dev/null &" \
                 f" until [ -s /tmp/{container}.status ]; do sleep 0.02; done; exit $(cat /tmp/{container}.status)"
        self.machine.run(f"rm -f /tmp/{container}.status")
        done = self.machine.run(["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "-p", "KillMode=process", "-p",
                                 "WorkingDirectory=/tmp", "sh", "-c", script], check=False)
        done.stderr = self.log(container)
        return done

    def start(self, container, bundle, *options):
        """run --detach, which has to succeed."""
        done = self.detached("run", container, bundle, "--detach", *options)
        assert done.returncode == 0, done.stderr

    def restore(self, container, bundle, *options):
        """restore --detach, which has to succeed."""
        done = self.detached("restore", container, bundle, "--detach", *options)
        assert done.returncode == 0, done.stderr + self.machine.output("grep -h Error /tmp/image/*.log || :")

    def pid(self, container):
        return self.state(container)["pid"]

    def read(self, container, path):
        return self.machine.output(f"cat /proc/{self.pid(container)}/root{path}")

    def wait_for(self, container, condition):
        """Wait for a shell condition in which $root is the container's root."""
        self.machine.wait_until(f"root=/proc/{self.pid(container)}/root; {condition}")

    def delete_all(self):
        super().delete_all()
        self.machine.run("rm -rf /tmp/image* /tmp/work /tmp/*.status /tmp/terminal* /tmp/criu-request")


@pytest.fixture
def runtime(machine, bundles):
    runtime = Checkpointer(machine, RUNTIME)
    yield runtime
    runtime.delete_all()


def image(name="image"):
    return ("--image-path", f"/tmp/{name}")


def count(runtime, container):
    return int(runtime.read(container, "/run/count"))


def tmpfs_on_run(config):
    config["mounts"].append({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]})


# ---- what is kept ----


def test_goes_on_where_it_was(criu, machine, bundles, runtime):
    bundle = bundles.make("counter", COUNT, edit=tmpfs_on_run)
    runtime.start("counter", bundle)
    runtime.wait_for("counter", "[ $(cat $root/run/count) -gt 5 ]")
    runtime("checkpoint", *image(), "counter")
    # as with runc, the container has gone
    done = runtime("state", "counter", check=False)
    assert done.returncode == 1 and "does not exist" in done.stderr
    assert runtime("delete", "--force", "counter").returncode == 0
    machine.run("! systemctl is-active --quiet '*-counter.scope'")

    runtime.restore("counter", bundle, *image(), "--pid-file", "/tmp/counter.pid")
    state = runtime.state("counter")
    assert state["status"] == "running"
    assert machine.output("cat /tmp/counter.pid; rm /tmp/counter.pid") == str(state["pid"])
    now = count(runtime, "counter")
    assert now > 5
    runtime.wait_for("counter", f"[ $(cat $root/run/count) -gt {now} ]")
    cgroup = machine.output(f"sed -n s/^0:://p /proc/{state['pid']}/cgroup")
    assert cgroup.endswith("-counter.scope")
    assert machine.show(cgroup.rsplit("/", 1)[1], "ActiveState") == "active"
    # the verbs work on it
    runtime("pause", "counter")
    assert runtime.status("counter") == "paused"
    runtime("resume", "counter")
    assert "hello" in runtime("exec", "counter", "echo", "hello").stdout
    runtime("kill", "counter", "KILL")
    machine.wait_until(f"! kill -0 {state['pid']}")
    runtime("delete", "counter")


def test_leave_running(criu, bundles, runtime):
    bundle = bundles.make("stays", COUNT, edit=tmpfs_on_run)
    runtime.start("stays", bundle)
    runtime.wait_for("stays", "[ -s $root/run/count ]")
    pid = runtime.pid("stays")
    # Podman gives it twice
    runtime("checkpoint", *image(), "--work-path", "/tmp/work", "--leave-running", "--leave-running", "stays")
    assert runtime.pid("stays") == pid and runtime.status("stays") == "running"
    now = count(runtime, "stays")
    runtime.wait_for("stays", f"[ $(cat $root/run/count) -gt {now} ]")
    runtime.machine.run("test -s /tmp/work/dump.log; test ! -e /tmp/image/dump.log; test -s /tmp/image/inventory.img")


def test_output_goes_where_it_is_now(criu, machine, bundles, runtime):
    bundle = bundles.make("writer", ["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done"])
    runtime.start("writer", bundle)
    machine.wait_until("grep -q 'line 5' /tmp/writer.log")
    runtime("checkpoint", *image(), "writer")
    machine.run("mv /tmp/writer.log /tmp/before.log")
    runtime.restore("writer", bundle, *image())
    machine.wait_until("[ $(wc -l </tmp/writer.log) -gt 3 ]")
    last = int(machine.output("tail -n 1 /tmp/before.log").split()[1])
    first = int(machine.output("head -n 1 /tmp/writer.log").split()[1])
    assert first in (last, last + 1)
    descriptors = json.loads(machine.output("cat /tmp/image/descriptors.json"))
    assert descriptors[0] == "/dev/null" and descriptors[1].startswith("pipe:[")


def test_mounts(criu, machine, bundles, runtime):
    """A tmpfs comes back with what was in it, a bind mount is what its source is now."""
    def edit(config):
        tmpfs_on_run(config)
        config["mounts"] += [
            {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "rw"]},
            {"destination": "/etc/the file", "type": "bind", "source": "/srv/data/a file", "options": ["bind", "ro"]},
            # a symlink of the root file system on the way
            {"destination": "/link/more", "type": "bind", "source": "/srv/data", "options": ["rbind", "ro"]},
        ]

    machine.run("mkdir -p /srv/data; echo one >'/srv/data/a file'")
    bundle = bundles.make("mounts", ["sh", "-c", "echo kept >/run/kept; while :; do sleep 1; done"], edit=edit)
    machine.run(f"ln -s /root {bundle}/rootfs/link")
    runtime.start("mounts", bundle)
    runtime.wait_for("mounts", "[ -s $root/run/kept ]")
    before = machine.output(f"cut -d' ' -f5-6 /proc/{runtime.pid('mounts')}/mountinfo | sort")
    runtime("checkpoint", *image(), "mounts")
    machine.run("echo two >'/srv/data/a file'; rmdir '/var/lib/berth/mounts/rootfs/data'")
    runtime.restore("mounts", bundle, *image())
    assert runtime.read("mounts", "/run/kept") == "kept"
    for path in ("/data/a\\ file", "/etc/the\\ file", "/root/more/a\\ file"):
        assert runtime.read("mounts", path) == "two"
    machine.run(f"! echo x >/proc/{runtime.pid('mounts')}/root/root/more/new")
    # files that are masked still are, and nothing is more writable than it was
    assert machine.output(f"cut -d' ' -f5-6 /proc/{runtime.pid('mounts')}/mountinfo | sort") == before
    assert runtime.read("mounts", "/proc/timer_list") == ""
    runtime("delete", "--force", "mounts")
    machine.run("rm -r /srv/data")


def test_null_device_is_the_containers(machine, bundles, runtime):
    """Nothing of the host's mounts is open in the container, or else it could not be saved."""
    script = "for i in 0 1 2; do awk '/^mnt_id/ { print $2 }' /proc/self/fdinfo/$i; done >/run/ids; cut -d' ' -f1 /proc/self/mountinfo" \
             " >/run/mounts; sleep 1000"
    bundle = bundles.make("null", ["sh", "-c", script], edit=tmpfs_on_run)
    done = machine.run(f"{runtime.name} run --detach --bundle {bundle} null </dev/null >/dev/null 2>/dev/null")
    runtime.ids.add("null")
    assert done.returncode == 0
    runtime.wait_for("null", "[ -s $root/run/mounts ]")
    assert set(runtime.read("null", "/run/ids").split()) <= set(runtime.read("null", "/run/mounts").split())


# Takes the terminal's master, writes a line, tells what came until the payload has answered, and stays.
TERMINAL = r"""
import os, signal, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
open(sys.argv[1] + ".ready", "w").close()
master = socket.recv_fds(listener.accept()[0], 4096, 1)[1][0]
os.write(master, sys.argv[2].encode() + b"\n")
text = b""
while b"got" not in text:
    text += os.read(master, 4096)
print(text.decode(), flush=True)
signal.pause()
"""


def test_terminal(criu, machine, bundles, runtime):
    def terminal(config):
        config["process"]["terminal"] = True

    def receive(line):
        machine.run(f"systemd-run --quiet --unit=terminal --property=StandardOutput=truncate:/tmp/terminal.log"
                    f" python3 /tmp/terminal.py /tmp/terminal {line}")
        machine.wait_until("test -e /tmp/terminal.ready")

    def received():
        machine.wait_until("grep -q got /tmp/terminal.log")
        machine.run("systemctl stop terminal; rm -f /tmp/terminal /tmp/terminal.ready")
        return machine.output("grep got /tmp/terminal.log")

    machine.write("/tmp/terminal.py", TERMINAL)
    bundle = bundles.make("tty", ["sh", "-c", "n=0; while read l; do n=$((n+1)); echo got $n $l; done"], edit=terminal)
    receive("first")
    runtime.start("tty", bundle, "--console-socket", "/tmp/terminal")
    machine.wait_until("grep -q got /tmp/terminal.log")
    runtime("checkpoint", *image(), "tty")
    assert received() == "got 1 first"
    done = runtime.detached("restore", "tty", bundle, "--detach", *image())
    assert done.returncode == 1 and "without setting console socket" in done.stderr
    receive("second")
    runtime.restore("tty", bundle, *image(), "--console-socket", "/tmp/terminal")
    assert received() == "got 2 second"


def test_foreground(criu, machine, bundles, runtime):
    """Who waits for the container gets its exit status; for the one that was saved that is SIGKILL's."""
    bundle = bundles.make("waits", ["sh", "-c", "echo up >/run/up; while [ ! -e /run/go ]; do sleep 0.05; done; exit 7"],
                          edit=tmpfs_on_run)
    command = shlex.join([runtime.name, *runtime.options])
    script = f"{{ {command} run --bundle {bundle} waits; echo run $? >/tmp/waits.status; }} </dev/null 2>&1 | cat >/tmp/waits.log"
    runtime.ids.add("waits")
    machine.run(["systemd-run", "--quiet", "--collect", "sh", "-c", script])
    machine.wait_until(f"{command} state waits | grep -q running")
    runtime.wait_for("waits", "[ -s $root/run/up ]")
    runtime("checkpoint", *image(), "waits")
    machine.wait_until("test -s /tmp/waits.status")
    assert machine.output("cat /tmp/waits.status") == "run 137"
    assert runtime.log("waits") == ""

    machine.run("rm /tmp/waits.status")
    script = script.replace(f"run --bundle {bundle}", f"restore {shlex.join(image())} --bundle {bundle}")
    machine.run(["systemd-run", "--quiet", "--collect", "sh", "-c", script])
    machine.wait_until(f"{command} state waits | grep -q running")
    machine.run(f"touch /proc/{runtime.pid('waits')}/root/run/go")
    machine.wait_until("test -s /tmp/waits.status")
    assert machine.output("cat /tmp/waits.status") == "run 7"
    assert runtime("state", "waits", check=False).returncode == 1


def test_hooks(criu, machine, bundles, runtime):
    def hooks(config):
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind} >>/tmp/hooks"]}]
                           for kind in ("prestart", "createRuntime", "poststart", "poststop")}

    runtime.start("hooked", bundles.make("hooked", ["sleep", "1000"], edit=hooks))
    runtime("checkpoint", *image(), "hooked")
    machine.run("echo -- >>/tmp/hooks")
    runtime.restore("hooked", "/var/lib/berth/hooked", *image())
    said = machine.output("cat /tmp/hooks; rm /tmp/hooks").splitlines()
    assert said == ["prestart", "createRuntime", "poststart", "poststop", "--", "prestart", "createRuntime"]


@ours_only
def test_hook_that_fails_undoes_it(criu, machine, bundles, runtime):
    def hooks(config):
        config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "test ! -e /tmp/no || { echo no >&2; exit 3; }"]}]}

    bundle = bundles.make("hooked", ["sleep", "1000"], edit=hooks)
    runtime.start("hooked", bundle)
    runtime("checkpoint", *image(), "hooked")
    machine.run("touch /tmp/no")
    done = runtime.detached("restore", "hooked", bundle, "--detach", *image())
    assert done.returncode == 1
    assert "/hooks/createRuntime/0: the hook /bin/sh failed with exit status 3: no" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    machine.run("rm /tmp/no; ! systemctl is-active --quiet berth-hooked.scope")
    assert runtime("state", "hooked", check=False).returncode == 1


@ours_only
def test_pid_file_that_fails_undoes_it(criu, machine, bundles, runtime):
    bundle = bundles.make("piddy", ["sleep", "1000"])
    runtime.start("piddy", bundle)
    runtime("checkpoint", *image(), "piddy")
    done = runtime.detached("restore", "piddy", bundle, "--detach", *image(), "--pid-file", "/no/such/dir/pid")
    assert done.returncode == 1 and "Failed to write the pid file" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    machine.run("! systemctl is-active --quiet berth-piddy.scope")
    assert runtime("state", "piddy", check=False).returncode == 1
    # and then it works
    runtime.restore("piddy", bundle, *image())


@ours_only
def test_places(criu, machine, bundles, runtime):
    """In a cgroup that the configuration names, in a user namespace, and under another name."""
    def named(config):
        config["linux"]["cgroupsPath"] = "/engine/named"

    def user_namespace(config):
        config["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]

    runtime.options = ()
    for name, edit, cgroup in (("named", named, "/engine/named"), ("mapped", user_namespace, "/machine.slice/berth-mapped.scope")):
        bundle = bundles.make(name, ["sleep", "1000"], edit=edit)
        machine.run("mkdir -m 711 /tmp/image")  # root of the user namespace has to get at the files in there
        runtime.start(name, bundle)
        runtime("checkpoint", *image(), name)
        runtime.restore(name, bundle, *image())
        assert machine.output(f"sed -n s/^0:://p /proc/{runtime.pid(name)}/cgroup") == cgroup
        runtime("delete", "--force", name)
        machine.run("rm -r /tmp/image")
    bundle = bundles.make("before", ["sleep", "1000"])
    runtime.start("before", bundle)
    runtime("checkpoint", *image(), "before")
    runtime.restore("after", bundle, *image())
    cgroup = machine.output(f"sed -n s/^0:://p /proc/{runtime.pid('after')}/cgroup")
    assert cgroup == "/machine.slice/berth-after.scope"
    machine.run("test ! -e /sys/fs/cgroup/machine.slice/berth-before.scope")


@ours_only
@pytest.mark.parametrize("saves, restores", [("runc", "berth"), ("berth", "runc")])
def test_images_are_runcs(criu, machine, bundles, runtime, saves, restores):
    def edit(config):
        tmpfs_on_run(config)
        config["mounts"].append({"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "rw"]})
        # without one, runc mounts the whole hierarchy, and berth the container's cgroup
        if {"type": "cgroup"} not in config["linux"]["namespaces"]:
            config["linux"]["namespaces"].append({"type": "cgroup"})

    bundle = bundles.make("crossing", COUNT, edit=edit)
    runtime.name = saves
    runtime.start("crossing", bundle)
    runtime.wait_for("crossing", "[ $(cat $root/run/count) -gt 5 ]")
    runtime("checkpoint", *image(), "crossing")
    runtime.name = restores
    runtime.restore("crossing", bundle, *image())
    now = count(runtime, "crossing")
    assert now > 5
    runtime.wait_for("crossing", f"[ $(cat $root/run/count) -gt {now} ]")
    runtime("delete", "--force", "crossing")
    if restores == "runc":  # which leaves the cgroup that CRIU made for it
        machine.run("rmdir /sys/fs/cgroup/machine.slice/berth-crossing.scope")


# ---- refusals ----


@pytest.mark.parametrize("options, text", [
    (("--parent-path", "/abs"), "--parent-path must be relative"),
    (("--parent-path", "../no"), "invalid --parent-path: stat /tmp/no: no such file or directory"),
    (("--manage-cgroups-mode", "no"), "Invalid manage cgroups mode"),
    (("--page-server", "nowhere"), "Use --page-server ADDRESS:PORT to specify page server"),
    (("--empty-ns", "no"), 'namespace "no" is not supported'),
    pytest.param(("--network-lock", "no"), "unknown network lock method", marks=ours_only),
    pytest.param(("--status-fd", "77"), "invalid --status-fd argument", marks=ours_only),
    (("--lsm-mount-context",), "flag provided but not defined: -lsm-mount-context"),
])
def test_refused(criu, machine, bundles, runtime, options, text):
    runtime.start("refused", bundles.make("refused", ["sleep", "1000"]))
    done = runtime("checkpoint", *image(), *options, "refused", check=False)
    assert done.returncode == 1
    # runc writes quotes with a backslash, and errors of the system in small letters
    assert text.lower() in done.stderr.replace("\\", "").lower()
    assert runtime.status("refused") == "running"
    if RUNTIME == "berth":
        machine.run("test ! -e /tmp/image")


def test_wrong_state(criu, machine, bundles, runtime):
    bundle = bundles.make("state", ["sleep", "1000"])
    runtime.detached("create", "state", bundle)
    done = runtime("checkpoint", *image(), "state", check=False)
    assert done.returncode == 1 and "cannot be checkpointed in created state" in done.stderr
    runtime("start", "state")
    pid = runtime.pid("state")
    done = runtime.detached("restore", "state", bundle, "--detach", *image())
    assert done.returncode == 1 and "already exists" in done.stderr
    assert runtime.pid("state") == pid
    runtime("kill", "state", "KILL")
    machine.wait_until(f"! kill -0 {pid}")
    done = runtime("checkpoint", *image(), "state", check=False)
    assert done.returncode == 1 and "cannot be checkpointed in stopped state" in done.stderr
    done = runtime("checkpoint", "nobody", check=False)
    assert done.returncode == 1 and "does not exist" in done.stderr


def test_no_image(criu, machine, bundles, runtime):
    bundle = bundles.make("nothing", ["sleep", "1000"])
    for path in ("/tmp/image-no", "/tmp"):
        done = runtime.detached("restore", "nothing", bundle, "--detach", "--image-path", path)
        assert done.returncode == 1 and "no such file or directory" in done.stderr.lower()
    assert runtime("state", "nothing", check=False).returncode == 1


def test_probes(machine, runtime):
    """How Podman finds out what a runtime can do."""
    assert "image-path" in machine.output([runtime.name, "checkpoint", "--help"])
    done = machine.run([runtime.name, "restore", "--lsm-mount-context"], check=False)
    assert done.returncode != 0 and "flag needs an argument" in done.stderr


# ---- CRIU that is missing, old, or fails ----


@ours_only
def test_features(machine):
    def enabled(prefix=""):
        features = json.loads(machine.output(f"{prefix} berth features"))
        return features["annotations"]["org.opencontainers.runc.checkpoint.enabled"]

    assert enabled() == "true"
    machine.run("mkdir /tmp/empty; ln -s /usr/bin/berth /tmp/empty")
    assert enabled("PATH=/tmp/empty") == "false"
    machine.run("rm -r /tmp/empty")


@ours_only
@pytest.mark.parametrize("program, texts", [
    ("/opt/criu/none", ["need CRIU", "/opt/criu/none", "no such file or directory"]),
    ("/usr/bin/true", ["/usr/bin/true", "does not answer as CRIU does"]),
    ("/opt/criu/criu-old", ["needs CRIU 3.15", "CRIU 3.2"]),
    ("/opt/criu/criu-mute", ["gave no answer: it ended with status 1", "/tmp/work/dump.log"]),
    ("/opt/criu/criu-failing", ["criu failed: type DUMP errno 52: the first reason; the second: reason (", "/tmp/work/dump.log"]),
])
def test_bad_criu_dumps(machine, bundles, runtime, program, texts):
    runtime.start("bad", bundles.make("bad", ["sleep", "1000"]))
    runtime.options = ("--systemd-cgroup", "--criu", program)
    done = runtime("checkpoint", *image(), "--work-path", "/tmp/work", "bad", check=False)
    assert done.returncode == 1
    for text in texts:
        assert text.lower() in done.stderr.lower()
    assert len(done.stderr.splitlines()) == 1
    assert runtime.status("bad") == "running"


@ours_only
@pytest.mark.parametrize("program, text", [
    ("/opt/criu/none", "need CRIU"),
    ("/opt/criu/criu-old", "needs CRIU 3.15"),
    ("/opt/criu/criu-mute", "gave no answer"),
    ("/opt/criu/criu-failing", "criu failed: type RESTORE errno 52: the first reason; the second: reason (log file: /tmp/image/restore.log)"),
])
def test_bad_criu_restores(machine, bundles, runtime, program, text):
    """Nothing is left: that is checked after every test."""
    bundle = bundles.make("bad", ["sleep", "1000"])
    machine.run("mkdir /tmp/image; echo '[]' >/tmp/image/descriptors.json")
    runtime.options = ("--systemd-cgroup", "--criu", program)
    done = runtime.detached("restore", "bad", bundle, "--detach", *image())
    assert done.returncode == 1 and text in done.stderr
    assert runtime("state", "bad", check=False).returncode == 1
    machine.run("! systemctl is-active --quiet berth-bad.scope")


@ours_only
def test_newer_criu_needed(machine, bundles, runtime):
    runtime.start("newer", bundles.make("newer", ["sleep", "1000"]))
    runtime.options = ("--systemd-cgroup", "--criu", "/opt/criu/criu-old")
    done = runtime("checkpoint", *image(), "--network-lock=skip", "newer", check=False)
    assert done.returncode == 1 and "--network-lock needs CRIU 3.19" in done.stderr
    runtime.options = ("--systemd-cgroup", "--criu", "/opt/criu/criu-failing")
    done = runtime("checkpoint", *image(), "--pre-dump", "newer", check=False)
    assert done.returncode == 1 and "CRIU is missing features: --pre-dump needs tracking of memory" in done.stderr
    machine.run("test ! -e /tmp/image")


@ours_only
def test_request(machine, bundles, runtime):
    """What CRIU is asked for: field numbers are those of its rpc.proto."""
    def edit(config):
        config["mounts"].append({"destination": "/data", "type": "bind", "source": "/srv", "options": ["bind"]})
        config["annotations"] = {"org.criu.config": "/etc/criu/mine.conf"}

    runtime.start("asks", bundles.make("asks", ["sleep", "1000"], edit=edit))
    runtime.options = ("--systemd-cgroup", "--criu", "/opt/criu/criu-failing")
    runtime("checkpoint", *image(), "--tcp-established", "--tcp-skip-in-flight", "--tcp-close", "--ext-unix-sk", "--shell-job",
            "--file-locks", "--link-remap", "--auto-dedup", "--empty-ns", "network", "--page-server", "127.0.0.1:27",
            "--manage-cgroups-mode", "strict", "--network-lock", "skip", "--leave-running", "asks", check=False)
    asked = machine.output("cat /tmp/criu-request").splitlines()
    for line in ("3 1", "4 1", "5 1", "7 1", "8 1", "11 127.0.0.1=27", "16 1", "18 1", "23 /data=/data",
                 "23 /proc/timer_list=/dev/null", f"2 {runtime.pid('asks')}", "34 5", f"38 {0x40000000}",
                 "44 /sys/fs/cgroup/machine.slice/berth-asks.scope", "46 1", "51 /etc/criu/mine.conf", "52 1", "64 3"):
        assert line in asked
    runtime("delete", "--force", "asks")

    machine.run("mkdir -p /tmp/image; echo '[\"/dev/null\",\"pipe:[7]\",\"pipe:[8]\"]' >/tmp/image/descriptors.json")
    runtime.detached("restore", "asks", "/var/lib/berth/asks", "--detach", *image(), "--lsm-profile", "apparmor:p",
                     "--lsm-mount-context", "c", "-no-subreaper", "--no-pivot", "--parent-path", "../x")
    asked = machine.output("cat /tmp/criu-request").splitlines()
    for line in ("13 /run/berth/asks/root", "23 /data=/srv", "23 /dev/null=/dev/null",
                 "25 =/machine.slice/berth-asks.scope", "26 1", "27 pipe:[7]=1", "27 pipe:[8]=2", "34 3", "53 apparmor:p", "63 c"):
        assert line in asked
