# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian has no CRI-O: the command lines that it makes, with the conmon that it uses and the little environment that it gives."""

import json

import pytest

BUNDLE = "/run/crio/c"
ENVIRONMENT = "env -i PATH=/usr/sbin:/usr/bin CRI_O_EXTERNAL=1 XDG_RUNTIME_DIR=/run/user/0"
BERTH = f"{ENVIRONMENT} /usr/bin/berth --root /run/crio/root"
CONMON = (f"{ENVIRONMENT} conmon --cid c --cuuid c --name c --runtime /usr/bin/berth --runtime-arg=--root=/run/crio/root"
          f" --bundle {BUNDLE} --log-path /run/crio/log --exit-dir /run/crio/exits --socket-dir-path /run/crio/sockets --systemd-cgroup")
SERVE = "echo served; trap 'exit 3' TERM; touch /ready; while :; do sleep 0.1; done"


@pytest.fixture
def container(machine):
    """Created, not started."""
    machine.run(f"mkdir -p {BUNDLE}/rootfs /run/crio/exits /run/crio/sockets && tar -C {BUNDLE}/rootfs -xf /box.tar && cd {BUNDLE} && berth spec")
    config = json.loads(machine.output(f"cat {BUNDLE}/config.json"))
    config["process"].update(terminal=False, args=["sh", "-c", SERVE])
    config["root"]["readonly"] = False
    config["linux"]["cgroupsPath"] = "system.slice:crio:c"
    machine.write(f"{BUNDLE}/config.json", json.dumps(config))
    machine.run(f"{CONMON} --container-pidfile {BUNDLE}/pid --conmon-pidfile /run/crio/conmon.pid")
    machine.wait_until(f"test -s {BUNDLE}/pid")
    yield "c"
    machine.run(f"{BERTH} delete --force c; rm -r /run/crio", check=False)


def status(machine):
    return json.loads(machine.output(f"{BERTH} state c"))["status"]


def test_a_container_from_create_to_delete(machine, container):
    assert status(machine) == "created"
    machine.run(f"{BERTH} start c")
    machine.wait_until(f"test -e {BUNDLE}/rootfs/ready")
    assert status(machine) == "running"
    assert machine.output("cat /run/crio/log").endswith("stdout F served")
    pid = machine.output(f"cat {BUNDLE}/pid")
    assert machine.output(f"grep ^0:: /proc/{pid}/cgroup") == "0::/system.slice/crio-c.scope"

    # how to place it is known from the state: later verbs do not say it again
    machine.run(f"{BERTH} update --resources - c", stdin='{"memory": {"limit": 67108864}}')
    assert machine.show("crio-c.scope", "MemoryMax") == "67108864"
    machine.run(f"{BERTH} pause c && {BERTH} resume c")

    process = {"args": ["sh", "-c", "echo inside; exit 5"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}
    machine.write(f"{BUNDLE}/process.json", json.dumps(process))
    done = machine.run(f"{BERTH} --systemd-cgroup exec --process {BUNDLE}/process.json c", check=False)
    assert (done.returncode, done.stdout) == (5, "inside\n")
    machine.run(f"{CONMON} --exec --exec-process-spec {BUNDLE}/process.json --container-pidfile {BUNDLE}/exec.pid"
                " --log-path /run/crio/exec.log", check=False)
    machine.wait_until("grep -s inside /run/crio/exec.log")

    machine.run(f"{BERTH} kill c TERM")
    # conmon has written the status of the command there before
    machine.wait_until("grep -x 3 /run/crio/exits/c")
    assert status(machine) == "stopped"
    again = machine.run(f"{BERTH} kill c KILL", check=False)
    assert again.returncode != 0 and "container not running" in again.stderr
    machine.run(f"{BERTH} delete --force c")
    machine.run(f"{BERTH} delete --force c")


def test_probes(machine):
    """Both streams together are what it parses."""
    features = json.loads(machine.output("/usr/bin/berth features 2>&1"))
    assert features["ociVersionMin"] and features["ociVersionMax"]
    assert machine.output("/usr/bin/berth --version 2>&1")
