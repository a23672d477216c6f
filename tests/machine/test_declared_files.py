# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys of [Container] about what is mounted into the container, and its devices."""

import json

import pytest

from declared import ROOTFS, Declared

VOLUMES = "/var/lib/berth/volumes"


@pytest.fixture
def declared(machine, declare, bundles):
    bundles.make("declared")
    yield Declared(machine, declare)
    machine.run(f"rm -rf {VOLUMES} /run/data")


def test_overlay(machine, declared):
    """What is written is seen inside, and gone afterwards; the source never changes."""
    machine.write("/run/data/word", "old\n")
    machine.run("chmod 750 /run/data")
    said = declared.said("Volume=/run/data:/data:O", "cat /data/word; echo new >/data/word; cat /data/word; stat -c %a /data")
    assert said == ["old", "new", "750"]
    assert machine.output("cat /run/data/word") == "old"
    assert declared.said("Volume=/run/data:/data:O", "cat /data/word") == ["old"]


def test_relative_source(machine, declared):
    machine.write("/etc/berth/conf.d/word", "beside the file\n")
    assert declared.said("Volume=./conf.d:/conf:ro", "cat /conf/word") == ["beside the file"]
    machine.run("rm -r /etc/berth/conf.d")


def test_named_volume(machine, declared):
    """It begins with what the root has there, and stays."""
    declared.write("var/db/first", "from the root\n")
    machine.run(f"chown 33:34 {ROOTFS}/var/db && chmod 700 {ROOTFS}/var/db")
    script = "cat /var/db/*; stat -c '%u:%g %a' /var/db; echo second >/var/db/second"
    assert declared.said("Volume=db:/var/db", script) == ["from the root", "33:34 700"]
    assert declared.said("Volume=db:/var/db", script) == ["from the root", "second", "33:34 700"]
    assert machine.output(f"ls {ROOTFS}/var/db") == "first"
    assert declared.said("Volume=other:/var/db:nocopy", "ls /var/db; stat -c '%u:%g %a' /var/db") == ["0:0 755"]
    assert machine.output(f"ls {VOLUMES}") == "db\nother"


def test_named_volume_over_a_hostile_link(machine, declared):
    """A link in the root to a directory of the host copies nothing of it."""
    machine.write("/run/data/word", "secret\n")
    machine.run(f"ln -s /run/data {ROOTFS}/var/db")
    assert declared.said("Volume=db:/var/db", "ls /var/db/ && echo empty") == ["empty"]


def test_volume_file(machine, declared):
    machine.write("/etc/berth/data.volume", "[Unit]\nDescription=x\n[Volume]\nVolumeName=shared\nUser=nobody\nGroup=nogroup\nCopy=no\n")
    declared.write("var/db/first", "from the root\n")
    assert declared.said("Volume=data.volume:/var/db", "ls /var/db; stat -c '%u:%g' /var/db") == ["65534:65534"]
    assert machine.output(f"ls {VOLUMES}") == "shared"
    machine.write("/etc/berth/data.volume", "[Volume]\nDevice=/dev/sda\nCpy=no\n")
    text = declared.refusal("Volume=data.volume:/var/db")
    assert "/etc/berth/data.volume:2: key 'Device' is not possible in section [Volume]" in text
    assert "/etc/berth/data.volume:3: unknown key 'Cpy' in section [Volume], did you mean 'Copy'?" in text
    machine.run("rm /etc/berth/data.volume")
    assert "/etc/berth/keys.container:3: Volume=: 'data.volume': No such file or directory" in declared.refusal(
        "Volume=data.volume:/var/db")


def test_volume_file_has_dropins_and_masks(machine, declared):
    machine.write("/usr/lib/berth/data@.volume", "[Volume]\nVolumeName=%p_%i\nCopy=no\n")
    machine.write("/etc/berth/data@.volume.d/owner.conf", "[Volume]\nUser=nobody\n")
    machine.write("/run/berth/data@2.volume.d/owner.conf", "[Volume]\nUser=daemon\n")
    assert declared.said("Volume=data@1.volume:/var/db", "stat -c %u /var/db") == ["65534"]
    assert declared.said("Volume=data@2.volume:/var/db", "stat -c %u /var/db") == ["65534"]
    machine.run("rm -r /run/berth/data@2.volume.d")
    assert machine.output(f"ls {VOLUMES}") == "data_1\ndata_2"
    machine.run("ln -s /dev/null /etc/berth/data@2.volume")
    assert "keys.container:3: Volume=: 'data@2.volume' is masked" in declared.refusal("Volume=data@2.volume:/var/db")
    assert "keys.container:3: Volume=: 'data@.volume' is neither" in declared.refusal("Volume=data@.volume:/var/db")
    machine.run("rm -r /etc/berth/data@* /usr/lib/berth/data@.volume")


def test_mount(machine, declared):
    machine.write("/run/data/word", "word\n")
    keys = ("Mount=type=bind,src=/run/data,dst=/data,ro\nMount=type=tmpfs,target=/scratch,tmpfs-size=64k,tmpfs-mode=0700\n"
            "Mount=type=volume,source=db,target=/var/db")
    script = ("cat /data/word; touch /data/x 2>/dev/null || echo read-only; stat -c %a /scratch\n"
              "grep -c ' /scratch tmpfs rw,nosuid,nodev,noexec.*size=64k' /proc/mounts; touch /var/db/x && echo writable")
    assert declared.said(keys, script) == ["word", "read-only", "700", "1", "writable"]


def test_tmpfs(declared):
    """It begins with what it covers, and nothing is executed from it, unless the options say so."""
    declared.write("scratch/word", "word\n")
    script = "cat /scratch/word 2>/dev/null; grep -c ' /scratch tmpfs .*noexec' /proc/mounts; true"
    assert declared.said("Tmpfs=/scratch", script) == ["word", "1"]
    assert declared.said("Tmpfs=/scratch:exec,notmpcopyup", script + "; ls /scratch") == ["0"]


def test_shm_size(declared):
    assert declared.said("ShmSize=123k", "grep -c ' /dev/shm .*size=12[0-9]k' /proc/mounts") == ["1"]


def test_devices(machine, declared):
    """Looked at when the container starts."""
    script = "ls -l /dev/extra | tr -s ' ' | cut -d' ' -f5,6; head -c 1 /dev/extra | wc -c"
    assert declared.said("AddDevice=/dev/zero:/dev/extra:r\nAddDevice=-/dev/not-there", script) == ["1, 5", "1"]
    text = declared.refusal("AddDevice=/dev/not-there\nAddDevice=/etc/passwd\nVolume=/not/there:/x")
    assert "/etc/berth/keys.container:3: AddDevice=: '/dev/not-there': No such file or directory" in text
    assert "/etc/berth/keys.container:4: AddDevice=: '/etc/passwd' is not a device" in text
    assert "/etc/berth/keys.container:5: Volume=: '/not/there': No such file or directory" in text


def test_annotations(machine, declared):
    declared.start("Annotation=a.example=1\nLabel=b.example=2", "exec sleep 1000")
    annotations = json.loads(machine.output("berth state keys"))["annotations"]
    assert {key: value for key, value in annotations.items() if "example" in key} == {"a.example": "1", "b.example": "2"}
