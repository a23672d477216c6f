# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the tests with container engines: one machine for all of them, with berth and the engines installed, and an
image made here; nothing is downloaded.

BERTH_BUILD         build directory to use (default: one of our own, made anew)
BERTH_TEST_SUITE    Debian suite of the machine's root (default trixie)
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "machine"))

from bundles import Bundles  # noqa: E402
from leftovers import find_leftovers, remove_leftovers  # noqa: E402
from machine import Machine, from_now_on  # noqa: E402
from reruns import keep_journal, pytest_runtest_makereport, pytest_terminal_summary  # noqa: E402, F401

# The network of the host or none: a machine has no bridges and no packet filter.
CONTAINERS_CONF = """
[containers]
netns = "none"
"""

# Without Podman's own limit of processes: where the engine names a cgroup path, a limit is a file, and the machine has no
# controllers that would make these files.
NO_LIMITS = "pids_limit = 0\n"

# What engines name the scopes that they ask for.
SCOPES = ("systemctl list-units --all --plain --no-legend 'libpod-*.scope' 'ctr-*.scope' 'cri-containerd-*.scope' 'docker-*.scope'"
          " | grep .")


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The build directory: its stage/ holds the installed files."""
    directory = os.environ.get("BERTH_BUILD") or tmp_path_factory.mktemp("build") / "berth"
    if subprocess.run([HERE.parent / "build", directory], check=False).returncode != 0:
        pytest.exit("berth does not build", returncode=1)
    return pathlib.Path(directory).absolute()


@pytest.fixture(scope="session")
def suite():
    return os.environ.get("BERTH_TEST_SUITE", "trixie")


@pytest.fixture(scope="session")
def machine(build, suite, tmp_path_factory):
    """A machine in which berth and the engines are installed, and the image `box` is known to Podman."""
    root = subprocess.run([HERE / "root", suite], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    machine = Machine(f"clients-{os.getpid()}", build, root)
    machine.write("/run/systemd/system.conf.d/stop.conf", "[Manager]\nDefaultTimeoutStopSec=10\n")
    # overlays cannot lie on the machine's root, which is one
    machine.run("systemctl daemon-reexec; for d in containers containerd docker; do"
                " mkdir -p /var/lib/$d; mount -t tmpfs tmpfs /var/lib/$d; done")
    machine.write("/etc/containers/containers.conf.d/tests.conf", CONTAINERS_CONF)
    # the example, as its comment says
    machine.run("cp /usr/share/doc/berth/examples/podman-berth.conf /etc/containers/containers.conf.d")
    machine.write("/etc/containers/no-limits.conf", machine.output("cat /usr/share/doc/berth/examples/podman-berth.conf")
                  + "\n" + CONTAINERS_CONF + NO_LIMITS)
    rootfs, _ = Bundles.make_template(tmp_path_factory.mktemp("template"), build / "tests/machine/payload")
    subprocess.run(["tar", "-C", rootfs, "-cf", machine.root / "box.tar", "."], check=True)
    # whose ids podman run --userns=auto takes
    machine.run("for f in /etc/subuid /etc/subgid; do echo containers:200000:1000000 >>$f; done")
    machine.run("podman import --change 'ENV PATH=/bin:/usr/bin' --change 'CMD [\"sleep\",\"1000000\"]' /box.tar box")
    yield machine
    machine.stop()


@pytest.fixture(autouse=True)
def nothing_left(machine):
    """Every test ends with its containers deleted by their engine, and then nothing of them may be left."""
    yield
    machine.run("podman pod rm -fa -t 0; podman rm -fa -t 0; podman volume rm -fa")
    # Podman's cleanup and systemd's removal of a unit come after the command
    machine.wait_until(f"! {{ {SCOPES}; }}")
    left = find_leftovers(machine)
    if left:
        remove_leftovers(machine)
        pytest.fail("left behind:\n" + "\n".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def journal_of_failures(request, machine):
    """What the journal got during a test is shown when the test fails."""
    machine.since = from_now_on()
    yield
    if getattr(request.node, "failed", False):
        keep_journal(request.node, machine.journal("--output=short-monotonic"))
