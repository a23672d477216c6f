# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options of podman run that ask the runtime for something of its own: ids, mounts, cgroups, hooks, seccomp profiles."""

import pytest

from rows import check_row

RUN = "podman --runtime berth run"
START = f"{RUN} -d --name c"
USERNS = "--uidmap 0:100000:65536 --gidmap 0:100000:65536"
UNLIMITED = "CONTAINERS_CONF=/etc/containers/no-limits.conf"
UNIT_OF = "$(basename $(podman inspect -f '{{.State.CgroupPath}}' c))"
NO_MKDIR = ('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO",'
            '"errnoRet":71}]}')
HOOK = ('{"version":"1.0.0","hook":{"path":"/bin/sh","args":["sh","-c","tee /tmp/hooks/state >/dev/null"]},"when":{"always":true},'
        '"stages":["createRuntime"]}')
ON_USR1 = "sh -c 'trap \"exit 9\" USR1; touch /ready; while :; do sleep 0.1; done'"

COMMANDS = {
    # who it is
    "keep-groups": (f"setpriv --groups 7,8 {RUN} --rm --group-add keep-groups box grep Groups /proc/self/status", 0, r"\t7 8"),
    "userns-auto": (f"{RUN} --rm --userns=auto:size=5000 box cat /proc/self/uid_map", 0, r"^ +0 +200000 +5000$"),
    "userns-joined": (f"{START} {USERNS} box sleep 1000 && {RUN} --rm --userns=container:c box cat /proc/self/uid_map", 0,
                      r"^ +0 +100000 +65536$"),
    "userns-privileged": (f"{RUN} --rm --privileged {USERNS} box id -u", 0, r"^0$"),
    "userns-terminal": (f"script -qec '{RUN} -it --rm {USERNS} box stat -c %u /dev/console /dev/pts/0' /dev/null", 0, r"0\n0$"),
    "passwd-entry": (f"{RUN} --rm --user 1234 --passwd-entry 'x:*:1234:0::/home/x:/bin/sh' box sh -c 'echo $HOME'", 0, r"^/home/x$"),
    "umask": (f"{RUN} --rm --umask 0027 box sh -c umask", 0, r"^0027$"),
    "personality": (f"{RUN} --rm --personality=LINUX32 box uname -m", 0, r"^i686$"),
    # what it may do
    "seccomp-profile": (f"echo '{NO_MKDIR}' >/tmp/no-mkdir.json && {RUN} --rm --security-opt seccomp=/tmp/no-mkdir.json box mkdir /x",
                        1, r"Protocol error"),
    "masked": (f"{RUN} --rm --security-opt mask=/etc/passwd:/tmp box sh -c 'cat /etc/passwd; touch /tmp/x'", 1,
               r"\Atouch: /tmp/x: Read-only file system"),
    "hidepid": (f"{RUN} --rm --security-opt proc-opts=hidepid=2 box grep ' /proc ' /proc/mounts", 0, r"hidepid="),
    "device-rule": (f"{RUN} --rm --cap-add mknod --device-cgroup-rule 'c 10:237 r' box"
                    " sh -c 'mknod /m c 10 237; mknod /k c 1 11; head -c0 /m && echo read; echo >/m; cat /k'", 1,
                    r"(?s)(?=.*^read$)(?=.*/m: Operation not permitted).*'/k': Operation not permitted"),
    "exec-privileged": (f"{START} box sleep 1000 && podman exec --privileged c grep CapEff /proc/self/status", 0, r"\t000001f"),
    # what it sees of the file system
    "idmapped-volume": (f"mkdir -p /tmp/five && chown 5:5 /tmp/five && {RUN} --rm {USERNS} -v /tmp/five:/v:idmap box stat -c %u /v", 0,
                        r"^5$"),
    "idmap-text": (f"mkdir -p /tmp/five && chown 5:5 /tmp/five && {RUN} --rm {USERNS} --mount"
                   " 'type=bind,src=/tmp/five,dst=/v,idmap=uids=5-100009-1;gids=5-100010-1' box stat -c %u:%g /v", 0, r"^9:10$"),
    "owned-volume": (f"{RUN} --rm {USERNS} -v v:/v:U box stat -c %u /v", 0, r"^0$"),
    "copied-up": (f"{RUN} --rm --tmpfs /etc:rw box sh -c 'cat /etc/group; touch /etc/new'", 0, r"^nogroup:x:65534:$"),
    "not-copied-up": (f"{RUN} --rm --mount type=tmpfs,dst=/bin/below,notmpcopyup box ls -A /bin/below", 0, r"\A\Z"),
    "read-only-tmpfs": (f"{RUN} --rm --read-only --read-only-tmpfs=false box sh -c 'echo x >/dev/null && touch /tmp/x'", 1,
                        r"Read-only file system"),
    "noexec": (f"{RUN} --rm -v /bin:/host:noexec,ro box /host/true", 126, r"permission denied"),
    "new-devpts": (f"{RUN} --rm --mount type=devpts,destination=/mine box ls /mine", 0, r"^ptmx$"),
    # cgroups
    "no-conmon": (f"{RUN} --rm --cgroups=no-conmon --cgroupns=host box grep ^0:: /proc/self/cgroup", 0,
                  r"/machine\.slice/libpod-[0-9a-f]+\.scope$"),
    "split": (f"systemd-run --quiet --wait --pipe --unit=splits --property=Delegate=yes --setenv={UNLIMITED} {RUN} --rm"
              " --cgroups=split --cgroupns=host box grep ^0:: /proc/self/cgroup", 0, r"/splits\.service/libpod-payload-[0-9a-f]+$"),
    "cgroup-setting": (f"{START} --cgroup-conf memory.high=33554432 box sleep 1000 && systemctl show -p MemoryHigh {UNIT_OF}", 0,
                       r"^MemoryHigh=33554432$"),
    "property": (f"{START} --annotation org.systemd.property.MemoryLow='uint64 4096000' box sleep 1000 &&"
                 f" systemctl show -p MemoryLow {UNIT_OF}", 0, r"^MemoryLow=4096000$"),
    "unknown-property": (f"{RUN} --rm --annotation org.systemd.property.NoSuch=true box true", 126, r"NoSuch"),
    # how it lives
    "hook": (f"mkdir -p /tmp/hooks && echo '{HOOK}' >/tmp/hooks/h.json && podman --hooks-dir /tmp/hooks --runtime berth run --rm"
             " box true && cat /tmp/hooks/state", 0, r'"status": *"creat'),
    "stop-signal": (f"{START} --stop-signal USR1 box {ON_USR1} && until podman exec c ls /ready; do sleep 0.1; done; podman stop c &&"
                    " podman inspect -f '{{.State.ExitCode}}' c", 0, r"^9$"),
    "restart-on-failure": (f"{START} --restart=on-failure:1 box sh -c 'echo run; exit 3' && until podman inspect -f"
                           " '{{.State.Status}} {{.RestartCount}}' c | grep -x 'exited 1'; do sleep 0.1; done; podman logs c", 0,
                           r"^run\nrun$"),
    "timeout": (f"{RUN} --rm --timeout 1 box sleep 1000", 255, r""),
    "no-option": (f"{RUN} --rm --no-such-option box true", 125, r"unknown flag"),
    "directory": (f"{RUN} --rm box /etc", 126, r"is a directory"),
    "killed": (f"{START} box sleep 1000 && podman kill c && podman wait c", 0, r"^137$"),
    "logs-follow": (f"{START} box sh -c 'for i in 1 2 3; do echo $i; sleep 0.1; done' && podman logs -f c", 0, r"^1\n2\n3$"),
    "exec-no-directory": (f"{START} box sleep 1000 && podman exec -w /no/such c true", 127, r'chdir to cwd \("/no/such"\)'),
    "exec-descriptors": (f"{START} box sleep 1000 && podman exec --preserve-fds 1 c sh -c 'cat <&3' 3</etc/hostname", 0, r"."),
    "exec-signalled": (f"{START} box sleep 1000 && podman exec c payload crash", 139, r""),
    "exec-input": (f"{START} box sleep 1000 && echo 'echo a$((40+2)); exit 4' | script -qec 'podman exec -it c sh' /dev/null", 4, r"^a42"),
    "stats": (f"{START} box sleep 1000 && podman stats --no-stream --format '{{{{.Name}}}}' c", 0, r"^c$"),
    "export": (f"{START} box sh -c 'echo kept >/f' && podman wait c && podman export c | tar -xO f", 0, r"^kept$"),
    "option-of-the-runtime": ("podman --runtime berth --runtime-flag log-level=info run --rm box echo hello", 0, r"^hello$"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command(machine, name):
    check_row(machine, COMMANDS[name])
