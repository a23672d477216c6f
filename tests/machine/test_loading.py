# SPDX-License-Identifier: LGPL-2.1-or-later
"""What berth loads: libsystemd takes longer to load than most verbs to run, so only those have it that speak to systemd."""

import pytest


def loads_libsystemd(machine, command):
    """The dynamic linker tells what it loads, also for dlopen(3)."""
    done = machine.run(f"LD_DEBUG=files LD_DEBUG_OUTPUT=/run/loaded berth {command} >/dev/null 2>&1; cat /run/loaded*; rm /run/loaded*")
    return "libsystemd.so" in done.stdout


@pytest.fixture
def container(bundles, runtime):
    runtime.create("loading", bundles.make("loading", ["sleep", "1000"]))
    runtime("start", "loading")


@pytest.mark.parametrize("command", ["--version", "--help", "features", "list", "spec --bundle /run", "state loading",
                                     "exec loading true", "kill loading CONT"])
def test_not_loaded(machine, container, command):
    assert not loads_libsystemd(machine, command)
    machine.run("rm -f /run/config.json")


def test_start_does_not_load_it(machine, bundles, runtime):
    runtime.create("loading", bundles.make("loading", ["sleep", "1000"]))
    assert not loads_libsystemd(machine, "start loading")


def test_loaded_where_systemd_is_needed(machine, container):
    """The test itself would pass with an empty file."""
    assert loads_libsystemd(machine, "pause loading")
    assert loads_libsystemd(machine, "resume loading")
