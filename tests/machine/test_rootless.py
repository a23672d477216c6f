# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers of an ordinary user. What runc can do as well holds for it, too (BERTH_TEST_RUNTIME=runc)."""

import json
import shlex

import pytest

from edits import put
from rootless import MANAGER, ONLY_BERTH, RANGES, RUNTIME, SLEEP, bundles, cgroup, mapping, runtime, sh  # noqa: F401
from users import SUBID, SUBIDS, UID, User

# ---- the verbs ----

@pytest.mark.parametrize("place", User.PLACES)
def test_life(machine, user, bundles, runtime, place):
    bundle = bundles.make("life", SLEEP)
    assert runtime.detached("create", "life", bundle, place=place).returncode == 0
    state = runtime.state("life", place=place)
    assert (state["status"], state["bundle"]) == ("created", bundle)
    assert cgroup(machine, state["pid"]) == f"{MANAGER}/app.slice/{RUNTIME}-life.scope" \
        or RUNTIME == "runc"  # user.slice of the user's systemd
    if RUNTIME == "berth":  # nobody may look into it
        assert machine.output(f"stat -c %u /proc/{state['pid']}/environ") == "0"

    runtime("start", "life", place=place)
    assert runtime.status("life", place=place) == "running"
    assert machine.output(f"stat -c %u /proc/{state['pid']}/environ") == str(UID)
    [listed] = json.loads(runtime("list", "--format", "json", place=place).stdout)
    assert (listed["id"], listed["owner"]) == ("life", user.name)
    assert json.loads(runtime("ps", "--format", "json", "life", place=place).stdout) == [state["pid"]]
    done = runtime("exec", "life", "sh", "-c", "id -u; cat /proc/1/cmdline | tr '\\0' ' '; exit 3", place=place, check=False)
    assert (done.returncode, done.stdout) == (3, "0\nsleep 1000 ")

    runtime("kill", "life", "KILL", place=place)
    machine.wait_until(f"! test -e /proc/{state['pid']}")
    assert runtime.status("life", place=place) == "stopped"
    runtime("delete", "life", place=place)
    assert runtime("state", "life", place=place, check=False).returncode != 0


# runc leaves it where it was called.
@ONLY_BERTH
@pytest.mark.parametrize("place", User.PLACES)
def test_exec_is_in_the_cgroup(machine, bundles, runtime, place):
    runtime.start("joined", bundles.make("joined", SLEEP), place=place)
    scope = cgroup(machine, runtime.state("joined")["pid"])
    done = runtime.user.run(f"{RUNTIME} exec --detach joined sleep 1001 >/dev/null 2>&1", place=place, check=False)
    assert done.returncode == 0
    assert machine.output(f"wc -l </sys/fs/cgroup{scope}/cgroup.procs") == "2"


# runc knows no such annotations.
@ONLY_BERTH
@pytest.mark.parametrize("place", User.PLACES)
def test_cgroups_below_the_scope(machine, user, bundles, runtime, place):
    edit = put("annotations", {"run.oci.systemd.subgroup": "sub", "run.oci.delegate-cgroup": "mine"})
    runtime.start("below", bundles.make("below", SLEEP, edit), place=place)
    below = cgroup(machine, runtime.state("below")["pid"])
    assert below == f"{MANAGER}/app.slice/berth-below.scope/sub/mine"
    assert machine.output(f"stat -c %u /sys/fs/cgroup{below} /sys/fs/cgroup{below}/cgroup.procs").split() == [str(UID)] * 2
    done = user.run(f"{RUNTIME} exec --detach below sleep 1001 >/dev/null 2>&1", place=place, check=False)
    assert done.returncode == 0
    assert machine.output(f"wc -l </sys/fs/cgroup{below}/cgroup.procs") == "2"
    runtime("delete", "--force", "below", place=place)
    machine.wait_until(f"! test -e /sys/fs/cgroup{MANAGER}/app.slice/berth-below.scope")


@pytest.mark.parametrize("place", ["sudo", "unit"])
def test_pause_update_events(machine, user, bundles, runtime, place):
    runtime.start("paused", bundles.make("paused", SLEEP), place=place)
    runtime("pause", "paused", place=place)
    assert runtime.status("paused", place=place) == "paused"
    assert runtime("exec", "paused", "true", place=place, check=False).returncode != 0
    runtime("resume", "paused", place=place)
    assert runtime.status("paused", place=place) == "running"

    if RUNTIME == "berth":  # runc writes the file as well, and there are no controllers
        runtime("update", "--pids-limit", "50", "paused", place=place)
        assert user.output("systemctl --user show --value -p TasksMax berth-paused.scope") == "50"
        stats = json.loads(runtime("events", "--stats", "paused", place=place).stdout)
        assert stats["data"]["cpu"]["usage"]["total"] > 0


def test_run_in_the_foreground(bundles, runtime):
    done = runtime.run("brief", bundles.make("brief", sh("echo out; echo err >&2; exit 7")), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_a_terminal(machine, user, bundles, runtime):
    def edit(config):
        config["process"]["terminal"] = True

    bundle = bundles.make("tty", sh("tty; stat -c %u /dev/console"), edit)
    runtime.ids.add("tty")
    words = shlex.join([RUNTIME, *runtime.options, "run", "--bundle", bundle, "tty"])
    said = machine.output(user.command(f"script -qec {shlex.quote(words)} /dev/null"))
    said = said.replace("^@", "")  # the end of our input, echoed before or after what the payload writes
    assert said.split() == ["/dev/pts/0", "0"]


@ONLY_BERTH
def test_what_runc_writes(machine, bundles, runtime):
    bundle = bundles.make("theirs", sh("id -u; cat /sys/fs/cgroup/cgroup.procs >/dev/null && echo seen"),
                          spec="runc spec --rootless")
    assert runtime.run("theirs", bundle).stdout == "0\nseen\n"


# Only who has CAP_SYS_RESOURCE may lower it; runc makes no difference between what may and what may not be had.
@ONLY_BERTH
@pytest.mark.parametrize(("value", "expected"), [(300, "300"), (-500, "0")])
def test_oom_score(bundles, runtime, value, expected):
    def edit(config):
        config["process"]["oomScoreAdj"] = value

    bundle = bundles.make("oom", sh("cat /proc/self/oom_score_adj"), edit)
    assert runtime.run("oom", bundle, place="login").stdout.strip() == expected


@ONLY_BERTH
def test_hooks(user, bundles, runtime):
    def edit(config):
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind} $(id -u) >>{user.home}/ran"]}]
                           for kind in ("createRuntime", "createContainer", "poststart", "poststop")}

    assert runtime.run("hooks", bundles.make("hooks", ["true"], edit), check=False).returncode == 0
    said = user.output("cat ran; rm ran").splitlines()
    # createContainer runs in the container's namespaces
    assert said == [f"createRuntime {UID}", "createContainer 0", f"poststart {UID}", f"poststop {UID}"]


# ---- ids ----

def test_one_id(bundles, runtime):
    bundle = bundles.make("one", sh("awk '{ print $1, $2, $3 }' /proc/self/uid_map; cat /proc/self/setgroups"))
    assert runtime.run("one", bundle).stdout == f"0 {UID} 1\ndeny\n"


def test_ranges(bundles, runtime):
    def edit(config):
        RANGES(config)
        config["process"]["user"] = {"uid": 1000, "gid": 1000}

    bundle = bundles.make("ranges", sh("id -u; id -g; awk '{ print $1, $2, $3 }' /proc/self/uid_map; cat /proc/self/setgroups"),
                          edit)
    assert runtime.run("ranges", bundle).stdout == f"1000\n1000\n0 {UID} 1\n1 {SUBID} {SUBIDS}\nallow\n"


# runc allows no additional groups to users.
@ONLY_BERTH
def test_additional_groups_of_a_range(bundles, runtime):
    def edit(config):
        RANGES(config)
        config["process"]["user"]["additionalGids"] = [5, 7]

    assert runtime.run("groups", bundles.make("groups", sh("id -G"), edit)).stdout == "0 5 7\n"


# Root of the container is another user than ours: systemd moves only processes of who asks it to. runc cannot give away
# its fifo.
@ONLY_BERTH
@pytest.mark.parametrize("place", ["login", "unit"])
def test_root_is_somebody_else(machine, user, bundles, runtime, place):
    bundle = bundles.make("else", SLEEP, mapping((0, SUBID, SUBIDS)))
    machine.run(f"chmod o+x {user.home}")
    runtime.start("else", bundle, place=place)
    pid = runtime.state("else")["pid"]
    assert machine.output(f"stat -c %u /proc/{pid}") == str(SUBID)
    assert runtime("exec", "else", "id", "-u", place=place).stdout == "0\n"


def test_a_range_that_is_not_his(bundles, runtime):
    done = runtime.detached("run", "greedy", bundles.make("greedy", SLEEP, mapping((0, UID, 1), (1, 2000, 65536))), "--detach")
    assert done.returncode != 0
    assert "not allowed" in done.stderr
    if RUNTIME == "berth":
        assert len(done.stderr.splitlines()) == 1
        assert "/etc/subuid" in done.stderr


def test_groups_that_cannot_be_had(bundles, runtime):
    def edit(config):
        config["process"]["user"]["additionalGids"] = [5]

    done = runtime.detached("run", "groups", bundles.make("groups", SLEEP, edit), "--detach")
    assert done.returncode != 0
    assert "cannot set any additional groups in a rootless container" in done.stderr


@pytest.mark.parametrize(("option", "wrong"), [("gid=5", True), ("uid=0", False), ("uid=9", True)])
def test_options_with_ids(bundles, runtime, option, wrong):
    def edit(config):
        config["mounts"].append({"destination": "/mnt", "type": "tmpfs", "source": "tmpfs", "options": [option]})

    done = runtime.run("options", bundles.make("options", ["true"], edit), check=False)
    assert (done.returncode != 0) == wrong, done.stderr
    if wrong and RUNTIME == "berth":
        assert f"'{option}' is no id of the container" in done.stderr


# runc says "rootless container requires user namespaces".
@ONLY_BERTH
@pytest.mark.parametrize(("prepare", "expected"), [
    ("true", f"0\n0 {UID} 1\n1 {SUBID} {SUBIDS}\n"),
    ("mv /etc/subuid /etc/subuid.away", f"0\n0 {UID} 1\n"),
])
def test_a_configuration_for_root(machine, bundles, runtime, prepare, expected):
    bundle = bundles.make("roots", sh("id -u; awk '{ print $1, $2, $3 }' /proc/self/uid_map"), spec="berth spec")
    machine.run(prepare)
    try:
        assert runtime.run("roots", bundle).stdout == expected
    finally:
        machine.run("if [ -e /etc/subuid.away ]; then mv /etc/subuid.away /etc/subuid; fi")


@ONLY_BERTH
def test_exec_into_a_configuration_for_root(bundles, runtime):
    runtime.start("roots", bundles.make("roots", SLEEP, spec="berth spec"))
    assert runtime("exec", "roots", "id", "-u").stdout == "0\n"


# ---- mounts and devices ----

def test_devices_are_the_hosts(bundles, runtime):
    script = ("echo x >/dev/null && head -c1 /dev/zero | wc -c; for d in null zero full random urandom tty; do"
              " grep -q \" /dev/$d \" /proc/self/mounts || echo no mount $d; done; ls -l /dev/null | cut -c1")
    assert runtime.run("devices", bundles.make("devices", sh(script))).stdout == "1\nc\n"


@ONLY_BERTH
def test_sysfs_without_a_network_namespace(bundles, runtime):
    def edit(config):
        config["mounts"] = [m for m in config["mounts"] if m["destination"] not in ("/sys", "/sys/fs/cgroup")]
        config["mounts"].append({"destination": "/sys", "type": "sysfs", "source": "sysfs"})

    script = "test -d /sys/kernel && echo there; awk '$2 == \"/sys\" { print substr($4, 1, 2) }' /proc/self/mounts"
    assert runtime.run("sysfs", bundles.make("sysfs", sh(script), edit)).stdout == "there\nro\n"


# runc refuses to.
@ONLY_BERTH
def test_procfs_without_a_pid_namespace(machine, bundles, runtime):
    def edit(config):
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]

    assert runtime.run("proc", bundles.make("proc", sh("cat /proc/1/comm"), edit)).stdout == "systemd\n"


# runc 1.1 has no time namespaces.
@ONLY_BERTH
def test_time_namespace(bundles, runtime):
    def edit(config):
        config["linux"]["namespaces"].append({"type": "time"})
        config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000}}

    assert int(runtime.run("time", bundles.make("time", sh("cut -d. -f1 /proc/uptime"), edit)).stdout) > 1000000


def test_bind_mounts(user, bundles, runtime):
    def edit(config):
        config["mounts"] += [
            {"destination": "/home", "type": "bind", "source": user.home, "options": ["rbind", "ro"]},
            {"destination": "/mnt", "type": "bind", "source": f"{user.home}/data", "options": ["bind", "nosuid"]}]

    user.run("mkdir data")
    script = "echo hello >/mnt/file; cat /home/data/file; touch /home/data/no 2>/dev/null || echo read-only"
    assert runtime.run("binds", bundles.make("binds", sh(script), edit)).stdout == "hello\nread-only\n"
    assert user.output("cat data/file; stat -c %u data/file; rm -r data") == f"hello\n{UID}"


@ONLY_BERTH
@pytest.mark.parametrize(("edit", "expected"), [
    (lambda c: c["root"].update(path="nowhere"), "Failed to open the root file system"),
    (lambda c: c["mounts"].append({"destination": "/mnt", "type": "bind", "source": "/nowhere", "options": ["bind"]}),
     "Failed to open '/nowhere', to be mounted on '/mnt': No such file or directory"),
    (lambda c: c["mounts"].append({"destination": "/mnt", "source": "/tmp", "options": ["bind", "idmap"]}),
     "needs CAP_SYS_ADMIN"),
])
def test_what_is_refused_before_anything_is_made(bundles, runtime, edit, expected):
    done = runtime.detached("create", "refused", bundles.make("refused", SLEEP, edit))
    assert done.returncode != 0
    assert expected in done.stderr


# ---- where the cgroup is ----

@ONLY_BERTH
def test_names_from_the_configuration(machine, bundles, runtime):
    def edit(config):
        config["linux"]["cgroupsPath"] = "custom.slice:my:name"

    runtime.start("named", bundles.make("named", SLEEP, edit))
    assert cgroup(machine, runtime.state("named")["pid"]) == f"{MANAGER}/custom.slice/my-name.scope"


@ONLY_BERTH
def test_limits_are_properties(user, bundles, runtime):
    def edit(config):
        config["linux"]["resources"] = {"pids": {"limit": 40}, "memory": {"limit": 64 << 20}}
        config["annotations"] = {"org.systemd.property.TimeoutStopUSec": "uint64 5000000"}

    runtime.start("limits", bundles.make("limits", SLEEP, edit))
    shown = user.output("systemctl --user show -p TasksMax,MemoryMax,TimeoutStopUSec,Delegate berth-limits.scope").splitlines()
    assert sorted(shown) == ["Delegate=yes", f"MemoryMax={64 << 20}", "TasksMax=40", "TimeoutStopUSec=5s"]


@ONLY_BERTH
def test_over_the_users_bus(machine, user, bundles, runtime):
    user.run("mkdir elsewhere")
    env = {"XDG_RUNTIME_DIR": f"{user.home}/elsewhere", "DBUS_SESSION_BUS_ADDRESS": f"unix:path={user.runtime_dir}/bus"}
    runtime.start("bus", bundles.make("bus", SLEEP), env=env)
    assert cgroup(machine, runtime.state("bus", env=env)["pid"]) == f"{MANAGER}/app.slice/berth-bus.scope"
    runtime("delete", "--force", "bus", env=env)
    user.run("rm -r elsewhere")


NOWHERE = {"XDG_RUNTIME_DIR": "/tmp/nowhere"}


@pytest.fixture
def nowhere(machine, user):
    """A runtime directory without a systemd."""
    machine.run(f"mkdir /tmp/nowhere; chown {user.name} /tmp/nowhere")
    yield NOWHERE
    machine.run("rm -r /tmp/nowhere")


# runc needs --systemd-cgroup to be left out, too.
def test_without_a_systemd(machine, bundles, runtime, nowhere):
    runtime.options = []
    runtime.start("alone", bundles.make("alone", SLEEP), env=nowhere)
    state = runtime.state("alone", env=nowhere)
    assert "alone" not in cgroup(machine, state["pid"])
    assert runtime("exec", "alone", "echo", "hello", env=nowhere).stdout == "hello\n"
    runtime("kill", "alone", "KILL", env=nowhere)
    machine.wait_until(f"! test -e /proc/{state['pid']}")
    runtime("delete", "alone", env=nowhere)


@ONLY_BERTH
@pytest.mark.parametrize(("options", "edit"), [
    ([], lambda c: c["linux"].update(resources={"pids": {"limit": 5}})),
    ([], lambda c: c["linux"].update(cgroupsPath="a.slice:b:c")),
    (["--systemd-cgroup"], None),
    (["--rootless=false"], None),
])
def test_a_systemd_that_is_needed(bundles, runtime, nowhere, options, edit):
    runtime.options = options
    done = runtime.detached("create", "needy", bundles.make("needy", SLEEP, edit), env=nowhere)
    assert done.returncode != 0
    assert f"systemd of uid {UID}" in done.stderr
    assert "/tmp/nowhere/systemd/private" in done.stderr
    assert "unix:path=/tmp/nowhere/bus" in done.stderr
    assert "enable-linger" in done.stderr


@ONLY_BERTH
def test_without_a_runtime_directory(machine, bundles, runtime):
    done = runtime("list", env={"XDG_RUNTIME_DIR": None}, check=False)
    assert done.returncode != 0
    assert "XDG_RUNTIME_DIR is not set" in done.stderr


@ONLY_BERTH
@pytest.mark.parametrize("manager", ["disabled", "cgroupfs"])
def test_no_cgroup(machine, bundles, runtime, manager):
    runtime.options = [f"--cgroup-manager={manager}"]
    runtime.start("free", bundles.make("free", SLEEP), place="login")
    assert "free" not in cgroup(machine, runtime.state("free")["pid"])
    runtime.options = []
    done = runtime("pause", "free", check=False)
    assert done.returncode != 0
    assert "no cgroup of its own" in done.stderr
    runtime("delete", "--force", "free")


# Otherwise the container could move and kill the caller.
@ONLY_BERTH
@pytest.mark.parametrize("shared", ["", "cgroup"])
def test_the_callers_cgroup_is_read_only(bundles, runtime, shared):
    def edit(config):
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != shared]
        [mount] = [m for m in config["mounts"] if m["type"] == "cgroup"]
        mount["options"] = ["rw"]

    bundle = bundles.make("guest", sh("mkdir /sys/fs/cgroup/x 2>&1; ls /sys/fs/cgroup/cgroup.procs"), edit)
    runtime.options = ["--cgroup-manager=disabled"]
    said = runtime.run("guest", bundle, place="unit").stdout
    assert "Read-only file system" in said
    assert said.endswith("/cgroup.procs\n")


@ONLY_BERTH
def test_a_cgroup_beside_ours(machine, user, bundles, runtime):
    bundle = bundles.make("beside", sh("sleep 0.1; cat /proc/self/cgroup"), lambda c: c["linux"].update(
        namespaces=[n for n in c["linux"]["namespaces"] if n["type"] != "cgroup"]))
    done = user.run(f"berth --cgroup-manager=cgroupfs run --bundle {bundle} beside", place="unit")
    assert f"0::{MANAGER}/app.slice/beside\n" in done.stdout


@ONLY_BERTH
def test_exec_without_the_right_to_the_cgroup(bundles, runtime):
    runtime.options = ["--cgroup-manager=cgroupfs"]
    runtime.start("beside", bundles.make("beside", SLEEP), place="unit")
    runtime.options = []
    assert runtime("exec", "beside", "id", "-u", place="login").stdout == "0\n"


def test_the_state_directory(machine, user, bundles, runtime):
    runtime.start("kept", bundles.make("kept", SLEEP))
    assert machine.output(f"stat -c '%a %U' {user.runtime_dir}/{RUNTIME}") == f"1700 {user.name}"


@ONLY_BERTH
@pytest.mark.parametrize("place", ["sudo", "login"])
def test_berth_run(user, bundles, place):
    bundle = bundles.make("adhoc", SLEEP)
    command = f"berth-run --wait --pipe --quiet -p TasksMax=90 --rootfs {bundle}/rootfs -- sh -c 'id -u; exit 7'"
    done = user.run(command, place=place, check=False)
    assert (done.returncode, done.stdout) == (7, "0\n")


# A declaration of the user's for the user's systemd.
@ONLY_BERTH
def test_declared(machine, user, bundles):
    bundle = bundles.make("declared", SLEEP)
    user.run("mkdir -p .config/berth && cat >.config/berth/mine.container <<'END'\n"
             f"[Container]\nRootfs={bundle}/rootfs\nExec=sh -c \"echo up; exec sleep 1000\"\n[Service]\nTasksMax=70\nEND")
    user.run("systemctl --user daemon-reload; systemctl --user start container@mine")
    shown = user.output("systemctl --user show -p TasksMax,ActiveState berth-mine.scope; systemctl --user is-active container@mine")
    assert sorted(shown.splitlines()) == ["ActiveState=active", "TasksMax=70", "active"]
    user.run("systemctl --user stop container@mine; rm .config/berth/mine.container; systemctl --user daemon-reload")


# ---- root of the system and a container of a user's ----

@ONLY_BERTH
def test_root_looks_after_it(machine, user, bundles, runtime):
    runtime.start("theirs", bundles.make("theirs", SLEEP))
    root = f"berth --root {user.runtime_dir}/berth"
    assert machine.output(f"{root} exec theirs id -u") == "0"
    machine.run(f"{root} update --pids-limit 30 theirs")
    assert user.output("systemctl --user show --value -p TasksMax berth-theirs.scope") == "30"
    machine.run(f"{root} delete --force theirs")
    assert runtime("state", "theirs", check=False).returncode != 0
