# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the validation suite: its build, one machine, what all runtimes answered to all tests, and the table of it.

BERTH_BUILD         build directory to use (default: one of our own, made anew)
BERTH_TEST_SUITE    Debian suite of the machine's root (default trixie: the peers of older ones do not run in a machine)
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "machine"))
sys.path.insert(0, str(HERE))

from answers import RUNTIMES, Answer, make_table, worse  # noqa: E402
from leftovers import find_leftovers  # noqa: E402
from machine import Machine  # noqa: E402

# One test with one runtime, in a mount namespace of its own: a container without one mounts in its runtime's, and some
# runtimes change the propagation of "/" there. The tests wait for most of their time, so many go on at once.
RUN = """
cd /opt/conformance && mkdir -p results && xargs --max-procs={jobs} --max-lines=1 sh -c '
        exec >results/$0.$1.out 2>results/$0.$1.err </dev/null
        RUNTIME=$0 timeout --kill-after=5 100 unshare --mount --propagation unchanged ./validate $1
        echo $? >results/$0.$1.status'
"""

DELETE_ALL = "for id in $({runtime} list -q); do {runtime} delete --force $id; done"


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The build directory: its stage/ holds the installed files."""
    directory = os.environ.get("BERTH_BUILD") or tmp_path_factory.mktemp("build") / "berth"
    if subprocess.run([HERE.parent / "build", directory], check=False).returncode != 0:
        pytest.exit("berth does not build", returncode=1)
    return pathlib.Path(directory).absolute()


@pytest.fixture(scope="session")
def suite():
    """The directory with the validation suite."""
    command = [HERE / "build", os.environ.get("BERTH_TEST_SUITE", "trixie")]
    return pathlib.Path(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


@pytest.fixture(scope="session")
def machine(build, suite):
    """A machine in which berth, its peers and the validation suite are installed."""
    root = str(suite).removesuffix("-conformance")
    machine = Machine(f"conformance-{os.getpid()}", build, root, copies=[suite])
    yield machine
    machine.stop()


def run(machine, tests, runtimes, jobs):
    """{test: {runtime: Answer}}"""
    pairs = "".join(f"{runtime} {test}\n" for test in tests for runtime in runtimes)
    machine.run(RUN.format(jobs=jobs), stdin=pairs, timeout=300)
    results = machine.root / "opt/conformance/results"
    return {test: {runtime: Answer.read(results, runtime, test) for runtime in runtimes} for test in tests}


@pytest.fixture(scope="session")
def answers(machine, request):
    """{test: {runtime: Answer}} of all tests that are wanted, run at once. In some of them the payload races with a hook
    or a signal: what berth fails, it may try again when nothing else goes on."""
    answers = run(machine, request.config.conformance_wanted, RUNTIMES, jobs=16)
    for _ in range(2):
        again = [test for test in answers if worse(answers[test])]
        if not again:
            break
        for test, answer in run(machine, again, RUNTIMES[:1], jobs=1).items():
            answers[test].update(answer)
    request.config.conformance_answers = answers
    return answers


@pytest.fixture(scope="session")
def left(machine, answers):
    """What is left when every container that the tests did not delete has been deleted."""
    for runtime in RUNTIMES:
        machine.run(DELETE_ALL.format(runtime=runtime))
    return find_leftovers(machine)


def pytest_collection_modifyitems(config, items):
    """Only what was asked for is run, e.g. with -k."""
    config.conformance_wanted = [item.callspec.params["test"] for item in items if item.get_closest_marker("validation")]


def pytest_configure(config):
    config.addinivalue_line("markers", "validation: a test of the validation suite")


def pytest_terminal_summary(terminalreporter, config):
    for line in make_table(getattr(config, "conformance_answers", {})):
        terminalreporter.write_line(line)
