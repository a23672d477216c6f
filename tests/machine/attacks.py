# SPDX-License-Identifier: LGPL-2.1-or-later
"""Edits of configurations and ways to run containers that the tests of attacks share."""

import os
import shlex

import pytest

RUNTIME = os.environ.get("BERTH_TEST_RUNTIME", "berth")


def not_with_runc(reason):
    return pytest.mark.skipif(RUNTIME == "runc", reason=reason)


def everything(config):
    """The payload is as mighty as root outside."""
    names = ("AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BPF BLOCK_SUSPEND CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE"
             " DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD"
             " NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN"
             " SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_TIME SYS_TTY_CONFIG WAKE_ALARM")
    capabilities(*names.split())(config)


def capabilities(*names):
    def edit(config):
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] = [f"CAP_{name}" for name in names]
        config["process"]["capabilities"].pop("inheritable", None)
        config["process"]["capabilities"].pop("ambient", None)
    return edit


def bind(source, destination, *options):
    return {"destination": destination, "type": "bind", "source": source, "options": ["bind", *options]}


def terminal(config):
    config["process"]["terminal"] = True


def edits(*parts):
    def edit(config):
        for part in parts:
            part(config)
    return edit


def user_namespace(config):
    config["linux"]["namespaces"].append({"type": "user"})
    for mappings in ("uidMappings", "gidMappings"):
        config["linux"][mappings] = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def without_mounts(*destinations):
    def edit(config):
        config["mounts"] = [m for m in config["mounts"] if m["destination"] not in destinations]
    return edit


def on_terminal(runtime, *args):
    """The runtime's output, run on a terminal; its status is not looked at."""
    command = shlex.join([runtime.name, *runtime.options, *args])
    return runtime.machine.run(["script", "--quiet", "--command", command, "/dev/null"], check=False).stdout


def background(runtime, name, args, edit=None):
    done = runtime.detached("run", name, runtime.bundles.make(name, args, edit), "--detach")
    assert done.returncode == 0, done.stderr
