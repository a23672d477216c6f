# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `journalctl -x` explains: the journal catalog, and the messages that refer to it."""

import json

import pytest

UNIT = "container@explained"
DEFINED_BY = "░░ Defined-By: berth"


@pytest.fixture(scope="module", autouse=True)
def catalog(machine):
    """As an installation does it."""
    machine.run("journalctl --update-catalog")


@pytest.fixture
def explained(machine, bundles, declare):
    """explained(keys, service, args): the container, declared."""

    def make(keys="", service="", args=("sleep", "1000"), source="Bundle=/var/lib/berth/explained"):
        bundles.make("explained", list(args))
        declare("/etc/berth/explained.container", f"[Container]\n{source}\n{keys}\n[Service]\n{service}\n")

    return make


def entries(machine, text):
    """The journal's entries about the unit whose message has the text."""
    machine.run("journalctl --sync")
    lines = machine.output(f"journalctl --quiet -u {UNIT} --output=json").splitlines()
    return [entry for entry in map(json.loads, lines) if text in entry.get("MESSAGE", "")]


def explanation(machine, text, language="C.UTF-8"):
    """What journalctl shows below the last message with the text."""
    cursor = entries(machine, text)[-1]["__CURSOR"]
    return machine.output(["env", f"LC_ALL={language}", "journalctl", "--no-pager", "--quiet", "-x", "-u", UNIT, f"--cursor={cursor}",
                           "--lines=1"])


def test_every_text_is_in_the_database(machine):
    """journalctl has read the files as we meant them."""
    listed = machine.output("journalctl --dump-catalog 2>/dev/null")
    assert listed.count("Defined-By: berth") >= 16
    assert "Subject: The declaration of container @CONTAINER_NAME@ is wrong" in listed


def test_a_declaration_with_errors(machine, explained):
    """One explanation for all of them, below the last."""
    explained("ReadOnli=yes\nUzer=1")
    machine.run(f"systemctl start {UNIT}", check=False)
    first, = entries(machine, "ReadOnli")
    last, = entries(machine, "Uzer")
    assert "MESSAGE_ID" not in first and last["MESSAGE_ID"]
    assert last["CONTAINER_NAME"] == "explained" and last["UNIT"] == f"{UNIT}.service"
    text = explanation(machine, "Uzer")
    assert "░░ Subject: The declaration of container explained is wrong" in text
    assert DEFINED_BY in text
    assert f"░░   systemctl start {UNIT}.service" in text


@pytest.fixture
def locale(machine):
    """locale(name): a locale that differs from C.UTF-8 in its name, which is what journalctl goes by."""
    made = []

    def make(name):
        made.append(f"/usr/lib/locale/{name}.utf8")
        machine.run(f"cp -rT /usr/lib/locale/C.utf8 {made[-1]}")
        return f"{name}.UTF-8"

    yield make
    machine.run(["rm", "-r", *made])


@pytest.mark.parametrize("language, subject", [
    ("de_DE", "des Containers explained "),
    ("fr_CA", "déclaration du conteneur explained "),
    ("zh_CN", "容器 explained 的声明有错误"),
])
def test_in_the_language_of_the_reader(machine, explained, locale, language, subject):
    explained("ReadOnli=yes")
    machine.run(f"systemctl start {UNIT}", check=False)
    assert subject in explanation(machine, "ReadOnli", locale(language))


def test_a_container_that_does_not_exist(machine):
    machine.run(f"systemctl start {UNIT}", check=False)
    assert "Subject: There is no container explained" in explanation(machine, "No container 'explained'")
    machine.run(f"systemctl reset-failed {UNIT}")


def test_an_image_that_is_not_there(machine, explained):
    explained(source="Image=example.com/nothing")
    machine.run(f"systemctl start {UNIT}", check=False)
    assert "A start never fetches an image" in explanation(machine, "berth pull")


def test_unhealthy(machine, explained):
    explained("HealthCmd=false\nHealthInterval=100ms\nHealthRetries=1\nHealthOnFailure=kill", args=("sleep", "1000"))
    machine.run(f"systemctl start {UNIT}")
    machine.wait_until(f"systemctl is-failed {UNIT}")
    assert "Subject: Container explained is unhealthy\n" in explanation(machine, "is unhealthy: 1 check")
    assert "HealthOnFailure=\n" in explanation(machine, "is unhealthy: HealthOnFailure=kill")


def test_a_stop_signal_without_a_handler(machine, explained):
    explained()
    machine.run(f"systemctl start {UNIT}")
    machine.run(f"systemctl stop {UNIT}")
    assert "with 'trap'" in explanation(machine, "does not handle SIGTERM")


def test_a_supervisor_that_is_replaced(machine, explained):
    """Said by a program that ends at once: the entry has its unit all the same."""
    explained()
    machine.run(f"systemctl start {UNIT}")
    before = machine.show(UNIT, "MainPID")
    machine.run(f"kill -9 {before}")
    machine.wait_until(f"test $(systemctl show -P MainPID {UNIT}) != {before} && systemctl is-active {UNIT}")
    assert "Subject: Container explained gets a new supervisor" in explanation(machine, "and gets a new one")


def test_a_notification_that_is_dropped(machine, explained):
    explained(args=("sh", "-c", "systemd-notify --ready NOTIFYACCESS=all; exec sleep 1000"))
    machine.run(f"systemctl start {UNIT}")
    machine.wait_until(f"journalctl -u {UNIT} | grep 'Notification from process'")
    assert "Subject: A notification of container explained was dropped" in explanation(machine, "Notification from")


def test_a_reload_that_fails(machine, explained):
    explained("ReloadCmd=false")
    machine.run(f"systemctl start {UNIT}")
    machine.run(f"systemctl reload {UNIT}", check=False)
    assert "Subject: Container explained was not reloaded" in explanation(machine, "was not reloaded")


def test_not_the_journal(machine, explained):
    """Where stderr goes somewhere else, so do the messages, without the fields."""
    explained(source="Image=example.com/elsewhere", service="StandardError=file:/run/explained.log")
    machine.run(f"systemctl start {UNIT}", check=False)
    assert "run 'berth pull example.com/elsewhere:latest'" in machine.output("cat /run/explained.log")
    machine.run("rm /run/explained.log")
    assert not entries(machine, "berth pull example.com/elsewhere")
