# SPDX-License-Identifier: LGPL-2.1-or-later
"""UserNS=, UIDMap= and their kin: whose ids the container has, and whose its files are."""

import pytest

from declared import NAME, UNIT, Declared

# overlayfs, which the machine's root is, has no id-mapped mounts
DISK = "/run/disk"
ROOT = f"{DISK}/root"
RANGES = "/run/berth-userns"


@pytest.fixture(scope="module", autouse=True)
def place(machine):
    machine.run(f"mkdir -p /var/lib/berth {DISK}/changes && rm -rf /var/lib/berth/changes && ln -s {DISK}/changes /var/lib/berth/changes")
    yield
    machine.run(f"rm -r /var/lib/berth/changes {DISK}")


@pytest.fixture
def declared(machine, bundles, declare):
    bundles.make("declared", ["sh", "/script"])
    machine.run(f"rm -rf {ROOT} && cp -a /var/lib/berth/declared/rootfs {ROOT} && chown -R 0:0 {ROOT}")
    root = Declared(machine, declare)
    root.write = lambda path, text: machine.write(f"{ROOT}/{path}", text)
    yield root
    machine.run(["systemctl", "stop", UNIT])
    assert machine.output(f"ls {RANGES} 2>/dev/null; true") == ""


def said(declared, keys, script, source=f"Rootfs={ROOT}", **options):
    return declared.said(keys, script, source=source, **options)


WHO = "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '; stat -c %u:%g /bin /; echo x >/new && stat -c %u:%g /new"


@pytest.mark.parametrize("keys, mapped", [
    ("UIDMap=0:300000:65536", [" 0 300000 65536"] * 2),
    ("UIDMap=0:300000:1000\nUIDMap=1000:400000:10\nGIDMap=0:500000:2000",
     [" 0 300000 1000", " 1000 400000 10", " 0 500000 2000"]),
    ("GIDMap=0:@300000:65536", [" 0 300000 65536"] * 2),
    ("RemapUsers=manual\nRemapUid=0:300000:65536\nRemapGid=0:300000:65536", [" 0 300000 65536"] * 2),
    ("SubUIDMap=ranges", [" 0 700000 1000", " 1000 900000 1000"] * 2),
    ("UserNS=keep-id", [" 0 0 4294967295"] * 2),
])
def test_the_root_is_the_containers_and_stays_roots(machine, declared, keys, mapped):
    machine.run("cp /etc/subuid /run/subuid; cp /etc/subgid /run/subgid;"
                " for f in /etc/subuid /etc/subgid; do printf 'ranges:700000:1000\\nranges:900000:1000\\n' >>$f; done")
    assert said(declared, keys, WHO) == [*mapped, "0:0", "0:0", "0:0"]
    assert machine.output(f"stat -c %u:%g {ROOT}/new") == "0:0"
    machine.run("mv /run/subuid /etc/subuid; mv /run/subgid /etc/subgid")


def test_host_is_none(declared):
    assert said(declared, "UserNS=host", WHO)[0] == " 0 0 4294967295"


def test_auto_has_a_range_of_its_own(machine, declared, declare):
    keys = "UserNS=auto"
    declare("/etc/berth/other.container", f"[Container]\nRootfs={ROOT}\n{keys}\nExec=sleep 1000\n")
    machine.run("systemctl start container@other")
    first = said(declared, keys, f"trap 'exec sleep 1000' EXIT; {WHO}")
    assert first[2:] == ["0:0", "0:0", "0:0"]
    start, size = map(int, first[0].split()[1:])
    assert size == 65536 and 524288 <= start < 1879048192
    ranges = machine.output(f"ls {RANGES}").splitlines()
    assert len(ranges) == 2 and f"{start}-65536" in ranges
    machine.run(["systemctl", "stop", UNIT])
    assert len(machine.output(f"ls {RANGES}").splitlines()) == 1
    assert said(declared, keys, WHO)[0] == first[0]
    machine.run("systemctl stop container@other")


def test_auto_goes_round_what_others_have(machine, declared):
    start = int(said(declared, "UserNS=auto", WHO)[0].split()[1])
    machine.run(["systemctl", "stop", UNIT])
    machine.run(f"mkdir -p {RANGES}; echo -n somebody >{RANGES}/{start + 100}-10")
    other = int(said(declared, "UserNS=auto", WHO)[0].split()[1])
    assert other == start + 65536
    machine.run(f"rm {RANGES}/{start + 100}-10")


def test_auto_with_options(declared):
    lines = said(declared, "UserNS=auto:size=2000,uidmapping=5:77:2", WHO)
    start = int(lines[0].split()[1])
    assert lines[:4] == [f" 0 {start} 5", f" 7 {start + 7} 1993", " 5 77 2", f" 0 {start} 2000"]


def test_auto_from_the_ranges_of_containers(machine, declared):
    machine.run("cp /etc/subuid /run/subuid; cp /etc/subgid /run/subgid;"
                " for f in /etc/subuid /etc/subgid; do echo containers:800000:65536 >>$f; done")
    assert said(declared, "UserNS=auto", WHO)[0] == " 0 800000 65536"
    machine.run(["systemctl", "stop", UNIT])
    assert "'containers' has not as many in /etc/subuid" in declared.refusal("UserNS=auto:size=100000", source=f"Rootfs={ROOT}")
    machine.run("mv /run/subuid /etc/subuid; mv /run/subgid /etc/subgid")


def test_a_root_that_was_given_away_already(machine, declared):
    """As systemd-nspawn --private-users-ownership=chown does it."""
    machine.run(f"chown -R 300000:300000 {ROOT}")
    assert said(declared, "UIDMap=0:300000:65536", WHO)[2:] == ["0:0", "0:0", "0:0"]
    assert machine.output(f"stat -c %u:%g {ROOT}/new") == "300000:300000"


@pytest.mark.parametrize("keys", ["Ephemeral=yes", "Volatile=overlay"])
def test_below_an_overlay(machine, declared, keys):
    machine.run(f"mkdir {ROOT}/deep && echo word >{ROOT}/deep/word && chown 33:44 {ROOT}/deep/word")
    script = f"{WHO}; stat -c %u:%g /deep/word; echo more >>/deep/word; stat -c %u:%g /deep/word; cat /deep/word"
    lines = said(declared, f"UIDMap=0:300000:65536\n{keys}", script)
    assert lines[2:] == ["0:0", "0:0", "0:0", "33:44", "33:44", "word", "more"]
    assert machine.output(f"cat {ROOT}/deep/word; ls {ROOT}/new 2>/dev/null; true") == "word"


def test_volatile_in_a_root_of_usr(machine, declared):
    machine.run(f"mkdir -p {ROOT}/usr/bin && cp -a {ROOT}/bin/. {ROOT}/usr/bin/ && rm -r {ROOT}/bin && ln -s usr/bin {ROOT}/bin")
    machine.write(f"{DISK}/script.sh", "stat -c %u:%g / /etc /usr; echo x >/etc/new && stat -c %u:%g /etc/new\n")
    declared.start(f"UIDMap=0:300000:65536\nVolatile=yes\nVolume={DISK}/script.sh:/etc/script.sh", "", source=f"Rootfs={ROOT}",
                   command="sh /etc/script.sh")
    machine.wait_until(f"systemctl show -P SubState {UNIT} | grep -E 'dead|failed'")
    assert machine.journal("-u", UNIT, "-t", NAME).splitlines()[-4:] == ["0:0", "0:0", "0:0", "0:0"]


def test_a_user_of_the_container(declared):
    assert said(declared, "UIDMap=0:300000:65536\nUser=33:44", "id -u; id -g") == ["33", "44"]


def test_a_file_system_without_id_mapped_mounts(machine, declared, declare):
    declare("/etc/berth/other.container", "[Container]\nRootfs=/var/lib/berth/declared/rootfs\nUserNS=auto\nExec=true\n")
    text = ("Failed to give the root file system '/var/lib/berth/declared/rootfs' to the user namespace: Invalid argument"
            " (its file system does not support id-mapped mounts: overlay)")
    assert text in machine.run("berth verify other", check=False).stderr
    assert machine.run("systemctl start container@other", check=False).returncode != 0
    assert text in machine.journal("-u", "container@other")
    assert machine.output(f"ls {RANGES} /run/berth-unit 2>/dev/null; true").replace(RANGES, "").strip(":\n") in ("", "/run/berth-unit")


@pytest.mark.parametrize("keys, text", [
    ("UserNS=nomap", "UserNS=nomap: without your own id, nobody in the container could read its root; use keep-id"),
    ("UserNS=ns:/proc/1/ns/user", "user namespaces are not joined"),
    ("UserNS=container:web", "user namespaces are not shared"),
    ("UserNS=private", "say which ids it has: use auto"),
    ("UserNS=atuo", "UserNS=atuo: expected host, auto or keep-id"),
    ("UserNS=auto:extent=3", "UserNS=: 'extent=3': expected size=N, uidmapping=C:H:N or gidmapping=C:H:N"),
    ("UserNS=keep-id:uid=x", "UserNS=: 'uid=x': expected uid=N or gid=N"),
    ("UserNS=keep-id:uid=3", "UserNS=keep-id: uid= and gid= are for containers of users"),
    ("UserNS=auto\nVolume=/srv:/srv:O", "Volume=: option O is not possible in a container with a user namespace; U and idmap are"),
    ("UIDMap=0:x", "UIDMap=0:x: expected CONTAINER:HOST[:COUNT], all numbers"),
    ("UIDMap=+0:1:1", "the flags '+', 'u' and 'g' are not possible here"),
    ("UserNS=auto\nUIDMap=0:1:1", "UserNS= and UIDMap=, GIDMap=, SubUIDMap= or SubGIDMap= exclude each other"),
    ("SubUIDMap=nobody-has-this", "SubUIDMap=nobody-has-this: there is no range of that name in /etc/subuid"),
    ("RemapUid=0:1:1", "RemapUid=, RemapGid= and RemapUidSize= need RemapUsers="),
    ("RemapUsers=yes", "RemapUsers=yes: expected manual, auto or keep-id"),
    ("RemapUsers=auto\nRemapUid=x", "RemapUid=x: expected CONTAINER:HOST[:COUNT] with RemapUsers=auto"),
    ("UIDMap=0:1000:10\nUIDMap=5:2000:10", "overlap"),
])
def test_what_is_refused(machine, declare, keys, text):
    declare("/etc/berth/other.container", f"[Container]\nRootfs=/run\n{keys}\nExec=true\n")
    done = machine.run("berth verify other", check=False)
    assert done.returncode != 0 and text in done.stderr


# ---- volumes

def test_a_volume_with_a_name(machine, declared):
    machine.run(f"mkdir -p {DISK}/volumes && ln -s {DISK}/volumes /var/lib/berth/volumes; mkdir {ROOT}/data && chown 33:44 {ROOT}/data")
    script = "stat -c %u:%g /data; echo x >/data/new; stat -c %u:%g /data/new"
    assert said(declared, "UserNS=auto\nVolume=db:/data", script) == ["33:44", "0:0"]
    assert machine.output(f"stat -c %u:%g {DISK}/volumes/db {DISK}/volumes/db/new") == "33:44\n0:0"
    machine.run("rm /var/lib/berth/volumes")


@pytest.mark.parametrize("keys", ["", "UIDMap=0:300000:65536\n"])
def test_a_path_that_is_to_be_the_users(machine, declared, keys):
    machine.run(f"mkdir {DISK}/source && echo word >{DISK}/source/file && chown -R 1234:1235 {DISK}/source")
    script = "stat -c %u:%g /data /data/file; cat /data/file; echo x >/data/new; stat -c %u:%g /data/new"
    lines = said(declared, f"{keys}User=33:44\nVolume={DISK}/source:/data:U", script)
    assert lines == ["33:44", "33:44", "word", "33:44"]
    assert machine.output(f"stat -c %u:%g {DISK}/source/*") == "1234:1235\n1234:1235"
    machine.run(f"rm -r {DISK}/source")


def test_a_path_that_can_only_be_given_away(machine, declared):
    machine.run("mkdir /srv/source && echo word >/srv/source/file && chown -R 1234:1235 /srv/source")
    script = "stat -c %u:%g /data /data/file; cat /data/file"
    assert said(declared, "User=33:44\nVolume=/srv/source:/data:U", script) == ["33:44", "33:44", "word"]
    assert machine.output("stat -c %u:%g /srv/source/file") == "33:44"
    machine.run("rm -r /srv/source")


@pytest.mark.parametrize("keys", ["Volume=/data", "Mount=type=volume,target=/data", "UserNS=auto\nVolume=/data"])
def test_a_volume_without_a_name(machine, declared, keys):
    machine.run(f"mkdir {ROOT}/data && echo old >{ROOT}/data/old && chown 33:44 {ROOT}/data")
    script = "trap 'exec sleep 1000' EXIT; stat -c %u:%g /data; ls /data; echo new >/data/new; cat /data/new"
    for _ in range(2):
        assert said(declared, keys, script) == ["33:44", "old", "new"]
        assert machine.output(f"ls {DISK}/changes/{NAME}/volume-0") == "new\nold"
        machine.run(["systemctl", "stop", UNIT])
        assert machine.output(f"ls {DISK}/changes {ROOT}/data") == f"{DISK}/changes:\n\n{ROOT}/data:\nold"


def test_an_image(machine, declared, declare, bundle_template):
    """Each layer is mapped, and what is written over them belongs to the container, too."""
    machine.run(f"mkdir -p {DISK}/layers {DISK}/image && ln -s {DISK}/layers /var/lib/berth/layers && cd {DISK}/image && umoci init --layout l"
                " && umoci new --image l:a && umoci unpack --image l:a one"
                f" && cp -a {ROOT}/. one/rootfs/ && umoci repack --image l:a one && umoci unpack --image l:a two"
                " && mkdir two/rootfs/data && chown 33:44 two/rootfs/data && umoci repack --image l:a two")
    machine.write(f"{DISK}/script.sh", f"{WHO}; stat -c %u:%g /data; chown 1:2 /data; stat -c %u:%g /data\n")
    declare("/etc/berth/other.container",
            f"[Container]\nImage=oci:{DISK}/image/l:a\nUserNS=auto\nVolume={DISK}/script.sh:/script.sh\nExec=sh /script.sh\n")
    machine.run("systemctl start container@other")
    machine.wait_until("systemctl show -P SubState container@other | grep -E 'dead|failed'")
    assert machine.journal("CONTAINER_NAME=other", "SYSLOG_IDENTIFIER=other").splitlines()[2:] == ["0:0", "0:0", "0:0", "33:44", "1:2"]
    assert "/layers/" not in machine.output("cat /proc/self/mountinfo")
    machine.run(f"rm -r {DISK}/layers/*; rm /var/lib/berth/layers")
