# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys of [Container] about the process, as the payload sees them."""

import pytest

from declared import ROOTFS, Declared


@pytest.fixture
def declared(machine, declare, bundles):
    bundles.make("declared")
    return Declared(machine, declare)


def test_entrypoint(declared):
    """Its words come before those of Exec=; as JSON, too."""
    declared.write("show", "echo \"$1|$2|$3\"; shift; exec \"$@\"")
    declared.said("Entrypoint=sh /show one", "true")
    assert "one|sh|/script" in declared.journal().splitlines()
    declared.said('Entrypoint=["/bin/sh", "/show", "two words"]', "true")
    assert "two words|sh|/script" in declared.journal().splitlines()


def test_environment_and_its_files(machine, declared):
    machine.write("/etc/berth/some.env", "A=file\nB='in quotes'\n# C=comment\n")
    said = declared.said(
        "Environment=A=key discovery.type=single\nEnvironmentFile=some.env\nEnvironmentFile=-/etc/berth/none.env",
        'echo "$A|$B|$C"; tr "\\0" "\\n" </proc/1/environ | grep discovery')
    assert said == ["key|in quotes|", "discovery.type=single"]
    text = declared.refusal("EnvironmentFile=none.env")
    assert "/etc/berth/keys.container:3: EnvironmentFile=: '/etc/berth/none.env': No such file or directory" in text
    machine.write("/etc/berth/some.env", "A=1\nB='2\n")
    assert "/etc/berth/some.env:2: expected NAME=value (named by /etc/berth/keys.container:3)" in declared.refusal(
        "EnvironmentFile=some.env")
    machine.run("rm /etc/berth/some.env")


def test_environment_of_the_service(declared):
    """Of the service's own, nothing comes along unless it is asked for, and never what systemd says about the service."""
    service = "Environment=FROM_SERVICE=1 http_proxy=http://proxy NOTIFY=2"
    script = 'echo "$FROM_SERVICE|$http_proxy|$SYSTEMD_EXEC_PID$JOURNAL_STREAM"'
    assert declared.said("", script, service=service) == ["||"]
    assert declared.said("HttpProxy=yes", script, service=service) == ["|http://proxy|"]
    assert declared.said("EnvironmentHost=yes\nEnvironment=http_proxy=mine", script, service=service) == ["1|mine|"]


def test_users_and_groups(declared):
    """Names are those of the root's files; a link out of it leads nowhere."""
    declared.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nwww:x:33:34::/var/www:/bin/sh\n")
    declared.write("etc/group", "root:x:0:\nwww:x:34:\nextra:x:77:www\nvideo:x:44:\n")
    assert declared.said("User=www", "id -u; id -G; echo $HOME") == ["33", "34 77", "/var/www"]
    assert declared.said("User=www\nGroup=video", "id -G") == ["44"]
    assert declared.said("User=www:video\nGroupAdd=extra 99", "id -G") == ["44 77 99"]
    assert declared.said("GroupAdd=video", "id -u; id -G") == ["0", "0 44"]
    assert "GroupAdd=nobody: no such name in" in declared.refusal("GroupAdd=nobody")
    assert "User=daemon: no such name in" in declared.refusal("User=daemon")


@pytest.mark.parametrize("link", ["/etc/group", "../../../../../etc/group"])
def test_hostile_group_file(machine, declared, link):
    """A group of the host is none of the container's."""
    machine.run(f"rm {ROOTFS}/etc/group && ln -s {link} {ROOTFS}/etc/group")
    assert "failed to read" in declared.refusal("GroupAdd=shadow")


def test_group_file_that_is_a_fifo(machine, declared):
    machine.run(f"rm {ROOTFS}/etc/group && mkfifo {ROOTFS}/etc/group")
    assert "is not a regular file" in declared.refusal("GroupAdd=shadow")


def test_ulimits(declared):
    assert declared.said("Ulimit=nofile=100:200 core=0", "ulimit -n; ulimit -Hn; ulimit -c") == ["100", "200", "0"]
    assert declared.said("", "ulimit -n", service="LimitNOFILE=64:128") == ["64"]


def test_sysctl(declared):
    assert declared.said("Network=none\nSysctl=net.ipv4.ip_forward=1 kernel.msgmax=7777",
                         "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax") == ["1", "7777"]
    assert "net.ipv4.ip_forward" in declared.refusal("Sysctl=net.ipv4.ip_forward=1")
    assert "kernel.panic" in declared.refusal("Sysctl=kernel.panic=1")


def test_working_dir(declared):
    assert declared.said("WorkingDir=/usr/bin", "pwd") == ["/usr/bin"]
