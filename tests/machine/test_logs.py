# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of a payload's output: entries of the journal, or what StandardOutput= of the unit says."""

import json

import pytest

LINE_MAX = 48 * 1024


def entries(machine, *matches):
    """Entries of the journal as dictionaries; what is not UTF-8 are lists of bytes, as journalctl has it."""
    machine.run(["journalctl", "--sync"])
    text = machine.output(["journalctl", "--quiet", "--no-pager", "--all", "--output=json", *matches])
    return [json.loads(line) for line in text.splitlines()]


def message(entry):
    """The message of an entry as bytes."""
    text = entry["MESSAGE"]
    return text.encode() if isinstance(text, str) else bytes(text)


@pytest.fixture
def says(machine, bundles, declare):
    """says(script, settings, edit): the entries that a container's script makes until it has said "end"."""
    def run(script, settings="", edit=None, matches=(), name="speaker"):
        bundles.make(name, ["sh", "-c", f"{script}\necho end; exec sleep 1000"], edit)
        if settings:
            declare(f"/etc/systemd/system/container@{name}.service.d/50-test.conf", f"[Service]\n{settings}\n")
        machine.run(f"systemctl start container@{name}")
        run.id = machine.show(f"container@{name}", "InvocationID")
        mine = [*matches, f"_SYSTEMD_INVOCATION_ID={run.id}", f"CONTAINER_NAME={name}"]
        machine.wait_until(f"journalctl {' '.join(mine)} -o cat | grep -x end")
        found = entries(machine, *mine)
        return [entry for entry in found if entry.get("OBJECT_PID") and entry["MESSAGE"] != "end"]
    return run


# ---- fields

def test_fields(machine, says):
    out, err, warn = says("echo out; sleep 0.1; echo err >&2; sleep 0.1; echo '<4>warn'")
    assert [entry["MESSAGE"] for entry in (out, err, warn)] == ["out", "err", "warn"]
    assert [entry["PRIORITY"] for entry in (out, err, warn)] == ["6", "3", "4"]
    for entry in (out, err, warn):
        assert entry["CONTAINER_NAME"] == entry["CONTAINER_ID"] == entry["CONTAINER_ID_FULL"] == "speaker"
        assert entry["SYSLOG_IDENTIFIER"] == "speaker"
        assert entry["SYSLOG_FACILITY"] == "3"
        assert entry["_SYSTEMD_UNIT"] == "container@speaker.service"
        assert "IMAGE_NAME" not in entry
        assert "CODE_FILE" not in entry
        assert "CONTAINER_PARTIAL_MESSAGE" not in entry
        assert entry["OBJECT_PID"] == machine.output("cat /run/berth-unit/speaker/pid")


def test_the_scope_has_the_payloads_lines_too(machine, says):
    said = says("echo hello")
    assert [entry["MESSAGE"] for entry in said] == ["hello"]
    assert {"hello", "end"} <= set(machine.journal("-u", "berth-speaker.scope").splitlines())
    whole = machine.journal("-u", "container@speaker").splitlines()
    assert whole.count("hello") == 1, "once, whatever it is found by"
    assert any("Started" in line for line in whole), "with what systemd says"


def test_last_words(machine, bundles):
    """journald cannot look up who they are from: there is nobody left."""
    bundles.make("brief", ["sh", "-c", "echo first; printf 'no newline'"])
    machine.run("systemctl start container@brief; systemctl stop container@brief")
    for unit in ("container@brief", "berth-brief.scope"):
        assert {"first", "no newline"} <= set(machine.journal("-u", unit).splitlines())


def test_last_words_are_read_late(machine, bundles):
    """By a journald that is so busy that payload and supervisor have gone by then."""
    bundles.make("brief", ["sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done; echo last"])
    machine.run("systemctl start container@brief")
    supervisor, journald = machine.show("container@brief", "MainPID"), machine.show("systemd-journald", "MainPID")
    machine.run(f"kill -STOP {journald}; touch /var/lib/berth/brief/rootfs/go")
    try:
        machine.wait_until(f"! test -e /proc/{supervisor}")
    finally:
        machine.run(f"kill -CONT {journald}")
    machine.wait_until("systemctl show -P ActiveState container@brief | grep -x inactive")
    for unit in ("container@brief", "berth-brief.scope"):
        assert "last" in machine.journal("-u", unit).splitlines()


@pytest.mark.parametrize("annotations, name", [
    ({"org.opencontainers.image.ref.name": "docker.io/library/web:1"}, "docker.io/library/web:1"),
    ({"org.opencontainers.image.title": "web"}, "web"),
    ({"io.kubernetes.cri.image-name": "registry/a:b", "org.opencontainers.image.title": "web"}, "registry/a:b"),
    ({"org.opencontainers.image.ref.name": "two\nlines"}, None),
], ids=str)
def test_name_of_the_image(says, annotations, name):
    [entry] = says("echo x", edit=lambda config: config.update(annotations=annotations))
    assert entry.get("IMAGE_NAME") == name


def test_an_id_of_an_engine(machine, bundles):
    name = "0123456789abcdef" * 4
    bundles.make(name, ["sh", "-c", "echo x; exec sleep 1000"])
    machine.run(f"systemctl start container@{name}")
    machine.wait_until(f"journalctl -u container@{name} -o cat | grep -x x")
    [entry] = [entry for entry in entries(machine, f"CONTAINER_ID_FULL={name}") if entry["MESSAGE"] == "x"]
    assert entry["CONTAINER_ID"] == name[:12]


# ---- lines

@pytest.mark.parametrize("script, messages", [
    (r"printf 'a\000b\n'", [b"a\0b"]),
    (r"printf '\377\376 no UTF-8\n'", [b"\xff\xfe no UTF-8"]),
    (r"printf 'r\rr\033[1mbold\n'", [b"r\rr\x1b[1mbold"]),
    (r"printf 'tab\there  \n  and spaces\n'", [b"tab\there  ", b"  and spaces"]),
    (r"printf 'one'; sleep 0.2; printf ' line\n'", [b"one line"]),
    (r"printf '\n\nafter empty ones\n'", [b"after empty ones"]),
    (r"printf '<7>\303\244\n<9>text\n'", ["ä".encode(), b"<9>text"]),
], ids=str)
def test_bytes_are_kept(says, script, messages):
    assert [message(entry) for entry in says(script)] == messages


def test_the_longest_line(says):
    [entry] = says(f"head -c {LINE_MAX} /dev/zero | tr '\\000' x; echo")
    assert message(entry) == b"x" * LINE_MAX
    assert "CONTAINER_PARTIAL_MESSAGE" not in entry


def test_a_line_in_parts(says):
    first, second, last = says(f"printf '<5>'; head -c {2 * LINE_MAX + 10} /dev/zero | tr '\\000' x; echo")
    assert message(first) + message(second) + message(last) == b"x" * (2 * LINE_MAX + 10)
    assert [entry.get("CONTAINER_PARTIAL_MESSAGE") for entry in (first, second, last)] == ["true", "true", None]
    assert {entry["PRIORITY"] for entry in (first, second, last)} == {"5"}


# ---- settings of the unit

@pytest.mark.parametrize("settings, fields", [
    ("SyslogIdentifier=web server", {"SYSLOG_IDENTIFIER": "web server", "PRIORITY": "6", "CONTAINER_NAME": "speaker"}),
    ("SyslogFacility=local0", {"SYSLOG_FACILITY": "16", "PRIORITY": "6"}),
    ("SyslogLevel=notice", {"PRIORITY": "5"}),
    ("LogExtraFields=TENANT=blue SITE=a", {"TENANT": "blue", "SITE": "a"}),
], ids=str)
def test_settings_of_the_unit(says, settings, fields):
    [entry] = says("echo x", settings)
    assert {key: entry.get(key) for key in fields} == fields


def test_without_prefixes(says):
    [entry] = says("echo '<3>x'", "SyslogLevelPrefix=no")
    assert (entry["MESSAGE"], entry["PRIORITY"]) == ("<3>x", "6")


def test_the_highest_level(says):
    assert [entry["MESSAGE"] for entry in says("echo '<5>b'; echo '<7>c'; echo '<6>a'", "LogLevelMax=info")] == ["b", "a"]


def test_the_rate_limit_of_journald(machine, says):
    said = says("for i in $(seq 100); do echo $i; done; sleep 3", "LogRateLimitIntervalSec=2\nLogRateLimitBurst=20")
    assert 20 <= len(said) < 100


def test_a_namespace_of_the_journal(machine, bundles, says):
    try:
        said = says("echo apart", "LogNamespace=tenant", matches=["--namespace=tenant"])
        assert [entry["MESSAGE"] for entry in said] == ["apart"]
        assert "apart" not in machine.journal(f"_SYSTEMD_INVOCATION_ID={says.id}").splitlines()
    finally:
        bundles.remove()
        machine.run("systemctl stop systemd-journald@tenant.socket systemd-journald-varlink@tenant.socket systemd-journald@tenant")
        machine.run("rm -rf /run/log/journal/*.tenant /var/log/journal/*.tenant")


# ---- to somewhere else

@pytest.mark.parametrize("settings, out, err", [
    ("StandardOutput=file:/tmp/out", "/tmp/out", "/tmp/out"),
    ("StandardOutput=append:/tmp/out", "/tmp/out", "/tmp/out"),
    ("StandardOutput=truncate:/tmp/out", "/tmp/out", "/tmp/out"),
    ("StandardOutput=file:/tmp/out\nStandardError=file:/tmp/err", "/tmp/out", "/tmp/err"),
    ("StandardError=file:/tmp/err", None, "/tmp/err"),
    ("StandardOutput=null", "", ""),
    ("StandardOutput=null\nStandardError=journal", "", None),
    ("StandardOutput=journal\nStandardError=journal", None, None),
], ids=str)
def test_standard_output(machine, bundles, declare, settings, out, err):
    """None: the journal; "": nowhere."""
    bundles.make("writer", ["sh", "-c", "echo out; echo '<4>err' >&2; echo done >/done; exec sleep 1000"])
    declare("/etc/systemd/system/container@writer.service.d/50-test.conf", f"[Service]\n{settings}\n")
    machine.run("rm -f /tmp/out /tmp/err; systemctl start container@writer")
    machine.wait_until("test -e /var/lib/berth/writer/rootfs/done")
    invocation = machine.show("container@writer", "InvocationID")
    for text, place in (("out", out), ("err", err)):
        if place is None:
            machine.wait_until(f"journalctl _SYSTEMD_INVOCATION_ID={invocation} CONTAINER_NAME=writer -o cat | grep -x {text}")
        elif place:
            machine.wait_until(f"grep -xE '(<4>)?{text}' {place}")
    machine.run("systemctl stop container@writer; rm -f /tmp/out /tmp/err")
    said = machine.journal(f"_SYSTEMD_INVOCATION_ID={invocation}", "CONTAINER_NAME=writer").splitlines()
    assert ("out" in said, "err" in said) == (out is None, err is None)


# ---- a journald that is slow or away

NUMBERS = "i=0; while [ $i -lt {n} ]; do echo line $i; i=$((i + 1)); done"


# systemd refuses to start anything that is started too often
RESTART = "systemctl reset-failed systemd-journald; systemctl restart systemd-journald"


def all_lines(machine, name, n):
    """Whether the container's lines are all there, in order."""
    invocation = machine.show(f"container@{name}", "InvocationID")
    said = [entry["MESSAGE"] for entry in entries(machine, f"_SYSTEMD_INVOCATION_ID={invocation}", f"CONTAINER_NAME={name}")]
    return [line for line in said if line.startswith("line ")] == [f"line {i}" for i in range(n)]


@pytest.fixture
def no_limit(machine):
    """journald takes as much as there is."""
    machine.write("/run/systemd/journald.conf.d/50-test.conf", "[Journal]\nRateLimitIntervalSec=0\nRuntimeMaxUse=500M\n")
    machine.run(RESTART)
    yield
    machine.run(f"rm /run/systemd/journald.conf.d/50-test.conf; {RESTART}")


def test_journald_is_restarted(machine, bundles, no_limit):
    bundles.make("busy", ["sh", "-c", NUMBERS.format(n=20000) + "; echo end; exec sleep 1000"])
    machine.run("systemctl start container@busy")
    for _ in range(3):
        machine.run(RESTART)
    machine.wait_until("journalctl -u container@busy -o cat | grep -x end", timeout=50)
    assert all_lines(machine, "busy", 20000)


def test_journald_is_stopped(machine, bundles, no_limit):
    """Its sockets, too. The payload waits, and the supervisor does what it is asked to all the same."""
    bundles.make("busy", ["sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done; " + NUMBERS.format(n=5000) +
                          "; echo end; trap 'exit 7' HUP; while :; do sleep 0.05; done"])
    machine.run("systemctl start container@busy")
    machine.run("systemctl reset-failed systemd-journald; systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald")
    try:
        machine.run("touch /var/lib/berth/busy/rootfs/go; sleep 1; kill -0 $(systemctl show -P MainPID container@busy)")
    finally:
        machine.run("systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald")
    machine.wait_until("journalctl -u container@busy -o cat | grep -x end", timeout=50)
    assert all_lines(machine, "busy", 5000)
    assert machine.show("container@busy", "ActiveState") == "active"


def test_journald_hangs(machine, bundles, no_limit):
    """A payload that writes more than fits into its FIFO waits; notifications and signals do not."""
    bundles.make("busy", ["sh", "-c", "trap 'exit 7' HUP; (while [ ! -e /go ]; do sleep 0.05; done; " + NUMBERS.format(n=30000) +
                          "; echo end) & while :; do sleep 0.05; done"])
    machine.run("systemctl start container@busy")
    journald = machine.show("systemd-journald", "MainPID")
    machine.run(f"kill -STOP {journald}; touch /var/lib/berth/busy/rootfs/go")
    try:
        # the receiving side is full when the supervisor has stopped to read what is there
        machine.wait_until("p=$(systemctl show -P MainPID container@busy); a=$(cat /proc/$p/stat); sleep 0.3; [ \"$a\" = \"$(cat /proc/$p/stat)\" ]")
        main = machine.show("container@busy", "MainPID")
        machine.run(f"kill -HUP {main}")
        machine.wait_until("[ $(systemctl show -P SubState container@busy) != running ] || ! pgrep -fx 'sh -c trap.*' ")
    finally:
        machine.run(f"kill -CONT {journald}")
    machine.wait_until("[ $(systemctl show -P ActiveState container@busy) = failed ]")
    assert machine.show("container@busy", "ExecMainStatus") == "7"


# ---- a user's systemd

def test_of_a_user(machine, user):
    """The same, as far as journald takes it from users: it is only root whom it tells more of another process."""
    root = f"{user.home}/srv/root"
    user.run(f"mkdir -p {root}/bin {root}/dev {root}/proc {root}/sys {root}/tmp {root}/run {root}/etc .config/berth;"
             f" cp /bin/busybox {root}/bin/sh; cp /bin/busybox {root}/bin/sleep")
    machine.write(f"{user.home}/.config/berth/mine.container",
                  f"[Container]\nRootfs={root}\nExec=sh -c 'echo hello; echo bad >&2; exec sleep 1000'\n")
    machine.run(f"gpasswd --add {user.name} systemd-journal")  # without files in /var nobody has a journal of his own, for --user
    user.run("systemctl --user daemon-reload; systemctl --user start container@mine")
    machine.wait_until("journalctl CONTAINER_NAME=mine -o cat | grep -x bad")
    for unit in ("container@mine", "berth-mine.scope"):
        machine.run(["journalctl", "--sync"])
        said = user.output(f"journalctl --quiet --user-unit={unit} -o cat").splitlines()
        assert [line for line in said if line in ("hello", "bad")] in (["hello", "bad"], ["bad", "hello"]), unit
    user.run("systemctl --user stop container@mine; rm -r .config/berth srv; systemctl --user daemon-reload")
    machine.run(f"gpasswd --delete {user.name} systemd-journal")
