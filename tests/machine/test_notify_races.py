# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notifications when many come at once, when nobody reads them, when their senders or systemd are on their way out, and who may
send them."""

import json

import pytest

from runtimes import not_with

pytestmark = not_with("runc", "crun", reason="they pass on READY=1 and nothing else")

WAYS = ["foreground", "detached", "supervised"]
MANY = 10000

# numbers of system calls in which a process sleeps, of x86-64 and arm64: sendmsg, and epoll_wait with its kin
SENDMSG = ("46", "211")
EPOLL_WAIT = ("232", "281", "22", "441")
BURST_WAITS = f"grep -qs -E '^({'|'.join(SENDMSG)}) ' /proc/$(pgrep -f '^payload burst')/syscall"


def shell(script):
    return ["sh", "-c", script]


def launch(ways, way, bundles, name, args, listener, edit=None):
    """Returns a command that prints the pid of who passes notifications on, when the payload runs."""
    passer = ways.start(way, [f"NOTIFY_SOCKET={listener.address}", "FDSTORE=9"], name, bundles.make(name, args, edit))
    ways.machine.wait_until(f"berth state {name} | grep '\"running\"'")
    return passer


def go(bundles, name, what="go"):
    (bundles.directory(name) / "rootfs" / what).touch()


def statuses(listener):
    return [text for text in listener.texts() if text.startswith("STATUS=")]


# ---- many ----


@pytest.mark.parametrize("way", WAYS)
def test_burst(bundles, listen, ways, way):
    """10,000 messages, as fast as they can be sent: all of them, in order."""
    listener = listen()
    launch(ways, way, bundles, "flood", shell(f"payload burst {MANY} && exec payload signals"), listener)
    listener.wait_for(f"STATUS={MANY}")
    assert statuses(listener) == [f"STATUS={i}" for i in range(1, MANY + 1)]


@pytest.mark.parametrize("way", WAYS)
def test_nobody_reads(machine, bundles, listen, ways, way):
    """The payload waits in its sendmsg, as it would for systemd; who passes messages on keeps a few, whatever their number, and
    does not wait. Nothing is lost, and nothing overtakes."""
    listener = listen()
    passer = launch(ways, way, bundles, "patient", shell(
        f"until [ -e /go ]; do sleep 0.05; done; touch /begun; payload burst {MANY}; exec payload signals"), listener)
    machine.wait_until(f"test -n \"$({passer})\"")
    pid = machine.output(passer)
    sleeps = f"grep -qE '^({'|'.join(EPOLL_WAIT)}) ' /proc/{pid}/syscall"
    machine.wait_until(sleeps)
    listener.pause()
    before = int(machine.output(f"sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status"))
    go(bundles, "patient")
    machine.wait_until(BURST_WAITS)  # all sockets are full now
    machine.wait_until(sleeps)
    after = int(machine.output(f"sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status"))
    assert after - before < 512, f"{before} KB, then {after} KB"
    listener.go_on()
    listener.wait_for(f"STATUS={MANY}")
    assert statuses(listener) == [f"STATUS={i}" for i in range(1, MANY + 1)]


def lost(machine):
    return [line for line in machine.journal("-u", "test-way").splitlines() if "notifications of the container are lost" in line]


@pytest.mark.parametrize("way", ["foreground", "supervised"])
def test_nobody_reads_any_more(machine, bundles, listen, ways, way):
    """A container that ends while systemd does not read ends nevertheless, and what could not be said is counted."""
    listener, before = listen(), len(lost(machine))
    launch(ways, way, bundles, "late", shell(
        "until [ -e /go ]; do sleep 0.05; done; payload burst 3000 & trap 'exit 3' TERM; touch /begun; while :; do sleep 1000 & wait $!; done"),
        listener)
    listener.pause()
    go(bundles, "late")
    machine.wait_until(BURST_WAITS)
    machine.wait_until("test -e /var/lib/berth/late/rootfs/begun")
    machine.run("systemctl stop test-way")
    listener.go_on()
    assert len(lost(machine)) == before + 1


@pytest.mark.parametrize("way", WAYS)
def test_no_room_for_descriptors(machine, bundles, listen, ways, way):
    """A message whose descriptors do not all come is none; those that came do not stay, and the next one counts."""
    listener = listen()
    passer = launch(ways, way, bundles, "plenty", shell(
        "until [ -e /go ]; do sleep 0.05; done; payload send /rows; exec payload signals"), listener)
    (bundles.directory("plenty") / "rootfs/rows").write_text(
        f"253 {b'FDSTORE=1'.hex()}\n2 {b'FDSTORE=1'.hex()}\n0 {b'STATUS=after'.hex()}\n")
    machine.wait_until(f"test -n \"$({passer})\"")
    pid = machine.output(passer)
    machine.run(f"prlimit --pid {pid} --nofile=48:48")
    go(bundles, "plenty")
    listener.wait_for("STATUS=after")
    assert [(d["text"], d["contents"]) for d in listener.datagrams() if "MAINPID" not in d["text"]] == [
        ("FDSTORE=1", ["0", "1"]), ("STATUS=after", [])]
    assert "memfd" not in machine.output(f"for fd in /proc/{pid}/fd/*; do readlink $fd; done")


def test_reexec_of_systemd(machine, bundles, declare):
    """pid 1 that executes itself anew reads what waited for it."""
    bundles.make("through", shell(f"systemd-notify --ready; touch /begun; payload burst {MANY}; exec payload signals"))
    declare("/etc/berth/through.container", "[Container]\nBundle=/var/lib/berth/through\nNotify=ready\n")
    machine.run("systemctl start container@through")
    for _ in range(3):
        machine.run("systemctl daemon-reexec")
    machine.wait_until(f"test $(systemctl show -P StatusText container@through) = {MANY}")
    assert machine.show("container@through", "ActiveState") == "active"


# ---- on their way out ----


@pytest.mark.parametrize("way", WAYS)
def test_sender_is_gone(machine, bundles, listen, ways, way):
    """What a process said counts also when it has ended before anybody looks."""
    listener = listen()
    passer = launch(ways, way, bundles, "ghost", shell(
        "until [ -e /go ]; do sleep 0.05; done; systemd-notify --no-block STATUS=boo; touch /done; exec payload signals"), listener)
    machine.wait_until(f"test -n \"$({passer})\"")
    pid = machine.output(passer)
    machine.run(f"kill -STOP {pid}")
    go(bundles, "ghost")
    machine.wait_until("test -e /var/lib/berth/ghost/rootfs/done")
    assert statuses(listener) == []
    machine.run(f"kill -CONT {pid}")
    listener.wait_for("STATUS=boo")


def test_ready_and_gone(machine, bundles, declare):
    """A payload that is ready and ends at once has been started, every time."""
    bundles.make("mayfly", shell("systemd-notify --no-block READY=1; exit 0"))
    declare("/etc/berth/mayfly.container", "[Container]\nBundle=/var/lib/berth/mayfly\nNotify=ready\n[Service]\nRemainAfterExit=yes\n")
    for _ in range(20):
        machine.run("systemctl start container@mayfly")
        machine.wait_until("systemctl show -P SubState container@mayfly | grep -x exited")
        machine.run("systemctl stop container@mayfly")


def test_gone_without_being_ready(machine, bundles, declare):
    """With runc, this hangs."""
    bundles.make("never", shell("systemd-notify --no-block STATUS=no; exit 0"))
    declare("/etc/berth/never.container", "[Container]\nBundle=/var/lib/berth/never\nNotify=ready\n")
    assert machine.run("systemctl start container@never", check=False).returncode != 0
    assert machine.show("container@never", "Result", "StatusText") == {"Result": "protocol", "StatusText": "no"}


def test_stop_while_preparing(machine, bundles, declare):
    """There is no container yet, and there will be none."""
    bundles.make("early", ["payload", "signals"])
    declare("/etc/berth/early.container", "[Container]\nBundle=/var/lib/berth/early\n[Service]\nExecStartPre=sleep 1000\n")
    machine.run("systemctl start --no-block container@early")
    machine.wait_until("test $(systemctl show -P SubState container@early) = start-pre")
    machine.run("systemctl stop container@early")
    assert machine.show("container@early", "ActiveState") in ("inactive", "failed")
    assert machine.output("find /run/berth-unit /run/berth -mindepth 1") == ""


# ---- who may ----


def test_sender_elsewhere(machine, bundles, declare):
    """The socket can be reached by root on the host; what comes from there is not the container's. (Of a process that has ended
    nobody can tell where it was, so this one does not.)"""
    bundles.make("private", ["payload", "signals"])
    declare("/etc/berth/private.container", "[Container]\nBundle=/var/lib/berth/private\n")
    machine.run("systemctl start container@private")
    sender = ("import signal, socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto("
              "b'STATUS=intruder', '/run/berth-unit/private/notify/notify.sock'); signal.pause()")
    machine.run(["systemd-run", "--unit=test-sender", "python3", "-c", sender])
    machine.wait_until("journalctl -u container@private -t berth-supervise | grep 'the sender is not in the container'")
    machine.run("systemctl stop test-sender")
    assert machine.show("container@private", "StatusText") == ""


@pytest.mark.parametrize("way", WAYS)
def test_nested_user_namespace(bundles, listen, ways, way):
    """Its ids have no meaning here; it is in the container nevertheless."""
    listener = listen()
    launch(ways, way, bundles, "nested", shell(
        "unshare -U systemd-notify --no-block STATUS=$(unshare -U id -u); exec payload signals"), listener)
    listener.wait_for("STATUS=65534")


@pytest.mark.parametrize("way", WAYS)
def test_nested_cgroup(machine, bundles, listen, ways, way):
    """Below the container's cgroup is in it."""
    listener = listen()
    launch(ways, way, bundles, "below", shell(
        "until [ -e /go ]; do sleep 0.05; done; systemd-notify --no-block STATUS=below; exec payload signals"), listener)
    machine.wait_until("systemctl is-active berth-below.scope")
    cgroup = f"/sys/fs/cgroup{machine.show('berth-below.scope', 'ControlGroup')}"
    pid = json.loads(machine.output("berth state below"))["pid"]
    machine.run(f"mkdir {cgroup}/sub && echo {pid} >{cgroup}/sub/cgroup.procs")
    go(bundles, "below")
    listener.wait_for("STATUS=below")


@pytest.mark.parametrize("way", WAYS)
def test_exec(machine, bundles, listen, ways, way):
    """What is run by exec is not told of the socket, and does not speak for the container unless it is meant to."""
    listener = listen()
    launch(ways, way, bundles, "visited", ["payload", "signals"], listener)
    machine.wait_until("berth state visited | grep running")
    assert machine.output(["berth", "exec", "visited", *shell('echo "[$NOTIFY_SOCKET]"')]) == "[]"
    machine.run(["berth", "exec", "--env", "NOTIFY_SOCKET=/run/notify/notify.sock", "visited", "systemd-notify", "--no-block", "STATUS=guest"])
    listener.wait_for("STATUS=guest")


# ---- clocks ----


@pytest.mark.parametrize("way", WAYS)
def test_time_namespace(machine, bundles, listen, ways, way):
    """The time of a reload is compared with the clock of the host."""
    def edit(config):
        config["linux"]["namespaces"].append({"type": "time"})
        config["linux"]["timeOffsets"] = {"monotonic": {"secs": 1000000}, "boottime": {"secs": 1000000}}
    listener = listen()
    began = float(machine.output("cut -d' ' -f1 /proc/uptime"))
    launch(ways, way, bundles, "shifted", shell(
        "now() { sed 's/^\\([0-9]*\\)[.]\\([0-9]*\\) .*/\\1\\20000/' /proc/uptime; };"
        " systemd-notify --no-block RELOADING=1 MONOTONIC_USEC=$(now); systemd-notify --no-block STATUS=$(now); exec payload signals"),
        listener, edit)
    machine.wait_until("grep STATUS= /run/test-notify.log")
    reloading, inside = listener.texts()[-2:]
    ended = float(machine.output("cut -d' ' -f1 /proc/uptime"))
    name, outside = reloading.rsplit("=", 1)
    assert name == "RELOADING=1\nMONOTONIC_USEC"
    assert began - 0.02 <= int(outside) / 1e6 <= ended
    assert int(inside.removeprefix("STATUS=")) / 1e6 > 1000000
