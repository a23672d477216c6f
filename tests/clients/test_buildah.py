# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images built with berth as the runtime, by buildah and by Podman. Both ask for resource limits that a machine may not
raise, unless they are told others."""

import pytest

LIMITS = "--ulimit nofile=1000:1000 --ulimit nproc=1000:1000"
BUILDAH_RUN = "buildah run --isolation=oci --runtime berth --network=none"
CONTAINERFILE = "FROM localhost/box\nRUN echo built >/f\nUSER nobody\nRUN test $(id -u) = 65534\n"


@pytest.fixture
def container(machine):
    name = machine.output(f"buildah from {LIMITS} localhost/box")
    yield name
    machine.run(["buildah", "rm", name])


def test_buildah_run(machine, container):
    done = machine.run(f"{BUILDAH_RUN} {container} sh -c 'echo hello; exit 3'", check=False)
    assert done.returncode == 3, done.stderr
    assert done.stdout == "hello\n"


def test_buildah_run_with_a_terminal(machine, container):
    assert "/dev/pts/0" in machine.output(f"script -qec '{BUILDAH_RUN} -t {container} tty' /dev/null")


def test_buildah_run_with_a_volume(machine, container):
    assert machine.output(f"{BUILDAH_RUN} -v /etc:/host:ro {container} cat /host/debian_version")


@pytest.mark.parametrize("program", ["podman", "buildah"])
def test_build(machine, program):
    machine.run("mkdir -p /tmp/context")
    # a runtime is an option of podman, and of buildah's build
    command = {"podman": "podman --runtime berth build", "buildah": "buildah build --runtime berth"}[program]
    machine.run(f"{command} --network=none --isolation=oci {LIMITS} -q -t built -f - /tmp/context", stdin=CONTAINERFILE)
    assert machine.output("podman --runtime berth run --rm built cat /f") == "built"
    machine.run("podman rmi built")
