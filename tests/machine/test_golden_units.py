# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd says about the units that berth-generator makes of tests/data/golden: nothing."""

import pathlib
import re
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "unit"))

from golden import LAYERS, Case  # noqa: E402

DIRECTORY = "/srv/golden"


@pytest.fixture(scope="module")
def inputs(machine):
    """All cases in the same directories, the declarations named after their case."""
    path = machine.root / DIRECTORY[1:]
    for layer in LAYERS:
        (path / layer).mkdir(parents=True)
    for case in map(Case, sorted((TESTS / "data/golden").glob("*.golden"))):
        # the longest name that there can be gets no longer
        case.files = {re.sub(r"^(\w+/)([\w+])", rf"\1{case.name}.\2", name): text
                      for name, text in case.files.items() if len(name) < 200}
        case.write(path)
    yield ":".join(f"{DIRECTORY}/{layer}" for layer in LAYERS)
    machine.run(["rm", "-r", DIRECTORY])


def generated(machine, inputs, scope):
    """The units that are there afterwards, with an instance for each template."""
    out = f"{DIRECTORY}/out-{scope}"
    # the scope of the system writes into the kernel's log
    scope = "SYSTEMD_SCOPE=user " if scope == "user" else ""
    generator = "/usr/lib/systemd/system-generators/berth-generator"
    machine.run(f"mkdir {out} && {scope}BERTH_UNIT_PATH={inputs} {generator} {out}", check=False)
    names = {p.name.removesuffix(".d") for p in (machine.root / out[1:]).glob("container*")}
    assert len(names) > 200
    return out, sorted(name.replace("@.service", "@an-instance.service") for name in names)


@pytest.mark.parametrize("scope", ["system", "user"])
def test_systemd_has_nothing_to_say_about_the_units(machine, inputs, scope):
    out, units = generated(machine, inputs, scope)
    environment = f"SYSTEMD_UNIT_PATH={out}: XDG_RUNTIME_DIR=/run"
    command = ["env", *environment.split(), "systemd-analyze", f"--{scope}", "verify", "--man=no", *units]
    done = machine.run(command, check=False, timeout=120)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
