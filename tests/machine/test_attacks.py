# SPDX-License-Identifier: LGPL-2.1-or-later
"""What images, payloads and callers have done to runtimes, tried again. Each row of ATTACKS is a known way; the tests that
stage it are named there, here or in other files, and for those that cannot be staged in a machine, why."""

import itertools
import os
import pathlib
import re
import shlex

import pytest

RUNTIME = os.environ.get("BERTH_TEST_RUNTIME", "berth")

# attack: tests of this file, or "FILE: what", or "not staged: why"
ATTACKS = {
    "the runtime's file over /proc/PID/exe (CVE-2019-5736)": ["test_nobody_reaches_the_runtimes_file"],
    "the runtime's file as the payload": ["test_the_runtime_is_no_payload"],
    "leaked descriptors and the working directory (CVE-2024-21626)": [
        "test_no_working_directory_outside", "test_no_descriptors", "test_hooks_get_no_descriptors"],
    "looking into a process on its way in (CVE-2016-9962)": ["test_nobody_looks_into_exec"],
    "symlinks as mount targets (CVE-2021-30465)": [
        "test_mounts_through_symlinks_stay_inside", "test_symlinks_that_change_meanwhile",
        "test_symlinks_that_lead_nowhere"],
    "a false /proc (CVE-2019-16884, CVE-2023-27561)": [
        "test_no_volume_is_proc", "test_no_symlink_leads_into_proc", "test_no_symlink_is_proc",
        "test_exec_where_proc_is_false"],
    "a false /dev/null under masked paths (CVE-2025-31133)": ["test_false_null"],
    "a false console (CVE-2025-52565)": ["test_false_console", "test_false_ptmx"],
    "writes to procfs that are led elsewhere (CVE-2025-52881)": ["test_exec_where_proc_is_false"],
    "a /dev that leads out of the image (CVE-2026-41579, CVE-2026-47766)": ["test_dev_is_a_symlink"],
    "a user that is read as root (CVE-2026-30892)": ["test_users_that_are_none"],
    "a cgroup outside by ..": ["test_cgroupfs.py: test_bad_paths"],
    "inheritable capabilities (CVE-2022-29162)": ["test_exec_gives_nothing_to_inherit"],
    "labels that exec forgets": ["not staged: a machine has no security module"],
    "writable cgroups over /sys (CVE-2023-25809)": ["test_no_cgroups_by_sysfs"],
    "directories made outside (CVE-2024-45310)": ["test_symlinks_that_change_meanwhile"],
    "the state directory": ["test_ids_that_are_none", "test_the_state_is_private"],
    "the caller's keys": ["test_keys"],
    "the caller's terminal (TIOCSTI)": ["test_no_controlling_terminal"],
    "no_new_privs and seccomp": ["test_filter_and_privileges"],
    "system calls that are newer than the profile": ["test_system_calls_of_other_kinds"],
    "other ABIs past the filter": ["test_system_calls_of_other_kinds", "test_the_32_bit_gate"],
    "a filter that stops its own set-up": ["test_receivers.py: test_seccomp_agent_of_run"],
    "dropped groups (CVE-2014-8989)": ["tests/unit/test-identity.c: denied"],
    "the owner of stdio": ["test_stdio_can_be_opened"],
    "pids that are used again": ["test_another_process_of_the_same_pid"],
    "a runtime that dies meanwhile": ["test_killed.py: test_create_is_killed"],
    "what is left of the old root": ["test_nothing_of_the_host_is_mounted", "test_no_full_procfs_without_pivot"],
    "mounts that appear on the host": ["test_no_mounts_on_the_host"],
    "the host's cgroup path": ["test_cgroup_namespace"],
    "a moment without device rules": ["test_device_rules_without_a_gap"],
    "hooks that the image brings": ["test_hooks_of_the_host"],
    "sysctls of the host": ["test_sysctls_of_the_host"],
    "oom_score_adj": ["test_oom_score"],
    "the caller's CPU affinity": ["test_affinity"],
    "SELinux labels of keys": ["not staged: a machine has no security module"],
    # The machine's cgroups have no memory controller; the words are of a test of memory limits in tests/vm.
    "a limit that kills init": ["not staged: no limit bites in a machine"],
}


def not_with_runc(reason):
    return pytest.mark.skipif(RUNTIME == "runc", reason=reason)


def test_every_attack_has_its_test():
    """The table is true: what it names is there."""
    here = pathlib.Path(__file__)
    for names in ATTACKS.values():
        for name in names:
            if name.startswith("test_") and ":" in name:
                file, test = name.split(": ")
                assert f"def {test}(" in (here.parent / file).read_text()
            elif name.startswith("tests/vm: "):
                for case in name.removeprefix("tests/vm: ").split(", "):
                    assert (here.parents[1] / "vm/cases" / f"{case}.sh").exists()
            elif name.startswith("test_"):
                assert callable(globals().get(name)), name


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


@pytest.fixture
def runtime(runtime, bundles):
    runtime.bundles = bundles
    return runtime


# ---- the runtime's own file ----


def watched(machine, runtime, edit):
    """What a payload sees of the program files of 100 processes that come in by exec."""
    background(runtime, "watcher", ["payload", "watch"], edit)
    for _ in range(100):
        if runtime("exec", "watcher", "true", check=False).returncode != 0:
            break  # it has seen something, and ended
    machine.run("touch /var/lib/berth/watcher/rootfs/tmp/stop")
    machine.wait_until("grep -q . /tmp/watcher.log")
    return runtime.log("watcher")


def test_nobody_reaches_the_runtimes_file(machine, runtime):
    """Not even with all capabilities: what is there to be opened is not the file that the next call executes."""
    before = machine.output(f"sha256sum $(command -v {runtime.name})")
    seen = watched(machine, runtime, everything)
    assert seen == "nothing" or "could not write" in seen
    if runtime.name == "berth":
        assert seen == "nothing" or "memfd:berth" in seen
    assert machine.output(f"sha256sum $(command -v {runtime.name})") == before


def test_nobody_looks_into_exec(machine, runtime):
    """Without CAP_SYS_PTRACE nothing of it is seen at all."""
    assert watched(machine, runtime, capabilities("KILL")) == "nothing"


@not_with_runc("executes a sealed copy of itself")
@pytest.mark.parametrize("how", ["directly", "symlink", "interpreter"])
def test_the_runtime_is_no_payload(machine, runtime, how):
    payload = {"directly": "/proc/self/exe", "symlink": "/bin/self-link", "interpreter": "/bin/self-script"}[how]
    bundle = runtime.bundles.make("self", [payload, "--version"])
    machine.run(f"cd {bundle}/rootfs/bin && ln -s /proc/self/exe self-link && echo '#!/proc/self/exe' >self-script"
                " && chmod +x self-script")
    done = runtime.run("self", bundle, check=False)
    assert done.returncode != 0
    assert "berth version" not in done.stdout
    assert "Exec format error" in done.stderr or "exec format error" in done.stderr

    background(runtime, "other", ["sleep", "1000"])
    machine.run("cp -a /var/lib/berth/self/rootfs/bin/self-* /var/lib/berth/other/rootfs/bin/")
    done = runtime("exec", "other", payload, "--version", check=False)
    assert done.returncode != 0
    assert "berth version" not in done.stdout


# ---- descriptors ----


def test_no_working_directory_outside(machine, runtime):
    """Whatever descriptor a path leads through: the payload does not start, or starts inside."""
    machine.run("touch /outside")
    script = ["sh", "-c", "ls -d ../../../../../../../../outside"]
    for number in range(3, 20):
        def edit(config):
            config["process"]["cwd"] = f"/proc/self/fd/{number}"
        bundle = runtime.bundles.make(f"cwd{number}", script, edit)
        assert "outside" not in runtime.run(f"cwd{number}", bundle, check=False).stdout
        runtime("delete", "--force", f"cwd{number}")

    background(runtime, "home", ["sleep", "1000"])
    for number in range(3, 20):
        done = runtime("exec", "--cwd", f"/proc/self/fd/{number}", "home", *script, check=False)
        assert "outside" not in done.stdout
    machine.run("rm /outside")


@pytest.mark.parametrize("verb", ["run", "exec", "start"])
def test_no_descriptors(machine, runtime, verb):
    """The payload has 0, 1 and 2, whatever its caller had open."""
    bundle = runtime.bundles.make("plain", ["sleep", "1000"] if verb == "exec" else ["payload", "fds"])
    words = shlex.join([runtime.name, *runtime.options])
    opened = "exec 5</etc/passwd 7</proc 9</;"
    if verb == "run":
        runtime.ids.add("plain")
        assert machine.output(f"{opened} {words} run --bundle {bundle} plain") == ""
        return
    if verb == "exec":
        runtime.detached("run", "plain", bundle, "--detach")
        assert machine.output(f"{opened} {words} exec plain payload fds") == ""
        return
    runtime.ids.add("plain")
    machine.run(f"{opened} {words} create --bundle {bundle} plain >/tmp/plain.log 2>&1; {words} start plain")
    machine.wait_until(f"{words} state plain | grep stopped")
    assert runtime.log("plain") == ""


@not_with_runc("Debian 12's runc passes three of its own to startContainer")
def test_hooks_get_no_descriptors(machine, runtime):
    look = "ls /proc/self/fd >/tmp/hook.$1"

    def edit(config):
        config["hooks"] = {
            kind: [{"path": "/bin/sh", "args": ["sh", "-c", look, "hook", kind]}]
            for kind in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")}
    bundle = runtime.bundles.make("hooked", ["true"], edit)
    runtime.ids.add("hooked")
    machine.run(f"exec 5</etc/passwd 9</; {shlex.join([runtime.name, *runtime.options])} run --bundle {bundle} hooked")
    seen = machine.output(f"cat /tmp/hook.* {bundle}/rootfs/tmp/hook.startContainer")
    machine.run("rm /tmp/hook.*")
    # 3 is the directory itself
    assert set(seen.split()) <= {"0", "1", "2", "3"}


# ---- symlinks in the image ----


@pytest.fixture
def outside(machine):
    """A directory of the host that symlinks of images lead to; nothing may appear in it."""
    machine.run("mkdir -p /mnt/outside")
    yield "/mnt/outside"
    left = machine.output("find /mnt/outside -mindepth 1; awk '$5 ~ \"/mnt/outside\"' /proc/self/mountinfo")
    machine.run("umount -R /mnt/outside; rm -rf /mnt/outside", check=False)
    assert left == ""


def test_mounts_through_symlinks_stay_inside(machine, runtime, outside):
    def edit(config):
        config["mounts"] += [bind("/etc", "/link/a/b"), bind("/etc/passwd", "/link/c/file"),
                             {"destination": "/up/d", "type": "tmpfs", "source": "tmpfs", "options": []}]
    bundle = runtime.bundles.make("links", ["sh", "-c", "ls -d /mnt/outside/a/b/passwd /mnt/outside/c/file /mnt/outside/d"],
                                  edit)
    machine.run(f"cd {bundle}/rootfs && ln -s /mnt/outside link && ln -s ../../../../../../../../mnt/outside up"
                " && mkdir -p mnt/outside")
    assert len(runtime.run("links", bundle).stdout.split()) == 3


def test_symlinks_that_lead_nowhere(machine, runtime):
    """Such as /etc/resolv.conf of a distribution's image: what they lead to is made, in the root."""
    def edit(config):
        config["mounts"] += [bind("/etc/hostname", "/etc/resolv.conf", "ro"), bind("/etc", "/volume/x", "ro")]
    bundle = runtime.bundles.make("dangling", ["sh", "-c", "cat /run/resolve/stub; ls /absent/dir/x/passwd"], edit)
    machine.run(f"cd {bundle}/rootfs && ln -s ../run/resolve/stub etc/resolv.conf && ln -s /absent/dir volume")
    printed = runtime.run("dangling", bundle).stdout.split()
    assert printed == [machine.output("cat /etc/hostname"), "/absent/dir/x/passwd"]


def test_symlinks_that_change_meanwhile(machine, runtime, outside):
    """A directory and a symlink change places all the time, as another container with the same volume could do it."""
    def edit(config):
        config["mounts"] += [bind("/etc", f"/volume/swap/{i}") for i in range(5)]
    bundle = runtime.bundles.make("race", ["true"], edit)
    machine.run(f"cd {bundle}/rootfs && mkdir -p volume/swap && ln -s /mnt/outside volume/other")
    machine.run("systemd-run --quiet --unit=swapper python3 -c " + shlex.quote(
        "import ctypes\nrename = ctypes.CDLL(None).renameat2\n"
        f"a, b = (b'{bundle}/rootfs/volume/' + name for name in (b'swap', b'other'))\n"
        "while True: rename(-100, a, -100, b, 2)"))
    for i in range(25):
        runtime.run(f"race{i}", bundle, check=False)
        runtime("delete", "--force", f"race{i}")
    machine.run("systemctl stop swapper; systemctl reset-failed swapper", check=False)


@not_with_runc("Debian 12's runc makes links there")
def test_dev_is_a_symlink(machine, runtime, outside):
    """Neither devices nor links are made where it leads on the host."""
    bundle = runtime.bundles.make("dev", ["true"], without_mounts("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"))
    machine.run(f"cd {bundle}/rootfs && rmdir dev && ln -s ../../../../../../../mnt/outside dev && mkdir -p mnt/outside")
    runtime.run("dev", bundle, check=False)


# ---- /proc ----


def test_no_volume_is_proc(machine, runtime):
    def edit(config):
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/proc"] + [bind("/tmp", "/proc")]
    done = runtime.run("false", runtime.bundles.make("false", ["true"], edit), check=False)
    assert done.returncode != 0
    assert "not of type proc" in done.stderr


def test_no_symlink_leads_into_proc(machine, runtime):
    def edit(config):
        config["mounts"].append(bind("/etc/hostname", "/volume/attr"))
    bundle = runtime.bundles.make("volume", ["true"], edit)
    machine.run(f"ln -s /proc/self {bundle}/rootfs/volume")
    done = runtime.run("volume", bundle, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("name", ["proc", "sys"])
def test_no_symlink_is_proc(machine, runtime, name):
    bundle = runtime.bundles.make("linked", ["true"])
    machine.run(f"cd {bundle}/rootfs && rmdir {name} && ln -s tmp {name}")
    done = runtime.run("linked", bundle, check=False)
    assert done.returncode != 0


@not_with_runc("Debian 12's runc needs the container's /proc")
@pytest.mark.parametrize("edit", [everything, edits(everything, user_namespace)], ids=["root", "user-namespace"])
def test_exec_where_proc_is_false(machine, runtime, edit):
    """A payload that puts something else over its /proc gets nothing written into it."""
    def labelled(config):
        edit(config)
        config["process"]["oomScoreAdj"] = 100
    script = ("mount -t tmpfs tmpfs /proc && mkdir -p /proc/self/attr /proc/sys && touch /proc/self/attr/exec"
              " /proc/self/setgroups && echo ready && exec sleep 1000")
    background(runtime, "fake", ["sh", "-c", script], labelled)
    machine.wait_until("grep ready /tmp/fake.log")
    assert runtime("exec", "fake", "sh", "-c", "cat /proc/self/attr/exec; echo done").stdout.strip() == "done"


# ---- /dev ----


def own_dev(machine, bundle, commands):
    """The container's /dev is a directory of somebody else, prepared by these commands."""
    machine.run(f"mkdir {bundle}/dev && cd {bundle}/dev && mkdir pts shm mqueue && for node in 'null c 1 3' 'zero c 1 5'"
                " 'full c 1 7' 'tty c 5 0' 'random c 1 8' 'urandom c 1 9'; do mknod -m 666 $node; done && " + commands)


def with_own_dev(name):
    def edit(config):
        mounts = [m for m in config["mounts"] if m["destination"] != "/dev"]
        config["mounts"] = [mounts[0], bind(f"/var/lib/berth/{name}/dev", "/dev"), *mounts[1:]]
    return edit


@not_with_runc("Debian 12's runc mounts what is there")
@pytest.mark.parametrize("target", ["/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/etc/passwd"])
def test_false_null(machine, runtime, target):
    """Masked files get the null device over them, or the container does not start."""
    def edit(config):
        with_own_dev("null")(config)
        config["linux"]["maskedPaths"] = ["/proc/kcore", "/proc/keys"]
    bundle = runtime.bundles.make("null", ["sh", "-c", "stat -c %t:%T /proc/keys"], edit)
    own_dev(machine, bundle, f"rm null && ln -s {target} null")
    done = runtime.run("null", bundle, check=False)
    assert done.returncode != 0 or done.stdout.split() == ["1:3"]


def test_false_console(machine, runtime):
    bundle = runtime.bundles.make("console", ["sh", "-c", "cat /proc/sys/kernel/core_pattern"],
                                  edits(with_own_dev("console"), terminal))
    own_dev(machine, bundle, "ln -s /proc/sys/kernel/core_pattern console")
    pattern = machine.output("cat /proc/sys/kernel/core_pattern")
    runtime.ids.add("console")
    seen = on_terminal(runtime, "run", "--bundle", bundle, "console")
    assert "console" in seen or pattern in seen
    assert machine.output("cat /proc/sys/kernel/core_pattern") == pattern


@pytest.mark.parametrize("what", ["file", "null"])
def test_false_ptmx(machine, runtime, what):
    """Only the ptmx of a devpts makes the terminal."""
    bundle = runtime.bundles.make("ptmx", ["echo", "started"],
                                  edits(with_own_dev("ptmx"), without_mounts("/dev/pts"), terminal))
    own_dev(machine, bundle, {"file": "touch pts/ptmx ptmx", "null": "mknod pts/ptmx c 1 3 && mknod ptmx c 1 3"}[what])
    runtime.ids.add("ptmx")
    assert "started" not in on_terminal(runtime, "run", "--bundle", bundle, "ptmx")


@not_with_runc("needs the controller of what is updated")
def test_device_rules_without_a_gap(machine, runtime):
    """While the limits are changed, a device that is denied stays so."""
    background(runtime, "devices", ["payload", "devices"], everything)
    machine.wait_until("grep begins /tmp/devices.log")
    for i in range(20):
        runtime("update", "--pids-limit", str(1000 + i), "devices")
    machine.run("touch /var/lib/berth/devices/rootfs/tmp/stop")
    machine.wait_until("grep opened /tmp/devices.log")
    assert runtime.log("devices").split("\n") == ["begins", "never opened"]


# ---- who the payload is ----


@pytest.mark.parametrize("user", ["1x", "x", "1:x", "0x0", "1:2:3", "1.5", "99999999999x", ":"])
def test_users_that_are_none(runtime, user):
    background(runtime, "users", ["sleep", "1000"])
    done = runtime("exec", "--user", user, "users", "id", "-u", check=False)
    assert done.returncode != 0
    assert done.stdout == ""


def test_exec_gives_nothing_to_inherit(runtime):
    background(runtime, "inherit", ["sleep", "1000"])
    done = runtime("exec", "--cap", "CAP_NET_RAW", "inherit", "grep", "-E", "Cap(Inh|Amb)", "/proc/self/status")
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
    machine.run("systemctl stop berth-reused.scope")
    machine.run("systemd-run --quiet --unit=bystander sleep 1000")
    pid = machine.show("bystander.service", "MainPID")
    machine.run(f"sed -i 's/^Pid=.*/Pid={pid}/' /run/berth/reused/state")
    assert runtime.status("reused") == "stopped"
    assert runtime("kill", "reused", "KILL", check=False).returncode != 0
    runtime("delete", "--force", "reused")
    assert machine.show("bystander.service", "ActiveState") == "active"
    machine.run("systemctl stop bystander")


def test_no_way_is_listed_twice():
    """Each test of this file belongs to the table, or is about the table."""
    named = set(itertools.chain.from_iterable(ATTACKS.values()))
    tests = {name for name, value in globals().items() if name.startswith("test_") and callable(value)}
    assert tests - named == {"test_every_attack_has_its_test", "test_no_way_is_listed_twice", "test_keys_of_the_caller"}
