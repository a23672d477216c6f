# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a container's processes run: CPUs, memory, and the host's network interfaces that it gets."""

import os

import pytest

if os.environ.get("BERTH_TEST_RUNTIME") == "runc":
    pytest.skip("Debian 12's runc has none of it", allow_module_level=True)


def affinity(final=None, initial="0"):
    def edit(config):
        config["process"]["execCPUAffinity"] = {
            key: cpus for key, cpus in (("initial", initial), ("final", final)) if cpus is not None}
    return edit


@pytest.mark.parametrize("edit, cpus", [
    (affinity(final="1"), "1"),
    (affinity(), "all"),
    (affinity(initial=None, final="0"), "0"),
], ids=["both", "initial-only", "final-only"])
def test_exec_cpu_affinity(machine, bundles, runtime, edit, cpus):
    """The last word is that of final; without it, the container's own CPUs."""
    if machine.output("nproc --all") == "1":
        pytest.skip("needs two CPUs")
    command = "sed -n 's/Cpus_allowed_list:\t//p' /proc/self/status"
    everything = machine.output(f"taskset --all-tasks --cpu-list 0-1023 {command}")
    done = runtime.detached("run", "placed", bundles.make("placed", ["sleep", "1000"], edit), "--detach")
    assert done.returncode == 0, done.stderr
    assert runtime("exec", "placed", "sh", "-c", command).stdout.strip() == (everything if cpus == "all" else cpus)


def test_without_clone3(machine, bundles, runtime):
    """In a container whose seccomp profile hides it, all else is as usual: the cgroup is the scope's from the beginning."""
    bundle = bundles.make("placed", ["sleep", "1000"])
    runtime.ids.add("placed")
    hidden = ["systemd-run", "--quiet", "--collect", "--wait", "-p", "SystemCallFilter=~clone3",
              "-p", "SystemCallErrorNumber=ENOSYS", runtime.name, *runtime.options]
    machine.run([*hidden, "run", "--detach", "--bundle", bundle, "placed"])
    machine.run([*hidden, "exec", "--detach", "placed", "sleep", "1000"])
    pids = runtime("ps", "--format", "json", "placed").stdout
    assert pids.count(",") == 1, pids
    assert machine.show("berth-placed.scope", "ActiveState") == "active"


def test_memory_policy(machine, bundles, runtime):
    def edit(config):
        config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    bundle = bundles.make("placed", ["sh", "-c", "head -n 1 /proc/self/numa_maps"], edit)
    if machine.run("test -e /proc/self/numa_maps", check=False).returncode != 0:
        pytest.skip("this kernel has no NUMA policies")
    assert " bind=static:0 " in runtime.run("placed", bundle).stdout


def test_memory_policy_of_nodes_that_are_not_there(machine, bundles, runtime):
    def edit(config):
        config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "63"}
    done = runtime.run("placed", bundles.make("placed", ["true"], edit), check=False)
    assert done.returncode != 0
    assert "memoryPolicy" in done.stderr or "memory policy" in done.stderr


@pytest.fixture
def interface(machine):
    """An interface of the machine's, which a container may take away, with addresses."""
    if machine.run("ip link add given type dummy || ip link add given type veth peer name taken", check=False).returncode != 0:
        pytest.skip("this kernel makes no virtual interfaces")
    machine.run("ip address add 192.0.2.5/24 dev given && ip address add 2001:db8::5/64 dev given nodad"
                " && ip link set given up mtu 1400")
    yield "given"
    machine.run("ip link delete given; ip link delete taken", check=False)


def devices(**names):
    def edit(config):
        config["linux"]["netDevices"] = {
            host: {} if container is None else {"name": container} for host, container in names.items()}
    return edit


@pytest.mark.parametrize("name, seen", [(None, "given"), ("eth0", "eth0")], ids=["same-name", "new-name"])
def test_net_devices(machine, bundles, runtime, interface, name, seen):
    """The interface is the container's, up, with its addresses and the rest of its settings, before any hook runs."""
    def edit(config):
        devices(given=name)(config)
        config["hooks"] = {"createRuntime": [
            {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; ip link show given 2>/dev/null >/tmp/hook-saw; true"],
             "env": ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]}]}
    bundle = bundles.make("linked", ["sh", "-c", f"ip address show {seen}; ip route"], edit)
    printed = runtime.run("linked", bundle).stdout
    assert "inet 192.0.2.5/24" in printed
    assert "inet6 2001:db8::5/64" in printed
    assert "UP" in printed and "mtu 1400" in printed
    assert f"192.0.2.0/24 dev {seen}" in printed
    assert machine.output("cat /tmp/hook-saw; rm /tmp/hook-saw") == ""


def test_net_devices_of_a_namespace_that_exists(machine, bundles, runtime, interface):
    machine.run("ip netns add place")

    def edit(config):
        devices(given="eth0")(config)
        for namespace in config["linux"]["namespaces"]:
            if namespace["type"] == "network":
                namespace["path"] = "/run/netns/place"
    runtime.run("linked", bundles.make("linked", ["ip", "address", "show", "eth0"], edit))
    found = machine.output("ip netns exec place ip address show eth0")
    machine.run("ip netns delete place")
    assert "192.0.2.5/24" in found


def test_a_net_device_that_is_not_there(bundles, runtime):
    done = runtime.run("linked", bundles.make("linked", ["true"], devices(nowhere=None)), check=False)
    assert done.returncode != 0
    assert "nowhere" in done.stderr


def test_a_name_that_is_taken(machine, bundles, runtime, interface):
    """The interface stays with the host."""
    done = runtime.run("linked", bundles.make("linked", ["true"], devices(given="lo")), check=False)
    assert done.returncode != 0
    assert "'given'" in done.stderr and "'lo'" in done.stderr
    machine.run("ip link show given")
