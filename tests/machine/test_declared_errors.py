# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody sees who has mistyped something in a declaration."""

import pytest

FILE = "/etc/berth/web.container"
UNIT = "container@web"

# a declaration, and what is said about it
MISTAKES = {
    "key": ("[Container]\nRootfs=/srv\nExce=true\n",
            [f"{FILE}:3: unknown key 'Exce' in section [Container], did you mean 'Exec'?"]),
    "section": ("[Contaner]\nRootfs=/srv\nExec=true\n",
                [f"{FILE}:1: unknown section [Contaner], did you mean [Container]?"]),
    "of another tool": ("[Container]\nRootfs=/srv\nExec=true\nPodmanArgs=-t\n",
                        [f"{FILE}:4: key 'PodmanArgs' is not possible in section [Container]: there is no engine"]),
    "in the wrong section": ("[Container]\nRootfs=/srv\nExec=true\nMemoryMax=1G\n",
                             [f"{FILE}:4: key 'MemoryMax' is in section [Container], but belongs into [Service]"]),
    "several": ("[Container]\nRotfs=/srv\nExec=true\nReadOnly=perhaps\n[Servise]\nRestart=no\n",
                [f"{FILE}:2: unknown key 'Rotfs' in section [Container], did you mean 'Rootfs'?",
                 f"{FILE}:4: ReadOnly=perhaps: expected",
                 f"{FILE}:5: unknown section [Servise], did you mean [Service]?"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_systemctl_shows_it(machine, declare, mistake):
    """In the unit's status, which needs no journal, and in the journal. What start itself prints is systemd's: where to look."""
    text, expected = MISTAKES[mistake]
    declare(FILE, text)
    done = machine.run(f"systemctl start {UNIT}", check=False)
    assert done.returncode == 1 and f'See "systemctl status {UNIT}.service"' in done.stderr
    status = machine.run(f"systemctl status {UNIT}", check=False).stdout
    journal = machine.journal("-u", UNIT)
    for line in expected:
        assert line in status
        assert line in journal


def test_others_are_not_hindered(machine, declare, bundles):
    """Neither is the boot: what wants the broken one wants the other, too."""
    bundles.make("declared")
    declare("/etc/systemd/system/some.target", "[Unit]\nDescription=As multi-user.target\n")
    declare("/etc/berth/a-bad.container", "[Containre]\n[Install]\nWantedBy=some.target\n")
    declare("/etc/berth/good.container", "[Container]\nRootfs=/var/lib/berth/declared/rootfs\nExec=sleep 1000\n"
            "[Install]\nWantedBy=some.target\n")
    declare("/etc/berth/z-bad.container", "x\\x00\n[Install]\nWantedBy=some.target\n")
    machine.run("systemctl start some.target")
    machine.wait_until("systemctl is-active container@good && systemctl is-failed container@a-bad")
    assert machine.show("some.target", "ActiveState") == "active"
    machine.run("systemctl stop some.target container@good; systemctl reset-failed")


def test_corrected_but_not_reloaded(machine, declare):
    """The unit is still the one that fails, and says what to do."""
    declare(FILE, MISTAKES["key"][0])
    machine.write(FILE, MISTAKES["key"][0].replace("Exce", "Exec"))
    assert machine.run(f"systemctl start {UNIT}", check=False).returncode != 0
    assert "is not any more: run 'systemctl daemon-reload'" in machine.journal("-u", UNIT)


def test_broken_after_the_reload(machine, declare):
    """What the generator has not seen is found at the start."""
    declare(FILE, MISTAKES["key"][0].replace("Exce", "Exec"))
    machine.write(FILE, MISTAKES["several"][0])
    assert machine.run(f"systemctl start {UNIT}", check=False).returncode != 0
    status = machine.run(f"systemctl status {UNIT}", check=False).stdout
    for line in MISTAKES["several"][1]:
        assert line in status


def test_masked(machine, declare):
    """By a link in an earlier directory, and by an empty file: the unit refuses to start, and says what masks it."""
    declare("/usr/lib/berth/web.container", MISTAKES["key"][0].replace("Exce", "Exec"))
    for mask in ("ln -s /dev/null", "touch"):
        machine.run(f"{mask} {FILE} && systemctl daemon-reload")
        assert "web.container" not in machine.output(f"systemctl cat {UNIT}")
        assert machine.run(f"systemctl start {UNIT}", check=False).returncode == 1
        assert f'Status: "Masked by {FILE}"' in machine.run(f"systemctl status {UNIT}", check=False).stdout
        assert machine.output("berth cat web") == f"# {FILE} masks this declaration"
        machine.run(f"rm {FILE}")
