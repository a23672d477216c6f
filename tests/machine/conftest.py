# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the tests that run in a machine: one machine for all of them, bundles, and the check that each test left
nothing behind.

BERTH_BUILD         build directory to use (default: one of our own, made anew)
BERTH_TEST_SUITE    Debian suite of the machine's root (default: a machine over the host's own root)
BERTH_TEST_RUNTIME  runtime for the tests of OCI verbs (default berth): runc has to pass those marked with "peer", too
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bundles import REPORTS, Bundles  # noqa: E402
from leftovers import find_leftovers, remove_leftovers  # noqa: E402
from listener import ADDRESS, Listener, Ways  # noqa: E402
from machine import Machine, from_now_on  # noqa: E402
from reruns import keep_journal, pytest_runtest_makereport, pytest_terminal_summary  # noqa: E402, F401
from runtimes import RUNTIME, Runtime  # noqa: E402
from users import User  # noqa: E402


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The build directory: its stage/ holds the installed files."""
    directory = os.environ.get("BERTH_BUILD") or tmp_path_factory.mktemp("build") / "berth"
    if subprocess.run([HERE.parent / "build", directory], check=False).returncode != 0:
        pytest.exit("berth does not build", returncode=1)
    return pathlib.Path(directory).absolute()


@pytest.fixture(scope="session")
def is_sanitized(build):
    """Whether the programs were built with a sanitizer; see src/sanitizer.c."""
    return b"__asan_default_options" in (build / "stage/usr/bin/berth").read_bytes()


@pytest.fixture(scope="session")
def machine(build, is_sanitized):
    """A machine in which berth is installed."""
    root = "/"
    if "BERTH_TEST_SUITE" in os.environ:
        command = [HERE / "root", os.environ["BERTH_TEST_SUITE"]]
        root = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    machine = Machine(f"pytest-{os.getpid()}", build, root)
    if is_sanitized:
        machine.run(["mkdir", "-m", "1777", REPORTS])
    # a stop that does not work has to be seen soon, not after the 90 s that systemd waits by default
    machine.write("/run/systemd/system.conf.d/stop.conf", "[Manager]\nDefaultTimeoutStopSec=10\n")
    machine.run("systemctl daemon-reexec")
    yield machine
    machine.stop()


@pytest.fixture(scope="session")
def user(machine):
    """An ordinary user. He goes with the machine."""
    return User(machine)


@pytest.fixture(scope="session")
def bundle_template(build, is_sanitized, tmp_path_factory):
    rootfs, config = Bundles.make_template(tmp_path_factory.mktemp("template"), build / "tests/machine/payload")
    if is_sanitized:
        (rootfs / REPORTS.lstrip("/")).mkdir(mode=0o777)
        (rootfs / REPORTS.lstrip("/")).chmod(0o777)
    return rootfs, config


@pytest.fixture(autouse=True)
def no_report(machine, is_sanitized):
    """With a build that has a sanitizer, every test fails after which there is a report."""
    yield
    if is_sanitized:
        reports = machine.output(f"find {REPORTS} -type f -exec cat {{}} ';' -delete")
        if reports:
            pytest.fail(f"a sanitizer reports:\n{reports}", pytrace=False)


@pytest.fixture(autouse=True)
def nothing_left(machine):
    """Every test has to leave the machine as it found it; what is found is removed, so that it fails no other test."""
    yield
    left = find_leftovers(machine)
    if left:
        remove_leftovers(machine)
        pytest.fail("left behind:\n" + "\n".join(left), pytrace=False)


@pytest.fixture
def bundles(machine, bundle_template, nothing_left, no_report):
    """A maker of bundles; at the end they are stopped and removed."""
    bundles = Bundles(machine, bundle_template)
    yield bundles
    bundles.remove()


@pytest.fixture
def declare(machine, nothing_left):
    """declare(path, text): write a unit or .container file and reload systemd; at the end it is taken away again."""
    paths = []

    def write(path, text):
        paths.append(path)
        machine.write(path, text)
        machine.run("systemctl daemon-reload")

    yield write
    for path in reversed(paths):
        unit = path.rsplit("/", 1)[1]
        if unit.endswith(".container"):
            unit = f"container@{unit.removesuffix('.container')}.service"
        machine.run(["systemctl", "stop", "--quiet", unit], check=False)
        machine.run(["systemctl", "reset-failed", "--quiet", unit], check=False)
        machine.run(["rm", path])
    machine.run("systemctl daemon-reload")


@pytest.fixture
def runtime(machine, bundles):
    """The runtime under test; at the end the containers made with it are deleted."""
    runtime = Runtime(machine, RUNTIME)
    runtime.bundles = bundles
    yield runtime
    runtime.delete_all()


@pytest.fixture
def sleeper(bundles, runtime):
    """A container that runs `sleep`."""
    done = runtime.detached("run", "sleeper", bundles.make("sleeper", ["sleep", "1000"]), "--detach")
    assert done.returncode == 0, done.stderr
    return "sleeper"


@pytest.fixture
def terminal(machine):
    """terminal(command, *steps): what a command says on a terminal; each step is what to wait for and what to type then."""
    machine.write("/tmp/terminal.py", (HERE / "terminal.py").read_text())

    def run(command, *steps):
        words = [word for step in steps for word in step]
        return machine.run(["python3", "/tmp/terminal.py", command, *words], check=False)

    yield run
    machine.run("rm /tmp/terminal.py")


@pytest.fixture
def listen(machine, nothing_left):
    """listen(address): a Listener, one in a test."""
    made = []

    def start(address=ADDRESS):
        made.append(Listener(machine, address))
        return made[-1]

    yield start
    for listener in made:
        listener.remove()


@pytest.fixture
def ways(machine, runtime):
    """Starters of containers that notify, see Ways."""
    ways = Ways(machine, runtime)
    yield ways
    ways.end()


def pytest_configure(config):
    config.addinivalue_line("markers", "valgrind: needs valgrind in the machine")
    config.addinivalue_line("markers", "peer: describes the interface of an OCI runtime: runc has to pass, too")
    config.addinivalue_line("markers", "peer_crun: so has crun")


@pytest.fixture(autouse=True)
def journal_of_failures(request, machine):
    """What the journal got during a test is shown when the test fails."""
    machine.since = from_now_on()
    yield
    if getattr(request.node, "failed", False):
        keep_journal(request.node, machine.journal("--output=short-monotonic"))
