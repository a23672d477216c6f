# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory pressure (https://systemd.io/MEMORY_PRESSURE): the payload is told of that of its own scope."""

import shlex

import pytest

from machine import from_now_on

FIFO = "/run/notify/memory-pressure"
RECLAIM = "/sys/devices/system/node/node0/reclaim"
UNIT = "container@pressed"
WATCHES = f"watches {FIFO}"


def sets_variables(machine):
    """Whether this systemd does so."""
    return int(machine.output("systemctl --version").split()[1]) >= 254


class Said:
    """What the payload and its supervisor write into the journal from now on."""

    def __init__(self, machine):
        self.machine = machine
        self.journal = f"journalctl -u {UNIT} -o cat {from_now_on()}"

    def wait(self, line, count=1):
        self.machine.wait_until(f"test $({self.journal} | grep -c {shlex.quote(line)}) -ge {count}")

    def wait_for_pressure(self, cgroup):
        """Processes in the cgroup have to wait for memory that the kernel reclaims, until the payload says so once more.

        It may say so before, too: what else goes on in the machine can be pressure as well."""
        press = f"sh -c 'echo $$ >/sys/fs/cgroup{cgroup}/cgroup.procs && for i in 1 2 3 4 5 6 7 8; do echo 4M >{RECLAIM}; done'"
        said = self.lines().count("pressure")
        self.machine.wait_until(f"{press}; test $({self.journal} | grep -cx pressure) -gt {said}", timeout=60)

    def lines(self):
        return self.machine.output(self.journal).splitlines()

    def variables(self):
        self.wait("^end$")
        return {line for line in self.lines() if line.startswith("MEMORY_PRESSURE_")}


@pytest.fixture
def pressed(machine, declare, bundles):
    """pressed(command, service="", container=""): a container, and what it says."""
    bundle = bundles.make("pressed")

    def start(command, service="", container=""):
        declare("/etc/berth/pressed.container", f"[Container]\nRootfs={bundle}/rootfs\nExec={command}\nStopSignal=SIGKILL\n"
                f"{container}\n[Service]\n{service}\n")
        said = Said(machine)
        machine.run(f"systemctl start {UNIT}")
        return said
    return start


@pytest.fixture
def sensitive(machine):
    """Settings with which the least pressure counts: 1 ms in 2 s."""
    if machine.run(f"test -e /sys/fs/cgroup/memory.pressure -a -e {RECLAIM}", check=False).returncode != 0:
        pytest.skip("this kernel has no PSI, or cannot be asked for a little pressure")
    if sets_variables(machine):
        return "MemoryPressureThresholdSec=1ms"
    return "Environment=MEMORY_PRESSURE_WATCH=/any MEMORY_PRESSURE_WRITE=c29tZSAxMDAwIDIwMDAwMDAA"


ENV = 'sh -c "env; echo end; exec sleep 1000"'


def scope(machine):
    return machine.show("berth-pressed.scope", "ControlGroup")


def test_variable(machine, pressed):
    """Set as for any service, but with a path that means something inside."""
    expected = {f"MEMORY_PRESSURE_WATCH={FIFO}", "MEMORY_PRESSURE_WRITE=Cg=="} if sets_variables(machine) else set()
    assert pressed(ENV).variables() == expected


@pytest.mark.parametrize("watch, expected", [("on", FIFO), ("off", "/dev/null"), ("skip", None)])
def test_setting_of_the_unit(machine, pressed, watch, expected):
    if not sets_variables(machine):
        pytest.skip("MemoryPressureWatch= came with systemd 254")
    said = pressed(ENV, f"MemoryPressureWatch={watch}")
    assert {line for line in said.variables() if "WATCH" in line} == ({f"MEMORY_PRESSURE_WATCH={expected}"} if expected else set())


def test_variable_without_a_value(pressed):
    assert pressed(ENV, "Environment=MEMORY_PRESSURE_WATCH= MEMORY_PRESSURE_WRITE=").variables() == set()


@pytest.mark.parametrize("user", ["0:0", "1000:1001"])
def test_pressure(machine, pressed, sensitive, user):
    """Whoever the payload's user is."""
    said = pressed("payload pressure", sensitive, f"User={user}")
    said.wait(WATCHES)
    said.wait_for_pressure(scope(machine))
    said.wait_for_pressure(scope(machine))


def test_pressure_in_a_user_namespace(machine, bundles, declare, sensitive):
    def edit(config):
        config["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundle = bundles.make("pressed", ["payload", "pressure"], edit)
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    declare("/run/systemd/system/container@pressed.service.d/pressure.conf", f"[Service]\n{sensitive}\n")
    said = Said(machine)
    machine.run(f"systemctl start {UNIT}")
    said.wait(WATCHES)
    said.wait_for_pressure(scope(machine))
    machine.run(f"systemctl stop {UNIT}", check=False)


def test_another_supervisor(machine, pressed, sensitive):
    """The payload notices nothing, and is told by the next one."""
    said = pressed("payload pressure", sensitive)
    said.wait(WATCHES)
    machine.run(f"kill -KILL {machine.show(UNIT, 'MainPID')}")
    said.wait("Took over container 'pressed'")
    said.wait_for_pressure(scope(machine))


def test_without_psi(machine, pressed, sensitive):
    """The file goes when PSI of a cgroup is switched off, as it is missing where the kernel has none."""
    said = pressed("payload pressure", sensitive)
    said.wait(WATCHES)
    machine.run(f"echo 0 >/sys/fs/cgroup{scope(machine)}/cgroup.pressure; kill -KILL {machine.show(UNIT, 'MainPID')}")
    said.wait("Container 'pressed' is not told of memory pressure, memory.pressure of its cgroup cannot be watched: ")
    machine.wait_until(f"systemctl is-active {UNIT}")


def test_of_a_user(machine, user, bundle_template, bundles, sensitive):
    """A user's systemd sets the variable, too, and the pressure of his scope can be watched without privileges."""
    bundle = bundles.make("pressed")
    user.run("mkdir -p .config/berth")
    machine.run(["cp", "-a", f"{bundle}/rootfs", f"{user.home}/pressed-rootfs"])
    machine.write(f"{user.home}/.config/berth/pressed.container", f"[Container]\nRootfs={user.home}/pressed-rootfs\n"
                  f"Exec=payload pressure\nStopSignal=SIGKILL\n[Service]\n{sensitive}\n")
    machine.run(f"chown -R {user.uid}:{user.uid} {user.home}/.config {user.home}/pressed-rootfs")
    said = Said(machine)
    said.journal = f"journalctl -o cat _UID={user.uid} CONTAINER_NAME=pressed"
    user.run(f"systemctl --user daemon-reload; systemctl --user start {UNIT}")
    said.wait(WATCHES)
    said.wait_for_pressure(user.output("systemctl --user show -P ControlGroup berth-pressed.scope"))
    user.run(f"systemctl --user stop {UNIT}; rm -r .config/berth; systemctl --user daemon-reload")
    machine.run(f"rm -r {user.home}/pressed-rootfs")
