# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root that is made of layers: root["berth.overlay"] of the configuration."""

import json

import pytest

PLACE = "/run/layers"


@pytest.fixture(autouse=True)
def layers(machine):
    """overlayfs takes no directory of an overlay for what it writes, and the machine's root is one."""
    machine.run(f"mkdir -p {PLACE}/one/data {PLACE}/two/data {PLACE}/upper {PLACE}/work {PLACE}/empty")
    machine.run(f"echo 1 > {PLACE}/one/data/hidden; echo 1 > {PLACE}/one/data/both; echo 2 > {PLACE}/two/data/both; "
                f"mknod {PLACE}/two/data/hidden c 0 0")
    yield
    machine.run(f"rm -r {PLACE}")


def overlay(*lower, **more):
    def edit(config):
        config["root"]["path"] = f"{PLACE}/empty"
        config["root"]["berth.overlay"] = {"lower": list(lower), "upper": f"{PLACE}/upper", "work": f"{PLACE}/work"}
        config["root"].update(more)
    return edit


def lower(bundle):
    return [f"{PLACE}/two", f"{PLACE}/one", f"/var/lib/berth/{bundle}/rootfs"]


def test_layers_lie_on_each_other(machine, bundles, runtime):
    bundle = bundles.make("layered", ["sh", "-c", "ls /data; cat /data/both; echo x > /new"], overlay(*lower("layered")))
    assert runtime.run("layered", bundle).stdout == "both\n2\n"
    assert machine.output(f"ls {PLACE}/upper") == "new"
    assert machine.output(f"ls {PLACE}/empty /var/lib/berth/layered/rootfs/new 2>/dev/null; true") == f"{PLACE}/empty:"


def test_nothing_of_it_is_on_the_host(machine, bundles, runtime):
    runtime.create("layered", bundles.make("layered", ["sleep", "1000"], overlay(*lower("layered"))))
    assert PLACE not in machine.output("cat /proc/mounts")
    assert runtime.state("layered")["rootfs"] == f"{PLACE}/empty"
    runtime("start", "layered")
    assert runtime("exec", "layered", "cat", "/data/both").stdout == "2\n"


def test_read_only(bundles, runtime):
    bundle = bundles.make("layered", ["touch", "/new"], overlay(*lower("layered"), readonly=True))
    done = runtime.run("layered", bundle, check=False)
    assert "Read-only file system" in done.stderr


def test_more_layers_than_fit_into_one_value_of_a_mount_option(machine, bundles, runtime):
    many = [f"{PLACE}/layers/{'n' * 100}{i}" for i in range(60)]
    machine.run(["mkdir", "-p", *many])
    machine.run(f"touch {many[0]}/first {many[59]}/last")
    bundle = bundles.make("layered", ["ls", "/first", "/last"], overlay(*many, "/var/lib/berth/layered/rootfs"))
    assert runtime.run("layered", bundle).stdout == "/first\n/last\n"


def test_in_a_user_namespace(bundles, runtime, machine):
    def edit(config):
        overlay(*lower("layered"))(config)
        config["linux"]["namespaces"].append({"type": "user"})
        config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = [
            {"containerID": 0, "hostID": 100000, "size": 65536}]

    machine.run(f"chown -R 100000:100000 {PLACE}/upper {PLACE}/work")
    bundle = bundles.make("layered", ["sh", "-c", "cat /data/both; echo x > /new"], edit)
    assert runtime.run("layered", bundle).stdout == "2\n"
    assert machine.output(f"stat -c %u {PLACE}/upper/new") == "100000"


@pytest.mark.parametrize("missing", ["lower", "upper", "work"])
def test_a_directory_that_is_not_there(machine, bundles, runtime, missing):
    def edit(config):
        overlay(*lower("layered"))(config)
        config["root"]["berth.overlay"][missing] = ["/nowhere"] if missing == "lower" else "/nowhere"

    done = runtime.run("layered", bundles.make("layered", ["true"], edit), check=False)
    assert done.returncode != 0
    assert "Failed to open '/nowhere', a layer of the root file system: No such file or directory" in done.stderr
    assert json.loads(runtime("list", "--format", "json").stdout or "[]") in ([], None)


def test_what_the_kernel_refuses_is_told(machine, bundles, runtime):
    def edit(config):
        overlay(*lower("layered"))(config)
        config["root"]["berth.overlay"]["work"] = "/dev/shm"  # another file system

    done = runtime.run("layered", bundles.make("layered", ["true"], edit), check=False)
    assert "Failed to mount the root file system, an overlay of 3 layers: " in done.stderr
