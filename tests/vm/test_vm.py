# SPDX-License-Identifier: LGPL-2.1-or-later
"""What needs real controllers, a real resctrl or a security module: the cases in cases/, in one boot of the virtual machine
for each set of words on the kernel's command line.

BERTH_BUILD  build directory to use (default: one of our own, made anew)
BERTH_VM     where the files of the machine are kept (see setup)
"""

import os
import pathlib
import platform
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.sh"))
TIMEOUT = 900
# Cases for which the kernel is another one; AppArmor is what Debian's kernel has without such words.
WORDS = {"selinux": "security=selinux enforcing=0"}

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the machine's resctrl is that of an x86-64 CPU")


def make_rootfs(directory):
    """A root file system of busybox for the payloads."""
    for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp"):
        (directory / folder).mkdir(parents=True)
    busybox = shutil.which("busybox")
    shutil.copy(busybox, directory / "bin/busybox")
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    for applet in set(applets) - {"busybox"}:
        (directory / "bin" / applet).symlink_to("busybox")


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The build directory: its stage/ holds the installed files."""
    directory = os.environ.get("BERTH_BUILD") or tmp_path_factory.mktemp("build") / "berth"
    subprocess.run([HERE.parent / "build", directory], check=True)
    return pathlib.Path(directory).absolute()


def boot(build, share, words):
    """What the machine reports of the cases that want these words: case -> (status, output), and how it ended."""
    shutil.copytree(build / "stage", share / "stage", symlinks=True)
    (share / "cases").mkdir()
    for case in CASES:
        if WORDS.get(case, "") == words:
            shutil.copy(HERE / f"cases/{case}.sh", share / "cases")
    shutil.copy(HERE / "common.sh", share)
    shutil.copy(HERE / "guest-run", share / "run")
    make_rootfs(share / "rootfs")

    done = subprocess.run([HERE / "run", "-t", str(TIMEOUT), "-a", words, share], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", check=False)
    shutil.rmtree(share)
    found = re.findall(r"^##begin (\S+)\n(.*?)^##end \1 (\d+)$", done.stdout, re.DOTALL | re.MULTILINE)
    ended = f"the machine ended with status {done.returncode}\n{done.stderr}\n{done.stdout[-4000:]}"
    return {name: (int(status), output) for name, output, status in found}, ended


@pytest.fixture(scope="session")
def report(build, tmp_path_factory):
    """report(case): what the machine reported of it. It is booted once for each set of words."""
    subprocess.run([HERE / "setup"], check=True, stdin=subprocess.DEVNULL)
    reports = {}

    def of(case):
        words = WORDS.get(case, "")
        if words not in reports:
            reports[words] = boot(build, tmp_path_factory.mktemp("share"), words)
        return reports[words]

    return of


@pytest.mark.parametrize("case", CASES)
def test_case(report, case):
    cases, ended = report(case)
    if case not in cases:
        pytest.fail(f"not reported: {ended}", pytrace=False)
    status, output = cases[case]
    if status != 0:
        pytest.fail(f"status {status}\n{output}", pytrace=False)
