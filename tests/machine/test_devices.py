# SPDX-License-Identifier: LGPL-2.1-or-later
"""Device nodes of the configuration, the rules for who may use which, and paths that are hidden or read-only."""

import pytest

from edits import both, mount, put, user_namespace
from runtimes import not_with

pytestmark = pytest.mark.peer

LOOK = "stat -c '%A %u %g %t:%T' {}"


def nodes(*devices):
    return put("linux", "devices", list(devices))


def node(path="/dev/x", kind="c", major=1, minor=3, **more):
    return {"path": path, "type": kind, "major": major, "minor": minor, **more}


# (case, device, what is made)
MADE = [
    ("character", node(fileMode=0o640, uid=5, gid=6), "crw-r----- 5 6 1:3"),
    ("without a mode", node(), "crw-rw-rw- 0 0 1:3"),
    ("block", node(kind="b", major=7, minor=0, fileMode=0o660), "brw-rw---- 0 0 7:0"),
    ("unbuffered", node(kind="u", fileMode=0o600), "crw------- 0 0 1:3"),
    ("pipe", {"path": "/dev/x", "type": "p", "fileMode": 0o600, "uid": 3, "gid": 4}, "prw------- 3 4 0:0"),
    ("mode with a type", node(fileMode=0o20640), "crw-r----- 0 0 1:3"),
]


@pytest.mark.parametrize("device, made", [row[1:] for row in MADE], ids=[row[0].replace(" ", "-") for row in MADE])
def test_nodes(bundles, runtime, device, made):
    bundle = bundles.make("nodes", ["sh", "-c", LOOK.format("/dev/x")], nodes(device))
    assert runtime.run("nodes", bundle).stdout.strip() == made


def test_a_node_anywhere(bundles, runtime):
    bundle = bundles.make("nodes", ["sh", "-c", LOOK.format("/a/b/x")], nodes(node("/a/b/x", fileMode=0o600)))
    assert runtime.run("nodes", bundle).stdout.strip() == "crw------- 0 0 1:3"


@not_with("runc", reason="it takes whatever is there for the device")
def test_another_file_in_its_place(bundles, runtime):
    done = runtime.run("nodes", bundles.make("nodes", ["true"], nodes(node("/etc/passwd"))), check=False)
    assert done.returncode != 0
    assert "/etc/passwd" in done.stderr


def test_default_devices_and_links(bundles, runtime):
    script = ("cd /dev; for n in null zero full random urandom tty; do stat -c '%n %A %t:%T' $n; done;"
              " for n in fd stdin stdout stderr ptmx; do echo $n $(readlink $n); done")
    assert runtime.run("nodes", bundles.make("nodes", ["sh", "-c", script])).stdout.splitlines() == [
        "null crw-rw-rw- 1:3", "zero crw-rw-rw- 1:5", "full crw-rw-rw- 1:7", "random crw-rw-rw- 1:8",
        "urandom crw-rw-rw- 1:9", "tty crw-rw-rw- 5:0", "fd /proc/self/fd", "stdin /proc/self/fd/0",
        "stdout /proc/self/fd/1", "stderr /proc/self/fd/2", "ptmx pts/ptmx"]


def test_in_a_user_namespace(machine, bundles, runtime):
    """Nodes of the host: nobody in there may make one."""
    bundle = bundles.make("nodes", ["sh", "-c", "stat -c '%t:%T' /dev/zero /dev/full; echo x >/dev/null && echo written"],
                          both(user_namespace, nodes(node("/dev/full", minor=7))))
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    assert runtime.run("nodes", bundle).stdout.split() == ["1:5", "1:7", "written"]


ALL = {"allow": True, "access": "rwm"}
NONE = {"allow": False, "access": "rwm"}


def rule(allow, major=None, minor=None, access="rwm", kind="c"):
    numbers = {name: number for name, number in (("major", major), ("minor", minor)) if number is not None}
    return {"allow": allow, "type": kind, "access": access, **numbers}


# (case, rules, script, which of the reads work); 1:1 is mem, 1:11 kmsg, 10:229 fuse, 10:183 hwrng
RULES = [
    ("none", [NONE], "yes no no"),
    ("all", [ALL], "yes yes yes"),
    ("one", [NONE, rule(True, 1, 11, "r")], "yes yes no"),
    ("all minors", [NONE, rule(True, 1, None, "r")], "yes yes yes"),
    ("all but one", [ALL, rule(False, 1, 11)], "yes no yes"),
    ("one of a wildcard is denied", [NONE, rule(True, 1, None), rule(False, 1, 11, "r")], "yes no yes"),
    ("a minor of all majors", [NONE, rule(True, None, 11, "r")], "yes yes no"),
    ("only to write", [NONE, rule(True, 1, 11, "w")], "yes no no"),
    ("the last one counts", [NONE, rule(True, 1, 11), NONE], "yes no no"),
    ("all again", [NONE, rule(False, 1, 11), ALL], "yes yes yes"),
]


# of Debian 13's runc: "unable to apply rule for systemd", or all is allowed
NOT_WITH_RUNC = {"one of a wildcard is denied", "all but one"}


@pytest.mark.parametrize("rules, works", [
    pytest.param(*row[1:], marks=[not_with("runc", reason="systemd has no exceptions")] if row[0] in NOT_WITH_RUNC else [])
    for row in RULES], ids=[row[0].replace(" ", "-") for row in RULES])
def test_rules(bundles, runtime, rules, works):
    """Reading is refused by the filter of the cgroup, or not: of null always works, of the others what the rules say."""
    script = ("mkdir /t; mount -t tmpfs t /t; mknod /t/null c 1 3; mknod /t/kmsg c 1 11; mknod /t/other c 1 4;"
              " for n in null kmsg other; do"
              " m=$( { : </t/$n; } 2>&1 ); case $m in *'not permitted'*) echo no;; *) echo yes;; esac; done")
    caps = {kind: ["CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYSLOG"] for kind in ("bounding", "effective", "permitted")}
    edit = both(put("linux", "resources", {"devices": rules}), put("process", "capabilities", caps))
    done = runtime.run("rules", bundles.make("rules", ["sh", "-c", script], edit))
    assert " ".join(done.stdout.split()) == works


def test_masked_paths(machine, bundles, runtime):
    """Files are null, directories empty, what does not exist is nothing; a symlink hides what it leads to."""
    script = "cat /etc/passwd /target; ls /usr; touch /usr/x 2>/dev/null || echo refused"
    edit = put("linux", "maskedPaths", ["/etc/passwd", "/usr", "/nowhere", "/link"])
    bundle = bundles.make("masked", ["sh", "-c", script], edit)
    machine.run(f"cd {bundle}/rootfs && echo seen >target && ln -s /target link")
    done = runtime.run("masked", bundle)
    assert done.stdout == "refused\n"


def test_readonly_paths(machine, bundles, runtime):
    """What is mounted there keeps its other flags."""
    script = "touch /etc/x 2>/dev/null || echo refused; cut -d' ' -f5,6 /proc/self/mountinfo | grep -e '^/data ' | tail -n 1"
    edit = both(mount("/data", ["nosuid", "mode=755"]), put("linux", "readonlyPaths", ["/etc", "/nowhere", "/data"]))
    bundle = bundles.make("readonly", ["sh", "-c", script], edit)
    assert runtime.run("readonly", bundle).stdout.splitlines() == ["refused", "/data ro,nosuid,relatime"]
