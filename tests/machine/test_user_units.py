# SPDX-License-Identifier: LGPL-2.1-or-later
"""container@.service in the systemd of an ordinary user: what works for the system works there, too."""

import json
import shlex

import pytest

from rootless import MANAGER, RANGES, sh
from users import SUBID, UID, UserBundles

BUNDLES = ".local/share/berth"
TRAPS = sh("trap 'echo got TERM; exit 0' TERM; echo ready; while :; do sleep 0.05; done")


class Units:
    """The user's systemd, and what is declared in it."""

    def __init__(self, user):
        self.user, self.machine, self.files = user, user.machine, []
        self.bundles = None

    def ctl(self, *words, **kwargs):
        return self.user.run(shlex.join(["systemctl", "--user", *words]), **kwargs)

    def show(self, unit, *properties):
        text = self.ctl("show", unit, "-p", ",".join(properties)).stdout
        values = dict(line.split("=", 1) for line in text.splitlines())
        return values[properties[0]] if len(properties) == 1 else values

    def journal(self, unit):
        self.machine.run(["journalctl", "--sync"])
        return self.machine.output(["journalctl", "--quiet", "--output=cat", f"_UID={UID}", f"_SYSTEMD_USER_UNIT={unit}.service",
                                    "+", f"_UID={UID}", f"USER_UNIT={unit}.service"])

    def wait_until(self, condition):
        self.user.run(f"until {{ {condition}\n}} >/dev/null 2>&1; do sleep 0.05; done")

    def declare(self, path, text):
        """A file in the user's home."""
        self.files.append(path)
        self.user.run(f"mkdir -p $(dirname {path}) && cat >{path}", stdin=text)
        self.ctl("daemon-reload")

    def make(self, name, args, edit=None):
        self.user.run(f"mkdir -p {BUNDLES}")
        return self.bundles.make(f"{BUNDLES}/{name}", args, edit)

    def state(self, name):
        return json.loads(self.user.output(f"berth state {name}"))

    def clean(self):
        self.ctl("stop", "container*.socket", "container@*", "container-*", check=False)
        self.user.run("systemctl --user kill --signal=KILL 'berth-*.scope'; systemctl --user reset-failed", check=False)
        for path in reversed(self.files):
            self.user.run(f"rm -f {path}; rmdir -p --ignore-fail-on-non-empty $(dirname {path})")
        self.ctl("daemon-reload")


@pytest.fixture
def units(user, bundle_template, nothing_left):
    units = Units(user)
    units.bundles = UserBundles(user, bundle_template, "berth")
    yield units
    units.clean()
    units.bundles.remove()


def declaration(units, name, lines):
    units.declare(f".config/berth/{name}.container", f"[Container]\nBundle={units.user.home}/{BUNDLES}/{name}\n{lines}\n")


def test_life(machine, units):
    units.make("life", sh("trap 'exit 7' TERM; echo \"<4>warned\"; id -u; while :; do sleep 0.05; done"))
    units.ctl("start", "container@life")
    units.wait_until("systemctl --user is-active berth-life.scope")
    assert units.show("berth-life.scope", "ControlGroup") == f"{MANAGER}/app.slice/berth-life.scope"
    assert units.show("container@life", "ControlGroup") == f"{MANAGER}/app.slice/container@life.service"
    assert units.state("life")["status"] == "running"
    machine.wait_until(f"journalctl -o cat _UID={UID} _SYSTEMD_USER_UNIT=container@life.service | grep -x 0")
    entries = machine.output(f"journalctl -o json _UID={UID} _SYSTEMD_USER_UNIT=container@life.service CONTAINER_NAME=life")
    fields = next(entry for entry in map(json.loads, entries.splitlines()) if entry["MESSAGE"] == "warned")
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("4", "life")
    units.ctl("stop", "container@life")
    assert units.show("container@life", "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "7"}


def test_restart(units):
    units.make("again", TRAPS)
    units.ctl("start", "container@again")
    first = units.state("again")["pid"]
    units.ctl("restart", "container@again")
    assert units.state("again")["pid"] != first
    units.ctl("stop", "container@again")
    assert units.show("container@again", "Result") == "success"


def test_ranges_of_ids(units):
    units.make("ranges", sh("awk '{ print $1, $2, $3 }' /proc/self/uid_map >/dev/shm/map; exec sleep 1000"), RANGES)
    units.ctl("start", "container@ranges")
    units.wait_until("berth exec ranges grep -x '1 100000 65536' /dev/shm/map")
    assert units.user.output("berth exec ranges head -n1 /dev/shm/map") == f"0 {UID} 1"


def test_declared_by_the_administrator(machine, units):
    """For one user: that comes before what is for all, and behind what he has himself."""
    units.make("ours", sh("exec sleep 1000"))
    text = f"[Unit]\nDescription=%s\n[Container]\nBundle={units.user.home}/{BUNDLES}/ours\n"
    directories = ("/etc/berth/users", f"/etc/berth/users/{UID}", f"/etc/berth/users/{UID}1", "/usr/lib/berth/users")
    for directory in directories:
        machine.write(f"{directory}/ours.container", text % directory)
    try:
        units.ctl("daemon-reload")
        assert units.show("container@ours", "Description") == f"/etc/berth/users/{UID}"
        units.declare(".config/berth/ours.container", text % "own")
        assert units.show("container@ours", "Description") == "own"
    finally:
        machine.run("rm -r " + " ".join(f"{directory}/ours.container" for directory in directories)
                    + f" && rmdir /etc/berth/users/{UID}*")


def test_template(units):
    """An instance that nobody has named is told to the user's systemd at its first start."""
    units.make("many", sh("exec sleep 1000"))
    units.declare(".config/berth/many@.container",
                  f"[Container]\nBundle={units.user.home}/{BUNDLES}/many\n[Service]\nMemoryMax=64M\n")
    units.ctl("start", "container@many@1")
    assert units.user.output("berth list -q") == "many-1"
    assert units.show("berth-many-1.scope", "MemoryMax") == str(64 << 20)
    units.ctl("stop", "container@many@1")


def test_declared_and_enabled(units):
    units.make("web", sh("systemd-notify --ready --status=hello; exec sleep 1000"))
    declaration(units, "web", "Notify=ready\n[Service]\nMemoryMax=64M\nTasksMax=20\n[Install]\nWantedBy=default.target")
    assert units.ctl("is-enabled", "container@web").stdout.strip() == "enabled-runtime"  # the generator's link
    units.ctl("enable", "container@web")
    assert units.ctl("is-enabled", "container@web").stdout.strip() == "enabled"
    units.ctl("start", "container@web")
    assert units.show("container@web", "StatusText") == "hello"
    assert units.show("berth-web.scope", "MemoryMax", "TasksMax") == {"MemoryMax": str(64 << 20), "TasksMax": "20"}
    units.ctl("set-property", "--runtime", "berth-web.scope", "TasksMax=30")
    units.user.run("berth update --memory 80m web")
    units.ctl("daemon-reload")
    assert units.show("berth-web.scope", "MemoryMax", "TasksMax") == {"MemoryMax": str(80 << 20), "TasksMax": "30"}
    units.ctl("disable", "container@web")


def test_errors_are_seen(units):
    units.declare(".config/berth/bad.container", "[Container]\nNoSuchKey=1\n")
    assert units.ctl("start", "container@bad", check=False).returncode != 0
    assert f"{units.user.home}/.config/berth/bad.container:2: " in units.journal("container@bad")


def test_watchdog_and_freezer(units):
    units.make("dog", sh("trap 'exit 0' TERM; while [ ! -e /dev/shm/tired ]; do systemd-notify WATCHDOG=1; sleep 0.2; done; exec sleep 1000"))
    declaration(units, "dog", "[Service]\nWatchdogSec=2")
    units.ctl("start", "container@dog")
    for freeze, thaw in (("systemctl --user freeze berth-dog.scope", "berth resume dog"),
                         ("berth pause dog", "systemctl --user thaw berth-dog.scope")):
        units.user.run(freeze)
        assert (units.state("dog")["status"], units.show("berth-dog.scope", "FreezerState")) == ("paused", "frozen")
        units.user.run("""n=0
            until [ $n = 4 ]; do
                now=$(systemctl --user show --value -p WatchdogTimestampMonotonic container@dog)
                [ "$now" = "$last" ] || n=$((n + 1)) last=$now
                sleep 0.05
            done""")
        units.user.run(thaw)
        assert (units.state("dog")["status"], units.show("berth-dog.scope", "FreezerState")) == ("running", "running")
    units.user.run("berth exec dog touch /dev/shm/tired")
    units.wait_until("systemctl --user is-failed container@dog")
    assert units.show("container@dog", "Result") == "watchdog"


def test_stop_of_a_frozen_one(units):
    units.make("cold", TRAPS)
    units.ctl("start", "container@cold")
    units.user.run("berth pause cold")
    units.ctl("stop", "container@cold")
    assert units.show("container@cold", "Result") == "success"


def test_out_of_memory(units):
    """systemd-oomd of the system, as it were: users' cgroups are their own."""
    units.make("hungry", ["sleep", "1000"])
    units.ctl("start", "container@hungry")
    scope = f"/sys/fs/cgroup{MANAGER}/app.slice/berth-hungry.scope"
    units.user.run(f"""python3 -c 'import os; os.setxattr("{scope}", "user.oomd_ooms", b"1")' && echo 1 >{scope}/cgroup.kill""")
    units.wait_until("systemctl --user is-failed container@hungry")
    assert units.show("container@hungry", "Result") == "oom-kill"


def test_oom_scores(machine, units):
    """The supervisor cannot be protected; it is still not the first to be killed."""
    units.make("score", ["sleep", "1000"])
    units.ctl("start", "container@score")
    own, payload = (int(machine.output(f"cat /proc/{pid}/oom_score_adj"))
                    for pid in (units.show("container@score", "MainPID"), units.state("score")["pid"]))
    assert payload == own + 100


def test_a_new_supervisor(units):
    units.make("orphan", sh("trap 'exit 7' TERM; while :; do sleep 0.05; done"))
    units.ctl("start", "container@orphan")
    before, supervisor = units.state("orphan")["pid"], units.show("container@orphan", "MainPID")
    units.user.run(f"kill -KILL {supervisor}")
    units.wait_until(f"systemctl --user is-active container@orphan &&"
                     f" [ $(systemctl --user show --value -p MainPID container@orphan) != {supervisor} ]")
    assert units.state("orphan")["pid"] == before
    units.ctl("stop", "container@orphan")
    assert units.show("container@orphan", "Result") in ("exit-code", "success")  # not each kernel tells the status


def test_sockets(machine, units):
    units.make("served", ["payload", "serve"])
    units.declare(".config/berth/served.container",
                  f"[Container]\nBundle={units.user.home}/{BUNDLES}/served\n[Socket]\nListenStream=127.0.0.1:4100\nFileDescriptorName=web\n")
    units.ctl("start", "container@served.socket")
    assert units.show("container@served", "ActiveState") == "inactive"
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4100; head -n 1 <&3'") == "web"
    assert units.show("container@served", "ActiveState") == "active"


def test_container_for_each_connection(machine, units):
    units.make("each", ["sh", "-c", "read x; echo got $x"])
    declaration(units, "each", "[Socket]\nListenStream=127.0.0.1:4101\nAccept=yes")
    units.ctl("start", "container@each.socket")
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4101; echo hello >&3; cat <&3'") == "got hello"
    units.wait_until("[ -z \"$(systemctl --user list-units --all --no-legend 'container-each@*.service')\" ]")
    units.ctl("stop", "container@each.socket")


def test_proxy_into_a_network_of_its_own(machine, units):
    """The network belongs to the user namespace of the container, which its user may enter."""
    units.make("web", ["sh", "-c", "echo hello >/dev/shm/hello; exec httpd -f -p 80 -h /dev/shm"])
    declaration(units, "web", "Network=none\nProxyPort=4102:80\nIdleStopSec=1")
    units.ctl("start", "container@web.socket")
    get = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/4102; printf \"GET /hello HTTP/1.0\\r\\n\\r\\n\" >&3; tail -n 1 <&3'"
    for _ in range(2):
        assert machine.output(get) == "hello"
        units.wait_until("[ $(systemctl --user show -p ActiveState --value container@web) = inactive ]")
    units.ctl("stop", "container@web.socket")


def test_descriptor_store(units):
    units.make("keeper", ["payload", "keep", "treasure"])
    declaration(units, "keeper", "Notify=ready\n[Service]\nFileDescriptorStoreMax=4\nEnvironment=FDSTORE=4")
    units.ctl("start", "container@keeper")
    assert units.show("container@keeper", "StatusText", "NFileDescriptorStore") == {"StatusText": "kept", "NFileDescriptorStore": "1"}
    units.ctl("restart", "container@keeper")
    assert units.show("container@keeper", "StatusText") == "treasure in memory"


def test_reload(machine, units):
    units.make("reloader", sh("exec sleep 1000"))
    declaration(units, "reloader", "ReloadCmd=sh -c 'echo x >>/dev/shm/count; test ! -e /dev/shm/bad'")
    expected = "notify-reload" if " 252 " not in machine.output("systemctl --version | head -n 1") else "notify"
    assert units.show("container@reloader", "Type", "CanReload") == {"Type": expected, "CanReload": "yes"}
    units.ctl("start", "container@reloader")
    units.ctl("reload", "container@reloader")
    assert units.user.output("berth exec reloader cat /dev/shm/count") == "x"
    units.user.run("berth exec reloader touch /dev/shm/bad")
    assert units.ctl("reload", "container@reloader", check=False).returncode != 0
    assert units.show("container@reloader", "ActiveState") == "active"


def test_health(units):
    """Commands are in a cgroup below the scope here, too: one that hangs is killed as a whole."""
    units.make("patient", sh("exec sleep 1000"))
    declaration(units, "patient", "HealthCmd=test ! -e /dev/shm/hang || sleep 4326\nHealthInterval=200ms\n"
                "HealthTimeout=1s\nHealthRetries=1\nNotify=healthy")
    units.ctl("start", "container@patient")
    assert units.show("container@patient", "StatusText") == "healthy"
    units.user.run("berth exec patient touch /dev/shm/hang")
    units.wait_until("systemctl --user show -P StatusText container@patient | grep -x 'unhealthy: 1 check failed, last: not finished within 1s'")
    assert units.state("patient")["health"]["status"] == "unhealthy"
    units.user.run("berth exec patient rm /dev/shm/hang")
    units.wait_until("test $(systemctl --user show -P StatusText container@patient) = healthy && ! pgrep -f '[s]leep 4326'")


def test_the_end_of_the_users_systemd(machine, units):
    """All containers end with it, and nothing is left."""
    units.make("last", TRAPS)
    units.ctl("start", "container@last")
    pid = units.state("last")["pid"]
    machine.run(f"systemctl restart user@{UID}")
    machine.wait_until(f"test -S {units.user.runtime_dir}/systemd/private && test -S {units.user.runtime_dir}/bus")
    assert machine.run(f"test -e /proc/{pid}", check=False).returncode == 1
    assert units.show("container@last", "ActiveState") == "inactive"
    units.ctl("start", "container@last")
    assert units.state("last")["status"] == "running"


def root_declaration(units, name, keys, script):
    """A container with a root in the user's home, which says what the script says."""
    root = f"{units.user.home}/{BUNDLES}/{name}/rootfs"
    units.user.run(f"cat >{root}/script", stdin=script)
    units.declare(f".config/berth/{name}.container", f"[Container]\nRootfs={root}\n{keys}\nExec=sh /script\n")


WHO = ("{ tr -s ' ' </proc/self/uid_map; id -u; stat -c %u /bin; echo x >/new && stat -c %u /new; } >/said; mv /said /done;"
       " exec sleep 1000")


@pytest.mark.parametrize("keys, lines", [
    ("UserNS=keep-id", [f" 0 {SUBID} {UID}", f" {UID} {UID} 1", f" {UID + 1} {SUBID + UID} {65536 - UID}", UID, UID, UID]),
    ("UserNS=keep-id:uid=33,gid=44", [f" 0 {SUBID} 33", f" 33 {UID} 1", f" 34 {SUBID + 33} {65536 - 33}", 33, 33, 33]),
    ("UIDMap=0:0:1\nUIDMap=1:1:1000", [f" 0 {UID} 1", f" 1 {SUBID} 1000", 0, 0, 0]),
    ("UIDMap=0:0:1\nUIDMap=1:@100005:10", [f" 0 {UID} 1", f" 1 {SUBID + 5} 10", 0, 0, 0]),
])
def test_user_namespaces(machine, units, keys, lines):
    units.make("ids", ["true"])
    root_declaration(units, "ids", keys, WHO)
    units.ctl("start", "container@ids")
    root = f"{BUNDLES}/ids/rootfs"
    units.wait_until(f"test -e {root}/done")
    assert units.user.run(f"cat {root}/done").stdout.splitlines() == [str(line) for line in lines]
    assert units.user.output(f"stat -c %u {BUNDLES}/ids/rootfs/new") == str(UID)


@pytest.mark.parametrize("keys, text", [
    ("UserNS=auto", "UserNS=auto: the files of a root are yours, and the container would have other ids; use UserNS=keep-id"),
    ("UIDMap=0:0:100000", "UIDMap=0:0:100000: these ids are not yours: /etc/subuid gives you 65536 beside your own"),
    ("UIDMap=0:@0:1", "UIDMap=0:@0:1: these ids are not yours"),
    ("SubUIDMap=root", "SubUIDMap=root: you can use the ranges of your own name only"),
])
def test_user_namespaces_that_a_user_cannot_have(units, keys, text):
    units.make("ids", ["true"])
    root_declaration(units, "ids", keys, WHO)
    done = units.user.run("berth verify ids", check=False)
    assert done.returncode != 0 and text in done.stderr
    assert units.ctl("start", "container@ids", check=False).returncode != 0
    assert text in units.journal("container@ids")
