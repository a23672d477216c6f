# SPDX-License-Identifier: LGPL-2.1-or-later
"""Roots that stay as they are: Rootfs=DIR:O, Ephemeral= and Volatile=."""

import pytest

from declared import NAME, ROOTFS, UNIT, Declared

CHANGES = "/var/lib/berth/changes"


@pytest.fixture(scope="module", autouse=True)
def place(machine):
    """overlayfs takes no directory of an overlay for what it writes, and the machine's root is one."""
    machine.run(f"mkdir -p /var/lib/berth /run/changes && rm -rf {CHANGES} && ln -s /run/changes {CHANGES}")
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


# ---- Volatile=

def test_overlay_in_memory(machine, declared):
    declared.write("word", "word\n")
    assert declared.said("Volatile=overlay", f"trap 'exec sleep 1000' EXIT; {WRITES}") == SAID
    assert machine.output(f"ls /run/berth-unit/{NAME}/changes; ls {CHANGES}") == "upper\nwork"
    machine.run(f"systemctl stop {UNIT}")
    assert machine.output("ls /run/berth-unit 2>/dev/null; true") == ""
    assert machine.output(f"cat {ROOTFS}/word; ls {ROOTFS}/new 2>&1; true").startswith("word\nls: ")


@pytest.mark.parametrize("source", [f"Rootfs={ROOTFS}", "Bundle=/var/lib/berth/declared"], ids=["rootfs", "bundle"])
def test_state(machine, declared, source):
    declared.write("var/word", "word\n")
    script = "touch /new 2>/dev/null || echo read-only; ls /var/word 2>/dev/null; touch /var/new && echo written"
    assert declared.said("Volatile=state", script, source=source) == ["read-only", "written"]
    assert machine.output(f"cat {ROOTFS}/var/word; ls {ROOTFS}/var/new 2>&1; true").startswith("word\nls: ")


def test_state_has_the_places_of_a_read_only_root(declared):
    script = "touch /tmp/x /var/tmp/x /run/x && echo written; stat -c %a /var/tmp"
    assert declared.said("Volatile=state", script) == ["written", "1777"]


def test_state_and_a_volume_below_var(machine, declared):
    machine.write("/run/data/word", "word\n")
    assert declared.said("Volatile=state\nVolume=/run/data:/var/lib/data", "cat /var/lib/data/word") == ["word"]
    machine.run("rm -r /run/data")


@pytest.fixture
def merged(machine, declared):
    """The root as distributions have it by now: all programs in /usr."""
    machine.run(f"cd {ROOTFS} && cp -a bin/. usr/bin/ && rm -r bin && ln -s usr/bin bin && mkdir -p opt/x")
    declared.write("etc/word", "word\n")
    return declared


LOOKS = ("ls -d /etc/word /opt 2>/dev/null; readlink /bin; touch /usr/x 2>/dev/null || echo read-only\n"
         "touch /x /etc/x /var/x /home/x && echo written; stat -c %a / /tmp /root")
LOOKED = ["usr/bin", "read-only", "written", "755", "1777", "700"]


@pytest.mark.parametrize("source", [f"Rootfs={ROOTFS}", "Bundle=/var/lib/berth/declared"], ids=["rootfs", "bundle"])
def test_yes(machine, merged, source):
    """Of the root nothing but /usr is seen, and nothing is written to it."""
    machine.run(f"touch {ROOTFS}/script")
    before = machine.output(f"cd {ROOTFS} && find . | sort")
    script = f"trap 'exec sleep 1000' EXIT\n{LOOKS}"
    assert merged.said(f"Volatile=yes\nVolume={ROOTFS}/script:/script", script, source=source) == LOOKED
    assert ROOTFS not in machine.output("cat /proc/mounts")
    machine.run(f"systemctl stop {UNIT}")
    assert machine.output(f"cd {ROOTFS} && find . | sort") == before


def test_yes_and_users_of_the_root(machine, merged):
    merged.write("etc/passwd", "root:x:0:0::/:/bin/sh\nwww:x:33:44::/:/bin/sh\n")
    keys = f"Volatile=yes\nUser=www\nVolume={ROOTFS}/script:/script"
    assert merged.said(keys, "id -u; touch /tmp/x && echo written") == ["33", "written"]


def test_yes_needs_programs_in_usr(machine, declared):
    machine.run(f"rm -rf {ROOTFS}/usr")
    assert f"Volatile=yes: '{ROOTFS}' has no directory /usr" in declared.refusal("Volatile=yes")
    machine.run(f"mkdir {ROOTFS}/usr")
    text = declared.refusal("Volatile=yes")
    assert f"Volatile=yes: '{ROOTFS}' has a directory /bin, not a link to /usr/bin" in text
    assert machine.output("ls /run/berth-unit 2>/dev/null; true") == ""


@pytest.mark.parametrize("keys", ["", "Ephemeral=yes", "Volatile=state"])
def test_a_link_to_the_root(machine, declared, keys):
    """As for RootDirectory= of systemd: the release that is the current one."""
    machine.run(f"ln -s {ROOTFS} /run/current")
    try:
        assert declared.said(keys, "test -e /script && echo there", source="Rootfs=/run/current") == ["there"]
    finally:
        machine.run("rm /run/current")
