# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of notifications, byte for byte: what the socket of the service manager gets for what a payload sends, with the
descriptors, on each way there is from the one to the other.

Of all this, runc and crun pass on the first READY=1, if it is at the beginning, or somewhere in the first 255 bytes."""

import re

import pytest

from listener import ADDRESS
from runtimes import not_with

pytestmark = not_with("runc", "crun", reason="they pass on READY=1 and nothing else")

STORE = ["FDSTORE=9"]  # in the environment: there is a file descriptor store
LONG = "x" * 4089


def numbers(n):
    return [str(i) for i in range(n)]


# What is sent, with how many descriptors (each contains its number); what comes out of it: None for nothing, a text, or a text
# and the descriptors. The third is what comes out where there is no descriptor store, if it is not the same.
ROWS = [
    # readiness
    ("READY=1", 0, "READY=1"),
    ("READY=1\nSTATUS=hello", 0, "READY=1\nSTATUS=hello"),
    ("STATUS=x\nREADY=1", 0, "STATUS=x\nREADY=1"),  # runc never sees this one, and hangs
    (f"STATUS={'y' * 300}\nREADY=1", 0, f"STATUS={'y' * 300}\nREADY=1"),  # nor does crun
    ("STATUS=READY=1 soon", 0, "STATUS=READY=1 soon"),  # which crun takes for READY=1
    ("READY=1\n", 0, "READY=1"),
    ("READY=1\0", 0, "READY=1"),
    ("READY=0", 0, None),
    ("READY=", 0, None),
    # reloading: with a time, in the same datagram
    ("RELOADING=1\nMONOTONIC_USEC=5", 0, "RELOADING=1\nMONOTONIC_USEC=5"),
    ("MONOTONIC_USEC=5\nSTATUS=r\nRELOADING=1", 0, "MONOTONIC_USEC=5\nSTATUS=r\nRELOADING=1"),
    ("RELOADING=1", 0, re.compile(r"RELOADING=1\nMONOTONIC_USEC=[1-9]\d+")),
    ("RELOADING=1\nMONOTONIC_USEC=now", 0, re.compile(r"RELOADING=1\nMONOTONIC_USEC=[1-9]\d+")),
    # the rest of its life
    ("STOPPING=1", 0, "STOPPING=1"),
    ("STATUS=", 0, "STATUS="),
    ("STATUS=gr\u00fc\u00df", 0, "STATUS=gr\u00fc\u00df"),
    (b"STATUS=a\x1b[1mb\x07\xff\xc3", 0, "STATUS=a?[1mb???"),
    ("ERRNO=2", 0, "ERRNO=2"),
    ("ERRNO=two", 0, None),
    ("BUSERROR=org.freedesktop.DBus.Error.TimedOut", 0, "BUSERROR=org.freedesktop.DBus.Error.TimedOut"),
    ("BUSERROR=no\ttabs", 0, None),
    ("VARLINKERROR=io.systemd.System", 0, "VARLINKERROR=io.systemd.System"),
    ("WATCHDOG=1", 0, "WATCHDOG=1"),
    ("WATCHDOG=trigger", 0, "WATCHDOG=trigger"),
    ("WATCHDOG=0", 0, None),
    ("EXTEND_TIMEOUT_USEC=7000000", 0, "EXTEND_TIMEOUT_USEC=7000000"),
    ("EXTEND_TIMEOUT_USEC=7s", 0, None),
    # the descriptor store
    ("FDSTORE=1\nFDNAME=a", 2, ("FDSTORE=1\nFDNAME=a", ["0", "1"]), None),
    ("FDNAME=b\nFDPOLL=0\nFDSTORE=1", 1, ("FDNAME=b\nFDPOLL=0\nFDSTORE=1", ["0"]), None),
    ("FDSTORE=1", 253, ("FDSTORE=1", numbers(253)), None),
    ("FDSTORE=1\nSTATUS=kept", 1, ("FDSTORE=1\nSTATUS=kept", ["0"]), "STATUS=kept"),
    ("FDSTOREREMOVE=1\nFDNAME=a", 0, "FDSTOREREMOVE=1\nFDNAME=a", None),
    ("FDSTORE=1\nFDNAME=berth-x", 1, None),
    ("STATUS=s\nFDSTORE=1\nFDNAME=berth-x", 1, "STATUS=s"),
    ("FDSTOREREMOVE=1\nFDNAME=berth-x", 0, None),
    ("FDSTORE=1\nFDNAME=a:b", 1, None),
    ("FDPOLL=1", 0, None),
    # barriers
    ("BARRIER=1", 1, ("BARRIER=1", ["0"])),
    ("BARRIER=1\n", 1, ("BARRIER=1", ["0"])),
    ("BARRIER=1", 0, None),
    ("BARRIER=1", 2, None),
    ("BARRIER=1\nSTATUS=too", 1, None),
    ("STATUS=too\nBARRIER=1", 1, None),
    ("BARRIER=0", 1, None),
    # what is for the supervisor, or for nobody
    ("MAINPID=1", 0, None),
    ("MAINPID=1\nREADY=1", 0, "READY=1"),
    ("MAINPID=1\nMAINPIDFDID=2", 0, None),
    ("MAINPIDFD=1", 1, None),
    ("EXIT_STATUS=0", 0, None),
    ("NOTIFYACCESS=all", 0, None),
    ("NOTIFYACCESS=all\nSTATUS=n", 0, "STATUS=n"),
    ("WATCHDOG_USEC=1", 0, None),
    ("RESTART_RESET=1", 0, None),
    ("X_SYSTEMD_UNIT_ACTIVE=multi-user.target", 0, None),
    ("X_MINE=1\nSTATUS=m", 0, "STATUS=m"),
    ("UNKNOWN=1", 0, None),
    ("UNKNOWN=1\nSTATUS=u\nnonsense\n=\n", 0, "STATUS=u"),
    ("nonsense", 0, None),
    # descriptors that nothing asks for
    ("READY=1", 3, "READY=1"),
    ("UNKNOWN=1", 1, None),
    # what is no message
    ("", 0, None),
    ("\n\n", 0, None),
    ("STATUS=a\0b", 0, None),
    ("\0\0", 0, None),
    (f"STATUS={LONG}", 0, f"STATUS={LONG}"),
    (f"STATUS={LONG}\0", 0, f"STATUS={LONG}"),
    (f"STATUS={LONG}x", 0, None),
    (f"STATUS={LONG * 3}", 5, None),
    (f"RELOADING=1\nSTATUS={LONG[12:]}", 0, f"RELOADING=1\nSTATUS={LONG[12:]}"),  # no room for a time
]


def as_bytes(sent):
    return sent if isinstance(sent, bytes) else sent.encode()


def script():
    """The lines for `payload send`; a row comes between STATUS=row N and the next."""
    lines = []
    for i, (sent, n_fds, *_) in enumerate(ROWS):
        lines += [f"0 {f'STATUS=row {i}'.encode().hex()}", f"{n_fds} {as_bytes(sent).hex()}"]
    return "\n".join([*lines, f"0 {b'STATUS=end'.hex()}", ""])


def expected(row, store):
    """The (text, contents of descriptors) that should come; text may be a pattern."""
    out = row[2] if store or len(row) == 3 else row[3]
    if out is None:
        return []
    text, contents = out if isinstance(out, tuple) else (out, [])
    return [(text.encode().decode("latin-1") if isinstance(text, str) else text, contents)]


def matches(wanted, got):
    return len(wanted) == len(got) and all(
        contents == there and (text.fullmatch(said) if isinstance(text, re.Pattern) else text == said)
        for (text, contents), (said, there) in zip(wanted, got))


def check(listener, store):
    """All rows at once; the message has those that are wrong."""
    groups, wrong = {}, []
    for datagram in listener.datagrams():
        row = re.fullmatch(r"STATUS=row (\d+)", datagram["text"])
        if row:
            current = groups.setdefault(int(row[1]), [])
        elif datagram["text"] == "STATUS=end":
            current = []
        elif groups:
            current.append((datagram["text"], datagram["contents"]))
    assert len(groups) == len(ROWS)
    for i, row in enumerate(ROWS):
        if not matches(expected(row, store), groups[i]):
            wrong.append(f"{row[:2]!r:.200}: {groups[i]!r:.400} and not {expected(row, store)!r:.400}")
    assert not wrong, "\n".join(wrong)


def start(ways, way, bundles, listener, args, environment=()):
    """Starts the container "rows" that sends, and waits for the STATUS=end with which it tells that it has."""
    bundle = bundles.make("rows", args)
    (bundles.directory("rows") / "rootfs/rows").write_text(script())
    passer = ways.start(way, [f"NOTIFY_SOCKET={listener.address}", *environment], "rows", bundle)
    listener.wait_for("STATUS=end")
    return passer


SEND = ["sh", "-c", "payload send /rows && exec payload signals"]


@pytest.mark.parametrize("way,address,environment", [
    ("foreground", ADDRESS, STORE),
    ("foreground", ADDRESS, []),
    ("foreground", "@berth-test", STORE),
    ("detached", ADDRESS, STORE),
    ("detached", "@berth-test", []),
    ("started", ADDRESS, STORE),
    ("supervised", ADDRESS, STORE),
    ("supervised", "@berth-test", []),
])
def test_table(machine, bundles, listen, ways, way, address, environment):
    """Every row, and no descriptor of any row stays with who passes it on."""
    listener = listen(address)
    passer = start(ways, way, bundles, listener, SEND, environment)
    check(listener, bool(environment))
    open_files = machine.output(f"for fd in /proc/$({passer})/fd/*; do readlink $fd; done")
    assert "memfd" not in open_files, open_files
