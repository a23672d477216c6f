# SPDX-License-Identifier: LGPL-2.1-or-later
"""What images, payloads and callers have done to runtimes, tried again. Each row of ATTACKS is a known way; the tests that
stage it are named there, here or in other files, and for those that cannot be staged in a machine, why."""

import pathlib
import shlex

import pytest
from attacks import (background, bind, capabilities, edits, everything, not_with_runc, on_terminal, terminal, user_namespace,
                     without_mounts)

# attack: tests of this file, or "FILE: test", or "not staged: why"
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
    "a user that is read as root (CVE-2026-30892)": ["test_attacks_process.py: test_users_that_are_none"],
    "a cgroup outside by ..": ["test_cgroupfs.py: test_bad_paths"],
    "inheritable capabilities (CVE-2022-29162)": ["test_attacks_process.py: test_exec_gives_nothing_to_inherit"],
    "labels that exec forgets": ["tests/vm: apparmor", "tests/vm: selinux"],
    "writable cgroups over /sys (CVE-2023-25809)": ["test_attacks_process.py: test_no_cgroups_by_sysfs"],
    "directories made outside (CVE-2024-45310)": ["test_symlinks_that_change_meanwhile"],
    "the state directory": ["test_attacks_process.py: test_ids_that_are_none", "test_attacks_process.py: test_the_state_is_private"],
    "the caller's keys": ["test_attacks_process.py: test_keys"],
    "the caller's terminal (TIOCSTI)": ["test_attacks_process.py: test_no_controlling_terminal"],
    "no_new_privs and seccomp": ["test_attacks_process.py: test_filter_and_privileges"],
    "system calls that are newer than the profile": ["test_attacks_process.py: test_system_calls_of_other_kinds"],
    "other ABIs past the filter": ["test_attacks_process.py: test_system_calls_of_other_kinds", "test_attacks_process.py: test_the_32_bit_gate"],
    "a filter that stops its own set-up": ["test_receivers.py: test_seccomp_agent_of_run"],
    "dropped groups (CVE-2014-8989)": ["tests/unit/test-identity.c: denied"],
    "the owner of stdio": ["test_attacks_process.py: test_stdio_can_be_opened"],
    "pids that are used again": ["test_attacks_process.py: test_another_process_of_the_same_pid"],
    "a runtime that dies meanwhile": ["test_killed.py: test_create_is_killed"],
    "what is left of the old root": ["test_attacks_process.py: test_nothing_of_the_host_is_mounted", "test_attacks_process.py: test_no_full_procfs_without_pivot"],
    "mounts that appear on the host": ["test_attacks_process.py: test_no_mounts_on_the_host"],
    "the host's cgroup path": ["test_attacks_process.py: test_cgroup_namespace"],
    "a moment without device rules": ["test_device_rules_without_a_gap"],
    "hooks that the image brings": ["test_attacks_process.py: test_hooks_of_the_host"],
    "sysctls of the host": ["test_attacks_process.py: test_sysctls_of_the_host"],
    "oom_score_adj": ["test_attacks_process.py: test_oom_score"],
    "the caller's CPU affinity": ["test_attacks_process.py: test_affinity"],
    "SELinux labels of keys": ["tests/vm: selinux"],
    # The machine's cgroups have no memory controller; the words are of a test of memory limits in tests/vm.
    "a limit that kills init": ["not staged: no limit bites in a machine"],
}


def test_every_attack_has_its_test():
    """The table is true: what it names is there, and what is here is named."""
    here = pathlib.Path(__file__).parent
    named = {name for names in ATTACKS.values() for name in names}
    for name in named:
        file, _, test = name.rpartition(": ")
        if file.startswith("test_"):
            assert f"def {test}(" in (here / file).read_text(), name
        elif file == "tests/vm":
            assert (here.parent / f"vm/cases/{test}.sh").exists(), name
        elif not file:
            assert callable(globals().get(test)), name
    tests = {name for name, value in globals().items() if name.startswith("test_") and callable(value)}
    assert tests - named == {"test_every_attack_has_its_test"}


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
