# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys of [Container] about what the payload may do."""

import json

import pytest

from declared import Declared

CAPABILITIES = "grep ^Cap /proc/self/status | cut -f2 | sed 's/^0*//; s/^$/0/'"
CHOWN, KILL, SETGID, NET_BIND, NET_RAW, SYS_RESOURCE = 1 << 0, 1 << 5, 1 << 6, 1 << 10, 1 << 13, 1 << 24


@pytest.fixture
def declared(machine, declare, bundles):
    bundles.make("declared")
    return Declared(machine, declare)


def sets(declared, keys):
    """Inheritable, permitted, effective, bounding, ambient."""
    return [int(line, 16) for line in declared.said(keys, CAPABILITIES)]


def test_capabilities_of_root(declared):
    inheritable, permitted, effective, bounding, ambient = sets(declared, "AddCapability=net_raw\nDropCapability=CAP_CHOWN Kill")
    assert permitted == effective == bounding
    assert bounding & NET_RAW and not bounding & (CHOWN | KILL) and bounding & SETGID
    assert inheritable == ambient == 0
    assert sets(declared, "DropCapability=all") == [0, 0, 0, 0, 0]
    assert sets(declared, "DropCapability=ALL\nAddCapability=CHOWN") == [0, CHOWN, CHOWN, CHOWN, 0]


def test_all_capabilities(machine, declared):
    """As many as the kernel knows, and not a word about those that it does not. The machine itself lacks one."""
    last = int(machine.output("cat /proc/sys/kernel/cap_last_cap"))
    every = (1 << (last + 1)) - 1
    assert sets(declared, "AddCapability=all\nDropCapability=NET_RAW SYS_RESOURCE")[3] == every & ~NET_RAW & ~SYS_RESOURCE
    assert "capability" not in declared.journal()


def test_capabilities_of_others(declared):
    """What is added by name is kept by a user who is not root; the rest only bounds."""
    assert sets(declared, "User=1000")[:3] == [0, 0, 0]
    assert sets(declared, "User=1000\nDropCapability=all\nAddCapability=NET_BIND_SERVICE") == [NET_BIND] * 5
    inheritable, permitted, effective, bounding, ambient = sets(declared, "User=1000\nAmbientCapability=NET_RAW")
    assert inheritable == permitted == effective == ambient == NET_RAW
    assert bounding & NET_RAW and bounding & CHOWN


@pytest.mark.parametrize("keys, expected", [("", "1"), ("NoNewPrivileges=no", "0"), ("NoNewPrivileges=yes", "1")])
def test_no_new_privileges(declared, keys, expected):
    assert declared.said(keys, "grep NoNewPrivs /proc/self/status | cut -f2") == [expected]


def test_seccomp_profile(machine, declared):
    """As the specification has it."""
    machine.write("/etc/berth/profile.json", json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}))
    script = "grep Seccomp: /proc/self/status | cut -f2; mkdir /tmp/x 2>&1"
    assert declared.said("SeccompProfile=profile.json", script) == ["2", "mkdir: can't create directory '/tmp/x': Operation not supported"]
    assert declared.said("SeccompProfile=unconfined", script) == ["0"]
    assert "SeccompProfile=: '/etc/berth/none.json': No such file or directory" in declared.refusal("SeccompProfile=none.json")
    machine.write("/etc/berth/profile.json", '{"syscalls": [],}')
    assert "/etc/berth/profile.json:1:17: " in declared.refusal("SeccompProfile=profile.json")
    machine.write("/etc/berth/profile.json", "{}")
    assert "/etc/berth/profile.json#/defaultAction: expected a string, is missing" in declared.refusal("SeccompProfile=profile.json")
    machine.run("rm /etc/berth/profile.json")


def test_seccomp_profile_of_engines(machine, declared):
    """Rules that are only for who has a capability, and in the other form."""
    allow = {"action": "SCMP_ACT_ALLOW"}
    machine.write("/etc/berth/profile.json", json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
                    {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
        "syscalls": [{"names": ["read"], **allow, "args": [], "comment": "", "includes": {}, "excludes": {}},
                     {"names": ["sethostname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "args": None, "comment": "",
                      "includes": {}, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}))
    script = "hostname other 2>&1; hostname"
    assert declared.said("SeccompProfile=profile.json", script) == ["hostname: sethostname: Operation not supported", "keys"]
    assert declared.said("SeccompProfile=profile.json\nAddCapability=SYS_ADMIN", script) == ["other"]
    machine.run("rm /etc/berth/profile.json")


def test_masks(declared):
    declared.write("etc/secret", "secret\n")
    declared.write("var/secrets/file", "secret\n")
    assert declared.said("Mask=/etc/secret:/var/secrets", "cat /etc/secret; ls -A /var/secrets") == []
    script = "mount | grep -c ' /proc/timer_list '; mount | grep -c ' /proc/sys '"
    assert declared.said("", script) == ["1", "1"]
    assert declared.said("Unmask=/proc/timer_*", script) == ["0", "1"]
    assert declared.said("Unmask=ALL", script) == ["0", "0"]


def test_read_only(declared):
    script = "for d in / /run /tmp /var/tmp; do touch $d/x 2>/dev/null && echo $d; done; true"
    assert declared.said("", script) == ["/", "/run", "/tmp"]
    assert declared.said("ReadOnly=yes", script) == ["/run", "/tmp", "/var/tmp"]
    assert declared.said("ReadOnly=yes\nReadOnlyTmpfs=no", script) == []


def test_modules_that_are_not_there(machine, declared):
    """What the kernel cannot do is an error, never passed over."""
    assert "needs AppArmor, which is not enabled" in declared.refusal("AppArmor=some-profile")
    assert "needs SELinux, which is not enabled" in declared.refusal("SecurityLabelType=spc_t")
    assert declared.said("AppArmor=unconfined\nSecurityLabelDisable=yes", "echo started") == ["started"]
