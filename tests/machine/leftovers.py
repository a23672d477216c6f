# SPDX-License-Identifier: LGPL-2.1-or-later
"""What berth may not leave behind: the list of places to look at, and how to clean them when it did."""

# Each prints a line for every thing that is left. Those of the fixtures (bundles, .container files) are gone by then.
PROBES = {
    "scope": "systemctl list-units --all --plain --no-legend 'berth-*' | awk '{ print $1, $4 }'",
    "unit": "systemctl list-units --state=active,activating,deactivating,failed --plain --no-legend 'container@*' 'container-*' | awk '{ print $1, $4 }'",
    "cgroup": "find /sys/fs/cgroup -name '*berth-*' -type d",
    "state": "find /run/berth -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null",
    "state of a user": "find /run/user/*/berth -mindepth 1 -maxdepth 1 2>/dev/null",
    "runtime directory": "find /run/berth-unit -mindepth 1 -maxdepth 1 2>/dev/null",
    "mount": "awk '$5 ~ /berth/ { print $5 }' /proc/1/mountinfo",
    "process": "pgrep -a -f '^(/usr/s?bin/|/usr/libexec/berth/)?(berth|runc|crun)( |-|:)'",
}

CLEANERS = (
    "systemctl kill --signal=KILL 'container@*' 'container-*'; systemctl stop 'container@*' 'container-*'",
    "for p in $(pgrep -f '^(/usr/s?bin/|/usr/libexec/berth/)?(berth|runc|crun)( |-|:)'); do kill -KILL $p; done",
    "for u in $(systemctl list-units --all --plain --no-legend 'berth-*' | awk '{ print $1 }'); do"
    " systemctl kill --signal=KILL $u; systemctl stop $u; done",
    "systemctl reset-failed",
    "awk '$5 ~ /berth/ { print $5 }' /proc/1/mountinfo | sort -r | xargs -r -n1 umount -l",
    "rm -rf /run/berth/* /run/berth-unit/* /run/user/*/berth/*",
)


def find_leftovers(machine):
    """A list of texts like "scope: berth-hello.scope active"; empty when all is clean."""
    script = "\n".join(f"{{ {probe}\n}} | sed 's|^|{what}: |'" for what, probe in PROBES.items())
    return machine.output(script).splitlines()


def remove_leftovers(machine):
    for cleaner in CLEANERS:
        machine.run(cleaner, check=False)
