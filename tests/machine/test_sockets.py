# SPDX-License-Identifier: LGPL-2.1-or-later
"""Socket activation: listeners of socket units reach the payload, and it serves what comes in."""

import re

import pytest

CONNECT = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; head -n 1 <&3'"


def serving(machine, unit):
    """What the payload said about its sockets, as a dictionary."""
    machine.wait_until(f"journalctl -u {unit} -o cat | grep LISTEN_FDS=")
    line = [line for line in machine.journal("-u", unit).splitlines() if line.startswith("LISTEN_FDS=")][-1]
    return dict(re.findall(r"(\w+)=(\S*)", line))


def test_two_named_listeners(machine, bundles, declare):
    bundles.make("served", ["payload", "serve"], share_network)
    for name, port in (("first", 4001), ("second", 4002)):
        declare(f"/run/systemd/system/{name}.socket",
                f"[Socket]\nListenStream=127.0.0.1:{port}\nFileDescriptorName={name}\nService=container@served.service\n")
    machine.run("systemctl start first.socket second.socket")
    machine.run("systemctl start container@served")

    said = serving(machine, "container@served")
    assert said["LISTEN_FDS"] == "2"
    assert sorted(said["LISTEN_FDNAMES"].split(":")) == ["first", "second"]
    assert said["LISTEN_PID"] == said["pid"]
    # that the names are in the order of the descriptors shows in who answers
    assert machine.output(CONNECT.format(port=4001)) == "first"
    assert machine.output(CONNECT.format(port=4002)) == "second"


def test_connection_starts_the_container(machine, bundles, declare):
    bundles.make("lazy", ["payload", "serve"], share_network)
    declare("/run/systemd/system/lazy.socket",
            "[Socket]\nListenStream=127.0.0.1:4003\nService=container@lazy.service\n")
    machine.run("systemctl start lazy.socket")
    assert machine.show("container@lazy", "ActiveState") == "inactive"
    assert machine.output(CONNECT.format(port=4003)) == "lazy.socket"
    assert machine.show("container@lazy", "ActiveState") == "active"


def test_sockets_work_in_a_network_of_its_own(machine, bundles, declare):
    """The listener belongs to the network namespace that it was made in, wherever it is served from."""
    bundles.make("apart", ["payload", "serve"])
    declare("/run/systemd/system/apart.socket",
            "[Socket]\nListenStream=127.0.0.1:4004\nService=container@apart.service\n")
    machine.run("systemctl start apart.socket")
    assert machine.output(CONNECT.format(port=4004)) == "apart.socket"


@pytest.mark.parametrize("edit", ["share_pid", "own_users"])
def test_whose_pid_it_is(machine, bundles, declare, edit):
    """LISTEN_PID is the number that the payload has itself, whichever namespaces it is in."""
    bundle = bundles.make("whose", ["payload", "serve"], EDITS[edit])
    machine.run(f"chown -R 100000:100000 {bundle}/rootfs")
    declare("/run/systemd/system/whose.socket",
            "[Socket]\nListenStream=127.0.0.1:4005\nListenStream=/run/whose.sock\nRemoveOnStop=yes\n"
            "FileDescriptorName=both\nService=container@whose.service\n")
    machine.run("systemctl start whose.socket")
    assert machine.output(CONNECT.format(port=4005)) == "both"
    said = serving(machine, "container@whose")
    assert said["LISTEN_PID"] == said["pid"]
    assert (said["pid"] == "1") == (edit == "own_users")
    assert (said["LISTEN_FDS"], said["LISTEN_FDNAMES"]) == ("2", "both:both")


def test_nothing_else_is_inherited(machine, bundles):
    bundles.make("fds", ["sh", "-c", "payload fds; echo end; exec sleep 1000"])
    machine.run("systemctl start container@fds")
    machine.wait_until("journalctl -u container@fds -o cat | grep -x end")
    said = machine.journal("-u", "container@fds").splitlines()
    assert [line for line in said if line.isdigit()] == []


def share_network(config):
    config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "network"]


def share_pid(config):
    config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "pid"]


def own_users(config):
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]


EDITS = {"share_pid": share_pid, "own_users": own_users}
