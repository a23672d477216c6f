# SPDX-License-Identifier: LGPL-2.1-or-later
"""sd_notify from inside a container to the service manager outside."""

import json


def test_ready_by_the_payload(machine, bundles, declare):
    """systemctl start returns when the payload says so, not earlier: until then the unit is seen activating."""
    bundles.make("notifier", ["sh", "-c", "until [ -e /go ]; do sleep 0.05; done;"
                              " systemd-notify --ready --status=up; exec sleep 1000"])
    declare("/etc/berth/notifier.container",
            "[Container]\nBundle=/var/lib/berth/notifier\nNotify=ready\n")
    machine.run("systemctl start --no-block container@notifier")
    machine.wait_until("systemctl is-active berth-notifier.scope")
    assert machine.show("container@notifier", "ActiveState", "StatusText")["ActiveState"] == "activating"

    (bundles.directory("notifier") / "rootfs/go").touch()
    machine.run("systemctl start container@notifier")
    assert machine.show("container@notifier", "ActiveState", "StatusText") == {"ActiveState": "active", "StatusText": "up"}


def test_started_without_a_word(machine, bundles, declare):
    bundles.make("quiet", ["sleep", "1000"])
    declare("/etc/berth/quiet.container", "[Container]\nBundle=/var/lib/berth/quiet\nNotify=started\n")
    machine.run("systemctl start container@quiet")
    assert machine.show("container@quiet", "ActiveState") == "active"


def test_status_later(machine, bundles):
    bundles.make("talker", ["sh", "-c", "systemd-notify --status='half way'; exec sleep 1000"])
    machine.run("systemctl start container@talker")
    machine.wait_until("systemctl show -P StatusText container@talker | grep -x 'half way'")


def test_watchdog(machine, bundles, declare):
    """A payload that stops patting the watchdog is ended by systemd, as any service."""
    bundles.make("dog", ["sh", "-c", "echo usec=$WATCHDOG_USEC; systemd-notify WATCHDOG=1; exec sleep 1000"])
    declare("/run/systemd/system/container@dog.service.d/watchdog.conf", "[Service]\nWatchdogSec=1\n")
    machine.run("systemctl start container@dog")
    machine.wait_until("systemctl is-failed container@dog")
    assert machine.show("container@dog", "Result") == "watchdog"
    assert "usec=1000000" in machine.journal("-u", "container@dog").splitlines()


def test_stopping(machine, bundles):
    bundles.make("leaver", ["sh", "-c", "systemd-notify STOPPING=1 STATUS=leaving;"
                            " until [ -e /go ]; do sleep 0.05; done"])
    machine.run("systemctl start container@leaver", check=False)
    machine.wait_until("test $(systemctl show -P ActiveState container@leaver) = deactivating")
    (bundles.directory("leaver") / "rootfs/go").touch()
    machine.wait_until("test $(systemctl show -P ActiveState container@leaver) = inactive")


def rows(*messages):
    """What `payload send` reads: (text, number of descriptors)."""
    return "".join(f"{n_fds} {text.encode().hex()}\n" for text, n_fds in messages)


def test_what_systemd_knows(machine, bundles, declare):
    """Each message that changes what systemd shows of a service, and those that may not."""
    bundles.make("open", ["sh", "-c", "payload send /rows && exec payload signals"])
    (bundles.directory("open") / "rootfs/rows").write_text(rows(
        ("FDSTORE=1\nFDNAME=one", 2), ("FDSTORE=1\nFDNAME=two\nFDPOLL=0", 1), ("FDSTORE=1\nFDNAME=berth-three", 1),
        ("FDSTOREREMOVE=1\nFDNAME=one", 0), ("WATCHDOG_USEC=1", 0), ("NOTIFYACCESS=all", 0), ("MAINPID=1\nERRNO=2", 0),
        ("WATCHDOG=1\nSTATUS=all said", 0), ("READY=1\nSTOPPING=0", 1)))
    declare("/etc/berth/open.container",
            "[Container]\nBundle=/var/lib/berth/open\nNotify=ready\n[Service]\nFileDescriptorStoreMax=8\nWatchdogSec=60\n")
    machine.run("systemctl start container@open")
    shown = machine.show("container@open", "ActiveState", "MainPID", "NFileDescriptorStore", "NotifyAccess", "StatusErrno",
                         "StatusText", "WatchdogUSec")
    main = shown.pop("MainPID")
    assert machine.output(f"cat /proc/{main}/comm") == "berth-supervise"
    assert shown == {"ActiveState": "active", "NFileDescriptorStore": "1", "NotifyAccess": "exec", "StatusErrno": "2",
                     "StatusText": "all said", "WatchdogUSec": "1min"}


def test_stored_descriptors_come_after_sockets(machine, bundles, declare):
    """They come back behind the sockets, each with its name."""
    bundles.make("shop", ["sh", "-c", "payload send /rows; systemd-notify READY=1 STATUS=$LISTEN_FDNAMES=$(cat <&4); exec payload signals"])
    (bundles.directory("shop") / "rootfs/rows").write_text(rows(("FDSTORE=1\nFDNAME=till\nFDPOLL=0", 1)))
    declare("/etc/berth/shop.container",
            "[Container]\nBundle=/var/lib/berth/shop\nNotify=ready\n[Service]\nFileDescriptorStoreMax=1\n"
            "[Socket]\nListenStream=/run/test-shop\nFileDescriptorName=door\n")
    machine.run("systemctl start container@shop.socket")
    try:
        machine.run("systemctl start container@shop")
        assert machine.show("container@shop", "StatusText") == "door="
        machine.run("systemctl restart container@shop")
        assert machine.show("container@shop", "StatusText", "NFileDescriptorStore") == {
            "StatusText": "door:till=0", "NFileDescriptorStore": "1"}
    finally:
        machine.run("systemctl stop container@shop.socket container@shop")


def test_exec_does_not_speak(machine, bundles):
    bundles.make("mute", ["payload", "signals"])
    machine.run("systemctl start container@mute")
    assert machine.output(["berth", "exec", "mute", "sh", "-c", 'echo "[$NOTIFY_SOCKET]"']) == "[]"


def test_recorded(machine, bundles, declare):
    """Whether and when the service manager has been told: until then there is no such thing in the state."""
    bundles.make("witness", ["sh", "-c", "until [ -e /go ]; do sleep 0.05; done; systemd-notify --ready; exec sleep 1000"])
    declare("/etc/berth/witness.container", "[Container]\nBundle=/var/lib/berth/witness\nNotify=ready\n")
    machine.run("systemctl start --no-block container@witness")
    machine.wait_until("systemctl is-active berth-witness.scope")
    assert "ready" not in json.loads(machine.output("berth state witness"))

    (bundles.directory("witness") / "rootfs/go").touch()
    machine.run("systemctl start container@witness")
    state = json.loads(machine.output("berth state witness"))
    assert state["ready"] > state["created"]
