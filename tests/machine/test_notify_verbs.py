# SPDX-License-Identifier: LGPL-2.1-or-later
"""NOTIFY_SOCKET of who calls the OCI verbs: run, run --detach, create and start, under a listener that writes down every
datagram, and as services of Type=notify.

What runc (1.1) and crun (1.21) do differently is said where it matters: most of this fails or hangs with them."""

import shlex

import pytest

from listener import ADDRESS

# ends on SIGTERM, although it is pid 1 of its namespace
UNTIL_TERM = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"


@pytest.fixture
def notified(runtime, machine):
    """notified(address, verb, ...): a verb with that NOTIFY_SOCKET; what it prints goes to a file, see Runtime.log."""
    def call(address, verb, container, *args, check=True, timeout=20):
        runtime.ids.add(container)
        words = ["env", f"NOTIFY_SOCKET={address}", runtime.name, *runtime.options, verb, *args, container]
        return machine.run(f"{shlex.join(words)} >/tmp/{container}.log 2>&1", check=check, timeout=timeout)
    return call


def shell(script):
    return ["sh", "-c", script]


def wait_for_go(bundles, name):
    """A script that waits for go(), and go itself: nothing in it depends on time."""
    return ("until [ -e /go ]; do sleep 0.05; done; ", lambda: (bundles.directory(name) / "rootfs/go").touch())


def wait_for_forwarder(machine):
    """Its pid, when it has left all behind that was its parent's."""
    machine.wait_until("pgrep berth-notify")
    return machine.output("pgrep berth-notify")


def no_forwarder(machine):
    return machine.run("pgrep berth-notify", check=False).returncode == 1


# ---- a plain socket ----


def test_foreground_byte_exact(bundles, listen, notified):
    """One datagram in, one out, as it is; a barrier with its descriptor. Nothing about the main process: that is us."""
    listener = listen()
    bundle = bundles.make("exact", shell("systemd-notify STATUS=half READY=1 && systemd-notify --status=more"))
    notified(ADDRESS, "run", "exact", "--bundle", bundle)
    said = [(d["text"], d["fds"]) for d in listener.datagrams()]
    assert said == [("STATUS=half\nREADY=1", 0), ("BARRIER=1", 1), ("STATUS=more", 0), ("BARRIER=1", 1)]


def test_foreground_long_status_first(bundles, listen, notified):
    """runc looks at the beginning of a datagram and crun at its first 255 bytes: both miss this one, and runc hangs."""
    listener = listen()
    status = "x" * 300
    bundle = bundles.make("long", shell(f"systemd-notify --no-block STATUS={status} READY=1"))
    notified(ADDRESS, "run", "long", "--bundle", bundle)
    assert listener.texts() == [f"STATUS={status}\nREADY=1"]


def test_foreground_ready_as_text(bundles, listen, notified):
    """A text that looks like READY=1 is a text. crun takes it for the real one."""
    listener = listen()
    bundle = bundles.make("lies", shell("systemd-notify --no-block 'STATUS=READY=1 soon'"))
    notified(ADDRESS, "run", "lies", "--bundle", bundle)
    assert listener.texts() == ["STATUS=READY=1 soon"]


def test_foreground_everything_else(bundles, listen, notified):
    """What only the runtime's caller may say, or nobody, stays behind; the rest of the same datagram does not."""
    listener = listen()
    bundle = bundles.make("rest", shell(
        "systemd-notify --no-block RELOADING=1 MONOTONIC_USEC=5 && systemd-notify --no-block STOPPING=1 NOTIFYACCESS=all &&"
        " systemd-notify --no-block WATCHDOG=1 EXTEND_TIMEOUT_USEC=7 && systemd-notify --no-block MAINPID=1 ERRNO=2"))
    notified(ADDRESS, "run", "rest", "--bundle", bundle)
    assert listener.texts() == ["RELOADING=1\nMONOTONIC_USEC=5", "STOPPING=1", "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=7", "ERRNO=2"]


def test_foreground_dies_without_a_word(bundles, listen, notified):
    """runc waits for ever."""
    listener = listen()
    bundle = bundles.make("mute", ["sh", "-c", "exit 7"])
    assert notified(ADDRESS, "run", "mute", "--bundle", bundle, check=False).returncode == 7
    assert listener.texts() == []


def test_abstract_address(bundles, listen, notified):
    listener = listen("@berth-test")
    bundle = bundles.make("abstract", shell("echo $NOTIFY_SOCKET; systemd-notify --no-block READY=1"))
    notified("@berth-test", "run", "abstract", "--bundle", bundle)
    assert listener.texts() == ["READY=1"]


@pytest.mark.parametrize("address", ["vsock:2:1234", "/run/no-such-socket", "relative", "@"])
def test_unusable_address(machine, bundles, runtime, notified, address):
    """A container does not fail for a variable that came along from somewhere; it is told, and there is nothing inside."""
    runtime.options += ("--log-level=warning",)
    bundle = bundles.make("nobody", shell('echo "[$NOTIFY_SOCKET]"; ls /run'))
    notified(address, "run", "nobody", "--bundle", bundle)
    warning, variable = runtime.log("nobody").splitlines()
    assert f"NOTIFY_SOCKET='{address}' is not used: " in warning
    assert variable == "[]"


def test_not_asked_for(bundles, runtime):
    bundle = bundles.make("plain", shell('echo "[$NOTIFY_SOCKET]"; ls /run'))
    assert runtime.run("plain", bundle).stdout == "[]\n"


def test_socket_in_the_container(bundles, listen, notified, runtime):
    """A directory in which the payload can do nothing but send, also as another user, and over a tmpfs on /run."""
    def edit(config):
        config["mounts"].append({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]})
        config["process"]["user"] = {"uid": 65534, "gid": 65534}
    listener = listen()
    bundle = bundles.make("inside", shell(
        "echo $NOTIFY_SOCKET; ls -A /run/notify; touch /run/notify/x; rm /run/notify/notify.sock;"
        " grep /run/notify /proc/self/mountinfo | cut -d' ' -f6; systemd-notify --no-block READY=1"), edit)
    notified(ADDRESS, "run", "inside", "--bundle", bundle)
    said = runtime.log("inside").splitlines()
    assert said[:2] == ["/run/notify/notify.sock", "notify.sock"]
    assert "Read-only file system" in said[2] and "Read-only file system" in said[3]
    assert said[4].split(",")[:4] == ["ro", "nosuid", "nodev", "noexec"]
    assert listener.texts() == ["READY=1"]


def test_exec_is_not_the_payload(bundles, listen, notified, runtime):
    bundle = bundles.make("host", ["sleep", "1000"])
    listen()
    notified(ADDRESS, "run", "host", "--detach", "--bundle", bundle)
    assert runtime("exec", "host", "sh", "-c", 'echo "[$NOTIFY_SOCKET]"').stdout == "[]\n"


@pytest.mark.parametrize("how", ["run", "create"])
def test_detached(machine, bundles, listen, notified, runtime, how):
    """The verbs return when the payload runs; the main process is announced then, and READY=1 when it comes."""
    wait, go = wait_for_go(bundles, "later")
    bundle = bundles.make("later", shell(wait + "systemd-notify --no-block STATUS=x READY=1; exec sleep 1000"))
    listener = listen()
    if how == "run":
        notified(ADDRESS, "run", "later", "--detach", "--bundle", bundle)
    else:
        notified(ADDRESS, "create", "later", "--bundle", bundle)
        assert listener.texts() == []
        assert no_forwarder(machine)
        notified(ADDRESS, "start", "later")
    pid = runtime.state("later")["pid"]
    assert listener.texts() == [f"MAINPID={pid}"]
    assert len(wait_for_forwarder(machine).split()) == 1

    go()
    listener.wait_for("STATUS=x\nREADY=1")
    # in the name of the main process, so that NotifyAccess=main is enough
    assert listener.datagrams()[-1]["sender"] == pid
    runtime("delete", "--force", "later")
    assert no_forwarder(machine)


def test_remembered_from_create(machine, bundles, listen, notified, runtime):
    """Who starts it need not know where create was told to send to."""
    bundle = bundles.make("memory", shell("systemd-notify --no-block READY=1; exec sleep 1000"))
    listener = listen()
    notified(ADDRESS, "create", "memory", "--bundle", bundle)
    runtime("start", "memory")
    listener.wait_for("READY=1")
    assert listener.texts() == [f"MAINPID={runtime.state('memory')['pid']}", "READY=1"]


def test_detached_ends_by_itself(machine, bundles, listen, notified, runtime):
    """Said in the last moment and not lost; the process that passed it on goes without being told to."""
    bundle = bundles.make("brief", shell("systemd-notify --no-block STATUS=bye READY=1"))
    listener = listen()
    notified(ADDRESS, "run", "brief", "--detach", "--bundle", bundle)
    listener.wait_for("STATUS=bye\nREADY=1")
    machine.wait_until("! pgrep berth-notify")
    assert runtime.status("brief") == "stopped"


def test_created_and_deleted(machine, bundles, listen, notified, runtime):
    listener = listen()
    notified(ADDRESS, "create", "never", "--bundle", bundles.make("never", ["true"]))
    runtime("delete", "--force", "never")
    assert listener.texts() == []
    assert no_forwarder(machine)


def test_what_stays_holds_nothing(machine, bundles, listen, notified, runtime):
    """The caller's pipes end with the caller, and there is nothing to find in the process."""
    bundle = bundles.make("small", ["sleep", "1000"])
    listen()
    machine.run("exec 7</etc/passwd 8</; exec env NOTIFY_SOCKET=/run/test-notify"
                f" {runtime.name} --systemd-cgroup run --detach --bundle {bundle} small >/tmp/small.log 2>&1")
    runtime.ids.add("small")
    pid = wait_for_forwarder(machine)
    kinds = machine.output(f"for fd in /proc/{pid}/fd/*; do readlink $fd; done | sed 's/:.*//' | sort | uniq -c | awk '{{ print $2, $1 }}'")
    assert sorted(kinds.splitlines()) == ["/dev/null 3", "anon_inode 2", "socket 2"]
    assert machine.output(f"readlink /proc/{pid}/cwd") == "/"
    assert machine.output(f"stat -c %U /proc/{pid}") == "root"
    assert machine.output(f"cat /proc/{pid}/cgroup | grep -c berth-small || :") == "0"


# ---- services ----


def service(runtime, bundle, name, *lines, verb="run", options=""):
    return "\n".join([
        "[Service]", "Type=notify", f"ExecStart={runtime.name} --systemd-cgroup {verb} {options} --bundle {bundle} {name}",
        f"ExecStopPost=-{runtime.name} delete --force {name}", *lines, ""])


def test_service_in_the_foreground(machine, bundles, declare, runtime):
    """Active exactly when the payload says so; systemctl status has what it says."""
    wait, go = wait_for_go(bundles, "front")
    bundle = bundles.make("front", shell(
        f"{wait} systemd-notify 'STATUS=open for business' READY=1; {UNTIL_TERM}"))
    declare("/run/systemd/system/front.service", service(runtime, bundle, "front"))
    machine.run("systemctl start --no-block front")
    machine.wait_until("systemctl is-active berth-front.scope")
    assert machine.show("front", "ActiveState") == "activating"
    go()
    machine.run("systemctl start front")
    assert machine.show("front", "ActiveState", "StatusText") == {"ActiveState": "active", "StatusText": "open for business"}
    assert "open for business" in machine.output("systemctl status front")
    machine.run("systemctl stop front")
    assert machine.show("front", "Result") == "success"


@pytest.mark.parametrize("verb", ["run", "start"])
def test_service_that_detaches(machine, bundles, declare, runtime, verb):
    """The container's init becomes the main process of the service; NotifyAccess=main, the default, will do for run."""
    wait, go = wait_for_go(bundles, "back")
    bundle = bundles.make("back", shell(f"{wait} systemd-notify 'STATUS=open' READY=1; {UNTIL_TERM}"))
    if verb == "run":
        text = service(runtime, bundle, "back", options="--detach")
    else:
        text = service(runtime, bundle, "back", "NotifyAccess=exec",
                       f"ExecStartPre={runtime.name} --systemd-cgroup create --bundle {bundle} back")
        text = text.replace(f"run  --bundle {bundle}", "start")
    declare("/run/systemd/system/back.service", text)
    machine.run("systemctl start --no-block back")
    machine.wait_until(f"{runtime.name} state back | grep -E '\"status\": *\"(created|running)\"'")
    pid = runtime.state("back")["pid"]
    machine.wait_until(f"test $(systemctl show -P MainPID back) = {pid}")
    assert machine.show("back", "ActiveState") == "activating"
    go()
    machine.run("systemctl start back")
    assert machine.show("back", "ActiveState", "StatusText", "MainPID") == {
        "ActiveState": "active", "StatusText": "open", "MainPID": str(pid)}
    machine.run("systemctl stop back")
    assert machine.show("back", "Result") == "success"


def test_service_whose_payload_dies(machine, bundles, declare, runtime):
    """Before READY=1: the start fails at once, and says with which status."""
    bundle = bundles.make("broken", shell("exit 7"))
    declare("/run/systemd/system/broken.service", service(runtime, bundle, "broken"))
    assert machine.run("systemctl start broken", check=False).returncode != 0
    assert machine.show("broken", "Result", "ExecMainStatus") == {"Result": "exit-code", "ExecMainStatus": "7"}


def test_service_with_a_watchdog(machine, bundles, declare, runtime):
    """The payload is told, is ended when it stops patting, and its container with it."""
    bundle = bundles.make("dog", shell(
        "echo usec=$WATCHDOG_USEC pid=$WATCHDOG_PID=$$; systemd-notify READY=1 WATCHDOG=1; exec sleep 1000"))
    declare("/run/systemd/system/dog.service", service(runtime, bundle, "dog", "WatchdogSec=1"))
    machine.run("systemctl start dog")
    machine.wait_until("systemctl is-failed dog")
    assert machine.show("dog", "Result") == "watchdog"
    assert "usec=1000000 pid=1=1" in machine.journal("-u", "dog").splitlines() + machine.journal("-u", "berth-dog.scope").splitlines()


def test_service_that_extends_its_timeout(machine, bundles, declare, runtime):
    """A start may take longer than TimeoutStartSec= if the payload says that it is getting on."""
    bundle = bundles.make("slow", shell(
        "for i in 1 2 3 4 5 6; do systemd-notify EXTEND_TIMEOUT_USEC=1500000; sleep 0.3; done;"
        f" systemd-notify READY=1; {UNTIL_TERM}"))
    declare("/run/systemd/system/slow.service", service(runtime, bundle, "slow", "TimeoutStartSec=1"))
    machine.run("systemctl start slow")
    machine.run("systemctl stop slow")


@pytest.mark.parametrize("how", ["verb", "unit"])
def test_descriptor_store(machine, bundles, declare, runtime, how):
    """What the payload keeps there comes back after a restart: no peer passes descriptors on."""
    bundle = bundles.make("keeper", ["payload", "keep", "treasure"])
    store = "FileDescriptorStoreMax=4"
    if how == "verb":
        unit = "keeper"
        declare("/run/systemd/system/keeper.service", service(
            runtime, bundle, "keeper", store, "Environment=FDSTORE=4", "KillSignal=SIGKILL"))  # as systemd does since version 254
    else:
        unit = "container@keeper"
        declare("/etc/berth/keeper.container", f"[Container]\nBundle={bundle}\nNotify=ready\n[Service]\n{store}\n")
    machine.run(f"systemctl start {unit}")
    assert machine.show(unit, "StatusText") == "kept"
    machine.run(f"systemctl restart {unit}")
    assert machine.show(unit, "StatusText") == "treasure in memory"
    machine.run(f"systemctl stop {unit}")


def test_no_descriptor_store(machine, bundles, declare, runtime):
    """Without one the descriptor is closed, and the rest still passes."""
    bundle = bundles.make("loser", ["payload", "keep", "treasure"])
    declare("/run/systemd/system/loser.service", service(runtime, bundle, "loser"))
    machine.run("systemctl start loser")
    assert machine.show("loser", "StatusText", "NFileDescriptorStore") == {"StatusText": "kept", "NFileDescriptorStore": "0"}
    machine.run("systemctl kill --signal=KILL berth-loser.scope")
    machine.wait_until("systemctl is-failed loser")
