# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bundles to run: a root file system of busybox and the test's payload program, and a config.json from `runc spec`."""

import json
import pathlib
import re
import shutil
import subprocess

BUNDLES = "var/lib/berth"

# where sanitizers write, in the machine and in containers
REPORTS = "/var/.berth-sanitizer"


def _with_libraries(program):
    """The program and the libraries that it loads."""
    ldd = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return [program, *re.findall(r"(/\S+) \(0x", ldd)]


def _make_rootfs(directory, payload):
    for folder in ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "var"):
        (directory / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", directory / "bin/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], check=True, capture_output=True, text=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            (directory / "bin" / applet).symlink_to("busybox")
    shutil.copy(payload, directory / "bin/payload")
    for file in _with_libraries("/usr/bin/systemd-notify"):
        target = directory / file.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (directory / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    (directory / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")


def _make_config(directory):
    subprocess.run(["runc", "spec"], check=True, cwd=directory)
    config = json.loads((directory / "config.json").read_text())
    config["process"]["terminal"] = False
    config["root"]["readonly"] = False
    return config


class Bundles:
    """Makes bundles in a machine's /var/lib/berth and knows which it made."""

    def __init__(self, machine, template):
        self.machine = machine
        self.template = template
        self.made = []

    @staticmethod
    def make_template(directory, payload):
        """What all bundles of a session start from: (rootfs directory, config)."""
        rootfs = pathlib.Path(directory) / "rootfs"
        _make_rootfs(rootfs, payload)
        return rootfs, _make_config(directory)

    def config(self):
        """A fresh copy of the configuration that every bundle starts from."""
        return json.loads(json.dumps(self.template[1]))

    def directory(self, name):
        """The bundle's directory as the host sees it."""
        return self.machine.root / BUNDLES / name

    def make(self, name, args=None, edit=None):
        """Make the bundle /var/lib/berth/NAME. args is the payload's command line, edit(config) changes the rest."""
        config = self.config()
        if args is not None:
            config["process"]["args"] = list(args)
        if edit is not None:
            edit(config)
        return self.make_raw(name, json.dumps(config, indent=8))

    def make_raw(self, name, text):
        """The same with the text of config.json as it is, for files that no JSON writer would write."""
        directory = self.directory(name)
        self.made.append(name)
        directory.mkdir(parents=True)
        subprocess.run(["cp", "-a", self.template[0], directory / "rootfs"], check=True)
        (directory / "config.json").write_text(text)
        return f"/{BUNDLES}/{name}"

    def remove(self):
        """Remove the bundles made, after stopping what runs from them."""
        units = [f"container@{name}.service" for name in self.made]
        if units:
            self.machine.run(["systemctl", "stop", "--quiet", *units], check=False)
            self.machine.run(["systemctl", "reset-failed", "--quiet", *units], check=False)
        for name in self.made:
            for report in self.directory(name).glob(f"rootfs{REPORTS}/*"):
                shutil.move(report, f"{self.machine.root}{REPORTS}")
            shutil.rmtree(self.directory(name))
        self.made.clear()
