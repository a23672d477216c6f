# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers of berth-run, for the tests of its options."""

import shlex

ROOTFS = "/var/lib/berth/adhoc/rootfs"
UNIT = "adhoc-test"


class Adhoc:
    """Calls berth-run in the machine; what it made is gone after clean()."""

    def __init__(self, machine, bundles=None):
        self.machine = machine
        if bundles:
            bundles.make("adhoc")

    def __call__(self, options, *command, source=f"--rootfs {ROOTFS}", **kwargs):
        words = ["berth-run", *shlex.split(options), *shlex.split(source), "--", *command]
        return self.machine.run(words, check=False, **kwargs)

    def output(self, options, *command, **kwargs):
        """What the payload prints, if all goes well."""
        done = self(f"--pipe --quiet {options}", *command, **kwargs)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def start(self, options, *command, **kwargs):
        """With the name that clean() knows."""
        done = self(f"--unit={UNIT} {options}", *command, **kwargs)
        assert done.returncode == 0, done.stderr
        return done

    def show(self, *properties, unit=f"{UNIT}.service"):
        return self.machine.show(unit, *properties)

    def units(self):
        return self.machine.output(f"systemctl list-units --all --no-legend --plain 'berth-*' '{UNIT}*'")

    def clean(self):
        # first what could start something again
        self.machine.run(f"systemctl stop --quiet '{UNIT}*.timer' '{UNIT}*.path' '{UNIT}*.socket';"
                         f" systemctl stop --quiet 'berth-run-*' '{UNIT}*'", check=False)
        self.machine.wait_until(f"systemctl reset-failed; test -z \"$(systemctl list-units --all --no-legend 'berth-run-*' '{UNIT}*')\"")
