# SPDX-License-Identifier: LGPL-2.1-or-later
"""RootImage=: roots that are file systems in files, through loop devices of this kernel."""

import subprocess

import pytest

from declared import NAME, UNIT, Declared

DISK = "/run/disk"
MEGABYTE = 1024 * 1024


def run(*words):
    subprocess.run(list(map(str, words)), check=True, capture_output=True)


def make_ext4(tree, path):
    run("truncate", "--size=32M", path)
    run("mkfs.ext4", "-q", "-d", tree, path)


def make_gpt(tree, path, kind="root"):
    """One partition, for the root of this architecture or for anything of Linux, behind one that is something else."""
    make_ext4(tree, f"{path}.part")
    run("truncate", "--size=40M", path)
    words = {"root": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "linux": "L"}[kind]
    subprocess.run(["sfdisk", "--quiet", path], check=True, text=True, capture_output=True,
                   input=f"label: gpt\nstart=2048, size=2048, type=U\nstart=4096, size=65536, type={words}\n")
    run("dd", f"if={path}.part", f"of={path}", "bs=1M", "seek=2", "conv=notrunc")


MAKERS = {
    "ext4": make_ext4,
    "squashfs": lambda tree, path: run("mksquashfs", tree, path, "-quiet", "-no-progress"),
    "erofs": lambda tree, path: run("mkfs.erofs", path, tree),
    "gpt": make_gpt,
    "linux": lambda tree, path: make_gpt(tree, path, "linux"),
}
WRITABLE = ("ext4", "gpt", "linux")
SCRIPT = "cat /word; stat -c %u:%g /owned; (echo new >/new) 2>/dev/null && cat /new || echo read-only"


@pytest.fixture(scope="module", autouse=True)
def images(machine, bundle_template, tmp_path_factory):
    """One image of each kind, and the nodes of loop devices, which a machine in a container has not."""
    directory = tmp_path_factory.mktemp("images")
    tree = directory / "tree"
    run("cp", "-a", bundle_template[0], tree)
    run("chown", "-R", "0:0", tree)
    for name in ("dev", "proc", "run", "sys", "tmp", "var/tmp"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    (tree / "word").write_text("word\n")
    (tree / "owned").write_text("")
    run("chown", "33:44", tree / "owned")
    # as it is mounted in a machine whose root is an overlay
    machine.run(f"mkdir -p /srv/images /var/lib/berth {DISK}/changes && rm -rf /var/lib/berth/changes && ln -s {DISK}/changes /var/lib/berth/changes;"
                " mknod /dev/loop-control c 10 237 2>/dev/null;"
                " for i in $(seq 0 63); do mknod /dev/loop$i b 7 $i 2>/dev/null; done; true")
    for kind, make in MAKERS.items():
        make(tree, directory / kind)
        run("cp", directory / kind, machine.root / "srv/images" / kind)
    yield
    machine.run(f"rm -r /srv/images /var/lib/berth/changes {DISK}")


@pytest.fixture
def declared(machine, declare):
    class OfImage(Declared):
        def write(self, path, text):
            machine.write(f"{DISK}/{path}", text)

    def loops():
        return machine.output("cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep /srv/images; true")

    assert loops() == ""
    yield OfImage(machine, declare)
    machine.run(["systemctl", "stop", UNIT])
    assert loops() == ""
    assert "/srv/images" not in machine.output("cat /proc/mounts")


def said(declared, kind, keys="", script=SCRIPT):
    return declared.said(f"Volume={DISK}/script:/dev/script\n{keys}", script, source=f"RootImage=/srv/images/{kind}",
                         command="sh /dev/script")


@pytest.mark.parametrize("kind", MAKERS)
def test_each_kind(machine, declared, kind):
    """What can be written to keeps what is written."""
    expected = ["word", "33:44", "new" if kind in WRITABLE else "read-only"]
    assert said(declared, kind) == expected
    assert said(declared, kind, script="cat /new 2>/dev/null || echo none; rm -f /new") == ["new" if kind in WRITABLE else "none"]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("keys", ["Ephemeral=yes", "Volatile=overlay"])
def test_below_an_overlay(machine, declared, kind, keys):
    before = machine.output(f"sha256sum /srv/images/{kind}")
    assert said(declared, kind, keys) == ["word", "33:44", "new"]
    machine.run(["systemctl", "stop", UNIT])
    assert machine.output(f"sha256sum /srv/images/{kind}") == before


def test_read_only(machine, declared):
    before = machine.output("sha256sum /srv/images/ext4")
    assert said(declared, "ext4", "ReadOnly=yes") == ["word", "33:44", "read-only"]
    machine.run(["systemctl", "stop", UNIT])
    assert machine.output("sha256sum /srv/images/ext4") == before


@pytest.mark.parametrize("keys", ["", "Ephemeral=yes"])
def test_in_a_user_namespace(declared, keys):
    assert said(declared, "ext4", f"UserNS=auto\n{keys}", f"{SCRIPT}; stat -c %u:%g /new; rm /new") == ["word", "33:44", "new", "0:0"]


def test_who_writes_is_alone(machine, declared, declare):
    assert said(declared, "ext4", script="trap 'exec sleep 1000' EXIT; rm -f /new") == []
    declare("/etc/berth/other.container", "[Container]\nRootImage=/srv/images/ext4\nExec=true\n")
    machine.run("berth verify other")
    assert machine.run("systemctl start container@other", check=False).returncode != 0
    text = "The root image '/srv/images/ext4' is in use; use ReadOnly=yes or Ephemeral=yes to share it"
    assert text in machine.journal("-u", "container@other")


def test_who_reads_shares(machine, declared, declare):
    declare("/etc/berth/other.container", "[Container]\nRootImage=/srv/images/squashfs\nExec=sleep 1000\n")
    machine.run("systemctl start container@other")
    assert said(declared, "squashfs") == ["word", "33:44", "read-only"]
    machine.run("systemctl stop container@other")


def test_names_of_its_users(machine, declared):
    assert said(declared, "squashfs", "User=root", "id -u") == ["0"]
    assert f"User=nobody-here: no such name in '/srv/images/squashfs/etc/passwd'" in declared.refusal(
        "User=nobody-here", source="RootImage=/srv/images/squashfs")


@pytest.mark.parametrize("make, text", [
    ("head -c 100000 /dev/zero", "no file system is in there that could be a root: expected ext4, xfs, btrfs, squashfs or erofs"),
    ("printf LUKS", "it is encrypted"),
    ("head -c 1M /srv/images/ext4 | gzip", "it is compressed"),
    ("head -c 1000000 /srv/images/squashfs | head -c 4", "Failed to mount the root image '/srv/images/bad', a file system of type squashfs"),
    ("head -c 2000 /srv/images/gpt", "its partition table is damaged"),
])
def test_what_is_no_root(machine, declare, make, text):
    machine.run(f"{make} >/srv/images/bad")
    declare("/etc/berth/other.container", "[Container]\nRootImage=/srv/images/bad\nExec=true\n")
    done = machine.run("berth verify other", check=False)
    assert done.returncode != 0 and text in done.stderr
    assert machine.run("systemctl start container@other", check=False).returncode != 0
    assert text in machine.journal("-u", "container@other")
    assert machine.output("ls /run/berth-unit 2>/dev/null; true") == ""
    machine.run("rm /srv/images/bad")


def test_a_file_that_is_not_there(machine, declare):
    declare("/etc/berth/other.container", "[Container]\nRootImage=/srv/images/none\nExec=true\n")
    assert "RootImage=/srv/images/none: No such file or directory" in machine.run("berth verify other", check=False).stderr


def test_without_loop_devices(machine, declare):
    declare("/etc/berth/web.container", "[Container]\nRootImage=/srv/images/ext4\nExec=true\n")
    machine.run("mv /dev/loop-control /dev/hidden")
    said = machine.run("berth verify web", check=False).stderr
    machine.run("mv /dev/hidden /dev/loop-control")
    assert "needs a loop device, but /dev/loop-control: No such file or directory" in said
