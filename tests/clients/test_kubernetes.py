# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kubelet does with pods of a RuntimeClass, in its own protocol, with containerd and berth."""

import base64
import json
import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = "/usr/share/doc/berth/examples"
PARENT = "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice"
NODE = 2  # of NamespaceMode: the network of the node, since there are no plugins that make another
EXITED = 2  # of ContainerState
SANDBOX = {"metadata": {"name": "pod", "uid": "1", "namespace": "default"}, "log_directory": "/run/cri/log",
           "linux": {"cgroup_parent": PARENT, "security_context": {"namespace_options": {"network": NODE}}}}
# a pod is to be killed later than others when memory is short, but a machine may not lower its score
CONTAINERD = """
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/box:latest"
restrict_oom_score_adj = true
"""


@pytest.fixture(scope="module")
def handler(machine):
    """containerd as the example for it says, and the handler that the example of a RuntimeClass names."""
    machine.run(f"mkdir -p /etc/containerd && cp {EXAMPLES}/containerd-berth.toml /etc/containerd/config.toml")
    machine.run("cat >>/etc/containerd/config.toml", stdin=CONTAINERD)
    machine.run("systemctl start containerd && rm -f /box-archive.tar && podman save --format docker-archive -o /box-archive.tar box")
    machine.wait_until("ctr version")
    machine.run("ctr -n k8s.io image import /box-archive.tar")
    for name in ("cri", "cri.proto"):
        machine.write(f"/run/cri/{name}", (HERE / name).read_text())
    machine.run("cd /run/cri && chmod +x cri && mkdir log && protoc --python_out=. cri.proto")
    example = machine.output(f"cat {EXAMPLES}/kubernetes-runtimeclass.yaml")
    assert re.search(r"^apiVersion: node\.k8s\.io/v1\nkind: RuntimeClass$", example, re.MULTILINE)
    yield re.search(r"^handler: (\S+)$", example, re.MULTILINE)[1]
    machine.run("systemctl stop containerd; rm -r /run/cri")


@pytest.fixture
def cri(machine, handler):
    def call(method, check=True, **request):
        done = machine.run(["/run/cri/cri", method], stdin=json.dumps(request), check=check)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr
    return call


@pytest.fixture
def pod(cri, handler):
    sandbox = cri("RunPodSandbox", config=SANDBOX, runtime_handler=handler)["podSandboxId"]
    yield sandbox
    cri("StopPodSandbox", pod_sandbox_id=sandbox)
    cri("RemovePodSandbox", pod_sandbox_id=sandbox)


@pytest.fixture
def create(cri, pod):
    def create_container(name, command, **config):
        config = {"metadata": {"name": name}, "image": {"image": "localhost/box:latest"}, "command": command,
                  "log_path": f"{name}.log", **config}
        return cri("CreateContainer", pod_sandbox_id=pod, config=config, sandbox_config=SANDBOX)["containerId"]
    return create_container


@pytest.fixture
def execute(cri):
    """(exit code, stdout) of a command in a container."""
    def exec_sync(container, *command):
        done = cri("ExecSync", container_id=container, cmd=list(command), timeout=20)
        return done["exitCode"], base64.b64decode(done["stdout"]).decode()
    return exec_sync


def test_a_container_that_runs(machine, cri, create, execute):
    container = create("runs", ["sleep", "1000"], envs=[{"key": "COLOUR", "value": "a b"}],
                       mounts=[{"container_path": "/host", "host_path": "/etc", "readonly": True}],
                       linux={"resources": {"memory_limit_in_bytes": 1 << 26, "cpu_period": 100000, "cpu_quota": 50000},
                              "security_context": {"namespace_options": {"network": NODE, "pid": 1}, "readonly_rootfs": True,
                                                   "no_new_privs": True}})
    cri("StartContainer", container_id=container)

    scope = f"cri-containerd-{container}.scope"
    assert machine.show(scope, "ControlGroup") == f"{PARENT}/{scope}"
    assert machine.show(scope, "MemoryMax", "CPUQuotaPerSecUSec") == {"MemoryMax": str(1 << 26), "CPUQuotaPerSecUSec": "500ms"}

    assert execute(container, "sh", "-c", "echo $COLOUR; cat /proc/1/comm; exit 5") == (5, "a b\nsleep\n")
    assert execute(container, "sh", "-c", "grep NoNewPrivs /proc/self/status; test -e /host/debian_version && ! touch /x") \
        == (0, "NoNewPrivs:\t1\n")
    assert "executable file not found" in cri("ExecSync", check=False, container_id=container, cmd=["no-such-program"])

    # containerd tells the runtime, and updates the unit of nobody else
    cri("UpdateContainerResources", container_id=container, linux={"memory_limit_in_bytes": 1 << 27})
    assert machine.show(scope, "MemoryMax") == str(1 << 27)
    cri("StopContainer", container_id=container, timeout=0)
    assert cri("ContainerStatus", container_id=container)["status"]["exitCode"] == 137
    cri("RemoveContainer", container_id=container)


def test_a_container_that_ends(machine, cri, create):
    container = create("ends", ["sh", "-c", "echo out; hostname; exit 7"])
    cri("StartContainer", container_id=container)
    machine.wait_until(f"echo '{{\"container_id\": \"{container}\"}}' | /run/cri/cri ContainerStatus | grep '\"state\": {EXITED}'")
    assert cri("ContainerStatus", container_id=container)["status"]["exitCode"] == 7
    log = machine.output("cat /run/cri/log/ends.log")
    assert [line.split()[-1] for line in log.splitlines()] == ["out", machine.output("hostname")]
    cri("RemoveContainer", container_id=container)


def test_a_program_that_is_not_there(cri, create):
    container = create("broken", ["no-such-program"])
    assert "executable file not found" in cri("StartContainer", check=False, container_id=container)
    assert cri("ContainerStatus", container_id=container)["status"]["reason"] == "StartError"
    cri("RemoveContainer", container_id=container)


def test_containers_of_a_pod_share_its_namespaces(machine, cri, pod, create, execute):
    containers = [create(name, ["sleep", "1000"]) for name in ("one", "two")]
    for container in containers:
        cri("StartContainer", container_id=container)
    for namespace in ("ipc", "net", "uts"):
        assert len({execute(c, "readlink", f"/proc/self/ns/{namespace}") for c in containers}) == 1
    assert len({execute(c, "readlink", "/proc/self/ns/mnt") for c in containers}) == 2
    # whatever is left in the pod goes with it
