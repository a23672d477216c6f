# SPDX-License-Identifier: LGPL-2.1-or-later
"""What README.md shows under "A container in one minute" is typed here, in its order. The command for Podman is in
tests/clients/test_comparison.py."""

import pathlib
import re

import pytest

README = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
MINUTE = re.search("\n## A container in one minute\n(.*?)\n## ", README, re.S)[1]


def block(after):
    """The commands, without their comments, of the first block behind these words."""
    lines = MINUTE[MINUTE.index(after):].split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("    "))
    last = next(i for i in range(first, len(lines)) if not lines[i].startswith("    "))
    return [re.sub("  +#.*", "", line.strip()) for line in lines[first:last]]


@pytest.fixture(scope="module", autouse=True)
def root(machine):
    machine.run(["bash", "-ec", "\n".join(block("As root"))])
    yield
    machine.run("rm -r /srv/busybox")


def test_every_command_is_here():
    commands = {line.strip() for line in MINUTE.splitlines() if line.startswith("    ")}
    known = {line for after in ("As root", "Then:", "**Ad hoc**", "**Under Podman**") for line in block(after)}
    assert {re.sub("  +#.*", "", line) for line in commands} == known


def test_declared(machine, declare):
    path, text = re.search(r"Write `(\S+)`:\n\n```ini\n(.*?)```", MINUTE, re.S).groups()
    declare(path, text)
    said = {}
    for command in block("Then:"):
        said[command] = machine.output(command)
        if command.startswith("systemctl start"):
            machine.wait_until("journalctl -u container@hello -o cat | grep -x 'hello, world'")
            assert machine.show("berth-hello.scope", "MemoryMax") == str(64 << 20)
    assert said["berth verify hello"] == ""
    assert "active (running)" in said["systemctl status container@hello"]
    assert "hello, world" in said["journalctl -u container@hello"]
    assert "sleep infinity" in said["berth exec hello ps"]
    assert machine.show("container@hello", "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}


def test_ad_hoc(machine, terminal):
    shell, summary = block("**Ad hoc**")
    done = terminal(shell, ("# ", "echo sum $((3 * 4))\n"), ("sum 12", "exit\n"))
    assert done.returncode == 0 and "sum 12" in done.stdout
    done = machine.run(summary, check=False)
    assert done.returncode == 7
    assert re.search("code=exited[/,] ?status=7", done.stderr)
    machine.wait_until("journalctl -o cat | grep -x hi")
    machine.run("systemctl reset-failed 'berth-run-*'")
