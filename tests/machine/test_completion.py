# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion as it is installed: that of bash, with real containers and declarations. Lint has the rest (check-completion)."""

import shlex

import pytest

INSTALLED = "/usr/share/bash-completion/completions"


@pytest.fixture
def complete(machine):
    """complete(word...): what bash offers for the last of the words."""
    def ask(*words):
        function = words[0].replace("-", "_")
        script = (f". {INSTALLED}/{words[0]}; COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}; "
                  f"_{function}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        return machine.output(["bash", "-c", script]).split()

    return ask


def test_containers(complete, sleeper):
    assert complete("berth", "state", "") == [sleeper]
    assert complete("berth", "kill", sleeper[:3]) == [sleeper]
    assert complete("berth", "kill", sleeper, "SIGKI") == ["SIGKILL"]
    assert complete("berth", "--root", "/run/none", "state", "") == []


def test_declarations(complete, declare):
    declare("/etc/berth/completed.container", "[Container]\nRootfs=/\n")
    assert complete("berth", "cat", "complete") == ["completed"]
    assert complete("berth", "verify", "complete") == ["completed"]


def test_berth_run(complete):
    assert complete("berth-run", "--pt") == ["--pty"]
    assert "system.slice" in complete("berth-run", "--slice", "sys")
