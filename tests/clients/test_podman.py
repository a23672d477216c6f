# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman with berth as its runtime: commands as people type them, and what they have to print."""

import pytest

from rows import check_row

RUN = "podman --runtime berth run"
START = f"{RUN} -d --name c"
USERNS = "--uidmap 0:100000:65536 --gidmap 0:100000:65536"
UNLIMITED = "CONTAINERS_CONF=/etc/containers/no-limits.conf"
UNIT_OF = "$(basename $(podman inspect -f '{{.State.CgroupPath}}' c))"

# name: (command, its status, a regular expression that all it prints has to contain)
COMMANDS = {
    # how it ends
    "run": (f"{RUN} --rm box echo hello", 0, r"^hello$"),
    "by-path": ("podman --runtime /usr/bin/berth run --rm box echo hello", 0, r"^hello$"),
    "status": (f"{RUN} --rm box sh -c 'exit 7'", 7, r"^$"),
    "signalled": (f"{RUN} --rm box payload crash", 139, r"^$"),
    "no-program": (f"{RUN} --rm box no-such-program", 127, r"executable file not found"),
    "not-a-program": (f"{RUN} --rm box /etc/passwd", 126, r"permission denied"),
    "no-directory": (f"{RUN} --rm -w /no/such box pwd", 126, r"/no/such"),
    "stdin": (f"echo words | {RUN} -i --rm box cat", 0, r"^words$"),
    "terminal": (f"script -qec '{RUN} -t --rm box tty' /dev/null", 0, r"^/dev/pts/0"),
    "terminal-input": (f"echo 'echo a$((40+2)); exit 4' | script -qec '{RUN} -it --rm box sh' /dev/null", 4, r"^a42"),
    # how it is set up
    "environment": (f"{RUN} --rm -e COLOUR='a b' box env", 0, r"^COLOUR=a b$"),
    "entrypoint": (f"{RUN} --rm --entrypoint '[\"sh\",\"-c\"]' box 'echo $((6*7))'", 0, r"^42$"),
    "workdir": (f"{RUN} --rm -w /usr/bin box pwd", 0, r"^/usr/bin$"),
    "hostname": (f"{RUN} --rm --hostname inside box hostname", 0, r"^inside$"),
    "user": (f"{RUN} --rm --user 65534:65534 --group-add 7 box id", 0, r"^uid=65534\(nobody\) gid=65534.*groups=7\b"),
    "userns": (f"{RUN} --rm {USERNS} box sh -c 'cat /proc/self/uid_map; touch /x; stat -c %u /x'", 0,
               r"^ +0 +100000 +65536\n0$"),
    "capabilities": (f"{RUN} --rm --cap-drop=all --cap-add=NET_BIND_SERVICE box grep CapEff /proc/self/status", 0,
                     r"\t0000000000000400$"),
    "privileged": (f"{RUN} --rm --privileged box grep Seccomp: /proc/self/status", 0, r"\t0$"),
    "seccomp": (f"{RUN} --rm box grep Seccomp: /proc/self/status", 0, r"\t2$"),
    "no-seccomp": (f"{RUN} --rm --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status", 0, r"\t0$"),
    "no-new-privileges": (f"{RUN} --rm --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status", 0, r"\t1$"),
    "unmasked": (f"{RUN} --rm --security-opt unmask=ALL box ls /sys/firmware", 0, r""),
    "ulimit": (f"{RUN} --rm --ulimit nofile=100:200 --ulimit nproc=1000:1000 box sh -c 'ulimit -n; ulimit -Hn'", 0, r"^100\n200$"),
    "oom-score": (f"{RUN} --rm --oom-score-adj 100 box cat /proc/self/oom_score_adj", 0, r"^100$"),
    "sysctl": (f"{RUN} --rm --sysctl kernel.msgmax=4242 box cat /proc/sys/kernel/msgmax", 0, r"^4242$"),
    "device": (f"{RUN} --rm --device /dev/zero:/dev/nothing box stat -c '%t:%T' /dev/nothing", 0, r"^1:5$"),
    "init": (f"{RUN} --rm --init box cat /proc/1/comm", 0, r"init"),
    "descriptors": (f"{RUN} --rm --preserve-fds 1 box sh -c 'cat <&3' 3</etc/hostname", 0, r"."),
    "no-descriptors": (f"{RUN} --rm box ls /proc/self/fd", 0, r"\A0\n1\n2\n3\n\Z"),
    # what it sees of the file system
    "read-only": (f"{RUN} --rm --read-only box sh -c 'touch /tmp/x && echo writable; touch /x'", 1,
                  r"(?s)(?=.*writable).*Read-only file system"),
    "bind": (f"{RUN} --rm -v /etc:/host:ro,z box cat /host/debian_version", 0, r"."),
    "bind-propagation": (f"{RUN} --rm --mount type=bind,src=/etc,dst=/host,ro=true,bind-propagation=rslave"
                         " box cat /host/debian_version", 0, r"."),
    "volume": (f"{RUN} --rm -v v:/v box sh -c 'echo kept >/v/f' && {RUN} --rm -v v:/v:ro box sh -c 'cat /v/f; touch /v/g'",
               1, r"(?s)(?=.*kept).*Read-only file system"),
    "overlay-volume": (f"{RUN} --rm -v /etc:/host:O box sh -c 'touch /host/new && ls /host/new'; ls /etc/new", 2, r"^/host/new$"),
    "image-mount": (f"{RUN} --rm --mount type=image,src=box,dst=/image box ls /image/bin/sh", 0, r"^/image/bin/sh$"),
    "tmpfs": (f"{RUN} --rm --tmpfs /t:rw,size=64k box df -k /t", 0, r"\s64\s"),
    "tmpfs-mode": (f"{RUN} --rm --mount type=tmpfs,dst=/t,tmpfs-mode=0700 box stat -c %a /t", 0, r"^700$"),
    "shm-size": (f"{RUN} --rm --shm-size 1m box df -k /dev/shm", 0, r"\s1024\s"),
    "secret": (f"echo hidden | podman secret create s - && {RUN} --rm --secret s box cat /run/secrets/s; podman secret rm s",
               0, r"^hidden$"),
    "rootfs": (f"mkdir /tmp/rootfs && tar -C /tmp/rootfs -xf /box.tar && {RUN} --rm --rootfs /tmp/rootfs /bin/echo hello",
               0, r"^hello$"),
    # namespaces
    "host-network": (f"{RUN} --network=host --rm box readlink /proc/self/ns/net; readlink /proc/self/ns/net", 0,
                     r"^(net:\[\d+\])\n\1$"),
    "host-pids": (f"{RUN} --rm --pid=host box cat /proc/1/comm", 0, r"^systemd$"),
    "joined-pids": (f"{START} box sleep 1000 && {RUN} --rm --pid=container:c box cat /proc/1/comm", 0, r"^sleep$"),
    "joined-network": (f"{START} box sleep 1000 && {RUN} --rm --network=container:c box echo joined", 0, r"^joined$"),
    "joined-ipc": (f"{START} --ipc=shareable box sleep 1000 && {RUN} --rm --ipc=container:c box echo joined", 0, r"^joined$"),
    "cgroup-namespace": (f"{RUN} --rm box grep ^0:: /proc/self/cgroup", 0, r"^0::/$"),
    "cgroup-parent": (f"{RUN} --rm --cgroup-parent=a-b.slice --cgroupns=host box grep ^0:: /proc/self/cgroup", 0,
                      r"/a\.slice/a-b\.slice/libpod-[0-9a-f]+\.scope$"),
    "cgroup-path": (f"{UNLIMITED} podman --cgroup-manager=cgroupfs {RUN.removeprefix('podman ')} --rm --cgroupns=host box"
                    " grep ^0:: /proc/self/cgroup", 0, r"/libpod_parent/libpod-[0-9a-f]+$"),
    "no-cgroup": (f"{RUN} --rm --cgroups=disabled --cgroupns=host box grep ^0:: /proc/self/cgroup; grep ^0:: /proc/self/cgroup", 0,
                  r"^(0::/.*)\n\1$"),
    "pod": ("podman --runtime berth pod create --network=none --name p --infra-image box --infra-command 'sleep 1000' &&"
            f" {START} --pod p box sleep 1000 && {RUN} --rm --pod p box echo together", 0, r"^together$"),
    # limits: that they reach systemd
    "limits": (f"{START} --memory 64m --pids-limit 50 --cpus 0.5 box sleep 1000 &&"
               f" systemctl show -p MemoryMax,TasksMax,CPUQuotaPerSecUSec {UNIT_OF}", 0,
               r"(?s)(?=.*MemoryMax=67108864)(?=.*TasksMax=50).*CPUQuotaPerSecUSec=500ms"),
    "update": (f"{START} --memory 64m box sleep 1000 && podman update --memory 128m c && systemctl show -p MemoryMax {UNIT_OF}", 0,
               r"^MemoryMax=134217728$"),
    "more-limits": (f"{RUN} --rm --memory 64m --memory-swap 128m --memory-reservation 32m --cpuset-cpus 0 --cpu-shares 512"
                    " box echo accepted", 0, r"^accepted$"),
    # what is done to a container that runs
    "exec": (f"{START} box sleep 1000 && podman exec -u nobody -w /tmp -e A=b c sh -c 'id -u; pwd; echo $A; exit 5'", 5,
             r"^65534\n/tmp\nb$"),
    "exec-terminal": (f"{START} box sleep 1000 && script -qec 'podman exec -t c tty' /dev/null", 0, r"^/dev/pts/0"),
    "exec-no-program": (f"{START} box sleep 1000 && podman exec c no-such-program", 127, r"executable file not found"),
    "exec-detached": (f"{START} box sleep 1000 && podman exec -d c touch /tmp/done &&"
                      " until podman exec c ls /tmp/done; do sleep 0.1; done", 0, r"^/tmp/done$"),
    "top": (f"{START} box sleep 1000 && podman top c args", 0, r"^sleep 1000"),
    "logs": (f"{START} box sh -c 'echo out; echo err >&2' && podman wait c && podman logs c 2>&1", 0, r"^out\nerr$"),
    "logs-in-a-file": (f"{START} --log-driver=k8s-file box sh -c 'echo out; echo err >&2' && podman wait c && podman logs c 2>&1",
                       0, r"^out\nerr$"),
    "attach": (f"{START} -i box sh -c 'read word; echo got $word; exit 5' && echo hello | podman attach c && podman wait c", 0,
               r"^got hello\n+5$"),
    "kill": (f"{START} box sh -c 'trap \"exit 9\" USR1; touch /ready; while :; do sleep 0.1; done' &&"
             " until podman exec c ls /ready; do sleep 0.1; done && podman kill -s USR1 c && podman wait c", 0, r"^9$"),
    "stop": (f"{START} --init box sleep 1000 && podman stop c && podman inspect -f '{{{{.State.ExitCode}}}}' c", 0, r"^143$"),
    "stop-by-force": (f"{START} box sleep 1000 && podman stop -t 0 c && podman inspect -f '{{{{.State.ExitCode}}}}' c", 0, r"^137$"),
    "restart": (f"{START} box sleep 1000 && podman restart -t 0 c && podman inspect -f '{{{{.State.Status}}}}' c", 0, r"^running$"),
    "start-again": (f"{START} box echo again && podman wait c && podman start -a c", 0, r"^again$"),
    "pause": (f"{START} box sleep 1000 && podman pause c && podman inspect -f '{{{{.State.Status}}}}' c && podman unpause c &&"
              " podman inspect -f '{{.State.Status}}' c", 0, r"^paused\nc\nrunning$"),
    "healthcheck": (f"{START} --health-cmd 'test -e /ok' --health-interval=disable box sleep 1000 && ! podman healthcheck run c &&"
                    " podman exec c touch /ok && podman healthcheck run c", 0, r""),
    "copy": (f"{START} box sleep 1000 && podman cp /etc/debian_version c:/v && podman exec c cat /v", 0, r"."),
    "commit": (f"{START} box touch /mark && podman wait c && podman commit -q c marked && {RUN} --rm marked ls /mark", 0, r"^/mark$"),
    "checkpoint-help": ("podman --runtime berth container checkpoint --help", 0, r"."),
    "info": ("podman --runtime berth info", 0, r"name: berth\b"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command(machine, name):
    check_row(machine, COMMANDS[name])


def test_podman_puts_it_into_a_scope(machine):
    machine.run(f"{START} box sleep 1000")
    pid = machine.output("podman inspect -f '{{.State.Pid}}' c")
    container = machine.output("podman inspect -f '{{.Id}}' c")
    cgroup = machine.output(f"sed -n 's/^0:://p' /proc/{pid}/cgroup")
    assert cgroup.endswith(f"/machine.slice/libpod-{container}.scope")
    assert machine.show(f"libpod-{container}.scope", "TimeoutStopUSec") == "10s"


def test_periodic_healthcheck(machine):
    machine.run(f"{START} --health-cmd true --health-interval=1s box sleep 1000")
    machine.wait_until("podman inspect -f '{{.State.Health.Status}}' c | grep -x healthy")
