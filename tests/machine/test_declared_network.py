# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys of [Container] about names, addresses and the time."""

import pytest

from declared import ROOTFS, Declared


@pytest.fixture
def declared(machine, declare, bundles):
    bundles.make("declared")
    return Declared(machine, declare)


@pytest.fixture
def resolv_conf(machine):
    """The machine's own resolv.conf is known for the time of a test."""
    machine.run("cp -a /etc/resolv.conf /run/resolv.saved; rm -f /etc/resolv.conf")
    machine.write("/etc/resolv.conf", "# from the host\nnameserver 192.0.2.1\nsearch host.example\noptions edns0\n")
    yield
    machine.run("rm /etc/resolv.conf; mv /run/resolv.saved /etc/resolv.conf")


def test_host_name(declared):
    assert declared.said("HostName=other.example", "hostname") == ["other.example"]
    assert declared.said("", "hostname") == ["keys"]


def test_hosts(machine, declared):
    """Those of the root stay, in the container and in the root itself."""
    declared.write("etc/hosts", "192.0.2.9 old\n")
    keys = "AddHost=db;db.example:192.0.2.7 six:2001:db8::1"
    said = declared.said(keys, "cat /etc/hosts; echo x >>/etc/hosts || echo refused")
    assert said[:3] == ["192.0.2.7 db db.example", "2001:db8::1 six", "192.0.2.9 old"]
    assert said[-1] == "refused"
    assert machine.output(f"cat {ROOTFS}/etc/hosts") == "192.0.2.9 old"


def test_hosts_of_a_root_that_has_none(declared):
    assert declared.said("AddHost=a:192.0.2.1", "cat /etc/hosts")[:2] == ["192.0.2.1 a", "127.0.0.1 localhost"]


def test_hostile_hosts(machine, declared):
    """A link to a file of the host shows nothing of it; a FIFO keeps nobody waiting."""
    machine.write("/etc/berth-secret", "192.0.2.1 secret\n")
    machine.run(f"ln -s /etc/berth-secret {ROOTFS}/etc/hosts")
    assert "secret" not in "\n".join(declared.said("AddHost=a:192.0.2.1", "cat /etc/hosts"))
    machine.run(f"rm /etc/berth-secret; rm {ROOTFS}/etc/hosts && mkfifo {ROOTFS}/etc/hosts")
    assert "AddHost=: failed to read /etc/hosts of the root: Invalid argument" in declared.refusal("AddHost=a:192.0.2.1")


def test_resolver_of_the_host(declared, resolv_conf):
    """Who has the host's network has its resolver, unless he says otherwise."""
    assert declared.said("", "cat /etc/resolv.conf")[0] == "# from the host"
    declared.write("etc/resolv.conf", "# of the root\n")
    assert declared.said("", "cat /etc/resolv.conf")[0] == "# from the host"
    assert declared.said("DNS=none", "cat /etc/resolv.conf") == ["# of the root"]
    assert declared.said("Network=none", "cat /etc/resolv.conf") == ["# of the root"]


def test_resolver_of_its_own(declared, resolv_conf):
    """What is not given comes from the host, if the network does."""
    keys = "DNS=198.51.100.1 2001:db8::53\nDNSSearch=a.example b.example\n"
    assert declared.said(keys, "cat /etc/resolv.conf") == [
        "search a.example b.example", "nameserver 198.51.100.1", "nameserver 2001:db8::53", "options edns0"]
    assert declared.said("DNSOption=ndots:3\nDNSSearch=.", "cat /etc/resolv.conf") == [
        "nameserver 192.0.2.1", "options ndots:3"]
    assert declared.said("Network=none\nDNS=127.0.0.1", "cat /etc/resolv.conf") == ["nameserver 127.0.0.1"]


def test_root_without_etc(machine, declared, resolv_conf):
    """Nothing is mounted where there is no place for it."""
    machine.run(f"rm -r {ROOTFS}/etc")
    assert declared.said("", "ls -d /etc || echo none")[-1] == "none"


def test_timezone(machine, declared):
    """The root's own link stays what it is, and so does what it leads to."""
    machine.run("mkdir -p /usr/share/zoneinfo/Test && printf 'TZif-of-the-test' >/usr/share/zoneinfo/Test/Zone")
    declared.write("usr/share/zoneinfo/Etc/UTC", "UTC")
    machine.run(f"ln -s /usr/share/zoneinfo/Etc/UTC {ROOTFS}/etc/localtime")
    said = declared.said("Timezone=Test/Zone", "cat /etc/localtime; echo; cat /usr/share/zoneinfo/Etc/UTC; echo")
    assert said == ["TZif-of-the-test", "UTC"]
    machine.run("rm -r /usr/share/zoneinfo/Test")
    text = declared.refusal("Timezone=Test/Zone")
    assert "Timezone=Test/Zone: '/usr/share/zoneinfo/Test/Zone': No such file or directory" in text


def test_timezone_of_the_host(machine, declared):
    machine.run("cp -a /etc/localtime /run/localtime.saved; rm -f /etc/localtime; echo here >/etc/localtime")
    said = declared.said("Timezone=local", "cat /etc/localtime")
    machine.run("rm /etc/localtime; mv /run/localtime.saved /etc/localtime")
    assert said == ["here"]
