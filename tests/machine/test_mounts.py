# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mounts of the configuration with the options that take more than a flag of the kernel's."""

import os

import pytest

MAPPING = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def not_with_runc(reason):
    return pytest.mark.skipif(os.environ.get("BERTH_TEST_RUNTIME") == "runc", reason=reason)


def mount(destination, options, source="tmpfs", kind="tmpfs", **more):
    """An edit of the configuration that adds a mount."""
    def edit(config):
        config["mounts"].append(
            {"destination": destination, "type": kind, "source": source, "options": options, **more})
    return edit


def bind(destination, options, source="/mnt/source", **more):
    return mount(destination, ["bind", *options], source, "bind", **more)


def user_namespace(config):
    config["linux"]["namespaces"].append({"type": "user"})
    for mappings in ("uidMappings", "gidMappings"):
        config["linux"][mappings] = MAPPING


@pytest.fixture
def source(machine):
    """/mnt/source with a file of root's and a symlink to it, on a tmpfs of its own; /mnt/link leads to it."""
    machine.run("mkdir /mnt/source && mount -t tmpfs tmpfs /mnt/source && echo text >/mnt/source/file"
                " && mkdir /mnt/source/below && mount -t tmpfs tmpfs /mnt/source/below && touch /mnt/source/below/file"
                " && ln -s source/file /mnt/link")
    yield "/mnt/source"
    machine.run("umount /mnt/source/below /mnt/source; rmdir /mnt/source; rm /mnt/link")


@pytest.mark.parametrize("options, seen", [
    (["tmpcopyup"], "10 20 751\nhere\n7 8 4755\n/etc/passwd\ncan write"),
    (["tmpcopyup", "ro"], "10 20 751\nhere\n7 8 4755\n/etc/passwd\ncannot write"),
    (["tmpcopyup", "mode=700"], "0 0 700\nhere\n7 8 4755\n/etc/passwd\ncan write"),
], ids=["writable", "read-only", "with-mode"])
@not_with_runc("the directory stays root's, and its mode wins over mode=")
def test_tmpcopyup(machine, bundles, runtime, options, seen):
    """A tmpfs begins with what it covers, and what it covers does not change."""
    script = ("stat -c '%u %g %a' /data; cat /data/sub/file; stat -c '%u %g %a' /data/sub/file; readlink /data/link;"
              " if touch /data/sub/new 2>/dev/null; then echo can write; else echo cannot write; fi")
    bundle = bundles.make("filled", ["sh", "-c", script], mount("/data", options))
    machine.run(f"cd {bundle}/rootfs && mkdir -p data/sub && echo here >data/sub/file && ln -s /etc/passwd data/link"
                " && chown 7:8 data/sub/file && chmod 4755 data/sub/file && chown 10:20 data && chmod 751 data")
    assert runtime.run("filled", bundle).stdout.strip() == seen
    assert machine.output(f"ls {bundle}/rootfs/data/sub") == "file"


@pytest.mark.parametrize("options, seen", [
    ([], "751"), (["ro"], "751"), (["mode=700"], "700"), (["size=64k"], "751"),
], ids=["default", "read-only", "with-mode", "other-option"])
@not_with_runc("its mode wins over mode=")
def test_tmpfs_has_the_mode_of_what_it_covers(machine, bundles, runtime, options, seen):
    bundle = bundles.make("covered", ["stat", "-c", "%a", "/data"], mount("/data", options))
    machine.run(f"mkdir {bundle}/rootfs/data && chmod 751 {bundle}/rootfs/data")
    assert runtime.run("covered", bundle).stdout.strip() == seen


@pytest.mark.parametrize("option", ["ro", pytest.param("rro", marks=not_with_runc("it takes rro for bind mounts only"))])
def test_a_read_only_tmpfs_holds_what_the_configuration_puts_there(bundles, runtime, option):
    """As /dev of `podman run --read-only --read-only-tmpfs=false`."""
    def edit(config):
        dev = next(m for m in config["mounts"] if m["destination"] == "/dev")
        dev["options"].append(option)
        mount("/data", [option])(config)
        mount("/data/below", ["rw"])(config)
    script = "ls /dev/null /dev/pts/ptmx; echo x >/dev/null; touch /data/below/f; touch /dev/f; touch /data/f"
    done = runtime.run("full", bundles.make("full", ["sh", "-c", script], edit), check=False)
    assert done.stdout == "/dev/null\n/dev/pts/ptmx\n"
    assert [line for line in done.stderr.splitlines() if line] == [
        f"touch: {file}: Read-only file system" for file in ("/dev/f", "/data/f")]


@not_with_runc("other words")
def test_tmpcopyup_that_does_not_fit(machine, bundles, runtime):
    bundle = bundles.make("filled", ["true"], mount("/data", ["tmpcopyup", "size=64k"]))
    machine.run(f"mkdir {bundle}/rootfs/data && dd if=/dev/zero of={bundle}/rootfs/data/large bs=1M count=1 status=none")
    done = runtime.run("filled", bundle, check=False)
    assert done.returncode != 0
    assert "/data" in done.stderr and "No space left" in done.stderr


@pytest.mark.parametrize("options, more, seen", [
    (["idmap"], {"uidMappings": MAPPING, "gidMappings": MAPPING}, "100000 100000\n0 0"),
    (["rbind", "ridmap"], {"uidMappings": MAPPING, "gidMappings": MAPPING}, "100000 100000\n100000 100000"),
    (["idmap=uids=0-5-1;gids=0-6-1"], {}, "5 6\n0 0"),
    ([], {"uidMappings": MAPPING, "gidMappings": MAPPING}, "100000 100000\n0 0"),
], ids=["one", "recursive", "text", "members-only"])
@not_with_runc("Debian 12's runc cannot")
def test_idmap(bundles, runtime, source, options, more, seen):
    """Files of root's are somebody else's; with ridmap those of the mounts below as well."""
    bundle = bundles.make("mapped", ["stat", "-c", "%u %g", "/mnt/file", "/mnt/below/file"],
                          bind("/mnt", ["rbind", *options], source, **more))
    assert runtime.run("mapped", bundle).stdout.strip() == seen


@not_with_runc("Debian 12's runc cannot")
def test_idmap_of_the_container(machine, bundles, runtime, source):
    """In a user namespace, root's files are the container's root's: it can read and write what it mounts."""
    def edit(config):
        user_namespace(config)
        bind("/mnt", ["idmap"], source)(config)
    bundle = bundles.make("mapped", ["sh", "-c", "stat -c '%u %g' /mnt/file; touch /mnt/new; rm /mnt/new"], edit)
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    done = runtime.run("mapped", bundle)
    assert (done.stdout.strip(), done.stderr) == ("0 0", "")


@not_with_runc("words of crun's")
def test_idmap_relative_to_the_container(machine, bundles, runtime, source):
    """Root's files are those of ids of the container's user namespace."""
    def edit(config):
        user_namespace(config)
        bind("/mnt", ["idmap=uids=@0-5-1;gids=@0-6-1"], source)(config)
    bundle = bundles.make("mapped", ["stat", "-c", "%u %g", "/mnt/file"], edit)
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    assert runtime.run("mapped", bundle).stdout.strip() == "5 6"


@not_with_runc("Debian 12's runc cannot")
def test_idmap_where_it_is_not_supported(bundles, runtime):
    bundle = bundles.make("mapped", ["true"],
                          bind("/mnt", ["idmap"], "/proc", uidMappings=MAPPING, gidMappings=MAPPING))
    done = runtime.run("mapped", bundle, check=False)
    assert done.returncode != 0
    assert "/proc" in done.stderr and "id-mapped mounts" in done.stderr


@not_with_runc("words of crun's")
def test_copy_symlink(machine, bundles, runtime, source):
    """The destination becomes a symlink with the same text; a source that is none is mounted."""
    def edit(config):
        bind("/here/link", ["copy-symlink"], "/mnt/link")(config)
        bind("/here/file", ["copy-symlink"], f"{source}/file")(config)
    bundle = bundles.make("linked", ["sh", "-c", "readlink /here/link; cat /here/file"], edit)
    assert runtime.run("linked", bundle).stdout == "source/file\ntext\n"
    assert runtime.run("linked", bundle).stdout == "source/file\ntext\n", "and once more, where it is there"

    machine.run(f"ln -sf elsewhere {bundle}/rootfs/here/link")
    done = runtime.run("linked", bundle, check=False)
    assert done.returncode != 0
    assert "/here/link" in done.stderr


@not_with_runc("words of crun's")
def test_nofollow(machine, bundles, runtime, source):
    """src-nofollow mounts the symlink itself, dest-nofollow mounts over one."""
    def edit(config):
        bind("/over", ["src-nofollow", "dest-nofollow"], "/mnt/link")(config)
        bind("/covered", ["dest-nofollow"], f"{source}/file")(config)
        bind("/followed", [], f"{source}/file")(config)
    bundle = bundles.make("links", ["sh", "-c", "readlink /over; cat /covered /target /followed"], edit)
    machine.run(f"cd {bundle}/rootfs && ln -s nowhere over && echo target >target && echo other >other"
                " && ln -s target covered && ln -s other followed")
    assert runtime.run("links", bundle).stdout == "source/file\ntext\ntarget\ntext\n"


@pytest.mark.parametrize("destination", ["/proc/self", "/proc/sys/kernel/msgmax", "/proc/./x", "/dev/../proc/cpuinfo/x"])
def test_mounts_below_proc_are_refused(bundles, runtime, destination):
    done = runtime.run("proc", bundles.make("proc", ["true"], bind(destination, [], "/etc/passwd")), check=False)
    assert done.returncode != 0
    assert "inside /proc" in done.stderr


def test_mounts_on_files_that_describe_the_machine(machine, bundles, runtime):
    """What lxcfs puts over procfs is allowed."""
    machine.run("echo mine >/tmp/cpuinfo")
    bundle = bundles.make("proc", ["cat", "/proc/cpuinfo"], bind("/proc/cpuinfo", [], "/tmp/cpuinfo"))
    assert runtime.run("proc", bundle).stdout == "mine\n"
    machine.run("rm /tmp/cpuinfo")


def test_shared_mounts(machine, bundles, runtime, source):
    """What is mounted below a shared bind mount appears on the host; the root file system is shared with nobody there."""
    def edit(config):
        config["linux"]["rootfsPropagation"] = "shared"
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind].append("CAP_SYS_ADMIN")
        bind("/mnt/shared", ["rshared"])(config)
    machine.run("mount --make-shared /mnt/source && mkdir /mnt/source/new")
    script = "mkdir /new && mount -t tmpfs a /mnt/shared/new && mount -t tmpfs b /new"
    runtime.run("shared", bundles.make("shared", ["sh", "-c", script], edit))
    assert machine.output("awk '$5 ~ \"/new$\" { print $5 }' /proc/self/mountinfo; umount /mnt/source/new") == "/mnt/source/new"


def test_order(bundles, runtime):
    """mountinfo has the mounts in the order of the configuration, whatever their types."""
    def edit(config):
        for i, add in enumerate([mount, bind, mount, bind]):
            options = {} if add is mount else {"source": "/etc"}
            add(f"/mnt/{i}", [] if add is bind else ["mode=755"], **options)(config)
    bundle = bundles.make("ordered", ["sh", "-c", "grep -o ' /mnt/[0-9] ' /proc/self/mountinfo"], edit)
    assert runtime.run("ordered", bundle).stdout.split() == [f"/mnt/{i}" for i in range(4)]


def test_the_hosts_root_in_a_container(bundles, runtime):
    """What is bind-mounted is the host's, not what the container has mounted by then."""
    def edit(config):
        bind("/mnt/host", ["rbind"], source="/usr/..")(config)
    script = "test -e /mnt/host/usr/bin/systemctl && test ! -e /mnt/host/bin/payload && echo host"
    assert runtime.run("hosts", bundles.make("hosts", ["sh", "-c", script], edit)).stdout == "host\n"


def without_mount_namespace(config):
    config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "mount"]
    config["linux"]["maskedPaths"] = config["linux"]["readonlyPaths"] = []


@not_with_runc("it leaves the mounts, and exec is in the host's root")
def test_without_a_mount_namespace(machine, bundles, runtime):
    """Root and mounts are on the host, over the bundle's root file system, until the container is deleted."""
    bundle = bundles.make("hosts", ["sh", "-c", "touch /tmp/there; sleep 1000"], without_mount_namespace)
    before = machine.output("cat /proc/self/mountinfo")
    assert runtime.detached("run", "hosts", bundle, "--detach").returncode == 0
    machine.wait_until(f"test -e {bundle}/rootfs/tmp/there")
    own, theirs = (machine.output(f"readlink /proc/{pid}/ns/mnt") for pid in ("self", runtime.state("hosts")["pid"]))
    assert own == theirs
    seen = runtime("exec", "hosts", "sh", "-c", "ls /tmp; stat -f -c %T /proc; readlink /proc/1/exe").stdout
    assert seen.split() == ["there", "proc", "/bin/busybox"]
    assert machine.output(f"stat -f -c %T {bundle}/rootfs/proc") == "proc"
    runtime("delete", "--force", "hosts")
    assert machine.output("cat /proc/self/mountinfo") == before


@not_with_runc("it leaves the mounts")
def test_failure_without_a_mount_namespace(machine, bundles, runtime):
    """What was mounted on the host by then is taken off again."""
    def edit(config):
        without_mount_namespace(config)
        config["process"]["args"] = ["/missing"]
    before = machine.output("cat /proc/self/mountinfo")
    done = runtime.detached("create", "hosts", bundles.make("hosts", edit=edit))
    assert done.returncode != 0 and "/missing" in done.stderr
    assert machine.output("cat /proc/self/mountinfo") == before
