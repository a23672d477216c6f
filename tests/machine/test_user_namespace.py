# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is root only in a user namespace, and what root gives to containers that have one. What runc can do as well holds for
it, too (BERTH_TEST_RUNTIME=runc)."""

import shlex

import pytest

from bundles import Bundles
from rootless import MANAGER, ONLY_BERTH, RUNTIME, SLEEP, bundles, cgroup, mapping, runtime, sh  # noqa: F401
from users import UID

# ---- root of a user namespace ----

def in_namespace(config):
    """Ids as they are in a user namespace that has root only."""
    mapping((0, 0, 1))(config)


@ONLY_BERTH
@pytest.mark.parametrize("options", ["-Ur", "-Urm"])
def test_root_of_a_user_namespace(machine, user, bundles, runtime, options):
    bundle = bundles.make("inner", SLEEP, in_namespace)
    runtime.ids.add("inner")
    script = (f"berth run --detach --bundle {bundle} inner >/dev/null 2>&1 </dev/null && berth exec inner id -u"
              " && berth update --pids-limit 60 inner")
    assert user.output(f"unshare {options} sh -c {shlex.quote(script)}") == "0"
    state = runtime.state("inner")  # the same directory as for the user himself
    assert cgroup(machine, state["pid"]) == f"{MANAGER}/app.slice/berth-inner.scope"
    assert user.output("systemctl --user show --value -p TasksMax berth-inner.scope") == "60"
    user.run(f"unshare {options} berth delete --force inner")
    assert user.output("berth list -q") == ""


@ONLY_BERTH
def test_a_user_namespace_is_shared(user, bundles):
    def edit(config):
        linux = config["linux"]
        del linux["uidMappings"], linux["gidMappings"]
        linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] != "user"]

    bundle = bundles.make("shared", sh("awk '{ print $1, $2, $3 }' /proc/self/uid_map; ls /sys/fs/cgroup >/dev/null && echo ok"), edit)
    assert user.output(f"unshare -Ur berth run --bundle {bundle} shared") == f"0 {UID} 1\nok"


# A number of a process means another one there.
@ONLY_BERTH
def test_systemd_in_another_pid_namespace(user, bundles):
    bundle = bundles.make("far", sh("echo hello"), in_namespace)
    command = f"unshare -Urpf --mount-proc berth {{}} run --bundle {bundle} far"
    assert user.output(command.format("")) == "hello"
    done = user.run(command.format("--systemd-cgroup"), check=False)
    assert done.returncode != 0
    assert "another pid namespace" in done.stderr


@ONLY_BERTH
def test_ids_that_are_not_there(user, bundles):
    bundle = bundles.make("absent", sh("echo hello"), mapping((0, UID, 1)))
    done = user.run(f"unshare -Ur berth run --bundle {bundle} absent", check=False)
    assert done.returncode != 0
    assert "host ids are those of the user namespace that we are in" in done.stderr


# A container without systemd whose root is root only there, with a /run of its own and cgroups to make more in.
NESTED = """
set -e
mkdir -p /sys/fs/cgroup/nest/outer; echo 0 >/sys/fs/cgroup/nest/outer/cgroup.procs
exec unshare --user --map-root-user --mount --pid --fork --cgroup --ipc --net --mount-proc sh -ec '
    export XDG_RUNTIME_DIR=/run/user/0
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    {}'
"""


@ONLY_BERTH
def test_a_container_in_a_container(machine, user, bundles):
    bundle = bundles.make("inner", SLEEP, in_namespace)
    machine.run(f"chown -R 0:0 {bundle}; chmod o+x {user.home}")
    said = machine.output(NESTED.format(
        f"berth run --detach --bundle {bundle} inner >/tmp/inner.log 2>&1 </dev/null || cat /tmp/inner.log;"
        " ls /run/berth; berth exec inner id -u;"
        " sed -n s/^0:://p /proc/$(berth ps --format=json inner | tr -d [])/cgroup;"
        " berth pause inner; berth list | grep -o paused; berth resume inner; berth delete --force inner;"
        " ls -d /sys/fs/cgroup/inner 2>/dev/null || echo gone"))
    machine.run("rmdir /sys/fs/cgroup/nest/outer /sys/fs/cgroup/nest")
    assert said.splitlines() == ["inner", "0", "/inner", "paused", "gone"]


# ---- root of the system runs a container with a user namespace ----

@pytest.fixture
def roots(machine, bundle_template, nothing_left):
    """Bundles of root."""
    bundles = Bundles(machine, bundle_template)
    yield bundles
    bundles.remove()


def with_user_namespace(config):
    mapping((0, 300000, 65536))(config)
    config["linux"]["namespaces"] += [{"type": "user"}, {"type": "cgroup"}]
    for mount in config["mounts"]:
        if mount["type"] == "cgroup":
            mount["options"] = ["nosuid", "noexec", "nodev", "rw"]
    config["linux"]["namespaces"] = list({n["type"]: n for n in config["linux"]["namespaces"]}.values())


@pytest.mark.parametrize("option", ["--systemd-cgroup", "--cgroup-manager=cgroupfs"])
def test_the_cgroup_is_the_containers(machine, roots, option):
    if RUNTIME != "berth" and option != "--systemd-cgroup":
        pytest.skip("runc has no --cgroup-manager")
    script = ("cd /sys/fs/cgroup && mkdir init.scope && echo 1 >init.scope/cgroup.procs && sed -n s/^0:://p /proc/self/cgroup;"
              " stat -c '%n %u' . cgroup.procs cgroup.subtree_control cgroup.threads; stat -c '%u' pids.max 2>/dev/null || echo 65534")
    bundle = roots.make("systemd", sh(script), with_user_namespace)
    machine.run(f"chown -R 300000:300000 {bundle}/rootfs")
    done = machine.run([RUNTIME, option, "run", "--bundle", bundle, "systemd"], check=False)
    assert done.stdout.splitlines() == [
        "/init.scope", ". 0", "cgroup.procs 0", "cgroup.subtree_control 0", "cgroup.threads 0", "65534"], done.stderr


def test_a_cgroup_that_cannot_be_written_stays_ours(machine, roots):
    def edit(config):
        with_user_namespace(config)
        for mount in config["mounts"]:
            if mount["type"] == "cgroup":
                mount["options"].append("ro")

    bundle = roots.make("plain", sh("stat -c %u /sys/fs/cgroup"), edit)
    machine.run(f"chown -R 300000:300000 {bundle}/rootfs")
    assert machine.output([RUNTIME, "--systemd-cgroup", "run", "--bundle", bundle, "plain"]) == "65534"


# runc gives away only the pipes that it makes itself.
@ONLY_BERTH
def test_stdio_is_the_payloads(machine, roots):
    def edit(config):
        with_user_namespace(config)
        config["process"]["user"] = {"uid": 5, "gid": 5}

    bundle = roots.make("stdio", sh("echo again >/dev/stdout"), edit)
    machine.run(f"chown -R 300000:300000 {bundle}/rootfs")
    assert machine.output(f"berth run --bundle {bundle} stdio </dev/null | cat") == "again"
    assert machine.output("stat -c %u /dev/null") == "0"
