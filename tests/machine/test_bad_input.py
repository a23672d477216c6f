# SPDX-License-Identifier: LGPL-2.1-or-later
"""Input that has to be refused: with a message that names the place, and with nothing left behind (a fixture looks)."""

import json

import pytest


def drop(*path):
    """An edit that removes a field."""
    def edit(config):
        for key in path[:-1]:
            config = config[key]
        del config[path[-1]]
    return edit


def put(value, *path):
    """An edit that sets a field."""
    def edit(config):
        for key in path[:-1]:
            config = config.setdefault(key, {})
        config[path[-1]] = value
    return edit


def overlapping(config):
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"]["uidMappings"] = [
        {"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 500, "hostID": 200000, "size": 1000}]
    config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 1000}]


def unknown_namespace(config):
    config["linux"]["namespaces"].append({"type": "astral"})


# (case, edit, words of the message)
CASES = [
    ("wrong type", put("sh", "process", "args"), ["/process/args", "array"]),
    ("wrong type deep down", put("much", "linux", "resources", "memory", "limit"), ["/linux/resources/memory/limit"]),
    ("args empty", put([], "process", "args"), ["/process/args"]),
    ("args missing", drop("process", "args"), ["/process/args"]),
    ("cwd relative", put("tmp", "process", "cwd"), ["/process/cwd", "absolute"]),
    ("cwd missing", drop("process", "cwd"), ["/process/cwd"]),
    ("executable not found", put(["no-such-program"], "process", "args"), ["no-such-program"]),
    ("unknown namespace", unknown_namespace, ["/linux/namespaces/", "astral"]),
    ("overlapping id mappings", overlapping, ["/linux/uidMappings/1"]),
    ("root missing", drop("root"), ["/root"]),
    ("no resctrl here", put({"closID": "x", "schemata": ["L3:0=f"]}, "linux", "intelRdt"), ["resctrl"]),
]


@pytest.mark.parametrize("case, edit, words", CASES, ids=[case[0].replace(" ", "-") for case in CASES])
def test_refused_by_the_unit(machine, bundles, case, edit, words):
    """systemctl start fails, and the journal of the unit says why."""
    bundles.make("bad", ["sleep", "1000"], edit)
    assert machine.run("systemctl start container@bad", check=False).returncode != 0
    says(machine.journal("-u", "container@bad"), words)


@pytest.mark.parametrize("case, edit, words", CASES, ids=[case[0].replace(" ", "-") for case in CASES])
def test_refused_by_the_runtime(bundles, runtime, case, edit, words):
    """The same on the command line."""
    bundle = bundles.make("bad", ["sleep", "1000"], edit)
    done = runtime.detached("run", "bad", bundle, "--detach")
    assert done.returncode != 0
    says(done.stderr, words)


def test_broken_json_names_the_line(machine, bundles):
    lines = json.dumps(bundles.config(), indent=8).splitlines()
    lines[4] += " ,,"
    bundles.make_raw("bad", "\n".join(lines))
    assert machine.run("systemctl start container@bad", check=False).returncode != 0
    says(machine.journal("-u", "container@bad"), ["config.json", "5"])


def test_no_bundle(machine):
    assert machine.run("systemctl start container@nowhere", check=False).returncode != 0
    says(machine.journal("-u", "container@nowhere"), ["/var/lib/berth/nowhere"])
    machine.run("systemctl reset-failed container@nowhere")


def test_unknown_key_in_a_container_file(machine, bundles, declare):
    bundles.make("typo", ["sleep", "1000"])
    declare("/etc/berth/typo.container", "[Container]\nBundle=/var/lib/berth/typo\nReadOnyl=yes\n")
    assert machine.run("systemctl start container@typo", check=False).returncode != 0
    says(machine.output("systemctl status --no-pager container@typo", check=False)
         + machine.journal("-u", "container@typo"), ["/etc/berth/typo.container:3", "ReadOnyl"])


def test_container_exists(bundles, runtime):
    bundle = bundles.make("twice", ["sleep", "1000"])
    runtime.create("twice", bundle)
    done = runtime("create", "--bundle", bundle, "twice", check=False)
    assert done.returncode != 0
    says(done.stderr, ["twice", "exist"])
    assert runtime.status("twice") == "created"


@pytest.mark.parametrize("verb", [["state"], ["start"], ["kill"], ["delete"], ["exec"]])
def test_container_does_not_exist(runtime, verb):
    done = runtime(*verb, "nobody", *(["true"] if verb == ["exec"] else []), check=False)
    assert done.returncode != 0
    says(done.stderr, ["does not exist"])


def says(text, words):
    for word in words:
        assert word in text, f"'{word}' is not in: {text}"
