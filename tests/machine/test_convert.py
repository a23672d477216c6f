# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of Quadlet, in the spirit of the examples in its manual, that berth convert makes containers of: they are converted,
installed and started, and it is looked at what they do."""

import shlex
import subprocess

import pytest

LAYOUT = "/srv/converted"
QUADLET = "/run/quadlet"


@pytest.fixture(scope="module", autouse=True)
def layout(machine, bundle_template):
    """A layout with one image, which sleeps if it is not told otherwise."""
    # overlayfs takes no directory of an overlay for what it writes, and the machine's root is one
    machine.run("mkdir -p /var/lib/berth /run/disk && rm -r /var/lib/berth && ln -s /run/disk /var/lib/berth")
    machine.run(f"mkdir -p /srv/work {LAYOUT} && rmdir {LAYOUT}")
    subprocess.run(["cp", "-a", bundle_template[0], machine.root / "srv/work/rootfs"], check=True)
    machine.run(
        f"cd /srv/work && umoci init --layout {LAYOUT} && umoci new --image {LAYOUT}:tools"
        f" && umoci unpack --image {LAYOUT}:tools one && cp -a rootfs/. one/rootfs/"
        " && mkdir -p one/rootfs/data && echo from-image >one/rootfs/data/file"
        f" && umoci repack --image {LAYOUT}:tools one"
        f" && umoci config --image {LAYOUT}:tools --config.cmd sleep --config.cmd 1000")
    yield
    machine.run(f"rm -r /srv/work {LAYOUT} /var/lib/berth /run/disk")


@pytest.fixture
def install(machine, declare):
    """install({name: text}): convert what is a container, take over what is a volume, and reload; gives the results."""

    def run(files):
        texts = {}
        for name, text in files.items():
            machine.write(f"{QUADLET}/{name}", text.replace("IMAGE", f"oci:{LAYOUT}:tools"))
            path = f"{QUADLET}/{name}"
            texts[name] = machine.output(["berth", "convert", path]) if name.endswith(".container") else text
        for name, text in texts.items():
            declare(f"/etc/berth/{name}", text + "\n")
        return texts

    yield run
    machine.run(["rm", "-r", QUADLET])


def start(machine, name):
    machine.run(f"berth verify {name}")
    machine.run(f"systemctl start container@{name}")


def inside(machine, name, command):
    return machine.output(["berth", "exec", name, "sh", "-c", command])


SLEEPER = """\
[Unit]
Description=Sleeps for a while

[Container]
# what it is made of
Image=IMAGE
Volume=store.volume:/data
Network=lab.network
Exec=sleep 1000

[Service]
Restart=always
# time to fetch an image
TimeoutStartSec=900
ExecStartPre=/bin/touch /run/was-prepared

[Install]
WantedBy=multi-user.target default.target
"""
STORE = "[Volume]\nUser=root\nGroup=root\nLabel=org.example.key=value\n"


def test_a_container_with_a_volume_and_a_network(machine, install):
    texts = install({"store.volume": STORE, "sleeper.container": SLEEPER})
    assert "# Network=lab.network   (berth sets up no network; the host's is the default)" in texts["sleeper.container"]
    start(machine, "sleeper")
    shown = machine.show("container@sleeper", "Description", "Restart", "TimeoutStartUSec", "WantedBy", "ActiveState")
    assert "multi-user.target" in shown.pop("WantedBy").split()
    machine.run("ls /run/systemd/generator/default.target.wants/container@sleeper.service")
    assert shown == {"Description": "Sleeps for a while", "Restart": "always", "TimeoutStartUSec": "15min",
                     "ActiveState": "active"}
    # what the image has there is in the volume, and stays there
    assert inside(machine, "sleeper", "cat /data/file; echo kept >/data/kept; tr '\\0' ' ' </proc/1/cmdline") == "from-image\nsleep 1000"
    machine.run("test -e /run/was-prepared && rm /run/was-prepared")
    machine.run("systemctl restart container@sleeper")
    assert inside(machine, "sleeper", "cat /data/kept") == "kept"
    machine.run("systemctl stop container@sleeper && rm -r /var/lib/berth/volumes /run/was-prepared")


def test_a_member_of_a_pod_runs_alone_and_that_is_said(machine, install):
    texts = install({"member.container": '[Container]\nImage=IMAGE\nExec=sh -c "sleep inf"\nPod=lab.pod\n'})
    assert "# Pod=lab.pod   (there are no pods" in texts["member.container"]
    start(machine, "member")
    assert inside(machine, "member", "tr '\\0' '|' </proc/1/cmdline") == "sleep|inf|"


def test_a_container_that_is_started_by_another(machine, install):
    install({
        "base.container": "[Container]\nImage=IMAGE\n",
        "upper.container": "[Unit]\nRequires=base.container\nAfter=base.container\n[Container]\nImage=IMAGE\n"
                           "Network=base.container\n",
    })
    start(machine, "upper")
    assert machine.show("container@base", "ActiveState") == "active"
    links = [machine.output(f"readlink /proc/$(berth state {name} | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p')/ns/net")
             for name in ("base", "upper")]
    assert links[0] == links[1]


NAP = """\
[Unit]
Description=Sleeps as long as its name says

[Container]
Image=IMAGE
Exec=sleep %i

[Service]
Restart=always

[Install]
WantedBy=multi-user.target
DefaultInstance=100
"""


def test_a_template_with_a_default_and_an_instance_of_its_own(machine, install):
    install({"nap@.container": NAP})
    machine.run("ln -s nap@.container /etc/berth/nap@10.container && mkdir /etc/berth/nap@10.container.d")
    machine.write("/etc/berth/nap@10.container.d/10-environment.conf", "[Container]\nEnvironment=SHORT=yes\n")
    machine.run("systemctl daemon-reload")
    wanted = machine.output("cd /run/systemd/generator/multi-user.target.wants && ls -d container@nap@*").split()
    assert wanted == ["container@nap@10.service", "container@nap@100.service"]
    machine.run("systemctl start container@nap@50 container@nap@10")
    commands = "tr '\\0' ' ' </proc/1/cmdline; echo $SHORT"
    assert inside(machine, "nap-50", commands) == "sleep 50"
    assert inside(machine, "nap-10", commands) == "sleep 10 yes"
    machine.run("systemctl stop 'container@nap@*' && rm -r /etc/berth/nap@10.container*")
    machine.run("systemctl daemon-reload")


def test_a_volume_without_a_name(machine, install):
    install({"nameless.container": "[Container]\nImage=IMAGE\nVolume=/data\n"})
    start(machine, "nameless")
    assert inside(machine, "nameless", "cat /data/file; grep -c ' /data ' /proc/mounts") == "from-image\n1"


KEYS = {  # line of the file -> what shows it, in the container or of its unit
    "Environment=COLOUR=red \"SIZE=very big\"": ("echo $COLOUR $SIZE", "red very big"),
    "WorkingDir=/data": ("readlink /proc/1/cwd", "/data"),
    "User=65534": ("sed -n 's/^Uid:\\t\\([0-9]*\\).*/\\1/p' /proc/1/status", "65534"),
    "HostName=example.org": ("hostname", "example.org"),
    "AddHost=db.example.org:192.0.2.1": ("grep -c '192.0.2.1.db.example.org' /etc/hosts", "1"),
    "Tmpfs=/scratch:size=1m": ("grep -c ' /scratch tmpfs ' /proc/mounts", "1"),
    "ReadOnly=yes": ("touch /a 2>&1 | grep -o 'Read-only file system'", "Read-only file system"),
    "DropCapability=all": ("sed -n 's/^CapBnd:\\t//p' /proc/1/status", "0000000000000000"),
    "RunInit=yes": ("tr '\\0' ' ' </proc/1/cmdline | grep -c init", "1"),
    "Sysctl=net.ipv4.ip_unprivileged_port_start=1000\nNetwork=none":
        ("cat /proc/sys/net/ipv4/ip_unprivileged_port_start", "1000"),
    "Ulimit=nofile=100:200": ("grep 'Max open files' /proc/1/limits | tr -s ' '", "Max open files 100 200 files "),
    "Timezone=local": ("ls -L /etc/localtime", "/etc/localtime"),
    "DNS=192.0.2.53": ("cat /etc/resolv.conf", "nameserver 192.0.2.53"),
    "Mask=/proc/uptime": ("wc -c </proc/uptime", "0"),
}


@pytest.mark.parametrize("line", KEYS)
def test_a_key_does_the_same(machine, install, line):
    command, expected = KEYS[line]
    install({"key.container": f"[Container]\nImage=IMAGE\n{line}\n"})
    start(machine, "key")
    assert inside(machine, "key", command) == expected.strip()


def test_limits_become_properties_of_the_unit(machine, install):
    text = "[Container]\nImage=IMAGE\nMemory=64mb\nPidsLimit=50\nStopTimeout=7\n"
    texts = install({"limits.container": text})
    assert "[Service]\nMemoryMax=64M\nTasksMax=50\nTimeoutStopSec=7" in texts["limits.container"]
    start(machine, "limits")
    shown = machine.show("container@limits", "MemoryMax", "TasksMax", "TimeoutStopUSec")
    assert shown == {"MemoryMax": str(64 * 1024 * 1024), "TasksMax": "50", "TimeoutStopUSec": "7s"}


def test_health_checks_and_reload(machine, install):
    check, reload = "test -e /tmp/well", "touch /tmp/reloaded"
    install({"well.container": f"[Container]\nImage=IMAGE\nHealthCmd={check}\nHealthInterval=1s\nHealthRetries=1\n"
                               f"ReloadCmd=sh -c {shlex.quote(reload)}\n"})
    start(machine, "well")
    machine.run("systemctl reload container@well")
    assert inside(machine, "well", "ls /tmp") == "reloaded"
    inside(machine, "well", "touch /tmp/well")
    machine.wait_until("berth state well | grep -w healthy")


def test_what_an_engine_would_have_to_build_is_said(machine, install):
    texts = install({"built.container": "[Container]\nImage=web.build\n"})
    assert "# Image=web.build   (name the image itself, and fetch it with berth pull)" in texts["built.container"]
    assert "neither Image=, Rootfs=, RootImage= nor Bundle=" in machine.run("berth verify built", check=False).stderr
