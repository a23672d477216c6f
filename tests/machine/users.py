# SPDX-License-Identifier: LGPL-2.1-or-later
"""An ordinary user of the machine, with a systemd of his own and ranges of ids, and a runtime that he calls."""

import json
import shlex
import shutil
import subprocess

UID = 1500
SUBID = 100000
SUBIDS = 65536


class User:
    """A user who exists until remove(). His home is in the machine's root file system."""

    def __init__(self, machine, name="alice", uid=UID):
        self.machine, self.name, self.uid = machine, name, uid
        self.home = f"/home/{name}"
        self.runtime_dir = f"/run/user/{uid}"
        machine.run(f"useradd --create-home --shell /bin/sh --uid {uid} {name};"
                    f" for f in /etc/subuid /etc/subgid; do sed -i /^{name}:/d $f; echo {name}:{SUBID}:{SUBIDS} >>$f; done;"
                    # without a system bus running yet, loginctl could not ask for it
                    f" systemctl unmask --quiet systemd-logind; systemctl start dbus.socket dbus systemd-logind;"
                    f" loginctl enable-linger {name}")
        machine.wait_until(f"systemctl is-active user@{uid} && test -S {self.runtime_dir}/systemd/private"
                           f" && test -S {self.runtime_dir}/bus")

    def remove(self):
        self.machine.run(f"loginctl disable-linger {self.name}; systemctl stop user@{self.uid};"
                         f" userdel --remove {self.name}")

    # Where a command runs: in a cgroup of root's, in the session of a login, in a unit of the user's systemd.
    PLACES = ("sudo", "login", "unit")

    def command(self, script, place="sudo", env=None):
        """The words that run a script for the shell as the user, in his home."""
        words = {"HOME": self.home, "USER": self.name, "XDG_RUNTIME_DIR": self.runtime_dir, **(env or {})}
        settings = [f"{key}={value}" for key, value in words.items() if value is not None]
        script = f"cd {self.home} && {script}"
        if place == "login":
            return ["su", "-l", self.name, "-c", script]
        become = ["setpriv", f"--reuid={self.name}", f"--regid={self.name}", "--init-groups", "env", "-i",
                  "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", *settings]
        if place == "unit":
            become += ["systemd-run", "--user", "--wait", "--pipe", "--quiet", "--collect"]
        return [*become, "sh", "-c", script]

    def run(self, script, place="sudo", env=None, **kwargs):
        return self.machine.run(self.command(script, place, env), **kwargs)

    def output(self, script, **kwargs):
        return self.run(script, **kwargs).stdout.strip()


class UserBundles:
    """Bundles in the user's home, with the configuration that `spec --rootless` of the runtime writes."""

    def __init__(self, user, template, runtime):
        self.user, self.template, self.runtime = user, template, runtime
        self.made = []

    def directory(self, name):
        return self.user.machine.root / self.user.home.lstrip("/") / name

    def make(self, name, args, edit=None, spec="{} spec --rootless"):
        """Make the bundle ~/NAME; returns its path in the machine."""
        directory = self.directory(name)
        self.made.append(name)
        self.user.run(f"mkdir {name} && cd {name} && {spec.format(self.runtime)}")
        subprocess.run(["cp", "-a", self.template[0], directory / "rootfs"], check=True)
        subprocess.run(["chown", "-R", f"{self.user.uid}:{self.user.uid}", directory / "rootfs"], check=True)
        config = json.loads((directory / "config.json").read_text())
        config["process"]["terminal"] = False
        config["process"]["args"] = list(args)
        if edit is not None:
            edit(config)
        (directory / "config.json").write_text(json.dumps(config, indent=8))
        return f"{self.user.home}/{name}"

    def remove(self):
        for name in self.made:
            shutil.rmtree(self.directory(name))
        self.made.clear()


class UserRuntime:
    """A runtime as the user calls it."""

    def __init__(self, user, name, options=()):
        self.user, self.name, self.options = user, name, options
        self.ids = set()

    def __call__(self, *args, place="sudo", env=None, **kwargs):
        return self.user.run(shlex.join([self.name, *self.options, *args]), place, env, **kwargs)

    def detached(self, verb, container, bundle, *options, place="sudo", env=None):
        """create or run --detach; the payload keeps the output open, so it goes to a file."""
        self.ids.add(container)
        log = f"/tmp/{container}.log"
        self.user.machine.run(f"rm -f {log}")
        words = shlex.join([self.name, *self.options, verb, "--bundle", bundle, *options, container])
        done = self.user.run(f"{words} >{log} 2>&1 </dev/null", place, env, check=False)
        done.stderr = self.user.machine.output(f"cat {log}")
        return done

    def start(self, container, bundle, **kwargs):
        """run --detach, which has to succeed."""
        done = self.detached("run", container, bundle, "--detach", **kwargs)
        assert done.returncode == 0, done.stderr

    def run(self, container, bundle, *options, **kwargs):
        self.ids.add(container)
        return self("run", "--bundle", bundle, *options, container, **kwargs)

    def state(self, container, **kwargs):
        return json.loads(self("state", container, **kwargs).stdout)

    def status(self, container, **kwargs):
        return self.state(container, **kwargs)["status"]

    def delete_all(self):
        for container in self.ids:
            self("delete", "--force", container, check=False)
        self.user.machine.run("rm -f /tmp/*.log")
