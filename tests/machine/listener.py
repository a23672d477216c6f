# SPDX-License-Identifier: LGPL-2.1-or-later
"""A notification socket that is not systemd's, which writes down what comes in."""

import json
import shlex

ADDRESS = "/run/test-notify"

# argv: file for the log, address. Binds, then writes a line of JSON for each datagram; bytes are code points.
PROGRAM = """
import array, json, os, socket, sys
log, address = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind("\\0" + address[1:] if address[0] == "@" else address)
with open(log, "w", buffering=1) as out:
    while True:
        data, control, _, _ = s.recvmsg(65536, 65536)
        fds, sender = array.array("i"), 0
        for _, kind, value in control:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(value)
            else:
                sender = array.array("i", value)[0]
        contents = []
        for fd in fds:
            try:
                contents.append(os.read(fd, 4096).decode())
            except OSError:
                contents.append("?")
            os.close(fd)
        print(json.dumps({"text": data.decode("latin-1"), "fds": len(fds), "contents": contents, "sender": sender}), file=out)
"""


class Listener:
    """What came in since it was started."""

    def __init__(self, machine, address):
        self.machine = machine
        self.address = address
        machine.write("/run/test-listener.py", PROGRAM)
        machine.run("rm -f /run/test-notify /run/test-notify.log")
        machine.run(["systemd-run", "--unit=test-listener", "--collect", "python3", "/run/test-listener.py",
                     "/run/test-notify.log", address])
        machine.wait_until("test -e /run/test-notify.log")

    def datagrams(self):
        return [json.loads(line) for line in self.machine.output("cat /run/test-notify.log").splitlines()]

    def texts(self):
        return [datagram["text"] for datagram in self.datagrams()]

    def wait_for(self, text):
        self.machine.wait_until(f"grep -F {shlex.quote(json.dumps(text))} /run/test-notify.log")

    def pause(self):
        """From now on it does not read."""
        self.machine.run("systemctl kill --signal=STOP test-listener")
        self.machine.wait_until("grep -q '^State:.T' /proc/$(systemctl show -P MainPID test-listener)/status")

    def go_on(self):
        self.machine.run("systemctl kill --signal=CONT test-listener")

    def remove(self):
        self.machine.run("systemctl kill --signal=KILL test-listener", check=False)
        self.machine.run("systemctl stop test-listener; rm -f /run/test-listener.py /run/test-notify /run/test-notify.log", check=False)


LIBEXEC = "/usr/libexec/berth"


class Ways:
    """The ways on which notifications go from a container to a service manager."""

    UNIT = "test-way"

    def __init__(self, machine, runtime):
        self.machine = machine
        self.runtime = runtime
        self.names = []

    def start(self, way, environment, name, bundle):
        """Starts a container; returns a command that prints the pid of who passes its notifications on."""
        self.names.append(name)
        self.runtime.ids.add(name)
        return getattr(self, f"_{way}")(environment, name, bundle)

    def _verb(self, environment, verb, name, *options):
        words = ["env", *environment, self.runtime.name, *self.runtime.options, verb, *options, name]
        self.machine.run(f"{shlex.join(words)} >/tmp/{name}.log 2>&1")

    def _unit(self, environment, *command):
        self.machine.run(["systemd-run", f"--unit={self.UNIT}", "--property=Delegate=yes", "--property=KillMode=mixed",
                          *[f"--setenv={variable}" for variable in environment], *command])
        return f"systemctl show -P MainPID {self.UNIT}"

    def _foreground(self, environment, name, bundle):
        return self._unit(environment, self.runtime.name, *self.runtime.options, "run", "--bundle", bundle, name)

    def _detached(self, environment, name, bundle):
        self._verb(environment, "run", name, "--detach", "--bundle", bundle)
        return "pgrep berth-notify"

    def _started(self, environment, name, bundle):
        self._verb(environment, "create", name, "--bundle", bundle)
        self._verb(environment, "start", name)
        return "pgrep berth-notify"

    def _supervised(self, environment, name, bundle):
        """The program of container@.service, without systemd at the other end."""
        self.machine.write(f"/etc/berth/{name}.container", f"[Container]\nBundle={bundle}\nNotify=ready\n")
        return self._unit(environment, f"{LIBEXEC}/berth-supervise", name)

    def end(self):
        for name in self.names:
            self.machine.run(f"systemctl stop {self.UNIT}; systemctl reset-failed {self.UNIT}; {LIBEXEC}/berth-prepare stop {name};"
                             f" rm -f /etc/berth/{name}.container", check=False)
