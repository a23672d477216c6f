# SPDX-License-Identifier: LGPL-2.1-or-later
"""A configuration that is refused leaves nothing: what the text alone decides is refused before systemd hears of it, and what
the kernel refuses is undone. (What is left behind is looked for after every test of a machine.)"""

import json

import pytest

from edits import bind, both, mount, namespace, put, user_namespace
from runtimes import not_with

# what is wrong is in the text: nothing at all may have been made
TEXT = [
    ("wrong type", put("process", "args", "true"), "/process/args"),
    ("rlimit twice", put("process", "rlimits", [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}] * 2), "/process/rlimits/1"),
    ("mount", mount("/proc/self/x"), "/mounts/"),
    ("namespace", namespace("astral"), "/linux/namespaces/"),
    ("device", put("linux", "devices", [{"type": "c", "path": "x", "major": 1, "minor": 3}]), "/linux/devices/0/path"),
    ("sysctl", put("linux", "sysctl", {"kernel.pid_max": "100"}), "/linux/sysctl"),
    ("seccomp", put("linux", "seccomp", {"defaultAction": "SCMP_ACT_FOO"}), "/linux/seccomp/defaultAction"),
    ("swap", put("linux", "resources", {"memory": {"swap": 5}}), "/linux/resources/memory/swap"),
    ("unified", put("linux", "resources", {"unified": {"../x": "1"}}), "/linux/resources/unified"),
    ("hook", put("hooks", "poststop", [{"path": "x"}]), "/hooks/poststop/0/path"),
    ("property", put("annotations", {"org.systemd.property.TimeoutStopUSec": "soon"}), "/annotations/org.systemd.property"),
    ("cgroup", put("linux", "cgroupsPath", "a:b"), "/linux/cgroupsPath"),
    ("scheduler", put("process", "scheduler", {"policy": "SCHED_RR"}), "/process/scheduler/priority"),
    ("memory policy", put("linux", "memoryPolicy", {"mode": "MPOL_BIND"}), "/linux/memoryPolicy/nodes"),
    ("apparmor", put("process", "apparmorProfile", "nothing"), "/process/apparmorProfile"),
    ("selinux", put("linux", "mountLabel", "system_u:object_r:x_t:s0"), "/linux/mountLabel"),
    ("resctrl", put("linux", "intelRdt", {"closID": "../x"}), "/linux/intelRdt/closID"),
    ("namespace path", namespace("network", path="/proc/1/ns/ipc"), "/linux/namespaces/"),
    ("sysctl of the host", both(namespace("network", path="/proc/1/ns/net"), put("linux", "sysctl", {"net.core.somaxconn": "1"})),
     "/linux/sysctl"),
    ("mount source", bind("/mnt", [], "/nowhere"), "/nowhere"),
    ("root", put("root", "path", "nowhere"), "nowhere"),
]

# only the kernel knows
KERNEL = [
    ("file system", mount("/mnt", [], "x", "no-such-fs"), "no-such-fs"),
    ("data", mount("/mnt", ["no-such-option"]), "no-such-option"),
    ("sysctl", put("linux", "sysctl", {"net.no.such": "1"}), "net.no.such"),
    ("unified", put("linux", "resources", {"unified": {"no.such": "1"}}), "no.such"),
    ("property", put("annotations", {"org.systemd.property.NoSuch": "true"}), "NoSuch"),
    ("user", both(user_namespace, put("process", "user", {"uid": 70000, "gid": 0})), "70000"),
    ("program", put("process", "args", ["no-such-program"]), "no-such-program"),
    ("cwd", put("process", "cwd", "/etc/passwd"), "/etc/passwd"),
    ("time", both(namespace("time"), put("linux", "timeOffsets", {"monotonic": {"secs": -10**9}})), "time namespace"),
    ("capability", put("process", "capabilities", {"effective": ["CAP_KILL"]}), "capabilit"),
    ("hook", put("hooks", "createRuntime", [{"path": "/bin/false"}]), "/bin/false"),
]


def refused(machine, bundles, runtime, edit, words):
    bundle = bundles.make("bad", ["sleep", "1000"], edit)
    machine.run(f"if grep -q '\"user\"$' {bundle}/config.json; then chown -R 100000:100000 {bundle}/rootfs; fi")
    for verb in ("create", "run"):
        done = runtime(verb, "--bundle", bundle, "bad", check=False)
        assert done.returncode != 0
        assert words in done.stderr
        assert runtime("state", "bad", check=False).returncode != 0


@not_with("runc", reason="its messages have no JSON pointers")
@pytest.mark.parametrize("edit, words", [row[1:] for row in TEXT], ids=[row[0].replace(" ", "-") for row in TEXT])
def test_before_anything_is_made(machine, bundles, runtime, edit, words):
    refused(machine, bundles, runtime, edit, words)
    said = machine.journal("--output=json", "_PID=1")
    assert not [line for line in said.splitlines() if "berth-bad" in json.dumps(json.loads(line))]


@not_with("runc", reason="other words")
@pytest.mark.parametrize("edit, words", [row[1:] for row in KERNEL], ids=[row[0].replace(" ", "-") for row in KERNEL])
def test_what_was_made_is_undone(machine, bundles, runtime, edit, words):
    refused(machine, bundles, runtime, edit, words)
    assert "berth-bad" not in machine.output("systemctl list-units --all --plain --no-legend; ls /run/berth; find /sys/fs/cgroup -name '*bad*'")
