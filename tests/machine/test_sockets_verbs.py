# SPDX-License-Identifier: LGPL-2.1-or-later
"""Socket activation of the OCI verbs: LISTEN_FDS of run, create and start, and who else's descriptors stay out.

runc passes neither names nor LISTEN_PIDFDID on, and its start has nothing to pass."""

import re
import shlex

import pytest

CONNECT = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; head -n 1 <&3'"

# argv: PID (of the runtime, "self", or "other"), how many names, PIDFDID ("own", "wrong" or "-"), command. Opens
# descriptors 3 and 4 and executes the command with the variables that go with them.
ACTIVATE = """
import os, sys
whose, names, pidfdid, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
for fd in (3, 4):
    r, w = os.pipe()
    os.write(w, b"stray\\n")
    os.dup2(r, fd + 10)
for fd in (3, 4):
    os.dup2(fd + 10, fd)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid() if whose == "self" else 1), LISTEN_FDNAMES=names)
if pidfdid != "-":
    own = os.fstat(os.pidfd_open(os.getpid())).st_ino
    os.environ["LISTEN_PIDFDID"] = str(own if pidfdid == "own" else own + 1)
os.closerange(5, 100)
os.execvp(command[0], command)
"""

SAY = ("echo fds=$LISTEN_FDS pid=$LISTEN_PID=$$ names=$LISTEN_FDNAMES pidfdid=${LISTEN_PIDFDID:+set}; payload fds;"
       " [ -z \"$LISTEN_FDS\" ] || cat <&3")


@pytest.fixture
def activate(machine, runtime):
    """activate(pid, names, pidfdid, *words): the runtime with those variables."""
    def call(pid, names, pidfdid, *words, **kwargs):
        runtime.ids.add(words[-1])
        machine.write("/run/activate.py", ACTIVATE)
        command = ["python3", "/run/activate.py", pid, names, pidfdid, runtime.name, *runtime.options, *words]
        # a payload that goes on keeps the output open
        return machine.run(f"{shlex.join(command)} >>/tmp/{words[-1]}.log 2>&1", **kwargs)
    yield call
    machine.run("rm -f /run/activate.py")


def serving(machine, unit):
    """What the payload said about its sockets, as a dictionary. It says so in the journal of the service that made it, or of
    its scope."""
    machine.wait_until(f"journalctl -u {unit} -u berth-{unit}.scope -o cat | grep LISTEN_FDS=")
    lines = machine.journal("-u", unit, "-u", f"berth-{unit}.scope").splitlines()
    return dict(re.findall(r"(\w+)=(\S*)", [line for line in lines if line.startswith("LISTEN_FDS=")][-1]))


def test_run_gets_its_own(bundles, activate, runtime):
    bundle = bundles.make("own", ["sh", "-c", SAY])
    activate("self", "web:admin", "-", "run", "--bundle", bundle, "own")
    assert runtime.log("own").splitlines() == ["fds=2 pid=1=1 names=web:admin pidfdid=", "3", "4", "stray"]


def test_pidfdid_is_made_anew(machine, bundles, activate, runtime):
    """Where the kernel's pidfds have inode numbers of their own (Linux 6.9) they are checked, and the payload gets its own."""
    if machine.output(["python3", "-c", "import os; print(os.fstat(os.pidfd_open(os.getpid())).st_ino == os.fstat(os.pidfd_open(1)).st_ino)"]) == "True":
        pytest.skip("this kernel's pidfds have no inode numbers of their own")
    bundle = bundles.make("inode", ["sh", "-c", SAY])
    activate("self", "a:b", "own", "run", "--bundle", bundle, "inode")
    activate("self", "a:b", "wrong", "run", "--bundle", bundle, "inode")
    assert runtime.log("inode").splitlines() == [
        "fds=2 pid=1=1 names=a:b pidfdid=set", "3", "4", "stray", "fds= pid==1 names= pidfdid="]


@pytest.mark.parametrize("verb", ["run", "create"])
def test_not_for_us(bundles, activate, runtime, verb):
    """Descriptors that were promised to another process, and came along, stay out. crun passes them."""
    bundle = bundles.make("other", ["sh", "-c", SAY])
    activate("other", "a:b", "-", verb, "--bundle", bundle, "other")
    if verb == "create":
        activate("other", "a:b", "-", "start", "other")
    runtime.machine.wait_until("grep pidfdid= /tmp/other.log")
    assert runtime.log("other") == "fds= pid==1 names= pidfdid="


def test_names_have_to_fit(bundles, activate, runtime):
    bundle = bundles.make("misfit", ["true"])
    assert activate("self", "just-one", "-", "run", "--bundle", bundle, "misfit", check=False).returncode == 1
    assert "LISTEN_FDS" in runtime.log("misfit")


def test_start_hands_over(bundles, activate, runtime):
    """The one who is activated may be start: what is created can wait for its sockets."""
    bundle = bundles.make("late", ["sh", "-c", SAY])
    runtime.create("late", bundle)
    activate("self", "web:admin", "-", "start", "late")
    runtime.machine.wait_until("grep -x stray /tmp/late.log")
    assert runtime.log("late").splitlines() == ["fds=2 pid=1=1 names=web:admin pidfdid=", "3", "4", "stray"]


def test_behind_them_what_is_preserved(bundles, activate, runtime):
    """With --preserve-fds: the sockets first. 5 is not open here: a hole."""
    bundle = bundles.make("order", ["sh", "-c", SAY])
    activate("self", "a:b", "-", "run", "--preserve-fds", "1", "--bundle", bundle, "order")
    assert runtime.log("order").splitlines()[:3] == ["fds=2 pid=1=1 names=a:b pidfdid=", "3", "4"]


@pytest.mark.parametrize("how", ["run", "start"])
def test_service(machine, bundles, declare, runtime, how):
    """A connection starts the service, whose payload answers it."""
    def share_network(config):
        config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != "network"]

    bundle = bundles.make("web", ["payload", "serve"], share_network)
    command = f"{runtime.name} --systemd-cgroup"
    if how == "run":
        lines = ["Type=exec", f"ExecStart={command} run --bundle {bundle} web"]
    else:
        # the container's init is the main process: start announces it
        lines = ["Type=oneshot", "RemainAfterExit=yes", f"ExecStartPre={command} create --bundle {bundle} web",
                 f"ExecStart={command} start web"]
    declare("/run/systemd/system/web.service",
            "\n".join(["[Service]", *lines, f"ExecStopPost=-{command} delete --force web", ""]))
    declare("/run/systemd/system/web.socket", "[Socket]\nListenStream=127.0.0.1:4010\nFileDescriptorName=door\n")
    machine.run("systemctl start web.socket")
    assert machine.output(CONNECT.format(port=4010)) == "door"
    said = serving(machine, "web")
    assert (said["LISTEN_FDS"], said["LISTEN_FDNAMES"], said["LISTEN_PID"]) == ("1", "door", said["pid"])
    # pid 1 of a container does not hear SIGTERM
    machine.run(f"systemctl stop web.socket; {command} kill web KILL; systemctl stop web.service")
