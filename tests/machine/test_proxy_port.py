# SPDX-License-Identifier: LGPL-2.1-or-later
"""ProxyPort=: a container that knows nothing of sockets is started by the first connection, and stopped when it is idle."""

import pytest

ROOTFS = "/var/lib/berth/proxied/rootfs"

# a server that needs a moment before it listens, as real ones do
SERVER = 'sh -c "sleep 0.3; echo hello >/hello; exec httpd -f -p {port} -h /"'

GET = "bash -c 'exec 3<>/dev/tcp/{address}/{port}; printf \"GET /hello HTTP/1.0\\r\\n\\r\\n\" >&3; tail -n 1 <&3'"


@pytest.fixture(autouse=True)
def rootfs(bundles):
    bundles.make("proxied")


@pytest.fixture
def web(machine, declare):
    """web(text): declare the container "web" with those lines, and start its sockets."""

    def start(text, command=SERVER.format(port=80), start="container@web.socket"):
        declare("/etc/berth/web.container", f"[Container]\nRootfs={ROOTFS}\nExec={command}\nNetwork=none\n{text}")
        machine.run(f"systemctl start {start}")

    yield start
    machine.run("systemctl stop container-proxy@web.socket container@web.socket", check=False)
    machine.run("systemctl stop container@web container-proxy@web", check=False)
    machine.run("systemctl reset-failed 'container*'", check=False)


def get(machine, port=8080, address="127.0.0.1"):
    return machine.output(GET.format(address=address, port=port))


def states(machine):
    units = ("container@web.service", "container-proxy@web.service", "container-proxy@web.socket")
    return [machine.show(unit, "ActiveState") for unit in units]


def test_first_connection_starts_it(machine, web):
    """It is served, though nobody listens in the container when it comes; without IdleStopSec= the container stays."""
    web("ProxyPort=8080:80\n")
    assert states(machine) == ["inactive", "inactive", "active"]
    assert get(machine) == "hello"
    assert states(machine) == ["active", "active", "active"]
    invocation = machine.show("container@web", "InvocationID")
    assert get(machine, address="::1") == "hello"
    assert machine.show("container@web", "InvocationID") == invocation
    assert "--exit-idle-time" not in machine.output("cat /proc/$(systemctl show -p MainPID --value container-proxy@web)/cmdline")


def test_stops_when_idle_and_starts_again(machine, web):
    web("ProxyPort=8080:80\nIdleStopSec=1\n")
    for _ in range(6):  # more often than systemd lets other units start
        assert get(machine) == "hello"
        machine.wait_until("[ $(systemctl show -p ActiveState --value container@web) = inactive ]")
        machine.wait_until("[ $(systemctl show -p ActiveState --value container-proxy@web) = inactive ]")
    assert states(machine) == ["inactive", "inactive", "active"]
    assert machine.show("container@web", "Result") == "success"
    assert machine.output("ls /run/berth /run/berth-unit | grep web | wc -l") == "0"


def test_connection_that_is_open_is_no_idle_time(machine, web):
    web("ProxyPort=8080:80\nIdleStopSec=500ms\n", command="nc -l -l -p 80 -e cat")
    said = machine.output("""bash -c '
        exec 3<>/dev/tcp/127.0.0.1/8080
        echo one >&3; read line <&3; echo $line
        before=$(systemctl show -p InvocationID --value container@web)
        sleep 2  # nothing says that nothing happens
        echo two >&3; read line <&3; echo $line
        [ $before = $(systemctl show -p InvocationID --value container@web) ] && echo same'""")
    assert said.split() == ["one", "two", "same"]


def test_no_connection_is_lost(machine, web):
    """Whenever one comes: while the container runs, stops or starts."""
    web("ProxyPort=8080:80\nIdleStopSec=100ms\n[Unit]\nStartLimitIntervalSec=0\n"
        "[Service]\nExecStopPost=sleep 0.1\n")
    machine.run("mkdir -p /run/systemd/system/container-proxy@web.service.d && "
                "printf '[Unit]\\nStartLimitIntervalSec=0\\n' >/run/systemd/system/container-proxy@web.service.d/limit.conf && "
                "systemctl daemon-reload")
    steps = "; ".join(f"sleep 0.{step:02}; {GET.format(address='127.0.0.1', port=8080)}" for step in range(5, 50, 5))
    assert machine.output(steps, timeout=120).split() == ["hello"] * 9
    machine.run("rm -r /run/systemd/system/container-proxy@web.service.d && systemctl daemon-reload")


def test_several_ports(machine, web):
    """To several places in the container, from ports, addresses and paths; each has a proxy when it needs one."""
    web("ProxyPort=8080:80 127.0.0.1:8081:80/tcp\nProxyPort=8082:81\nProxyPort=/run/proxied.sock:80\nIdleStopSec=1\n",
        command='sh -c "echo hello >/hello; httpd -p 81 -h /; exec httpd -f -p 80 -h /"')
    assert [get(machine, port) for port in (8080, 8081, 8082)] == ["hello"] * 3
    program = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/proxied.sock'); " \
              "s.sendall(b'GET /hello HTTP/1.0\\r\\n\\r\\n'); print(s.makefile().read().splitlines()[-1])"
    assert machine.output(["python3", "-c", program]) == "hello"
    machine.wait_until("[ $(systemctl show -p ActiveState --value container@web) = inactive ]")
    assert states(machine) == ["inactive", "inactive", "active"]
    assert get(machine, 8082) == "hello"


def test_path_in_the_container(machine, web):
    """A link of the payload's leads to nowhere but into the container."""
    host = ("import socket\ns = socket.socket(socket.AF_UNIX); s.bind('/run/proxied-host.sock'); s.listen()\n"
            "while True: c = s.accept()[0]; c.sendall(b'the host'); c.close()")
    machine.run(["systemd-run", "--quiet", "--unit=proxied-host", "python3", "-c", host])
    machine.wait_until("test -e /run/proxied-host.sock")
    web("ProxyPort=8080:/run/link.sock\n", command='sh -c "ln -sf /run/app.sock /run/link.sock; exec payload unix /run/app.sock"')
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; cat <&3'") == "from the socket"
    machine.run("systemctl stop proxied-host; rm /run/proxied-host.sock")


def test_nobody_listens(machine, web):
    """Who connects is not left waiting for ever, and the socket goes on."""
    web("ProxyPort=8080:80\n", command="sleep 1000")
    machine.run("mkdir -p /run/systemd/system/container-proxy@web.service.d && "
                "printf '[Service]\\nTimeoutStartSec=1\\n' >/run/systemd/system/container-proxy@web.service.d/time.conf && "
                "systemctl daemon-reload")
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; cat <&3'") == ""
    machine.wait_until("[ $(systemctl show -p ActiveState --value container-proxy@web) = failed ]")
    assert "Nothing listens on '80' in container 'web'" in machine.journal("-u", "container-proxy@web")
    assert states(machine)[2] == "active"
    machine.run("rm -r /run/systemd/system/container-proxy@web.service.d && systemctl daemon-reload")


def test_readiness_comes_first(machine, web):
    """With Notify=ready, nothing is forwarded before the payload says that it is ready, though it listens."""
    web("ProxyPort=8080:80\nNotify=ready\n",
        command='sh -c "echo early >/hello; httpd -p 80 -h /; sleep 0.5; echo ready >/hello; systemd-notify --ready; exec sleep 1000"')
    assert get(machine) == "ready"


def test_end_of_the_container_ends_the_proxy(machine, web):
    web("ProxyPort=8080:80\n")
    assert get(machine) == "hello"
    machine.run("systemctl stop container@web")
    assert states(machine) == ["inactive", "inactive", "active"]
    assert get(machine) == "hello"
    machine.run("berth kill web KILL")
    machine.wait_until("[ $(systemctl show -p ActiveState --value container@web) = failed ]")
    machine.wait_until("[ $(systemctl show -p ActiveState --value container-proxy@web) = inactive ]")
    assert get(machine) == "hello"


@pytest.mark.parametrize("idle", ["", "IdleStopSec=1min\n"])
def test_new_supervisor_leaves_connections_alone(machine, web, idle):
    """Neither the container nor its proxy end with the supervisor; and with the container, the proxy still does."""
    web("ProxyPort=8080:80\n" + idle, command="nc -ll -p 80 -e cat")
    machine.run("mkfifo /run/said")
    machine.run("bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; echo first >&3; head -n 1 <&3; read -r word </run/said; "
                "echo $word >&3; timeout 10 head -n 1 <&3' >/run/heard 2>&1 </dev/null &")
    machine.wait_until("grep -q first /run/heard")
    proxy = machine.show("container-proxy@web", "MainPID")
    machine.run("berth adopt web")
    supervisor = machine.show("container@web", "MainPID")
    machine.run("systemctl kill -s KILL container@web")
    machine.wait_until(f"systemctl show -p MainPID --value container@web | grep -vx -e 0 -e {supervisor}")
    machine.wait_until("[ $(systemctl show -p ActiveState --value container@web) = active ]")
    assert machine.show("container-proxy@web", "MainPID") == proxy
    machine.run("echo second >/run/said")
    machine.wait_until("grep -q second /run/heard")
    machine.run("berth kill web KILL; rm /run/said /run/heard")
    machine.wait_until("[ $(systemctl show -p ActiveState --value container-proxy@web) = inactive ]")


@pytest.mark.parametrize("idle", ["", "IdleStopSec=1\n"])
def test_start_by_hand_opens_the_ports(machine, web, idle):
    web("ProxyPort=8080:80\n" + idle, start="container@web")
    assert states(machine)[2] == "active"
    assert get(machine) == "hello"
    if idle:
        machine.wait_until("[ $(systemctl show -p ActiveState --value container@web) = inactive ]")


def test_beside_a_socket_section(machine, web):
    """Both ways in: container@NAME.socket is the one that the payload gets."""
    web("ProxyPort=8080:80\n[Socket]\nListenStream=127.0.0.1:4040\nFileDescriptorName=own\n",
        command='sh -c "echo hello >/hello; httpd -p 80 -h /; exec payload serve"',
        start="container@web.socket container-proxy@web.socket")
    assert get(machine) == "hello"
    assert machine.output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4040; head -n 1 <&3'") == "own"


def test_host_network(machine, declare, web):
    web("ProxyPort=8080:8090\nNetwork=host\n", command=SERVER.format(port=8090))
    assert get(machine) == "hello"


def test_proxy_has_no_rights(machine, web):
    web("ProxyPort=8080:80\n")
    assert get(machine) == "hello"
    status = machine.output("cat /proc/$(systemctl show -p MainPID --value container-proxy@web)/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def test_sockets_target_wants_it(machine, declare):
    declare("/etc/berth/web.container",
            f"[Container]\nRootfs={ROOTFS}\nExec=true\nNetwork=none\nProxyPort=8080:80\n[Install]\nWantedBy=multi-user.target\n")
    assert "container-proxy@web.socket" in machine.show("sockets.target", "Wants").split()
    assert "container@web.service" in machine.show("multi-user.target", "Wants").split()


def test_both_on_one_port(machine, declare):
    declare("/etc/berth/web.container", f"[Container]\nRootfs={ROOTFS}\nExec=true\nProxyPort=8080:8080\n")
    assert machine.run("systemctl start container@web", check=False).returncode != 0
    assert "use Network=none, or another port" in machine.journal("-u", "container@web")
