# SPDX-License-Identifier: LGPL-2.1-or-later
"""The members of process in config.json, and what a payload sees of each."""

import json

import pytest

from edits import both, namespace, put, shared, user_namespace
from runtimes import not_with

pytestmark = pytest.mark.peer

STATUS = "sed -n 's/^{}:\\t//p' /proc/self/status"
SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


def process(**members):
    return both(*(put("process", key, value) for key, value in members.items()))


def capabilities(names, sets=SETS):
    return put("process", "capabilities", {kind: names for kind in sets})


USER = put("process", "user", {"uid": 5, "gid": 6})

# (case, edit, script, what it prints)
SEEN = [
    ("env twice", process(env=["PATH=/bin", "A=1", "A=2", "B="]), "env | grep -e ^A -e ^B | sort", "A=2\nB="),
    ("env with =", process(env=["PATH=/bin", "A=b=c"]), "echo $A", "b=c"),
    ("HOME of root", process(env=["PATH=/bin"]), "echo $HOME", "/root"),
    ("HOME given", process(env=["PATH=/bin", "HOME=/x"]), "echo $HOME", "/x"),
    ("HOME of nobody", both(process(env=["PATH=/bin"]), put("process", "user", {"uid": 12345, "gid": 0})), "echo $HOME", "/"),
    ("user", USER, f"{STATUS.format('Uid')}; {STATUS.format('Gid')}; id -G", "5\t5\t5\t5\n6\t6\t6\t6\n6"),
    ("groups", put("process", "user", {"uid": 0, "gid": 0, "additionalGids": [10, 100000]}), "id -G", "0 10 100000"),
    ("umask", put("process", "user", {"uid": 0, "gid": 0, "umask": 0o077}), "umask", "0077"),
    ("umask 0", put("process", "user", {"uid": 0, "gid": 0, "umask": 0}), "umask", "0000"),
    ("no umask", None, "umask", "0022"),
    ("cwd", process(cwd="/usr/bin"), "pwd", "/usr/bin"),
    ("cwd missing", process(cwd="/new/dir"), "pwd; stat -c '%a %u' /new/dir", "/new/dir\n755 0"),
    ("capabilities", capabilities(["CAP_KILL", "CAP_CHOWN"]), STATUS.format("Cap..."), "\n".join(["0000000000000021"] * 5)),
    ("capabilities of a user", both(USER, capabilities(["CAP_KILL"], SETS[:3])), STATUS.format("Cap..."),
     "\n".join(["0" * 16] * 3 + ["0000000000000020", "0" * 16])),
    ("ambient capabilities of a user", both(USER, capabilities(["CAP_KILL"])), STATUS.format("Cap..."),
     "\n".join(["0000000000000020"] * 5)),
    ("ambient needs the others", capabilities(["CAP_KILL"], ["ambient", "bounding"]), STATUS.format("Cap[EA].."),
     "\n".join(["0" * 16] * 2)),
    ("no capabilities", process(capabilities=None), STATUS.format("Cap..."), "\n".join(["0" * 16] * 5)),
    ("no_new_privs off", process(noNewPrivileges=False), STATUS.format("NoNewPrivs"), "0"),
    ("oom_score_adj", process(oomScoreAdj=500), "cat /proc/self/oom_score_adj", "500"),
    ("hostname", both(put("hostname", "a.b")), "hostname", "a.b"),
]


@pytest.mark.parametrize("edit, script, printed", [row[1:] for row in SEEN], ids=[row[0].replace(" ", "-") for row in SEEN])
def test_seen(bundles, runtime, edit, script, printed):
    done = runtime.run("field", bundles.make("field", ["sh", "-c", script], edit))
    assert done.stdout.strip() == printed


# members that the runc of Debian 13 does not know yet
NEWER = [
    ("nice", process(scheduler={"policy": "SCHED_OTHER", "nice": 5}), "cut -d' ' -f18,19,40,41 /proc/self/stat", "25 5 0 0"),
    ("nice below 0", process(scheduler={"policy": "SCHED_OTHER", "nice": -5}), "cut -d' ' -f18,19,40,41 /proc/self/stat", "15 -5 0 0"),
    ("batch", process(scheduler={"policy": "SCHED_BATCH", "nice": 3}), "cut -d' ' -f19,41 /proc/self/stat", "3 3"),
    ("idle", process(scheduler={"policy": "SCHED_IDLE", "nice": 3}), "cut -d' ' -f41 /proc/self/stat", "5"),
    ("fifo", process(scheduler={"policy": "SCHED_FIFO", "priority": 10}), "cut -d' ' -f40,41 /proc/self/stat", "10 1"),
    ("round robin", process(scheduler={"policy": "SCHED_RR", "priority": 20}), "cut -d' ' -f40,41 /proc/self/stat", "20 2"),
    ("reset on fork", process(scheduler={"policy": "SCHED_FIFO", "priority": 10, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}),
     "cut -d' ' -f41 /proc/1/stat; cut -d' ' -f41 /proc/self/stat; true", "1\n0"),
    ("best effort", process(ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 5}), "ionice -p $$", "best-effort: prio 5"),
    ("real time", process(ioPriority={"class": "IOPRIO_CLASS_RT", "priority": 0}), "ionice -p $$", "realtime: prio 0"),
    ("idle io", process(ioPriority={"class": "IOPRIO_CLASS_IDLE"}), "ionice -p $$", "idle"),
    ("32 bit", put("linux", "personality", {"domain": "LINUX32"}), "cat /proc/self/personality", "00000008"),
    ("64 bit", put("linux", "personality", {"domain": "LINUX", "flags": []}), "cat /proc/self/personality", "00000000"),
    ("domainname", put("domainname", "example.org"), "cat /proc/sys/kernel/domainname", "example.org"),
    ("time", both(namespace("time"), put("linux", "timeOffsets", {"monotonic": {"secs": 100, "nanosecs": 5}, "boottime": {"secs": -1}})),
     "cat /proc/self/timens_offsets | tr -s ' '", "monotonic 100 5\nboottime -1 0"),
]


@not_with("runc", reason="the version of Debian 13 ignores them")
@pytest.mark.parametrize("edit, script, printed", [row[1:] for row in NEWER], ids=[row[0].replace(" ", "-") for row in NEWER])
def test_newer_members(bundles, runtime, edit, script, printed):
    done = runtime.run("field", bundles.make("field", ["sh", "-c", script], edit))
    assert done.stdout.strip() == printed


# (memoryPolicy, what the kernel calls it)
POLICIES = [
    ({"mode": "MPOL_DEFAULT"}, "default"),
    ({"mode": "MPOL_BIND", "nodes": "0"}, "bind:0"),
    ({"mode": "MPOL_PREFERRED", "nodes": "0"}, "prefer:0"),
    ({"mode": "MPOL_LOCAL"}, "local"),
    ({"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}, "interleave=static:0"),
    ({"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]}, "interleave=relative:0"),
]


@not_with("runc", reason="the version of Debian 13 ignores it")
@not_with("crun", reason="the version of Debian 13 ignores it")
@pytest.mark.parametrize("policy, name", POLICIES, ids=[row[1] for row in POLICIES])
def test_memory_policy(bundles, runtime, policy, name):
    bundle = bundles.make("field", ["sh", "-c", "head -n 1 /proc/self/numa_maps | cut -d' ' -f2"], put("linux", "memoryPolicy", policy))
    assert runtime.run("field", bundle).stdout.strip() == name


def test_rlimits(bundles, runtime):
    """Each of them, by the name that the kernel shows."""
    limits = {"CPU": 100, "FSIZE": 10**6, "DATA": 10**9, "STACK": 4096000, "CORE": 0, "RSS": 10**9, "NPROC": 500, "NOFILE": 100,
              "MEMLOCK": 65536, "AS": 2**31, "LOCKS": 5, "SIGPENDING": 7, "MSGQUEUE": 9, "NICE": 0, "RTPRIO": 0, "RTTIME": 11}
    edit = put("process", "rlimits", [{"type": f"RLIMIT_{name}", "soft": value, "hard": value + (name in ("CORE", "LOCKS"))}
                                      for name, value in limits.items()])
    bundle = bundles.make("field", ["sh", "-c", "sed 1d /proc/self/limits | cut -c27-46"], edit)
    # the kernel's order is that of the numbers of RLIMIT_*, which is that of the table above but for two
    assert [int(line) for line in runtime.run("field", bundle).stdout.split()] == list(limits.values())


def test_a_cwd_that_only_root_can_enter(machine, bundles, runtime):
    bundle = bundles.make("locked", ["pwd"], both(USER, put("process", "cwd", "/locked")))
    machine.run(f"mkdir -m 700 {bundle}/rootfs/locked")
    assert runtime.run("locked", bundle).stdout == "/locked\n"


@not_with("runc", reason="the version of Debian 13 has nobody to make its files")
def test_a_user_namespace_without_a_root(machine, bundles, runtime):
    def edit(config):
        user_namespace(config)
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 7, "hostID": 100000, "size": 10}]
        config["process"]["user"] = {"uid": 8, "gid": 9}
        config["mounts"] = [entry for entry in config["mounts"] if entry["type"] != "devpts"]
    bundle = bundles.make("rootless", ["sh", "-c", "id -u; id -g; stat -c %u /bin"], edit)
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    assert runtime.run("rootless", bundle).stdout.split() == ["8", "9", "7"]


@pytest.mark.parametrize("kind", ["network", "ipc", "uts", "cgroup"])
def test_namespaces_of_the_host(machine, bundles, runtime, kind):
    """What is not listed is the host's."""
    file = {"network": "net"}.get(kind, kind)
    edit = both(shared(kind), put("hostname", None) if kind == "uts" else shared(kind))
    bundle = bundles.make("shared", ["readlink", f"/proc/self/ns/{file}"], edit)
    assert runtime.run("shared", bundle).stdout.strip() == machine.output(f"readlink /proc/self/ns/{file}")


@pytest.mark.parametrize("path", ["/proc/1/ns/ipc", "/etc/hostname", "/nowhere"])
def test_a_path_that_is_no_such_namespace(bundles, runtime, path):
    done = runtime.run("joined", bundles.make("joined", ["true"], namespace("network", path=path)), check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("key, value", [
    ("kernel.msgmax", "4242"), ("kernel/msgmax", "4242"), ("fs.mqueue.msg_max", "20"), ("net.ipv4.ip_forward", "1"),
    ("net/ipv4/conf/lo/forwarding", "1"), ("kernel.shm_rmid_forced", "1")])
def test_sysctl(bundles, runtime, key, value):
    bundle = bundles.make("sysctl", ["cat", "/proc/sys/" + key.replace(".", "/")], put("linux", "sysctl", {key: value}))
    assert runtime.run("sysctl", bundle).stdout.strip() == value


def test_the_state_that_hooks_get(machine, bundles, runtime):
    """One object a hook, with the status of the moment; a container that has stopped has no pid."""
    kinds = ["createRuntime", "createContainer", "poststop"]
    edit = both(*(put("hooks", kind, [{"path": "/bin/sh", "args": ["sh", "-c", "cat >>/tmp/states; echo >>/tmp/states"]}])
                  for kind in kinds))
    runtime.run("hooked", bundles.make("hooked", ["true"], edit))
    states = [json.loads(line) for line in machine.output("cat /tmp/states; rm /tmp/states").splitlines()]
    assert [state["status"] for state in states] == ["creating", "creating", "stopped"]
    # createContainer hooks run in the container's pid namespace
    assert [state.get("pid", 0) > 0 for state in states] == [True, True, False]


@pytest.mark.parametrize("env, seen", [([], []), (["A=b"], ["A=b"]), (None, ["PATH", "A"])], ids=["empty", "given", "none"])
def test_the_environment_of_hooks(machine, bundles, runtime, env, seen):
    """The one that is given; the runtime's own when there is none."""
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "env >/tmp/env"], **({} if env is None else {"env": env})}
    runtime.run("hooked", bundles.make("hooked", ["true"], put("hooks", "createRuntime", [hook])))
    lines = machine.output("cat /tmp/env; rm /tmp/env").splitlines()
    own = [line for line in lines if not line.startswith(("PWD=", "_=", "SHLVL=", "OLDPWD="))]
    if env is None:
        assert any(line.startswith("PATH=") for line in own)
    else:
        assert own == seen


@not_with("runc", reason="annotations of crun's")
def test_the_output_of_hooks(machine, bundles, runtime):
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "echo said; echo complained >&2"]}
    edit = both(put("hooks", "createRuntime", [hook]), put("hooks", "createContainer", [hook]), put(
        "annotations", {"run.oci.hooks.stdout": "/tmp/said", "run.oci.hooks.stderr": "/tmp/complained"}))
    runtime.run("hooked", bundles.make("hooked", ["true"], edit))
    assert machine.output("cat /tmp/said /tmp/complained; rm /tmp/said /tmp/complained").split() == ["said"] * 2 + ["complained"] * 2
