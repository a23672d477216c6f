# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth killed with SIGKILL at one system call after the other: `delete --force` cleans up whatever was there by then, and
kills nobody else. The check for leftovers behind each test says what was forgotten."""

import pytest

# One run tells which system calls there are: "NAME COUNT" a line, for the COUNTth call of that name. Then strace kills the command
# at every step-th of them.
SWEEP = r"""
{prepare}
strace -qq -o /tmp/killed.trace {command} >/tmp/killed.out 2>&1 || {{ cat /tmp/killed.out; exit 1; }}
berth delete --force killed
awk -F '(' '/^[a-z0-9_]+[(]/ {{ print $1, ++count[$1] }}' /tmp/killed.trace | awk 'NR % {step} == 1' >/tmp/killed.calls
killed=0
while read -r call count; do
        {prepare}
        strace -qq -o /tmp/killed.trace -e "inject=$call:signal=KILL:when=$count" {command} >/tmp/killed.out 2>&1 </dev/null
        grep -q "^+++ killed" /tmp/killed.trace && killed=$((killed + 1))
        berth delete --force killed || {{ echo "at $call number $count: delete --force failed"; exit 1; }}
        [ ! -e /run/berth/killed ] || {{ echo "at $call number $count: a state directory is left"; exit 1; }}
done </tmp/killed.calls
echo "$killed"
"""


def sweep(machine, command, prepare=":", step=7):
    """Kills the command at every step-th system call, cleans up each time; returns how often it was killed."""
    text = machine.output(SWEEP.format(command=command, prepare=prepare, step=step), timeout=300)
    machine.run("rm -f /tmp/killed.*")
    return int(text)


@pytest.fixture
def bystander(machine, bundles):
    """A container that has nothing to do with all this and has to survive it."""
    bundles.make("bystander", ["sleep", "1000"])
    machine.run("berth run --detach --bundle /var/lib/berth/bystander bystander >/dev/null 2>&1")
    yield
    assert '"running"' in machine.output("berth state bystander")
    machine.run("berth delete --force bystander")


def test_create_is_killed(machine, bundles, bystander):
    bundle = bundles.make("killed", ["sleep", "1000"])
    assert sweep(machine, f"berth create --bundle {bundle} killed") > 30
    machine.wait_until("! systemctl --all --no-legend list-units berth-killed.scope | grep .")


def test_create_in_a_named_cgroup_is_killed(machine, bundles, bystander):
    def edit(config):
        config["linux"]["cgroupsPath"] = "/engine/killed"

    bundle = bundles.make("killed", ["sleep", "1000"], edit)
    assert sweep(machine, f"berth create --bundle {bundle} killed", step=3) > 60
    machine.run("test ! -e /sys/fs/cgroup/engine")


def test_start_is_killed(machine, bundles, bystander):
    bundle = bundles.make("killed", ["sleep", "1000"])
    assert sweep(machine, "berth start killed", f"berth create --bundle {bundle} killed >/dev/null 2>&1", step=5) > 20


def test_delete_is_killed(machine, bundles, bystander):
    bundle = bundles.make("killed", ["sleep", "1000"])
    run = f"berth run --detach --bundle {bundle} killed >/dev/null 2>&1"
    assert sweep(machine, "berth delete --force killed", run, step=5) > 20
