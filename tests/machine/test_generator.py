# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a generator may do while the machine boots (systemd.generator(7)), seen by strace."""

import re

import pytest

GENERATOR = {"system": "/usr/lib/systemd/system-generators/berth-generator", "user": "/usr/lib/systemd/user-generators/berth-generator"}
TRACE = "/tmp/generator.trace"

WEB = """\
[Unit]
After=network-online.target
[Container]
Image=registry.example.com/web:1
User=nobody
EnvironmentFile=/var/lib/web/env
SeccompProfile=/var/lib/web/seccomp.json
Volume=/var/lib/web:/data
Volume=db.volume:/db
Network=container:other
Timezone=local
ProxyPort=80:80
Exec=%H %m %b %o %u %h
[Service]
User=nobody
"""


@pytest.fixture
def declared(machine):
    machine.run("mkdir -p /etc/berth /tmp/out && touch /var/lib/berth-was-here")
    machine.write("/etc/berth/web.container", WEB.replace("[Service]\nUser=nobody\n", ""))
    machine.write("/etc/berth/wrong.container", WEB)
    machine.write("/etc/berth/many@.container", WEB.replace("User=nobody\n", "") + "[Install]\nDefaultInstance=1\nWantedBy=a.target\n")
    machine.write("/etc/berth/rootfs.container", "[Container]\nRootfs=/var/lib/rootfs\nExec=true\n")
    machine.write("/etc/berth/db.volume", "[Volume]\n")
    yield
    machine.run(f"rm -rf /etc/berth/web.container /etc/berth/wrong.container /etc/berth/many@.container /etc/berth/rootfs.container "
                f"/etc/berth/db.volume /tmp/out {TRACE} /var/lib/berth-was-here")


@pytest.mark.parametrize("scope", GENERATOR)
def test_early_boot(machine, declared, scope):
    """Nothing of /var or /home, no D-Bus, no network, no other process, and no file written but below its first argument."""
    environment = f"env -i SYSTEMD_SCOPE={scope} BERTH_UNIT_PATH=/etc/berth HOME=/home/nobody"
    machine.run(f"{environment} /usr/bin/strace -f -e trace=file,network,process,desc -o {TRACE} {GENERATOR[scope]} /tmp/out", check=False)
    calls = machine.output(f"cat {TRACE}").splitlines()
    assert any("50-berth.conf" in call for call in calls)
    for call in calls:
        path = re.search(r'"(/[^"]*)"', call)
        name = re.search(r"\b(\w+)\(", call)
        if not name:
            continue
        assert name[1] not in ("socket", "connect", "sendto", "sendmsg", "clone", "clone3", "fork", "vfork", "fsync", "fdatasync"), call
        if name[1] == "execve":
            assert path[1] == GENERATOR[scope], call
        elif path:
            assert not re.match(r"/(var|home|root|mnt|srv|media)\b", path[1]), call
            if re.search(r"O_WRONLY|O_RDWR|O_CREAT|^\d+ +(mkdir|rename|unlink|symlink|link)\(", call):
                assert path[1] in ("/dev/kmsg", "/tmp/out"), call


def test_full_and_read_only_file_systems(machine, declared):
    """What could not be written in full is not there, and told."""
    for i in range(30):
        machine.write(f"/tmp/many/c{i}.container", "[Container]\nRootfs=/srv\nExec=true\n[Service]\n" + "Environment=A=1\n" * 200)
    command = f"env -i BERTH_UNIT_PATH=/tmp/many {GENERATOR['system']} /tmp/out"
    machine.run(f"mount -t tmpfs -o size=32k none /tmp/out && {{ ! {command}; }} 2>/tmp/said; umount /tmp/out")
    assert "No space left on device" in machine.output("cat /tmp/said")
    machine.run(f"mount -t tmpfs -o ro none /tmp/out && {{ ! {command}; }} 2>/tmp/said; umount /tmp/out")
    said = machine.output("cat /tmp/said").splitlines()
    assert len(said) >= 30 and all("Read-only file system" in line for line in said)
    machine.run("rm -r /tmp/many /tmp/said")


def test_daemon_reload_with_hostile_files(machine, declare):
    """systemd goes on, and so does what is good."""
    machine.run("mkdir -p /etc/berth && cd /etc/berth && mkfifo pipe.container && ln -s loop.container loop.container"
                " && ln -s /dev/zero zero.container && mknod disk.container b 7 0 && mkdir dir.container && touch \"$(printf 'a\\nb').container\""
                " && head -c 2000000 /dev/zero | tr '\\0' x >line.container && head -c 4096 /dev/urandom >random.container")
    try:
        declare("/etc/berth/good.container", "[Unit]\nDescription=Good\n[Container]\nRootfs=/srv\nExec=true\n")
        assert machine.show("container@good", "Description") == "Good"
        for name in ("pipe", "loop", "zero", "disk", "line", "random"):
            assert machine.run(f"systemctl start container@{name}", check=False).returncode == 1
            assert f"/etc/berth/{name}.container" in machine.run(f"systemctl status container@{name}", check=False).stdout
    finally:
        machine.run("cd /etc/berth && rm -rf pipe.container loop.container zero.container disk.container dir.container line.container "
                    "random.container a*b.container; systemctl reset-failed")
