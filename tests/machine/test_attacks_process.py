# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rest of what test_attacks.py lists: rights of the payload, its filter, the host around it."""

import os
import re

import pytest
from attacks import background, capabilities, not_with_runc, on_terminal, user_namespace

# ---- who the payload is ----


@pytest.mark.parametrize("user", ["1x", "x", "1:x", "0x0", "1:2:3", "1.5", "99999999999x", ":"])
def test_users_that_are_none(runtime, user):
    background(runtime, "users", ["sleep", "1000"])
    done = runtime("exec", "--user", user, "users", "id", "-u", check=False)
    assert done.returncode != 0
    assert done.stdout == ""


def test_exec_gives_nothing_to_inherit(runtime):
    background(runtime, "inherit", ["sleep", "1000"])
    done = runtime("exec", "--cap", "CAP_NET_RAW", "inherit", "grep", "-e", "CapI", "-e", "CapAmb", "/proc/self/status")
    assert {line.split()[1] for line in done.stdout.splitlines()} == {"0000000000000000"}


def test_stdio_can_be_opened(runtime):
    def edit(config):
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
    bundle = runtime.bundles.make("stdio", ["sh", "-c", "echo here >/dev/stdout"], edit)
    assert runtime.run("stdio", bundle).stdout.strip() == "here"


def test_keys(machine, runtime):
    """The payload's session keyring is the container's, and so is that of exec."""
    machine.run(f"cp {runtime.bundles.template[0]}/bin/payload /usr/local/bin/payload", check=False)
    background(runtime, "keys", ["sleep", "1000"])
    bundle = runtime.bundles.make("keys2", ["payload", "keyring"])
    assert runtime.run("keys2", bundle).stdout.strip() == "_ses.keys2"
    assert runtime("exec", "keys", "payload", "keyring").stdout.strip() == "_ses.keys"


def test_keys_of_the_caller(machine, runtime):
    """Unless that is asked for: then exec keeps the caller's as well."""
    bundle = runtime.bundles.make("keys", ["sleep", "1000"])
    done = runtime.detached("run", "keys", bundle, "--detach", "--no-new-keyring")
    assert done.returncode == 0, done.stderr
    assert runtime("exec", "keys", "payload", "keyring").stdout.strip() != "_ses.keys"


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_no_controlling_terminal(machine, runtime, verb):
    """Without a terminal of its own the payload cannot get at the caller's."""
    script = ["sh", "-c", "(: </dev/tty) 2>/dev/null && echo has one || echo has none"]
    bundle = runtime.bundles.make("tty", script if verb == "run" else ["sleep", "1000"])
    if verb == "exec":
        runtime.detached("run", "tty", bundle, "--detach")
        seen = on_terminal(runtime, "exec", "tty", *script)
    else:
        runtime.ids.add("tty")
        seen = on_terminal(runtime, "run", "--bundle", bundle, "tty")
    assert seen.strip() == "has none"


# ---- seccomp ----


def profile(*denied, **more):
    return {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
            "syscalls": [{"names": list(denied), "action": "SCMP_ACT_ERRNO", "errnoRet": 13}], **more}


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_filter_and_privileges(runtime, no_new_privileges):
    """The filter is there either way, and the right to load it is not."""
    def edit(config):
        capabilities("KILL")(config)
        config["process"]["noNewPrivileges"] = no_new_privileges
        config["linux"]["seccomp"] = profile("mkdir")
    bundle = runtime.bundles.make("filter", ["grep", "-E", "CapEff|CapBnd|NoNewPrivs|^Seccomp:", "/proc/self/status"], edit)
    seen = dict(line.split(":\t") for line in runtime.run("filter", bundle).stdout.splitlines())
    assert seen == {"CapEff": "0000000000000020", "CapBnd": "0000000000000020",
                    "NoNewPrivs": str(int(no_new_privileges)), "Seccomp": "2"}


X32 = 0x40000000
MKDIR = 83


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86-64")
@pytest.mark.parametrize("number, seen", [(MKDIR, "13"), (X32 | MKDIR, None), (9999, "38")],
                         ids=["denied", "x32", "unknown"])
def test_system_calls_of_other_kinds(machine, runtime, number, seen):
    """Neither does another ABI get past the profile, nor does a program believe that a new system call is forbidden."""
    def edit(config):
        config["linux"]["seccomp"] = profile("mkdir")
    bundle = runtime.bundles.make("calls", ["payload", "syscall", str(number)], edit)
    done = runtime.run("calls", bundle, check=False)
    if seen is not None:
        assert done.stdout.strip() == seen
    machine.run(f"test ! -e {bundle}/rootfs/tmp/made")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the gate is one of x86-64")
def test_the_32_bit_gate(machine, runtime):
    def edit(config):
        config["linux"]["seccomp"] = profile("mkdir")
    bundle = runtime.bundles.make("gate", ["payload", "compat"], edit)
    assert runtime.run("gate", bundle, check=False).returncode != 0
    machine.run(f"test ! -e {bundle}/rootfs/tmp/made")


# ---- the host ----


@pytest.mark.parametrize("propagation", [None, "slave", "private", "shared"])
def test_no_mounts_on_the_host(machine, runtime, propagation):
    def edit(config):
        if propagation:
            config["linux"]["rootfsPropagation"] = propagation
    background(runtime, "mounts", ["sleep", "1000"], edit)
    assert machine.run("grep /var/lib/berth/mounts /proc/self/mountinfo", check=False).stdout == ""


def test_nothing_of_the_host_is_mounted(machine, runtime):
    bundle = runtime.bundles.make("root", ["cat", "/proc/self/mountinfo"])
    points = [line.split()[4] for line in runtime.run("root", bundle).stdout.splitlines()]
    assert points.count("/") == 1
    assert not [p for p in points if not re.match(r"/($|dev|proc|sys)", p)]



@pytest.mark.parametrize("masked, options, seen", [
    (["/proc/meminfo"], [], "refused"), (["/proc/meminfo"], ["--no-pivot"], "refused"), ([], [], "mounted"),
], ids=["pivot", "no-pivot", "nothing-masked"])
def test_no_full_procfs_without_pivot(machine, runtime, masked, options, seen):
    """What is masked in the container's procfs does not come back in a new one, that a user namespace might mount because a
    complete one lies hidden below the root."""
    hidden = "mount --bind /dev/null /proc/meminfo; unshare -Urmpf mount -t proc proc /mnt"
    if machine.run(["unshare", "-m", "sh", "-c", hidden], check=False).returncode == 0:
        pytest.skip("the machine itself lies over a root with a complete procfs")

    def edit(config):
        capabilities("SETFCAP", "SETGID", "SETUID")(config)  # to map root
        config["linux"]["maskedPaths"] = masked
        config["linux"]["readonlyPaths"] = []
    script = "mkdir -p /tmp/new; unshare -Urmpf mount -t proc proc /tmp/new && echo mounted || echo refused"
    bundle = runtime.bundles.make("nested", ["sh", "-c", script], edit)
    assert runtime.run("nested", bundle, *options).stdout.strip() == seen


@not_with_runc("does not mount a sysfs there")
def test_no_cgroups_by_sysfs(machine, runtime):
    """A user namespace in the host's network gets the host's /sys: all of it read-only."""
    def edit(config):
        user_namespace(config)
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "network"]
        config["mounts"] = [m for m in config["mounts"] if m["type"] != "cgroup" and m["destination"] != "/sys"]
        config["mounts"].append({"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid"]})
    bundle = runtime.bundles.make("sysfs", ["cat", "/proc/self/mountinfo"], edit)
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    lines = [line.split() for line in runtime.run("sysfs", bundle).stdout.splitlines()]
    options = {line[4]: line[5].split(",") for line in lines if line[4].startswith("/sys")}
    assert "/sys/fs/cgroup" in options
    assert all("ro" in found for found in options.values()), options


def test_cgroup_namespace(runtime):
    def edit(config):
        config["linux"]["namespaces"].append({"type": "cgroup"})
    bundle = runtime.bundles.make("cgroup", ["grep", "^0::", "/proc/self/cgroup"], edit)
    assert runtime.run("cgroup", bundle).stdout.strip() == "0::/"


def test_hooks_of_the_host(machine, runtime):
    """A hook that runs in the container's namespaces is still the host's program."""
    def edit(config):
        config["hooks"] = {"createContainer": [{"path": "/opt/hook"}]}
    bundle = runtime.bundles.make("hook", ["true"], edit)
    machine.write("/opt/hook", "#!/bin/sh\ntouch /tmp/of-the-host\n")
    machine.run(f"chmod +x /opt/hook; mkdir -p {bundle}/rootfs/opt"
                f" && printf '#!/bin/sh\\ntouch /tmp/of-the-image\\n' >{bundle}/rootfs/opt/hook"
                f" && chmod +x {bundle}/rootfs/opt/hook")
    runtime.run("hook", bundle)
    assert machine.output(f"ls {bundle}/rootfs/tmp; ls /tmp/of-the-host; rm /tmp/of-the-host /opt/hook") == "/tmp/of-the-host"


@pytest.mark.parametrize("key", ["kernel.core_pattern", "vm.overcommit_memory", "fs.file-max", "kernel.../../x"])
def test_sysctls_of_the_host(machine, runtime, key):
    def edit(config):
        config["linux"]["sysctl"] = {key: "1"}
    done = runtime.run("sysctl", runtime.bundles.make("sysctl", ["true"], edit), check=False)
    assert done.returncode != 0
    assert key in done.stderr


def test_oom_score(machine, runtime):
    def edit(config):
        config["process"]["oomScoreAdj"] = 321
    script = ["cat", "/proc/self/oom_score_adj"]
    assert runtime.run("oom", runtime.bundles.make("oom", script, edit)).stdout.strip() == "321"
    background(runtime, "oom2", ["sleep", "1000"], edit)
    assert runtime("exec", "oom2", *script).stdout.strip() == "321"


@not_with_runc("Debian 12's runc passes it on")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_affinity(machine, runtime):
    """That the caller is bound to one CPU says nothing about the container."""
    every = machine.output("awk '/Cpus_allowed_list/ { print $2 }' /proc/1/status")
    script = ["awk", "/Cpus_allowed_list/ { print $2 }", "/proc/self/status"]
    bundle = runtime.bundles.make("cpus", script)
    words = ["taskset", "--cpu-list", "0", runtime.name, *runtime.options]
    runtime.ids.add("cpus")
    assert machine.output([*words, "run", "--bundle", bundle, "cpus"]) == every
    background(runtime, "cpus2", ["sleep", "1000"])
    assert machine.output([*words, "exec", "cpus2", *script]) == every


# ---- the runtime's own files ----


@pytest.mark.parametrize("container", ["..", ".", "../x", "a/b", "", "a b", "ä", "x\n"])
def test_ids_that_are_none(machine, runtime, container):
    bundle = runtime.bundles.make("ids", ["true"])
    assert runtime("create", "--bundle", bundle, container, check=False).returncode != 0
    assert runtime("state", container, check=False).returncode != 0
    assert runtime("delete", container, check=False).returncode != 0


@not_with_runc("keeps it in /run/runc, open to be listed")
def test_the_state_is_private(machine, runtime):
    background(runtime, "state", ["sleep", "1000"])
    assert machine.output("stat -c '%a %U' /run/berth /run/berth/state").split("\n") == ["711 root", "700 root"]
    assert machine.output("find /run/berth/state -type f -perm /077") == ""


@not_with_runc("keeps its state otherwise")
def test_another_process_of_the_same_pid(machine, runtime):
    """The number of init belongs to somebody else now: it is neither shown nor killed."""
    background(runtime, "reused", ["sleep", "1000"])
    machine.run("systemctl kill --signal=KILL berth-reused.scope")
    machine.wait_until("! systemctl is-active berth-reused.scope")
    machine.run("systemd-run --quiet --unit=bystander sleep 1000")
    pid = machine.show("bystander.service", "MainPID")
    machine.run(f"sed -i 's/^Pid=.*/Pid={pid}/' /run/berth/reused/state")
    assert runtime.status("reused") == "stopped"
    assert runtime("kill", "reused", "KILL", check=False).returncode != 0
    runtime("delete", "--force", "reused")
    assert machine.show("bystander.service", "ActiveState") == "active"
    machine.run("systemctl stop bystander")
