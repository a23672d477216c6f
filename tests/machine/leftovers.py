# SPDX-License-Identifier: LGPL-2.1-or-later
"""What berth may not leave behind: the places to look at, and how to clean them when it did.

The machine's files are read from outside, by way of its pid 1: this follows every test, and a command in the machine costs
as much as all of it."""

import os
import re
import time

PROGRAM = re.compile(rb"(/usr/s?bin/|/usr/libexec/berth/)?(berth|runc|crun)[ :-]")

# Units of any state, and units that are there only while they have one.
UNITS = "systemctl list-units --all --plain --no-legend 'berth-*' 'container@*' 'container-*'"
GONE = ("inactive", "maintenance")

CLEANERS = (
    "systemctl kill --signal=KILL 'container@*' 'container-*'; systemctl stop 'container@*' 'container-*'",
    "for p in $(pgrep -f '^(/usr/s?bin/|/usr/libexec/berth/)?(berth|runc|crun)( |-|:)'); do kill -KILL $p; done",
    "for u in $(systemctl list-units --all --plain --no-legend 'berth-*' | awk '{ print $1 }'); do"
    " systemctl kill --signal=KILL $u; systemctl stop $u; done",
    "systemctl reset-failed",
    "awk '$5 ~ /berth/ { print $5 }' /proc/1/mountinfo | sort -r | xargs -r -n1 umount -l",
    "rm -rf /run/berth/* /run/berth-unit/* /run/berth-run/* /run/user/*/berth/* /run/user/*/berth-run/*",
)


def _units(machine):
    for line in machine.output(UNITS).splitlines():
        unit, _, active, state = line.split()[:4]
        if unit.startswith("berth-"):
            yield f"scope: {unit} {state}"
        elif active not in GONE:
            yield f"unit: {unit} {state}"


def _cgroups(machine):
    for directory, names, _ in os.walk(machine.inside("sys/fs/cgroup")):
        yield from (f"cgroup: {directory}/{name}" for name in names if "berth-" in name)


def _files(machine):
    # Each with the names in it that may stay.
    run = machine.inside("run")
    places = [(run / "berth", "."), (run / "berth-unit", None), (run / "berth-run", None)]
    places += [(user / name, None) for user in _listed(run / "user") for name in ("berth", "berth-run")]
    for place, stays in places:
        yield from (f"file: {path}" for path in _listed(place) if not (stays and path.name.startswith(stays)))


def _listed(directory):
    try:
        return list(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _mounts(machine):
    points = (line.split()[4] for line in (machine.leader / "mountinfo").read_text().splitlines())
    yield from (f"mount: {point}" for point in points if "berth" in point)


def _processes(machine):
    for process in machine.inside("proc").glob("[0-9]*"):
        try:
            # a zombie has no command line
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ") or (process / "comm").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if PROGRAM.match(words):
            yield f"process: {process.name} {words.decode(errors='replace')}"


def _look(machine):
    return [text for find in (_units, _cgroups, _files, _mounts, _processes) for text in find(machine)]


def find_leftovers(machine, patience=3):
    """A list of texts like "scope: berth-hello.scope active"; empty when all is clean, which may take systemd a moment."""
    until = time.monotonic() + patience
    while left := _look(machine):
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    return left


def remove_leftovers(machine):
    for cleaner in CLEANERS:
        machine.run(cleaner, check=False)
