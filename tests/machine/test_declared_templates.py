# SPDX-License-Identifier: LGPL-2.1-or-later
"""Templates of declarations: NAME@.container, and instances with and without files of their own."""

import pytest

ROOTFS = "/var/lib/berth/declared/rootfs"
TEMPLATE = "/etc/berth/web@.container"

WEB = f"""\
[Unit]
Description=Instance %i of %p
Wants=template-needs@%i.service
After=template-needs@%i.service
[Container]
Rootfs={ROOTFS}
Exec=sh -c "echo i=%i I=%I j=%j p=%p n=%n N=%N; echo host $(hostname); echo from $FROM_SERVICE; exec sleep 1000"
[Service]
MemoryMax=64M
LogExtraFields=INSTANCE=%i
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(autouse=True)
def needed(machine, bundles, declare):
    bundles.make("declared")
    declare("/etc/systemd/system/template-needs@.service",
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.3\n")
    yield
    machine.run("systemctl stop 'container@web*' 'template-needs@*'")
    machine.run("systemctl reset-failed")


@pytest.fixture
def template(declare):
    declare(TEMPLATE, WEB)


def start(machine, instance):
    unit = f"container@web@{instance}"
    machine.run(["systemctl", "start", unit])
    machine.wait_until(f"journalctl -u '{unit}' -o cat | grep '^from'")
    return machine.journal("-u", unit, "-t", f"web-{instance}").splitlines()


def test_any_instance(machine, template):
    """systemd learns of an instance when it is started first, and [Unit] and [Service] hold for it at once."""
    said = start(machine, "1")
    assert "i=1 I=1 j=web p=web n=container@web@1.service N=container@web@1" in said
    assert "host web-1" in said
    assert machine.output("berth list -q") == "web-1"
    shown = machine.show("container@web@1", "Description", "MemoryMax", "SourcePath", "FragmentPath")
    assert shown == {"Description": "Instance 1 of web", "MemoryMax": "67108864", "SourcePath": TEMPLATE,
                     "FragmentPath": shown["FragmentPath"]}
    assert shown["FragmentPath"].endswith("/container@.service")
    assert machine.show("berth-web-1.scope", "MemoryMax") == "67108864"
    assert machine.show("template-needs@1", "ActiveState") == "active"
    assert "i=1" in machine.journal("INSTANCE=1")
    # as long as it runs it stays known
    machine.run("systemctl daemon-reload")
    assert machine.show("container@web@1", "MemoryMax") == "67108864"
    machine.run("systemctl restart container@web@1")
    assert machine.show("container@web@1", "MemoryMax") == "67108864"
    machine.run("systemctl stop container@web@1")
    assert machine.run("ls -A /run/berth").stdout.strip() in ("", ".lock")


def test_several_at_once(machine, template):
    machine.run("systemctl start container@web@1 container@web@2 container@web@x.y:z_")
    assert sorted(machine.output("berth list -q").splitlines()) == ["web-1", "web-2", "web-x.y_z_"]
    for instance in ("1", "2", "x.y:z_"):
        assert machine.show(f"container@web@{instance}", "MemoryMax") == "67108864"


def test_escaped_path_as_instance(machine, template):
    unit = "container@web@srv-a\\x2db.service"
    machine.run(["systemctl", "start", unit])
    machine.wait_until(f"journalctl -u '{unit}' -o cat | grep 'I=srv/a-b j=web '")
    assert machine.show(unit, "Description") == "Instance srv-a\\x2db of web"
    assert machine.output("berth list -q") == "web-srv-a_x2db"


def test_links_name_instances(machine, template):
    """As for Quadlet: a link is an instance, which [Install] is about."""
    assert machine.show("multi-user.target", "Wants").count("container@web@") == 0
    machine.run("ln -s web@.container /etc/berth/web@foo.container && systemctl daemon-reload")
    assert "container@web@foo.service" in machine.show("multi-user.target", "Wants").split()
    assert machine.show("container@web@foo", "Description", "MemoryMax") == {
        "Description": "Instance foo of web", "MemoryMax": "67108864"}
    assert "i=foo I=foo j=web p=web n=container@web@foo.service N=container@web@foo" in start(machine, "foo")
    machine.run("systemctl stop container@web@foo && rm /etc/berth/web@foo.container")


def test_default_instance(machine, declare):
    declare(TEMPLATE, WEB + "DefaultInstance=main\n")
    wants = machine.show("multi-user.target", "Wants").split()
    assert [unit for unit in wants if "container@web" in unit] == ["container@web@main.service"]
    assert machine.show("container@web@main", "MemoryMax") == "67108864"


@pytest.fixture
def dropins(machine):
    """dropins({path: text}): files that go with their directories."""
    made = []

    def write(texts):
        for path, text in texts.items():
            machine.write(path, text)
            made.append(path.rsplit("/", 1)[0])
        machine.run("systemctl daemon-reload")

    yield write
    machine.run(["rm", "-rf", *made])


def test_dropins(machine, template, dropins):
    """Those of the instance, of the template, of names that begin so, and of all; the more special one wins."""
    dropins({"/usr/lib/berth/container.d/50-all.conf": "[Container]\nEnvironment=FROM_SERVICE=all\n",
             "/usr/lib/berth/web@.container.d/60-template.conf": "[Service]\nMemoryMax=32M\n",
             "/run/berth/web@2.container.d/60-template.conf": "[Service]\nMemoryMax=16M\n",
             "/etc/berth/web@2.container.d/70-more.conf": "[Service]\nNice=3\n"})
    assert machine.show("container@web@2", "MemoryMax", "Nice") == {"MemoryMax": "16777216", "Nice": "3"}
    assert "from all" in start(machine, "1")
    assert machine.show("container@web@1", "MemoryMax", "Nice") == {"MemoryMax": "33554432", "Nice": "0"}
    text = machine.output("berth cat web@2")
    assert "# /run/berth/web@2.container.d/60-template.conf:2\nMemoryMax=16M" in text
    assert "# /etc/berth/web@2.container.d/70-more.conf:2" in text
    assert "# /usr/lib/berth/container.d/50-all.conf:2" in text
    machine.run("systemctl stop container@web@1")


def test_verify(machine, template):
    for word in ("web@1", "web@", TEMPLATE):
        done = machine.run(["berth", "verify", word], check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), word
    machine.write(TEMPLATE, WEB.replace(ROOTFS, "/nowhere/%i"))
    done = machine.run("berth verify web@1", check=False)
    assert done.returncode == 1 and "/nowhere/1" in done.stderr
    assert machine.run("berth verify web@").returncode == 0
    assert machine.run("berth verify nothing@1", check=False).returncode == 1


def test_errors_of_a_template(machine, declare):
    """An instance that nobody has named fails with the same text."""
    declare(TEMPLATE, WEB.replace("Rootfs=", "Rotfs="))
    assert machine.run("systemctl start container@web@1", check=False).returncode != 0
    assert f"{TEMPLATE}:6: unknown key 'Rotfs' in section [Container], did you mean 'Rootfs'?" in machine.run(
        "systemctl status container@web@1", check=False).stdout


def test_no_such_template(machine, template):
    assert machine.run("systemctl start container@wob@1", check=False).returncode != 0
    assert "No container 'wob@1': neither /etc/berth/wob@.container nor" in machine.journal("-u", "container@wob@1")
    machine.run("systemctl reset-failed container@wob@1")


