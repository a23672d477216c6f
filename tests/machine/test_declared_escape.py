# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network=, OCIPatch= and specifiers of declarations."""

import pytest

from declared import ROOTFS, Declared


@pytest.fixture
def declared(machine, declare, bundles):
    bundles.make("declared")
    return Declared(machine, declare)


@pytest.fixture
def named_network(machine):
    """A network namespace with a device of its own, at a path."""
    machine.run("touch /run/named-net && unshare --net=/run/named-net true")
    machine.run("nsenter --net=/run/named-net sh -c 'ip link set lo name inside'")
    yield "/run/named-net"
    machine.run("umount /run/named-net && rm /run/named-net")


def test_network_by_path(declared, named_network):
    assert declared.said(f"Network=ns:{named_network}", "ls /sys/class/net | grep -x inside") == ["inside"]
    text = declared.refusal("Network=ns:/run/not-there")
    assert "/etc/berth/keys.container: Network=ns:/run/not-there: No such file or directory" in text


def test_network_of_another(machine, declared, declare):
    """The other container is started before, and takes this one along when it ends."""
    declare("/etc/berth/vpn.container", f"[Container]\nRootfs={ROOTFS}\nNetwork=none\nExec=sleep 1000\n")
    assert declared.start("Network=container:vpn", "exec sleep 1000")
    assert machine.show("container@vpn", "ActiveState") == "active"
    links = [machine.output(f"readlink /proc/$(berth state {name} | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p')/ns/net")
             for name in ("vpn", "keys")]
    assert links[0] == links[1] and links[0].startswith("net:")

    # a supervisor is not the container
    payload = machine.output("berth state keys | grep '\"pid\"'")
    machine.run("berth adopt vpn; systemctl kill -s KILL container@vpn; berth adopt keys")
    assert machine.output("berth state keys | grep '\"pid\"'") == payload
    assert machine.show("container@keys", "ActiveState") == "active"
    machine.wait_until("systemctl is-active container@vpn")
    machine.run("berth kill vpn KILL")
    machine.wait_until("! systemctl is-active container@keys")
    assert machine.show("container@keys", "Result") == "success"
    assert "has ended, whose network" in machine.journal("-u", "container@keys")

    machine.run("systemctl reset-failed container@vpn; systemctl start container@keys")
    machine.run("systemctl stop container@vpn")
    machine.wait_until("! systemctl is-active container@keys")


def test_patch(machine, declared):
    """What no key says can be said in the configuration's own words; a file is read when the container starts."""
    machine.write("/etc/berth/patch.json", '{"process": {"env": ["PATH=/bin", "A=patched"]}}')
    keys = 'Environment=A=key\nOCIPatch={"domainname": "example.test"}\nOCIPatch=patch.json'
    assert declared.said(keys, "echo $A; cat /proc/sys/kernel/domainname") == ["patched", "example.test"]
    machine.write("/etc/berth/patch.json", '{"process": }')
    assert "/etc/berth/patch.json:1:13: " in declared.refusal("OCIPatch=patch.json")
    machine.run("rm /etc/berth/patch.json")
    assert "keys.container:3: OCIPatch=:1:" in declared.refusal('OCIPatch={"a"}')
    assert "keys.container#/process/cwd: " in declared.refusal('OCIPatch={"process": {"cwd": 1}}')


def test_specifiers_are_those_of_the_unit(machine, declared, declare):
    """systemd gives the same values to the same letters; those of the file are the declaration's."""
    letters = "i I n N p P j J H l m b v a o w B M A W u U h S t C L E T V d".split()
    wanted = "|".join(f"%{letter}" for letter in letters)
    said = declared.said(f'Environment="ALL={wanted}" "FILE=%y %Y"', "echo \"$ALL\"; echo $FILE")
    declare("/run/systemd/system/container-spec@.service",
            f"[Service]\nType=oneshot\nExecStart=/bin/echo \"spec:{wanted}\"\n")
    machine.run("systemctl start container-spec@keys")
    theirs = next(line for line in machine.journal("-u", "container-spec@keys").splitlines() if line.startswith("spec:"))
    theirs = theirs.removeprefix("spec:").replace("container-spec", "container")
    ours, theirs = dict(zip(letters, said[0].split("|"))), dict(zip(letters, theirs.split("|")))
    theirs["j"] = theirs["J"] = theirs["P"] = "container"  # a hyphen makes it "spec" and "container/spec"
    assert ours == theirs
    assert said[1] == "/etc/berth/keys.container /etc/berth"
