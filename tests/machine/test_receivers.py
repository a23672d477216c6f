# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sockets that get descriptors of a container: --pidfd-socket, and the listener of a seccomp profile."""

import json
import os

import pytest

RUNTIME = os.environ.get("BERTH_TEST_RUNTIME", "berth")

# Takes one connection and tells what came over it: the data, and what each descriptor is, as procfs shows it.
RECEIVER = r"""
import json, os, re, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
open(sys.argv[1] + ".ready", "w").close()
connection = listener.accept()[0]
data, fds, _, _ = socket.recv_fds(connection, 65536, 10)
def describe(fd):
    pid = re.search(r"^Pid:\t(-?\d+)", open(f"/proc/self/fdinfo/{fd}").read(), re.M)
    return [os.readlink(f"/proc/self/fd/{fd}"), int(pid[1]) if pid else None]
print(json.dumps([data.decode(), [describe(fd) for fd in fds]]), flush=True)
"""


@pytest.fixture
def receiver(machine, request):
    """receiver(): what came to /tmp/receiver/socket, once it is there."""
    machine.write("/tmp/receiver/main.py", getattr(request, "param", RECEIVER))
    machine.run("systemd-run --quiet --unit=receiver --property=StandardOutput=truncate:/tmp/receiver/out"
                " python3 /tmp/receiver/main.py /tmp/receiver/socket")
    machine.wait_until("test -e /tmp/receiver/socket.ready")

    def received():
        machine.wait_until("grep . /tmp/receiver/out")
        return json.loads(machine.output("cat /tmp/receiver/out"))

    yield received
    machine.run("systemctl stop receiver; systemctl reset-failed receiver", check=False)
    machine.run("rm -r /tmp/receiver")


@pytest.mark.skipif(RUNTIME == "runc", reason="Debian 12's runc has no such option")
def test_pidfd_of_create(bundles, runtime, receiver):
    runtime.create("watched", bundles.make("watched", ["sleep", "1000"]), "--pidfd-socket", "/tmp/receiver/socket")
    data, [[_, pid]] = receiver()
    assert data == "standard"
    assert pid == runtime.state("watched")["pid"]


@pytest.mark.skipif(RUNTIME == "runc", reason="Debian 12's runc has no such option")
def test_pidfd_of_exec(bundles, runtime, receiver):
    done = runtime.detached("run", "watched", bundles.make("watched", ["sleep", "1000"]), "--detach")
    assert done.returncode == 0, done.stderr
    runtime("exec", "--pidfd-socket", "/tmp/receiver/socket", "--pid-file", "/tmp/receiver/pid", "watched", "true")
    data, [[link, _]] = receiver()
    assert data == "setns"
    assert "pidfd" in link


@pytest.mark.skipif(RUNTIME == "runc", reason="the annotation is crun's")
def test_pidfd_by_annotation(bundles, runtime, receiver):
    def edit(config):
        config["annotations"] = {"run.oci.pidfd_receiver": "/tmp/receiver/socket"}
    runtime.run("watched", bundles.make("watched", ["true"], edit))
    assert receiver()[0] == "standard"


@pytest.mark.skipif(RUNTIME == "runc", reason="Debian 12's runc has no such option")
def test_a_pidfd_socket_that_is_not_there(bundles, runtime):
    done = runtime.run("watched", bundles.make("watched", ["true"]), "--pidfd-socket", "/tmp/nowhere", check=False)
    assert done.returncode != 0
    assert "/tmp/nowhere" in done.stderr


# An agent that lets everything pass but mkdir, which fails with "No medium found", and tells what it was given.
AGENT = r"""
import fcntl, json, os, platform, socket, struct, sys
RECEIVE, SEND, CONTINUE, ENOMEDIUM = 0xc0502100, 0xc0182101, 1, 123
MKDIR = {"x86_64": (83, 258), "aarch64": (34,)}[platform.machine()]
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
open(sys.argv[1] + ".ready", "w").close()
connection = listener.accept()[0]
data, fds, _, _ = socket.recv_fds(connection, 65536, 10)
print(json.dumps([data.decode(), [os.readlink(f"/proc/self/fd/{fd}") for fd in fds]]), flush=True)
while True:
    notification = bytearray(80)
    try:
        fcntl.ioctl(fds[0], RECEIVE, notification)
    except OSError:
        break
    number, _, _, system_call = struct.unpack_from("=QIIi", notification)
    verdict = (-ENOMEDIUM, 0) if system_call in MKDIR else (0, CONTINUE)
    fcntl.ioctl(fds[0], SEND, bytearray(struct.pack("=QqiI", number, 0, *verdict)))
"""

# what a runtime could be tempted to do between loading the filter and executing the payload
NOTIFIED = ["mkdir", "mkdirat", "execve", "sendmsg", "recvmsg", "read", "close", "nanosleep", "futex"]


def notify(config):
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "listenerPath": "/tmp/receiver/socket", "listenerMetadata": "about it",
        "syscalls": [{"names": NOTIFIED, "action": "SCMP_ACT_NOTIFY"}]}


def check_agent(runtime, container, received, pid, status):
    text, links = received
    state = json.loads(text)
    assert links == ["anon_inode:seccomp notify"]
    assert state["fds"] == ["seccompFd"]
    assert state["metadata"] == "about it"
    assert state["ociVersion"].startswith("1.")
    assert (state["state"]["id"], state["state"]["status"]) == (container, status)
    assert pid is None or state["pid"] == pid


@pytest.mark.parametrize("receiver", [AGENT], indirect=True, ids=["agent"])
@pytest.mark.skipif(RUNTIME == "runc", reason="runc refuses some of the system calls")
def test_seccomp_agent_of_run(bundles, runtime, receiver):
    done = runtime.run("watched", bundles.make("watched", ["sh", "-c", "mkdir /tmp/x; echo done"], notify))
    assert "No medium" in done.stderr
    assert done.stdout == "done\n"
    check_agent(runtime, "watched", receiver(), None, "creating")


@pytest.mark.parametrize("receiver", [AGENT], indirect=True, ids=["agent"])
@pytest.mark.skipif(RUNTIME == "runc", reason="the annotation is crun's")
def test_seccomp_agent_by_annotation(bundles, runtime, receiver):
    def edit(config):
        notify(config)
        del config["linux"]["seccomp"]["listenerPath"], config["linux"]["seccomp"]["listenerMetadata"]
        config["annotations"] = {"run.oci.seccomp.receiver": "/tmp/receiver/socket"}
    done = runtime.run("watched", bundles.make("watched", ["mkdir", "/tmp/x"], edit), check=False)
    assert "No medium" in done.stderr
    assert "metadata" not in json.loads(receiver()[0])


@pytest.mark.parametrize("receiver", [AGENT], indirect=True, ids=["agent"])
@pytest.mark.skipif(RUNTIME == "runc", reason="runc loads the filter in create, and refuses some of the system calls")
def test_seccomp_agent_of_create_and_start(machine, bundles, runtime, receiver):
    runtime.create("watched", bundles.make("watched", ["sh", "-c", "mkdir /tmp/x; echo done; exec sleep 1000"], notify))
    runtime("start", "watched")
    machine.wait_until("grep done /tmp/watched.log")
    assert "No medium" in runtime.log("watched")
    check_agent(runtime, "watched", receiver(), runtime.state("watched")["pid"], "created")


@pytest.mark.parametrize("receiver", [AGENT], indirect=True, ids=["agent"])
@pytest.mark.skipif(RUNTIME == "runc", reason="the configuration is changed where berth keeps it")
def test_seccomp_agent_of_exec(machine, bundles, runtime, receiver):
    bundle = bundles.make("watched", ["sleep", "1000"])
    done = runtime.detached("run", "watched", bundle, "--detach")
    assert done.returncode == 0, done.stderr
    config = json.loads(machine.output(f"cat {bundle}/config.json"))
    notify(config)
    machine.write("/run/berth/watched/config.json", json.dumps(config))
    done = runtime("exec", "watched", "sh", "-c", "mkdir /tmp/x; echo done", check=False)
    assert "No medium" in done.stderr
    assert done.stdout == "done\n"
    check_agent(runtime, "watched", receiver(), None, "running")


@pytest.mark.parametrize("verb", ["run", "start"])
@pytest.mark.skipif(RUNTIME == "runc", reason="runc loads the filter in create")
def test_a_seccomp_agent_that_is_not_there(machine, bundles, runtime, verb):
    bundle = bundles.make("watched", ["sleep", "1000"], notify)
    if verb == "start":
        runtime.create("watched", bundle)
        done = runtime("start", "watched", check=False)
        machine.wait_until(f"{runtime.name} --systemd-cgroup state watched | grep stopped")
    else:
        done = runtime.run("watched", bundle, check=False)
    assert done.returncode != 0
    assert "/tmp/receiver/socket" in done.stderr
