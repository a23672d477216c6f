# SPDX-License-Identifier: LGPL-2.1-or-later
"""berth-run --image=: what an image brings along is tested in test_image.py."""

import subprocess

import pytest

from adhoc import UNIT, Adhoc

LAYOUT = "/srv/adhoc-layout"


@pytest.fixture
def adhoc(machine, layout):
    adhoc = Adhoc(machine)
    yield adhoc
    adhoc.clean()


@pytest.fixture(scope="module")
def layout(machine, bundle_template):
    """A layout with one image, which has a command."""
    # overlayfs takes no directory of an overlay for what it writes, and the machine's root is one
    machine.run("mkdir -p /var/lib/berth /run/disk && rm -r /var/lib/berth && ln -s /run/disk /var/lib/berth && mkdir -p /srv/work")
    subprocess.run(["cp", "-a", bundle_template[0], machine.root / "srv/work/rootfs"], check=True)
    machine.run(
        f"cd /srv/work && umoci init --layout {LAYOUT} && umoci new --image {LAYOUT}:web"
        f" && umoci unpack --image {LAYOUT}:web web && cp -a rootfs/. web/rootfs/ && umoci repack --image {LAYOUT}:web web"
        f" && umoci config --image {LAYOUT}:web --config.cmd echo --config.cmd 'from the image'")
    yield
    machine.run(f"rm -r /srv/work {LAYOUT} /var/lib/berth /run/disk")


@pytest.mark.parametrize("image, directory", [
    (f"oci:{LAYOUT}:web", "/"),
    (f"oci:{LAYOUT}", "/"),
    ("oci:adhoc-layout:web", "/srv"),
    ("oci:.", LAYOUT),
])
def test_image(machine, adhoc, image, directory):
    words = f"cd {directory} && berth-run --pipe --quiet --collect --image={image}"
    assert machine.run(words).stdout == "from the image\n"
    assert machine.run(f"{words} -- sh -c 'echo another'").stdout == "another\n"


def test_image_that_was_pulled(machine, adhoc):
    machine.run(f"berth pull --quiet --from=oci:{LAYOUT}:web web")
    try:
        assert machine.run("berth-run --pipe --quiet --image=web").stdout == "from the image\n"
        adhoc.start("--wait --quiet", source="--image=web")
    finally:
        machine.run("rm -r /var/lib/berth/images")


def test_image_that_was_not(machine, adhoc):
    done = machine.run("berth-run --image=never/heard-of", check=False)
    assert done.returncode != 0
    assert "berth pull" in done.stderr
    assert adhoc.units() == ""


def test_description_without_a_command(machine, adhoc):
    done = machine.run(f"berth-run -r --unit={UNIT} --image=oci:{LAYOUT}:web", check=False)
    assert done.returncode == 0, done.stderr
    assert adhoc.show("Description") == f"oci:{LAYOUT}:web"


def test_scope(machine, adhoc):
    words = f"berth-run --scope --quiet --image=oci:{LAYOUT}:web"
    assert machine.run(words).stdout == "from the image\n"
    assert machine.run(f"{words} -- sh -c 'echo x >/new; cat /new'").stdout == "x\n"
    assert machine.output("ls /var/lib/berth/changes /run/berth-unit") == "/run/berth-unit:\n\n/var/lib/berth/changes:"


def test_timer(machine, adhoc):
    machine.run(f"berth-run --quiet --unit={UNIT} --on-active=1ms --timer-property=AccuracySec=1ms --image=oci:{LAYOUT}:web")
    machine.wait_until(f"journalctl -u {UNIT} -o cat | grep -x 'from the image'")
