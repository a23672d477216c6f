# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accept=yes: a container for each connection, which is its stdin and stdout; and StandardInput=socket in general."""

import pytest

ROOTFS = "/var/lib/berth/accepted/rootfs"

# says a line, and hears all that there is
TALK = "bash -c 'exec 3<>/dev/tcp/{address}/{port}; echo {line} >&3; cat <&3'"

INSTANCES = "systemctl list-units --all --plain --no-legend 'container-web@*.service'"


@pytest.fixture(autouse=True)
def rootfs(bundles):
    bundles.make("accepted")


@pytest.fixture
def accept(machine, declare):
    """accept(exec): declare the container "web" with a socket on port 4020, and start that."""

    def start(command, more="", listen="ListenStream=127.0.0.1:4020\n"):
        declare("/etc/berth/web.container",
                f"[Container]\nRootfs={ROOTFS}\nExec={command}\n[Socket]\nAccept=yes\n{listen}{more}")
        machine.run("systemctl start container@web.socket")

    yield start
    machine.run("systemctl stop --quiet container@web.socket", check=False)
    machine.run("systemctl stop 'container-web@*.service'", check=False)


def talk(machine, line="hello", address="127.0.0.1", port=4020):
    return machine.output(TALK.format(line=line, address=address, port=port))


def wait_for_the_end(machine):
    machine.wait_until(f"[ -z \"$({INSTANCES})\" ]")


def test_connection_is_stdin_and_stdout(machine, accept):
    accept('sh -c "read x; echo got $x; echo said to the log >&2; payload fds; echo $LISTEN_FDS$LISTEN_PID"')
    assert talk(machine) == "got hello"
    machine.wait_until("journalctl -u 'container-web@*' -o cat | grep -x 'said to the log'")
    assert "got hello" not in machine.journal("-u", "container-web@*").splitlines()
    wait_for_the_end(machine)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_names_of_the_containers(machine, accept, address):
    """The container's name has the connection's number and addresses; the names inside are those of the declaration."""
    accept('sh -c "hostname; read x"', listen="ListenStream=4020\n")
    machine.run(f"bash -c 'exec 3<>/dev/tcp/{address}/4020; head -n 1 <&3; berth list -q >/run/accepted-list; echo >&3; cat <&3'")
    names = machine.output("cat /run/accepted-list; rm /run/accepted-list").split()
    assert len(names) == 1
    escaped = address.replace(":", "_")
    assert names[0].startswith(f"web-0-{escaped}_4020-{escaped}_")
    assert talk(machine, address=address) == "web"
    wait_for_the_end(machine)


def test_who_connects(machine, accept):
    """systemd tells each service who is at the other end; the payload hears it, too."""
    accept('sh -c "read x; echo $REMOTE_ADDR $REMOTE_PORT"')
    program = "import socket; s = socket.create_connection(('127.0.0.1', 4020)); s.sendall(b'hello\\n'); " \
              "print(s.makefile().read().strip() == '127.0.0.1 %d' % s.getsockname()[1])"
    assert machine.output(["python3", "-c", program]) == "True"
    wait_for_the_end(machine)


def test_supervisor_is_killed(machine, accept):
    """No new one can have the connection, so the container goes; the other containers and the socket do not notice."""
    accept('sh -c "echo here; read x; echo $x"')
    said = machine.output("""bash -c '
        exec 3<>/dev/tcp/127.0.0.1/4020 4<>/dev/tcp/127.0.0.1/4020
        read here <&3; read here <&4
        kill -KILL $(systemctl show -p MainPID --value "container-web@0-*.service")
        cat <&3
        echo still there >&4; cat <&4'""").splitlines()
    assert said == ["still there"]
    wait_for_the_end(machine)
    assert talk(machine).splitlines() == ["here", "hello"]
    wait_for_the_end(machine)


def test_two_at_once(machine, accept):
    """Each has a container of its own, with its own processes and nothing of the other."""
    accept('sh -c "echo here; read x; echo $$ $x; exec ps"')
    said = machine.output("""bash -c '
        exec 3<>/dev/tcp/127.0.0.1/4020 4<>/dev/tcp/127.0.0.1/4020
        read here <&3; read here <&4
        systemctl list-units --plain --no-legend "berth-web-*.scope" | wc -l
        echo three >&3; cat <&3
        echo four >&4; cat <&4'""").splitlines()
    assert said[0] == "2"
    assert "1 three" in said and "1 four" in said
    assert len([line for line in said if line.endswith(" ps")]) == 2
    wait_for_the_end(machine)


def test_unix_socket(machine, accept):
    accept('sh -c "read x; echo got $x"', listen="ListenStream=/run/accepted.sock\nRemoveOnStop=yes\n")
    program = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/accepted.sock'); " \
              "s.sendall(b'hello\\n'); print(s.makefile().read())"
    assert machine.output(["python3", "-c", program]) == "got hello"
    wait_for_the_end(machine)


def test_connection_as_a_descriptor(machine, accept):
    """Without StandardInput=socket it is the descriptor that sd_listen_fds(3) finds, with the name that systemd gives it."""
    accept('sh -c "read x <&3; echo $x $LISTEN_FDS $LISTEN_FDNAMES $LISTEN_PID $$ >&3"',
           more="[Service]\nStandardInput=null\n")
    assert talk(machine) == "hello 1 connection 1 1"
    wait_for_the_end(machine)


def test_two_hundred_in_a_row(machine, accept):
    """Whatever a payload ends with, nothing remains of it."""
    accept('sh -c "read x; echo $x; exit $((x %% 3))"', more="TriggerLimitIntervalSec=0\nPollLimitIntervalSec=0\n")
    said = machine.output("""bash -c '
        for i in $(seq 200); do exec 3<>/dev/tcp/127.0.0.1/4020; echo $i >&3; cat <&3; exec 3>&-; done'""", timeout=180)
    assert said.split() == [str(i) for i in range(1, 201)]
    wait_for_the_end(machine)
    assert machine.output("ls /run/berth /run/berth-unit | grep web | wc -l") == "0"
    # the test's fixture looks for the rest: scopes, cgroups, mounts, processes
    assert machine.show("container@web.socket", "NAccepted", "NConnections") == {"NAccepted": "200", "NConnections": "0"}


def test_settings_reach_each_connection(machine, accept):
    accept('sh -c "echo here; read x"', more="[Service]\nTasksMax=77\n[Unit]\nDescription=Talks to one\n")
    said = machine.output("""bash -c '
        exec 3<>/dev/tcp/127.0.0.1/4020; read here <&3
        systemctl show -p TasksMax --value "berth-web-*.scope"
        systemctl show -p Description --value "container-web@*.service"
        echo >&3; cat <&3'""").splitlines()
    assert said[0] == "77"
    assert said[1].startswith("Talks to one (127.0.0.1:")
    wait_for_the_end(machine)


def test_limit_of_connections(machine, accept):
    accept('sh -c "echo here; read x"', more="MaxConnections=1\n")
    said = machine.output("""bash -c '
        exec 3<>/dev/tcp/127.0.0.1/4020; read here <&3; echo $here
        exec 4<>/dev/tcp/127.0.0.1/4020; read -t 20 there <&4; echo "second: $there"
        echo >&3; cat <&3'""").splitlines()
    assert said == ["here", "second:"]
    wait_for_the_end(machine)


def test_service_itself_does_not_start(machine, accept):
    accept("cat")
    assert machine.run("systemctl start container@web", check=False).returncode != 0
    assert "start 'container@web.socket'" in machine.journal("-u", "container@web")


def test_what_wants_it_wants_the_socket(machine, declare):
    declare("/etc/berth/web.container",
            f"[Container]\nRootfs={ROOTFS}\nExec=cat\n[Socket]\nAccept=yes\nListenStream=127.0.0.1:4020\n"
            "[Install]\nWantedBy=multi-user.target\n")
    assert "container-web@web.socket" in machine.show("multi-user.target", "Wants").split()
    assert "container-web@web.socket" in machine.show("sockets.target", "Wants").split()
    assert "container@web.service" not in machine.show("multi-user.target", "Wants").split()


def test_stdin_is_the_listener(machine, declare):
    """StandardInput=socket without Accept=yes: the payload has the listening socket as stdin, and accepts itself."""
    declare("/etc/berth/web.container",
            f"[Container]\nRootfs={ROOTFS}\nExec=payload accept\n[Service]\nStandardInput=socket\nStandardOutput=journal\n"
            "[Socket]\nListenStream=127.0.0.1:4020\n")
    machine.run("systemctl start container@web.socket")
    assert talk(machine) == "LISTEN_FDS is (none)"
    machine.wait_until("journalctl -u container@web -o cat | grep -x 'accepted on stdin'")
    machine.run("systemctl stop container@web.socket")
