# SPDX-License-Identifier: LGPL-2.1-or-later
"""What people read comes in their language; what programs read does not."""

import pytest


@pytest.fixture
def german(machine):
    """Variables that ask for German. Any locale will do that gettext does not take for "no translations"."""
    locales = [name for name in machine.output("locale -a").split() if name not in ("C", "POSIX")]
    others = [name for name in locales if not name.startswith("C.")]
    glibc = tuple(int(n) for n in machine.output("getconf GNU_LIBC_VERSION").split()[1].split("."))
    if not others and glibc > (2, 36):
        pytest.skip("the machine has no locale but C.UTF-8, in which its glibc does not translate")
    return f"LC_ALL={(others or locales)[0]} LANGUAGE=de"


@pytest.mark.parametrize("command, ours, theirs", [
    ("berth --help", "make a container", "einen Container anlegen"),
    ("berth create --help", "Options:", "Optionen:"),
    ("berth-run --help", "name of the unit", "Name der Unit"),
])
def test_help(machine, german, command, ours, theirs):
    assert ours in machine.output(command)
    assert theirs in machine.output(f"{german} {command}")


def test_messages_for_programs_are_not_translated(machine, german):
    command = "berth --log-format=journal state nothing-there"
    assert machine.run(f"{german} {command}", check=False).stderr == machine.run(command, check=False).stderr
