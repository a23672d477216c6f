# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words in a mount's options, the propagation of mounts, and where a mount goes to when its place is not there yet."""

import pytest

from edits import bind, both, mount, put
from runtimes import not_with

pytestmark = pytest.mark.peer

MOUNTINFO = "cut -d' ' -f5- /proc/self/mountinfo | sed 's/:[0-9]*//g' | sort"


@pytest.fixture
def source(machine):
    """/mnt/source: a shared tmpfs with a file, a symlink to it and another shared tmpfs below."""
    machine.run("mkdir /mnt/source && mount -t tmpfs one /mnt/source && echo text >/mnt/source/file"
                " && ln -s file /mnt/source/link && mkdir /mnt/source/below && mount -t tmpfs two /mnt/source/below"
                " && mount --make-shared /mnt/source && mount --make-shared /mnt/source/below")
    yield "/mnt/source"
    machine.run("umount /mnt/source/below /mnt/source && rmdir /mnt/source")


# (options beside rbind, what the mount shows, what the one below it shows)
RBIND = [
    ([], "rw,relatime master", "rw,relatime master"),
    (["ro"], "ro,relatime master", "rw,relatime master"),
    (["rro"], "ro,relatime master", "ro,relatime master"),
    (["rrw", "rro"], "ro,relatime master", "ro,relatime master"),  # not the other way round: runc's rro stays
    (["ro", "rw"], "rw,relatime master", "rw,relatime master"),
    (["rw", "ro"], "ro,relatime master", "rw,relatime master"),
    (["nosuid", "noexec", "nodev", "dev"], "rw,nosuid,noexec,relatime master", "rw,relatime master"),
    (["rnosuid", "rnodev", "rnoexec"], "rw,nosuid,nodev,noexec,relatime master", "rw,nosuid,nodev,noexec,relatime master"),
    (["noatime"], "rw,noatime master", "rw,relatime master"),
    (["rnoatime"], "rw,noatime master", "rw,noatime master"),
    (["strictatime"], "rw master", "rw,relatime master"),
    (["nodiratime"], "rw,nodiratime,relatime master", "rw,relatime master"),
    (["nosymfollow"], "rw,relatime,nosymfollow master", "rw,relatime master"),
    (["rnosymfollow"], "rw,relatime,nosymfollow master", "rw,relatime,nosymfollow master"),
    (["private"], "rw,relatime", "rw,relatime master"),
    (["rprivate"], "rw,relatime", "rw,relatime"),
    (["slave"], "rw,relatime master", "rw,relatime master"),
    (["shared"], "rw,relatime shared master", "rw,relatime master"),
    (["rshared"], "rw,relatime shared master", "rw,relatime shared master"),
    (["unbindable"], "rw,relatime unbindable", "rw,relatime master"),
    (["runbindable"], "rw,relatime unbindable", "rw,relatime unbindable"),
    (["private", "shared"], "rw,relatime shared", "rw,relatime master"),
    (["sync", "dirsync", "mand", "lazytime", "iversion", "silent", "loud", "acl"], "rw,relatime master", "rw,relatime master"),
]


@pytest.mark.parametrize("options, top, below", RBIND, ids=[",".join(row[0]) or "none" for row in RBIND])
def test_of_a_tree(bundles, runtime, source, options, top, below):
    """The flags of the two mounts; of words that undo each other the last one counts."""
    bundle = bundles.make("tree", ["sh", "-c", f"{MOUNTINFO} | grep /mnt"], bind("/mnt", ["rbind", *options]))
    assert runtime.run("tree", bundle).stdout.splitlines() == [
        f"/mnt {top} - tmpfs one rw", f"/mnt/below {below} - tmpfs two rw"]


# (options, what the mount shows)
TMPFS = [
    ([], "rw,relatime - tmpfs tmpfs rw,mode=755"),
    (["mode=700", "size=1m"], "rw,relatime - tmpfs tmpfs rw,size=1024k,mode=700"),
    (["size=1m,mode=700,nr_inodes=10"], "rw,relatime - tmpfs tmpfs rw,size=1024k,nr_inodes=10,mode=700"),
    (["nosuid", "noexec", "nodev", "ro"], "ro,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755"),
    (["sync", "dirsync", "lazytime", "mand"], "rw,relatime - tmpfs tmpfs rw,sync,dirsync,mand,lazytime,mode=755"),
    (["sync", "async"], "rw,relatime - tmpfs tmpfs rw,mode=755"),
    (["nosymfollow"], "rw,relatime,nosymfollow - tmpfs tmpfs rw,mode=755"),
    (["silent", "loud", "iversion", "noiversion", "acl", "noacl"], "rw,relatime - tmpfs tmpfs rw,mode=755"),
    (["rshared"], "rw,relatime shared - tmpfs tmpfs rw,mode=755"),
    (["uid=7", "gid=8"], "rw,relatime - tmpfs tmpfs rw,mode=755,uid=7,gid=8"),
    (["", "noatime"], "rw,noatime - tmpfs tmpfs rw,mode=755"),
]


@pytest.mark.parametrize("options, shown", TMPFS, ids=["+".join(row[0]) or "none" for row in TMPFS])
def test_of_a_file_system(bundles, runtime, options, shown):
    bundle = bundles.make("tmpfs", ["sh", "-c", f"{MOUNTINFO} | grep /data"], mount("/data", options))
    (bundles.directory("tmpfs") / "rootfs/data").mkdir(mode=0o755)
    assert runtime.run("tmpfs", bundle).stdout.strip() == f"/data {shown}"


def test_unknown_data_is_refused(bundles, runtime):
    done = runtime.run("data", bundles.make("data", ["true"], mount("/data", ["unheard-of"])), check=False)
    assert done.returncode != 0
    assert "/data" in done.stderr and "unheard-of" in done.stderr


def test_overlay(machine, bundles, runtime):
    """An overlay of directories of the host; what is written is in the upper one."""
    options = ["lowerdir=/mnt/o/a:/mnt/o/b", "upperdir=/mnt/o/up", "workdir=/mnt/o/work"]
    machine.run("mkdir /mnt/o && mount -t tmpfs o /mnt/o && mkdir /mnt/o/a /mnt/o/b /mnt/o/up /mnt/o/work"
                " && touch /mnt/o/a/1 /mnt/o/b/2")
    bundle = bundles.make("overlay", ["sh", "-c", "touch /data/3; ls /data"], mount("/data", options, "overlay", "overlay"))
    assert runtime.run("overlay", bundle).stdout.split() == ["1", "2", "3"]
    assert machine.output("ls /mnt/o/up; umount /mnt/o; rmdir /mnt/o") == "3"


def test_the_default_mounts(bundles, runtime):
    """What a configuration as the runtimes write it shows: the same with each of them, but for what hides a directory."""
    # fields: root, place, flags of the mount (no propagation), type
    script = "cut -d' ' -f4-6,8- /proc/self/mountinfo | cut -d' ' -f1-4 | grep -v -e ' /proc/acpi ' -e ' /sys/firmware ' | sort -k2"
    edit = both(put("linux", "maskedPaths", ["/proc/keys", "/etc/passwd"]), put("linux", "readonlyPaths", ["/proc/sys"]))
    bundle = bundles.make("golden", ["sh", "-c", script], edit)
    assert runtime.run("golden", bundle).stdout.splitlines() == [
        f"{bundle}/rootfs / rw,relatime overlay",
        "/ /dev rw,nosuid tmpfs",
        "/ /dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue",
        "/ /dev/pts rw,nosuid,noexec,relatime devpts",
        "/ /dev/shm rw,nosuid,nodev,noexec,relatime tmpfs",
        "/null /etc/passwd rw,nosuid tmpfs",
        "/ /proc rw,relatime proc",
        "/null /proc/keys rw,nosuid tmpfs",
        "/sys /proc/sys ro,relatime proc",
        "/ /sys ro,nosuid,nodev,noexec,relatime sysfs",
        "/ /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime cgroup2",
    ]


# (rootfsPropagation, what / shows, what a bind mount of a shared mount shows)
PROPAGATION = [
    (None, "rw,relatime", "rw,relatime master"),
    ("private", "rw,relatime", None),  # runc leaves other mounts than / in the host's peer group
    ("rprivate", "rw,relatime", "rw,relatime"),
    ("slave", "rw,relatime", None),  # the same
    ("rslave", "rw,relatime", "rw,relatime master"),
    ("unbindable", None, None),
    ("shared", None, None),  # Debian 13's runc does not make / shared
    ("rshared", None, "rw,relatime shared"),
]


@pytest.mark.parametrize("word, root, bound", PROPAGATION, ids=[str(row[0]) for row in PROPAGATION])
def test_root_propagation(machine, bundles, runtime, source, word, root, bound):
    """The container runs whatever the propagation, and none of its own mounts appears on the host."""
    edit = both(put("linux", "rootfsPropagation", word), bind("/mnt", ["rbind"]))
    bundle = bundles.make("spread", ["sh", "-c", f"mount -t tmpfs late /tmp; {MOUNTINFO} | grep -e '^/ ' -e '^/mnt '"], both(
        edit, put("process", "capabilities", {kind: ["CAP_SYS_ADMIN"] for kind in ("bounding", "effective", "permitted")})))
    lines = runtime.run("spread", bundle).stdout.splitlines()
    shown = {line.split()[0]: line.split(" - ")[0].split(" ", 1)[1] for line in lines}
    assert root is None or shown["/"] == root
    assert bound is None or shown["/mnt"] == bound
    assert machine.run(f"grep {bundle}/rootfs /proc/self/mountinfo", check=False).stdout == ""


@not_with("runc", reason="/ is in no peer group, whatever is asked for")
@pytest.mark.parametrize("word, shown", [("shared", "shared"), ("rshared", "shared"), ("unbindable", "unbindable")])
def test_root_in_a_group_of_its_own(bundles, runtime, word, shown):
    bundle = bundles.make("spread", ["sh", "-c", f"{MOUNTINFO} | grep '^/ ' | cut -d' ' -f3"],
                          put("linux", "rootfsPropagation", word))
    assert runtime.run("spread", bundle).stdout.strip() == shown


def test_what_the_container_mounts_on_shared_mounts(machine, bundles, runtime, source):
    """With shared mounts all the way, the host sees what the container mounts on them."""
    edit = both(put("linux", "rootfsPropagation", "rshared"), bind("/mnt", ["rbind", "rshared"]), put(
        "process", "capabilities", {kind: ["CAP_SYS_ADMIN"] for kind in ("bounding", "effective", "permitted")}))
    script = "mkdir /mnt/new && mount -t tmpfs seen /mnt/new"
    runtime.run("spread", bundles.make("spread", ["sh", "-c", script], edit))
    assert machine.output("grep ' /mnt/source/new ' /proc/self/mountinfo; umount /mnt/source/new").endswith("tmpfs seen rw")


# (destination, what to make in the rootfs before, what is there afterwards)
PLACES = [
    ("/a/b/file", "true", "/a/b/file"),
    ("a/b/file", "true", "/a/b/file"),
    ("/tmp/../a/file", "true", "/a/file"),
    ("/../../a/file", "true", "/a/file"),
    ("/link", "ln -s /a/b/file link", "/a/b/file"),
    ("/link", "ln -s a/b/file link", "/a/b/file"),
    ("/link", "ln -s ../../../../a/file link", "/a/file"),
    ("/one/file", "ln -s /two one; ln -s three/../four two", "/four/file"),
    ("/etc/resolv.conf", "ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"),
]


@pytest.mark.parametrize("destination, before, place", PLACES, ids=[f"{row[0]}-{row[1]}".replace("/", "_") for row in PLACES])
def test_missing_destinations_are_made(machine, bundles, runtime, source, destination, before, place):
    """Of a file as of a directory, through symlinks that lead nowhere yet, and always inside of the root."""
    bundle = bundles.make("placed", ["sh", "-c", f"cat {place}; cut -d' ' -f5 /proc/self/mountinfo | grep -x {place}"],
                          bind(destination, [], "/mnt/source/file"))
    machine.run(f"cd {bundle}/rootfs && {before}")
    assert runtime.run("placed", bundle).stdout == f"text\n{place}\n"

    bundles.remove()
    bundle = bundles.make("placed", ["sh", "-c", f"cut -d' ' -f5 /proc/self/mountinfo | grep -x {place}"], mount(destination))
    machine.run(f"cd {bundle}/rootfs && {before}")
    assert runtime.run("placed", bundle).stdout == f"{place}\n"


def test_symlinks_in_a_circle(machine, bundles, runtime):
    bundle = bundles.make("circle", ["true"], mount("/link"))
    machine.run(f"cd {bundle}/rootfs && ln -s other link && ln -s link other")
    done = runtime.run("circle", bundle, check=False)
    assert done.returncode != 0
    assert "/link" in done.stderr


@pytest.mark.parametrize("destination, file", [("/etc/passwd", "/mnt/source"), ("/etc", "/mnt/source/file")])
def test_a_file_over_a_directory(bundles, runtime, source, destination, file):
    """And the other way round: engines look for these words."""
    done = runtime.run("kinds", bundles.make("kinds", ["true"], bind(destination, [], file)), check=False)
    assert done.returncode != 0
    assert "not a directory" in done.stderr.lower()


@pytest.mark.parametrize("kind", ["bind", "none", ""])
def test_bind_whatever_the_type(bundles, runtime, source, kind):
    bundle = bundles.make("bound", ["cat", "/mnt/file"], mount("/mnt", ["rbind"], source, kind))
    assert runtime.run("bound", bundle).stdout == "text\n"


def test_relative_sources_start_at_the_bundle(machine, bundles, runtime):
    bundle = bundles.make("near", ["cat", "/mnt/here"], bind("/mnt", [], "beside"))
    machine.run(f"mkdir {bundle}/beside && echo text >{bundle}/beside/here")
    assert runtime.run("near", bundle).stdout == "text\n"


def test_later_mounts_cover_earlier_ones(bundles, runtime, source):
    edit = both(mount("/mnt"), bind("/mnt", ["ro"]), bind("/mnt/file", [], "/etc/hostname"))
    bundle = bundles.make("covered", ["sh", "-c", "cut -d' ' -f5 /proc/self/mountinfo | grep ^/mnt | sort; ls /mnt"], edit)
    assert runtime.run("covered", bundle).stdout.split() == ["/mnt", "/mnt", "/mnt/file", "below", "file", "link"]
