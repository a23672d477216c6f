# SPDX-License-Identifier: LGPL-2.1-or-later
"""An OCI runtime's command line, the same for berth and its peers."""

import json
import os
import shlex

import pytest

RUNTIME = os.environ.get("BERTH_TEST_RUNTIME", "berth")


def not_with(*names, reason):
    """Marks a test that these runtimes do not pass, and why not: Debian 13's runc is 1.1.15, its crun 1.21."""
    return pytest.mark.skipif(RUNTIME in names, reason=reason)


def case(*values, without=(), why=""):
    """A row of a table of cases, and which runtimes do not pass it."""
    return pytest.param(*values, marks=not_with(*without, reason=why) if without else ())


class Runtime:
    """Runs verbs of one runtime in the machine. Containers are placed by systemd, unless options say otherwise."""

    def __init__(self, machine, name, options=("--systemd-cgroup",)):
        self.machine = machine
        self.options = options
        self.name = name
        self.ids = set()

    def __call__(self, *args, **kwargs):
        """runtime("state", "x"): the verb with its arguments; keywords as of Machine.run."""
        return self.machine.run([self.name, *self.options, *args], **kwargs)

    def detached(self, verb, container, bundle, *options):
        """create or run --detach. The payload keeps the runtime's output open, so it goes to a file (see log)."""
        self.ids.add(container)
        words = [self.name, *self.options, verb, "--bundle", bundle, *options, container]
        done = self.machine.run(f"{shlex.join(words)} >/tmp/{container}.log 2>&1", check=False)
        done.stderr = self.log(container)
        return done

    def create(self, container, bundle, *options):
        """create, which has to succeed."""
        done = self.detached("create", container, bundle, *options)
        assert done.returncode == 0, done.stderr

    def run(self, container, bundle, *options, **kwargs):
        """run in the foreground."""
        self.ids.add(container)
        return self("run", "--bundle", bundle, *options, container, **kwargs)

    def log(self, container):
        return self.machine.output(f"cat /tmp/{container}.log")

    def state(self, container):
        return json.loads(self("state", container).stdout)

    def status(self, container):
        return self.state(container)["status"]

    def delete_all(self):
        for container in self.ids:
            self("delete", "--force", container, check=False)
        self.machine.run("rm -f /tmp/*.log")
