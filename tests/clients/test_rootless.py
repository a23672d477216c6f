# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman of an ordinary user with berth as its runtime: Podman is root of a user namespace then, and berth with it."""

import re
import shlex

import pytest

from users import SUBID, UID, User

RUN = "podman --runtime berth run"
START = f"{RUN} -d --name c"
SLICE = f"/user\\.slice/user-{UID}\\.slice/user@{UID}\\.service/user\\.slice"

# name: (command, its status, a regular expression that all it prints has to contain)
COMMANDS = {
    "run": (f"{RUN} --rm box echo hello", 0, r"^hello$"),
    "status": (f"{RUN} --rm box sh -c 'exit 7'", 7, r"^$"),
    "no-program": (f"{RUN} --rm box no-such-program", 127, r"executable file not found"),
    "stdin": (f"echo words | {RUN} -i --rm box cat", 0, r"^words$"),
    "terminal": (f"script -qec '{RUN} -t --rm box tty' /dev/null", 0, r"/dev/pts/0"),
    "ids": (f"{RUN} --rm box sh -c 'id -u; cat /proc/self/uid_map'", 0, rf"^0\n +0 +{UID} +1\n +1 +{SUBID} +65536$"),
    "keep-id": (f"{RUN} --rm --userns=keep-id box id -u", 0, rf"^{UID}$"),
    "user": (f"{RUN} --rm --user 65534:65534 --group-add 7 box id", 0, r"^uid=65534\(nobody\) gid=65534.*groups=7\b"),
    "keep-groups": (f"{RUN} --rm --group-add keep-groups box true", 0, r"^$"),
    "volume": (f"{RUN} --rm -v v:/v box sh -c 'echo kept >/v/f' && {RUN} --rm -v v:/v:ro box sh -c 'cat /v/f; touch /v/g'",
               1, r"(?s)(?=.*kept).*Read-only file system"),
    "home": (f"{RUN} --rm -v $HOME:/host:ro box ls -d /host/.bashrc", 0, r"^/host/.bashrc$"),
    "read-only": (f"{RUN} --rm --read-only box sh -c 'touch /tmp/x && echo writable; touch /x'", 1,
                  r"(?s)(?=.*writable).*Read-only file system"),
    "device": (f"{RUN} --rm --device /dev/zero box stat -c '%t:%T' /dev/zero", 0, r"^1:5$"),
    "privileged": (f"{RUN} --rm --privileged box grep Seccomp: /proc/self/status", 0, r"\t0$"),
    "oom-score": (f"{RUN} --rm --oom-score-adj 100 box cat /proc/self/oom_score_adj", 0, r"^100$"),
    "host-network": (f"{RUN} --network=host --rm box readlink /proc/self/ns/net; readlink /proc/self/ns/net", 0,
                     r"^(net:\[\d+\])\n\1$"),
    "scope": (f"{RUN} --rm --cgroupns=host box grep ^0:: /proc/self/cgroup", 0, rf"^0::{SLICE}/libpod-[0-9a-f]+\.scope"),
    "limits": (f"{START} --memory 32m --pids-limit 77 box sleep 1000 && systemctl --user show -p MemoryMax,TasksMax"
               " $(basename $(podman inspect -f '{{.State.CgroupPath}}' c))", 0, r"(?=(?s:.*)TasksMax=77)(?s:.*)MemoryMax=33554432"),
    "update": (f"{START} box sleep 1000 && podman update --memory 48m c && systemctl --user show -p MemoryMax"
               " $(basename $(podman inspect -f '{{.State.CgroupPath}}' c))", 0, r"MemoryMax=50331648"),
    "no-cgroups": (f"{RUN} --rm --cgroups=disabled box echo hello", 0, r"^hello$"),
    "cgroupfs": (f"podman --cgroup-manager=cgroupfs --runtime berth run --rm box echo hello", 0, r"^hello$"),
    "exec": (f"{START} box sleep 1000 && podman exec c sh -c 'id -u; grep ^0:: /proc/self/cgroup; exit 3'", 3, r"^0\n0::/$"),
    "exec-terminal": (f"{START} box sleep 1000 && script -qec 'podman exec -it c tty' /dev/null", 0, r"/dev/pts/0"),
    "pause": (f"{START} box sleep 1000 && podman pause c && podman inspect -f '{{{{.State.Status}}}}' c && podman unpause c",
              0, r"^paused$"),
    "top": (f"{START} box sleep 1000 && podman top c user,comm", 0, r"root +sleep"),
    "stop": (f"{START} box sh -c 'trap \"exit 9\" TERM; while :; do sleep 0.1; done' && podman stop c &&"
             " podman inspect -f '{{.State.ExitCode}}' c", 0, r"^9$"),
    "restart": (f"{START} box sleep 1000 && podman restart -t 0 c && podman inspect -f '{{{{.State.Status}}}}' c", 0, r"^running$"),
    "logs": (f"{START} box echo said && podman wait c && podman logs c", 0, r"^said$"),
    "pod": (f"podman --runtime berth pod create --infra-image box --infra-command 'sleep 1000' --network=host p &&"
            f" {RUN} --rm --pod p box echo together", 0, r"^together$"),
}


@pytest.fixture(scope="module")
def user(machine):
    user = User(machine)
    # overlays cannot lie on the machine's root, which is one
    machine.run(f"install -d -o alice -g alice {user.home}/.local {user.home}/.local/share {user.home}/.local/share/containers;"
                f" mount -t tmpfs -o uid={UID},gid={UID},mode=700 tmpfs {user.home}/.local/share/containers")
    user.run("podman import --change 'ENV PATH=/bin:/usr/bin' /box.tar box", place="login")
    yield user
    machine.run(f"loginctl disable-linger {user.name}; systemctl stop user@{UID};"
                f" umount -l {user.home}/.local/share/containers")
    user.remove()


@pytest.fixture(autouse=True)
def nothing_left_of_the_user(user):
    yield
    user.run("podman pod rm -fa -t 0; podman rm -fa -t 0; podman volume rm -fa", place="login")
    user.machine.wait_until(shlex.join(user.command(
        "! systemctl --user list-units --all --plain --no-legend 'libpod-*.scope' | grep . && ! ls $XDG_RUNTIME_DIR/berth | grep .")))


@pytest.mark.parametrize("row", COMMANDS.values(), ids=COMMANDS)
def test_command(user, row):
    command, status, expected = row
    done = user.run(command, place="login", check=False)
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert re.search(expected, said.replace("\r", ""), re.MULTILINE), said
