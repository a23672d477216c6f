# SPDX-License-Identifier: LGPL-2.1-or-later
"""What test_rootless.py and test_user_namespace.py have in common: the user, his bundles, and what is edited in them."""

import os

import pytest

from users import SUBID, SUBIDS, UID, UserBundles, UserRuntime

RUNTIME = os.environ.get("BERTH_TEST_RUNTIME", "berth")
SLEEP = ["sleep", "1000"]
ONLY_BERTH = pytest.mark.skipif(RUNTIME != "berth", reason="a promise that only berth makes")
MANAGER = f"/user.slice/user-{UID}.slice/user@{UID}.service"


@pytest.fixture
def bundles(user, bundle_template, nothing_left):
    bundles = UserBundles(user, bundle_template, RUNTIME)
    yield bundles
    bundles.remove()


@pytest.fixture
def runtime(user, bundles):
    runtime = UserRuntime(user, RUNTIME, ["--systemd-cgroup"] if RUNTIME == "runc" else [])
    yield runtime
    runtime.delete_all()


def sh(script):
    return ["sh", "-c", script]


def mapping(*ranges):
    """An edit of the configuration: these id mappings (inside, outside, count) for users and for groups."""
    def edit(config):
        for key in "uidMappings", "gidMappings":
            config["linux"][key] = [{"containerID": i, "hostID": o, "size": n} for i, o, n in ranges]
    return edit


RANGES = mapping((0, UID, 1), (1, SUBID, SUBIDS))


def cgroup(machine, pid):
    return machine.output(f"sed -n 's/^0:://p' /proc/{pid}/cgroup")
