# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers made of a few keys, for the tests of what each key does."""

import itertools

NAME = "keys"
ROOTFS = "/var/lib/berth/declared/rootfs"
FILE = f"/etc/berth/{NAME}.container"
UNIT = f"container@{NAME}"

_numbers = itertools.count()


class Declared:
    """Runs scripts in containers that are declared with the keys under test."""

    def __init__(self, machine, declare):
        self.machine = machine
        self.declare = declare
        self.declared = False

    def write(self, path, text):
        """A file in the root."""
        self.machine.write(f"{ROOTFS}/{path}", text)

    def start(self, keys, script, service="", source=f"Rootfs={ROOTFS}", command="sh /script"):
        """Start a container that runs the script; true if it began."""
        self.write("script", script)
        text = f"[Container]\n{source}\n{keys}\nExec={command}\n[Service]\n{service}\n"
        if self.declared:
            self.machine.run(["systemctl", "stop", UNIT])
            self.machine.write(FILE, text)
            self.machine.run("systemctl daemon-reload")
        else:
            self.declare(FILE, text)
        self.declared = True
        return self.machine.run(f"systemctl start {UNIT}", check=False).returncode == 0

    def said(self, keys, script, **options):
        """The lines that the script prints."""
        number = next(_numbers)
        assert self.start(keys, f"echo begin-{number}\n{script}\necho end-{number}\n", **options), self.journal()
        self.machine.wait_until(f"journalctl -u {UNIT} -o cat | grep -x end-{number}")
        lines = self.machine.journal("-u", UNIT, "-t", NAME).splitlines()
        return lines[lines.index(f"begin-{number}") + 1:lines.index(f"end-{number}")]

    def journal(self):
        return self.machine.journal("-u", UNIT)

    def refusal(self, keys, **options):
        """What the journal says about a container that cannot be started."""
        before = len(self.journal())
        assert not self.start(keys, "true", **options)
        return self.journal()[before:]
