# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth verify, cat and generate --dry-run: what is said about a declaration before it is used."""

import json

import pytest

ROOTFS = "/var/lib/berth/verified/rootfs"
GOOD = f"""\
[Container]
Rootfs={ROOTFS}
Exec=sleep 1000
Environment=A=1
[Service]
Restart=always
[Socket]
ListenStream=127.0.0.1:4010
[Install]
WantedBy=multi-user.target
"""

# what is wrong -> (text that replaces another in GOOD, line that is named, what is said)
BAD = {
    "our key": (("Exec=", "Exce="), 3, "did you mean 'Exec'"),
    "our value": (("Environment=A=1", "User=a b"), 4, "User="),
    "a root that is not there": ((ROOTFS, "/nowhere"), 0, "root directory '/nowhere': No such file or directory"),
    "a user of the image": (("Environment=A=1", "User=nobody-has-this"), 0, "nobody-has-this"),
    "a network that is none": (("Environment=A=1", "Network=ns:/etc/passwd"), 0, "not a namespace"),
    "a place for two": (("Environment=A=1", "Volume=/srv:/x\nTmpfs=/x"), 4, "'/x' is mounted over by Tmpfs= in /etc/berth/web.container:5"),
    "a volume": (("Environment=A=1", "Volume=/nowhere:/x"), 4, "'/nowhere': No such file or directory"),
    "systemd's key": (("Restart=", "Restar="), 6, "Unknown key"),
    "systemd's value": (("Restart=always", "Restart=sometimes"), 6, "Failed to parse"),
    "who owns a socket": (("ListenStream=", "SocketUser=nobody-has-this\nListenStream="), 8, "there is no such user"),
    "an address": (("127.0.0.1:4010", "127.0.0.1:port"), 8, "Failed to parse address value"),
}


@pytest.fixture(autouse=True)
def rootfs(bundles):
    bundles.make("verified")


def findings(machine, *words):
    result = machine.run(["berth", "verify", "--json", *words], check=False)
    return result.returncode, json.loads(result.stdout)


def test_nothing_is_said_about_what_is_right(machine, declare):
    declare("/etc/berth/web.container", GOOD)
    result = machine.run("berth verify web")
    assert result.stdout + result.stderr == ""
    assert findings(machine, "web") == (0, [])
    assert machine.output("berth verify web --json") == "[]"


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_found_with_its_place(machine, declare, what):
    (old, new), line, text = BAD[what]
    declare("/etc/berth/web.container", GOOD.replace(old, new))
    status, found = findings(machine, "web")
    assert [f for f in found if f["file"] == "/etc/berth/web.container" and f.get("line", 0) == line and text in f["message"]], found
    assert (status == 1) == any(f["level"] == "error" for f in found)


def test_all_errors_at_once(machine, declare):
    declare("/etc/berth/web.container", GOOD.replace("Exec=", "Exce=").replace("Environment=", "Enviroment="))
    said = machine.run("berth verify web", check=False).stderr
    assert "/etc/berth/web.container:3: " in said
    assert "/etc/berth/web.container:4: " in said


def test_a_place_in_a_dropin(machine, declare):
    declare("/etc/berth/web.container", GOOD)
    declare("/etc/berth/web.container.d/10-more.conf", "# more\n[Service]\nMemoryMax=lots\n")
    _, found = findings(machine, "web")
    assert [(f["file"], f["line"]) for f in found] == [("/etc/berth/web.container.d/10-more.conf", 3)]


def test_a_file_anywhere(machine):
    machine.write("/run/elsewhere/new.container", GOOD)
    assert machine.run("berth verify /run/elsewhere/new.container").stderr == ""
    assert machine.run("cd /run/elsewhere && berth verify new.container").stderr == ""
    machine.run("rm -r /run/elsewhere")


def test_without_words_all_are_checked(machine, declare):
    declare("/etc/berth/one.container", GOOD.replace("Exec=", "Exce="))
    declare("/etc/berth/two.container", GOOD.replace("Exec=", "Exce=").replace("4010", "4011"))
    status, found = findings(machine)
    assert status == 1
    assert {f["file"] for f in found} == {"/etc/berth/one.container", "/etc/berth/two.container"}


def test_a_name_that_is_not_there(machine):
    result = machine.run("berth verify nowhere", check=False)
    assert result.returncode == 1
    assert "There is no 'nowhere.container'" in result.stderr
    status, found = findings(machine, "nowhere", "data.volume")
    assert (status, [f["file"] for f in found]) == (1, ["nowhere", "data.volume"])
    assert "volumes are looked at with those that name them" in found[1]["message"]


def test_nothing_is_left_and_nothing_is_made(machine, declare):
    declare("/etc/berth/web.container", GOOD)
    before = machine.output("ls /tmp /run /run/berth-unit /var/lib/berth 2>&1; systemctl list-units --all --no-legend | wc -l")
    machine.run("berth verify web")
    assert machine.output(
        "ls /tmp /run /run/berth-unit /var/lib/berth 2>&1; systemctl list-units --all --no-legend | wc -l") == before


def test_cat_shows_what_counts_and_where_it_is_written(machine, declare):
    declare("/etc/berth/web.container", GOOD)
    declare("/etc/berth/web.container.d/10-more.conf", "[Container]\nEnvironment=\nEnvironment=B=2\nExec=sleep 1\n")
    text = machine.run("berth cat web").stdout
    assert text.splitlines()[:7] == [
        "[Container]", "# /etc/berth/web.container:2", f"Rootfs={ROOTFS}",
        "# /etc/berth/web.container.d/10-more.conf:3", "Environment=B=2", "Exec=sleep 1", ""]


def test_generate_prints_what_the_generator_writes(machine, declare):
    declare("/etc/berth/web.container", GOOD)
    text = machine.run("berth generate --dry-run web").stdout
    for name in ("container@web.service.d/50-berth.conf", "container@web.socket"):
        written = machine.run(["cat", f"/run/systemd/generator/{name}"]).stdout
        assert f"---{name}---\n{written}" in text
    assert "---multi-user.target.wants/container@web.service -> " in text


def test_generate_needs_to_be_told_that_it_is_a_trial(machine):
    result = machine.run("berth generate", check=False)
    assert result.returncode == 1
    assert "--dry-run" in result.stderr


# ---- berth convert

QUADLET = f"[Container]\nRootfs={ROOTFS}\nContainerName=web\nExec=sleep 1000\nStopTimeout=7\n[Install]\nWantedBy=multi-user.target\n"


def test_convert_makes_a_declaration_that_runs(machine, declare):
    machine.write("/run/quadlet/web.container", QUADLET)
    text = machine.run("berth convert /run/quadlet/web.container").stdout
    assert "# ContainerName=web   (the name is that of the file)" in text
    declare("/etc/berth/web.container", text)
    machine.run("systemctl start container@web")
    assert machine.show("container@web", "TimeoutStopUSec") == "7s"
    machine.run("rm -r /run/quadlet")


def test_convert_reads_stdin_when_it_is_told_what_that_is(machine):
    text = machine.run("berth convert --from=nspawn -", stdin="[Exec]\nParameters=/bin/true\n").stdout
    assert "Exec=/bin/true" in text
    done = machine.run("berth convert -", stdin="[Exec]\nParameters=/bin/true\n", check=False)
    assert (done.returncode, "say what it is with --from" in done.stderr) == (1, True)


@pytest.mark.parametrize("words, said", [
    ("--from=compose /dev/null", "--from: expected quadlet, nspawn or inspect, got 'compose'"),
    ("/nowhere/web.container", "Failed to read '/nowhere/web.container': No such file or directory"),
    ("/run/data.volume", "'/run/data.volume': a volume is declared with the same file here"),
    ("/run/web.pod", "'/run/web.pod': there are no pods"),
])
def test_convert_says_what_is_wrong_with_its_words(machine, words, said):
    machine.run("touch /run/data.volume /run/web.pod")
    done = machine.run(f"berth convert {words}", check=False)
    assert done.returncode == 1
    assert said in done.stderr
