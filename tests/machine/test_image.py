# SPDX-License-Identifier: LGPL-2.1-or-later
"""Image=: containers from OCI image layouts, which umoci makes here, and what berth pull brings."""

import json
import shlex
import subprocess

import pytest

from machine import from_now_on

LAYOUT = "/srv/layout"


@pytest.fixture(scope="module", autouse=True)
def layout(machine, bundle_template):
    """A layout with two images: "first" has one layer, "second" one more, which removes and replaces files."""
    # overlayfs takes no directory of an overlay for what it writes, and the machine's root is one
    machine.run("mkdir -p /var/lib/berth /run/disk && rm -r /var/lib/berth && ln -s /run/disk /var/lib/berth")
    machine.run(f"mkdir -p /srv/work {LAYOUT} && rmdir {LAYOUT}")
    subprocess.run(["cp", "-a", bundle_template[0], machine.root / "srv/work/rootfs"], check=True)
    machine.run(
        f"cd /srv/work && umoci init --layout {LAYOUT} && umoci new --image {LAYOUT}:first"
        f" && umoci unpack --image {LAYOUT}:first one && cp -a rootfs/. one/rootfs/"
        " && mkdir one/rootfs/data && echo 1 >one/rootfs/data/gone && echo 1 >one/rootfs/data/both"
        " && echo www:x:33:44::/:/bin/sh >>one/rootfs/etc/passwd && echo webs:x:44: >>one/rootfs/etc/group"
        f" && umoci repack --image {LAYOUT}:first one"
        f" && umoci config --image {LAYOUT}:first --config.entrypoint sh --config.entrypoint -c --config.cmd 'echo first of {LAYOUT}'"
        f" && umoci unpack --image {LAYOUT}:first two && rm two/rootfs/data/gone && echo 2 >two/rootfs/data/both"
        f" && umoci repack --image {LAYOUT}:second two"
        f" && umoci config --image {LAYOUT}:second --clear=config.entrypoint --clear=config.cmd --config.cmd sh --config.cmd -c"
        " --config.cmd 'ls /data; cat /data/both; id -u; id -g; pwd; echo $COLOUR $SIZE'"
        " --config.user www --config.workingdir /data --config.env COLOUR=red --config.env SIZE=big"
        " --config.stopsignal SIGUSR1 --config.label tier=front --config.label run.oci.keep_original_groups=1"
        " --config.exposedports 80/tcp")
    yield
    machine.run("rm -r /srv/work /srv/layout /var/lib/berth /run/disk")


def declaration(image="second", **keys):
    lines = "".join(f"{key}={value}\n" for key, value in keys.items())
    return f"[Container]\nImage=oci:{LAYOUT}:{image}\n{lines}"


def output_of(machine, name="web"):
    """What the container of a unit that ends by itself has said."""
    start = from_now_on()
    machine.run(f"systemctl start container@{name}", check=False)
    machine.wait_until(f"systemctl show -P SubState container@{name} | grep -E 'dead|failed'")
    return machine.journal(start, f"CONTAINER_NAME={name}", f"SYSLOG_IDENTIFIER={name}")


def test_what_the_image_says_is_done(machine, declare):
    declare("/etc/berth/web.container", declaration())
    assert output_of(machine) == "both\n2\n33\n44\n/data\nred big"


def test_what_the_declaration_says_goes_before_it(machine, declare):
    declare("/etc/berth/web.container", declaration(User="0:0", WorkingDir="/", Environment="COLOUR=blue"))
    assert output_of(machine) == "both\n2\n0\n0\n/\nblue big"


def test_exec_replaces_the_command_and_leaves_the_entrypoint(machine, declare):
    declare("/etc/berth/web.container", declaration("first", Exec='"echo another"'))
    assert output_of(machine) == "another"


def test_entrypoint_replaces_both(machine, declare):
    declare("/etc/berth/web.container", declaration("first", Entrypoint="echo", Exec="only this"))
    assert output_of(machine) == "only this"


def test_what_is_written_is_gone_after_the_stop(machine, declare):
    command = "sh -c 'ls /data; echo x >/data/new; exec sleep 1000'"
    declare("/etc/berth/web.container", declaration(User="0:0", Exec=command))
    for _ in range(2):
        machine.run("systemctl start container@web")
        machine.wait_until("berth exec web test -e /data/new")
        machine.run("systemctl stop container@web")
        assert machine.output("ls /var/lib/berth/changes") == ""
    said = machine.journal("SYSLOG_IDENTIFIER=web", "CONTAINER_NAME=web")
    assert said == "both\nboth"


def test_layers_are_unpacked_once_and_shared(machine, declare):
    declare("/etc/berth/web.container", declaration())
    declare("/etc/berth/two.container", declaration("first"))
    output_of(machine)
    before = machine.output("ls -i /var/lib/berth/layers/sha256")
    assert len(before.splitlines()) == 2
    assert output_of(machine, "two") == f"first of {LAYOUT}"
    assert machine.output("ls -i /var/lib/berth/layers/sha256") == before


def test_nothing_is_mounted_on_the_host(machine, declare):
    declare("/etc/berth/web.container", declaration(Exec="sleep 1000"))
    machine.run("systemctl start container@web")
    assert "berth-unit" not in machine.output("cat /proc/mounts")
    assert "/layers/" not in machine.output("cat /proc/mounts")


def test_labels_become_annotations_and_orders_do_not(machine, declare):
    declare("/etc/berth/web.container", declaration(Exec="sleep 1000"))
    machine.run("systemctl start container@web")
    annotations = json.loads(machine.output("berth state web"))["annotations"]
    assert annotations["tier"] == "front"
    assert annotations["org.opencontainers.image.exposedPorts"] == "80/tcp"
    assert annotations["org.opencontainers.image.stopSignal"] == "SIGUSR1"
    assert "run.oci.keep_original_groups" not in annotations


def test_the_stop_signal_of_the_image(machine, declare):
    command = "sh -c 'trap \"echo got it; exit 0\" USR1; echo set; while :; do sleep 1; done'"
    declare("/etc/berth/web.container", declaration(Exec=command))
    machine.run("systemctl start container@web")
    machine.wait_until("journalctl -o cat CONTAINER_NAME=web SYSLOG_IDENTIFIER=web | grep -x set")
    machine.run("systemctl stop container@web")
    assert machine.journal("CONTAINER_NAME=web", "SYSLOG_IDENTIFIER=web").splitlines()[-1] == "got it"


def test_a_root_that_cannot_be_written_to(machine, declare):
    declare("/etc/berth/web.container", declaration(User="0", ReadOnly="yes", Exec="touch /data/new"))
    assert "Read-only file system" in output_of(machine)


def test_volatile_root(machine, declare):
    """The layers stay below what is in memory."""
    command = "sh -c 'ls /data; touch /data/new; exec sleep 1000'"
    declare("/etc/berth/web.container", declaration(User="0:0", Exec=command, Volatile="overlay"))
    machine.run("systemctl start container@web")
    machine.wait_until("berth exec web test -e /data/new")
    assert machine.output("ls /run/berth-unit/web/changes/upper/data; ls -d /var/lib/berth/changes/web 2>/dev/null; true") == "new"
    machine.wait_until("journalctl -o cat SYSLOG_IDENTIFIER=web CONTAINER_NAME=web | grep -x both")


@pytest.fixture
def merged(machine):
    """An image whose programs are all in /usr; what is in /data and in /usr/share comes with its second layer."""
    machine.run(
        "mkdir /srv/merged && cd /srv/merged && umoci init --layout here && umoci new --image here:merged"
        " && umoci unpack --image here:merged one && cp -a ../work/rootfs/. one/rootfs/"
        " && cp -a one/rootfs/bin/. one/rootfs/usr/bin/ && rm -r one/rootfs/bin && ln -s usr/bin one/rootfs/bin"
        " && umoci repack --image here:merged one"
        " && umoci unpack --image here:merged two && mkdir -p two/rootfs/data two/rootfs/usr/share && touch two/rootfs/usr/share/second"
        " && umoci repack --image here:merged two")
    yield "oci:/srv/merged/here:merged"
    machine.run("rm -r /srv/merged")


@pytest.mark.parametrize("word, said", [("state", "/data\n/etc/passwd\nread-only\n/var"), ("yes", "/\n/etc\n/var")])
def test_more_of_the_root_is_volatile(machine, declare, merged, word, said):
    """With "yes", nothing is seen of any layer but what is in /usr."""
    machine.write("/srv/merged/script", (
        "exec 2>/dev/null; ls -d /data /etc/passwd; test -e /usr/share/second || echo no second layer\n"
        "touch /new && echo / || echo read-only; for d in /etc /usr /var; do touch $d/new && echo $d; done\n"))
    keys = f"Exec=sh /script\nVolume=/srv/merged/script:/script\nVolatile={word}\n"
    declare("/etc/berth/web.container", f"[Container]\nImage={merged}\n{keys}")
    assert output_of(machine) == said


@pytest.mark.parametrize("image, said", [
    (f"oci:{LAYOUT}:third", "there is no image 'third'"),
    ("oci:/etc", "'/etc' is not an image layout: there is no directory 'blobs'"),
    ("oci:/nowhere", "Failed to open the image layout '/nowhere': No such file or directory"),
    (f"oci:{LAYOUT}", "none is called 'latest': name one"),
    ("never-pulled", "run 'berth pull docker.io/library/never-pulled:latest'"),
])
def test_an_image_that_is_not_there(machine, declare, image, said):
    declare("/etc/berth/web.container", f"[Container]\nImage={image}\n")
    assert said in machine.run("berth verify web", check=False).stderr
    assert machine.run("systemctl start container@web", check=False).returncode != 0
    assert said in machine.journal("-u", "container@web")
    assert machine.output("ls /run/berth-unit 2>/dev/null; true") == ""


def test_a_bad_name_is_an_error_of_the_line(machine, declare):
    declare("/etc/berth/web.container", "[Container]\nImage=Not A Name\n")
    assert "/etc/berth/web.container:2: Image=Not A Name: expected oci:DIR[:NAME] or" in machine.run(
        "berth verify web", check=False).stderr


def test_verify_unpacks_nothing(machine, declare):
    machine.run("rm -rf /var/lib/berth/layers")
    declare("/etc/berth/web.container", declaration())
    done = machine.run("berth verify web")
    assert "is not unpacked yet" in done.stderr
    assert "layers" not in machine.output("ls /var/lib/berth")


def test_a_layer_that_was_changed_is_refused(machine, declare):
    machine.run("rm -rf /var/lib/berth/layers")
    machine.run(f"cp -a {LAYOUT} /srv/changed")
    layer = machine.output(
        f"for f in {LAYOUT}/blobs/sha256/*; do"
        " [ $(head -c 2 $f | od -An -tx1 | tr -d ' ') = 1f8b ] && echo ${f##*/}; done | head -n 1")
    machine.run(f"echo more >>/srv/changed/blobs/sha256/{layer}")
    declare("/etc/berth/web.container", f"[Container]\nImage=oci:/srv/changed:second\n")
    assert machine.run("systemctl start container@web", check=False).returncode != 0
    assert f"Layer sha256:{layer}: its content is not what its name says" in machine.journal("-u", "container@web")
    assert layer not in machine.output("ls /var/lib/berth/layers/sha256")
    machine.run("rm -r /srv/changed")


def test_a_directory_that_became_a_link(machine, declare):
    """Its second layer says of each file of /tools that it is gone, behind a link of that name to /usr/tools."""
    machine.run(
        "mkdir /srv/moved && cd /srv/moved && umoci init --layout here && umoci new --image here:moved"
        " && umoci unpack --image here:moved one && cp -a ../work/rootfs/. one/rootfs/"
        " && mkdir -p one/rootfs/tools one/rootfs/usr/tools && touch one/rootfs/tools/both one/rootfs/tools/gone"
        " one/rootfs/usr/tools/both && umoci repack --image here:moved one"
        " && umoci unpack --image here:moved two && touch two/rootfs/usr/tools/new"
        " && rm -r two/rootfs/tools && ln -s usr/tools two/rootfs/tools && umoci repack --image here:moved two")
    declare("/etc/berth/web.container", "[Container]\nImage=oci:/srv/moved/here:moved\nExec=ls /tools /usr/tools\n")
    assert output_of(machine) == "/tools:\nboth\nnew\n/usr/tools:\nboth\nnew"
    assert machine.output("find /var/lib/berth/layers -name '.wh*' -o -name '.marks*'") == ""
    machine.run("rm -r /srv/moved")


# ---- berth pull

def test_pull(machine, declare):
    digest = machine.output(f"berth pull --quiet --from oci:{LAYOUT}:first example.com/web:v1")
    assert digest.startswith("sha256:")
    declare("/etc/berth/web.container", "[Container]\nImage=example.com/web:v1\n")
    assert machine.run("berth verify web").stderr == ""
    assert output_of(machine) == f"first of {LAYOUT}"
    again = machine.output(f"berth pull --quiet --from oci:{LAYOUT}:second example.com/web:v1")
    assert again != digest
    assert output_of(machine) == "both\n2\n33\n44\n/data\nred big"


def test_pull_of_what_is_not_there(machine):
    done = machine.run("berth pull --quiet --from oci:/nowhere:x example.com/none", check=False)
    assert done.returncode == 1
    assert "Failed to pull image 'example.com/none:latest'" in done.stderr


@pytest.mark.parametrize("words, said", [
    (["Not A Name"], "expected oci:DIR[:NAME] or the name of an image"),
    ([f"oci:{LAYOUT}"], "is a directory here already"),
    (["--tls-verify=maybe", "web"], "--tls-verify: expected true or false, got 'maybe'"),
])
def test_pull_says_what_is_wrong_with_its_words(machine, words, said):
    done = machine.run(f"berth pull {shlex.join(words)}", check=False)
    assert done.returncode == 1
    assert said in done.stderr
