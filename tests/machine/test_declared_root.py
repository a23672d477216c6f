# SPDX-License-Identifier: LGPL-2.1-or-later
"""Roots that stay as they are: Rootfs=DIR:O, Ephemeral= and Volatile=."""

import pytest

from declared import NAME, ROOTFS, UNIT, Declared

CHANGES = "/var/lib/berth/changes"


@pytest.fixture(scope="module", autouse=True)
def place(machine):
    """overlayfs takes no directory of an overlay for what it writes, and the machine's root is one."""
    machine.run(f"mkdir -p /var/lib/berth /run/changes && ln -s /run/changes {CHANGES}")
    yield
    machine.run(f"rm -r {CHANGES} /run/changes")


@pytest.fixture
def declared(machine, bundles, declare):
    bundles.make("declared", ["sh", "/script"])
    return Declared(machine, declare)


WRITES = "cat /word; echo changed >/word; echo new >/new; cat /word /new; rm /script; ls /script 2>/dev/null || echo removed"
SAID = ["word", "changed", "new", "removed"]


@pytest.mark.parametrize("source, keys", [
    (f"Rootfs={ROOTFS}:O", ""),
    (f"Rootfs={ROOTFS}", "Ephemeral=yes"),
    ("Bundle=/var/lib/berth/declared", "Ephemeral=yes"),
], ids=["option", "ephemeral", "bundle"])
def test_changes_are_thrown_away(machine, declared, source, keys):
    declared.write("word", "word\n")
    for _ in range(2):
        assert declared.said(keys, f"trap 'exec sleep 1000' EXIT; {WRITES}", source=source) == SAID
        assert machine.output(f"ls {CHANGES}/{NAME}") == "upper\nwork"
        assert ROOTFS not in machine.output("cat /proc/mounts")
        machine.run(f"systemctl stop {UNIT}")
        assert machine.output(f"ls {CHANGES}") == ""
        assert machine.output(f"cat {ROOTFS}/word; ls {ROOTFS}/new 2>&1; true").startswith("word\nls: ")


def test_without_it_changes_stay(machine, declared):
    assert declared.said("Ephemeral=no", "echo new >/new; echo written") == ["written"]
    assert machine.output(f"cat {ROOTFS}/new") == "new"


def test_the_root_looks_as_it_did(machine, declared):
    machine.run(f"chmod 751 {ROOTFS} && chown 3:4 {ROOTFS}")
    assert declared.said("Ephemeral=yes", "stat -c '%u:%g %a' /") == ["3:4 751"]


def test_read_only(declared):
    assert declared.said("Ephemeral=yes\nReadOnly=yes", "touch /new 2>/dev/null || echo read-only") == ["read-only"]


def test_a_place_on_an_overlay_is_refused(machine, declared):
    machine.run(f"mv {CHANGES} /run/link")
    text = declared.refusal("Ephemeral=yes")
    machine.run(f"rmdir {CHANGES} && mv /run/link {CHANGES}")
    assert f"'{CHANGES}/{NAME}' is on an overlay itself, where the changes of a container cannot be kept" in text
