# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run: the options that say what the container is made of; what they mean is tested with the keys of .container files."""

import pytest

from adhoc import ROOTFS, UNIT, Adhoc


@pytest.fixture
def adhoc(machine, bundles):
    adhoc = Adhoc(machine, bundles)
    yield adhoc
    adhoc.clean()


def test_volumes(machine, adhoc):
    machine.run("mkdir -p /srv/vol && echo here >/srv/vol/file")
    options = "--volume=/srv/vol:/one --volume vol:/two:ro --volume=./vol:/three --volume=../srv/vol/file:/four"
    script = "cat /one/file /three/file /four; touch /one/new && test -e /three/new && ls /two; rm /one/new"
    words = f"cd /srv && berth-run --pipe --quiet {options} --rootfs={ROOTFS} -- sh -c '{script}'"
    assert machine.run(words).stdout == "here\nhere\nhere\n"
    machine.run("rm -r /srv/vol /var/lib/berth/volumes")


def test_volume_without_a_name(machine, adhoc):
    assert adhoc.output("--volume=/etc", "sh", "-c", "head -n 1 /etc/passwd; echo x >/etc/new; cat /etc/new") == \
        "root:x:0:0::/root:/bin/sh\nx\n"
    assert machine.output(f"ls {ROOTFS}/etc/new", check=False) == ""


def test_network(machine, adhoc):
    def network(option):
        return adhoc.output(option, "readlink", "/proc/self/ns/net").strip()

    host = machine.output("readlink /proc/self/ns/net")
    assert network("") == network("--network=host") == host
    assert adhoc.output("--network=none", "ls", "/sys/class/net") == "lo\n"
    adhoc.start("--network=none", "sleep", "1000")
    other = machine.output(f"readlink /proc/$(berth ps -f json {UNIT} | tr -d '[]')/ns/net")
    assert network(f"--network=container:{UNIT}") == other != host
    machine.run("ip netns add adhoc")
    try:
        assert network("--network=ns:/run/netns/adhoc") not in (host, other)
    finally:
        machine.run("ip netns delete adhoc")


@pytest.mark.parametrize("options, message", [
    ("", "one of --image=, --rootfs= and --bundle= is needed"),
    (f"--image=x --rootfs={ROOTFS}", "--image=, --rootfs= and --bundle= exclude each other"),
    ("--image=oci:", "--image=oci:: expected an absolute path behind oci:"),
    ("--image=UPPER", "--image=UPPER: expected oci:DIR[:NAME] or the name of an image"),
    ("--image=oci:/nowhere", "'/nowhere'"),
    (f"--rootfs={ROOTFS} --network=bridge", "--network=bridge: expected host, none, ns:PATH or container:NAME"),
    (f"--rootfs={ROOTFS} --network=ns:/nowhere", "ns:/nowhere: No such file or directory"),
    (f"--rootfs={ROOTFS} --network=container:nobody", "container:nobody: the container is not running"),
    (f"--rootfs={ROOTFS} --volume=srv", "--volume=srv: expected SOURCE:DESTINATION[:OPTIONS]"),
    (f"--rootfs={ROOTFS} --volume=/srv:/x:readonly", "--volume=: unknown option 'readonly'"),
    (f"--rootfs={ROOTFS} --volume=/nowhere:/x", "/nowhere"),
    (f"--rootfs={ROOTFS} --working-directory=here", "--working-directory=here: expected an absolute path"),
])
def test_what_is_refused(adhoc, options, message):
    done = adhoc(f"--unit={UNIT} {options}", "true", source="")
    assert done.returncode == 125
    assert message in done.stderr
    assert adhoc.units() == ""
