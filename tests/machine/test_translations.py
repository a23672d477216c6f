# SPDX-License-Identifier: LGPL-2.1-or-later
"""What people read comes in their language; what programs read does not."""

import pytest


# language -> what is found in the help of these commands
LANGUAGES = {
    "": ("make a container", "Options:", "name of the unit"),
    "de": ("einen Container anlegen", "Optionen:", "Name der Unit"),
    "fr": ("créer un conteneur", "Options\u00a0:", "nom de l'unité"),
    "zh_CN": ("创建容器", "选项：", "单元的名称"),
}
COMMANDS = ("berth --help", "berth create --help", "berth-run --help")


@pytest.fixture
def speak(machine):
    """Variables that ask for a language. Any locale will do that gettext does not take for "no translations"."""
    locales = [name for name in machine.output("locale -a").split() if name not in ("C", "POSIX")]
    others = [name for name in locales if not name.startswith("C.")]
    glibc = tuple(int(n) for n in machine.output("getconf GNU_LIBC_VERSION").split()[1].split("."))
    if not others and glibc > (2, 36):
        pytest.skip("the machine has no locale but C.UTF-8, in which its glibc does not translate")
    return lambda language: f"LC_ALL={(others or locales)[0]} LANGUAGE={language}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_help(machine, speak, language):
    for command, text in zip(COMMANDS, LANGUAGES[language]):
        assert text in machine.output(f"{speak(language)} {command}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_for_programs_are_not_translated(machine, speak, language):
    command = "berth --log-format=journal state nothing-there"
    assert machine.run(f"{speak(language)} {command}", check=False).stderr == machine.run(command, check=False).stderr
