# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docker with berth as its default runtime. Without networks of its own: a machine has no bridges and no packet filter."""

import pytest

from rows import check_row

RUN = "docker run --network none"
START = f"{RUN} -d --name cc"
RUNNING = f"{START} box sleep 1000"
UNTIL_READY = "until docker exec cc ls /ready; do sleep 0.1; done"
ON_USR1 = "sh -c 'trap \"exit 9\" USR1; touch /ready; while :; do sleep 0.1; done'"
STATUS = "docker inspect -f '{{.State.Status}}' cc"
EXIT_CODE = "docker inspect -f '{{.State.ExitCode}}' cc"
NO_MKDIR = ('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO",'
            '"errnoRet":71}]}')
DOCKERFILE = r"FROM box\nRUN echo built >/f\nUSER nobody\nRUN test $(id -u) = 65534\n"

COMMANDS = {
    # how it ends
    "run": (f"{RUN} --rm box echo hello", 0, r"\Ahello\n\Z"),
    "by-name": (f"{RUN} --runtime berth --rm box echo hello", 0, r"\Ahello\n\Z"),
    "status": (f"{RUN} --rm box sh -c 'exit 7'", 7, r"\A\Z"),
    "signalled": (f"{RUN} --rm box payload crash", 139, r"\A\Z"),
    "no-program": (f"{RUN} --rm box no-such-program", 127, r"executable file not found"),
    "no-file": (f"{RUN} --rm box /no/such", 127, r"no such file or directory"),
    "not-a-program": (f"{RUN} --rm box /etc/passwd", 126, r"permission denied"),
    "stdin": (f"echo words | {RUN} -i --rm box cat", 0, r"^words$"),
    "terminal": (f"echo 'echo a$((40+2)); exit 4' | script -qec '{RUN} -it --rm box sh' /dev/null", 4, r"^a42"),
    # how it is set up
    "scope": (f"{RUNNING} && grep ^0:: /proc/$(docker inspect -f '{{{{.State.Pid}}}}' cc)/cgroup", 0,
              r"/system\.slice/docker-[0-9a-f]+\.scope$"),
    "cgroup-parent": (f"{RUN} --rm --cgroup-parent=a-b.slice --cgroupns=host box grep ^0:: /proc/self/cgroup", 0,
                      r"/a\.slice/a-b\.slice/docker-[0-9a-f]+\.scope$"),
    "user": (f"{RUN} --rm --user 65534:65534 --group-add 7 box id", 0, r"^uid=65534\(nobody\) gid=65534.*groups=7\b"),
    "workdir": (f"{RUN} --rm -w /no/such box pwd", 0, r"^/no/such$"),
    "capabilities": (f"{RUN} --rm --cap-drop=all --cap-add=NET_BIND_SERVICE box grep CapEff /proc/self/status", 0,
                     r"\t0000000000000400$"),
    "seccomp": (f"{RUN} --rm box grep Seccomp: /proc/self/status", 0, r"\t2$"),
    "seccomp-profile": (f"echo '{NO_MKDIR}' >/tmp/no-mkdir.json && {RUN} --rm --security-opt seccomp=/tmp/no-mkdir.json box mkdir /x",
                        1, r"Protocol error"),
    "unconfined": (f"{RUN} --rm --security-opt seccomp=unconfined --security-opt systempaths=unconfined box"
                   " sh -c 'grep Seccomp: /proc/self/status; ls /sys/firmware'", 0, r"\t0\n."),
    "no-new-privileges": (f"{RUN} --rm --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status", 0, r"\t1$"),
    "ulimit": (f"{RUN} --rm --ulimit nofile=100:200 box sh -c 'ulimit -n; ulimit -Hn'", 0, r"^100\n200$"),
    "sysctl": (f"{RUN} --rm --sysctl kernel.msgmax=4242 box cat /proc/sys/kernel/msgmax", 0, r"^4242$"),
    "device": (f"{RUN} --rm --device /dev/zero:/dev/nothing box stat -c '%t:%T' /dev/nothing", 0, r"^1:5$"),
    "init": (f"{RUN} --rm --init box cat /proc/1/comm", 0, r"init"),
    "hostname": (f"{RUN} --rm --hostname inside box hostname", 0, r"^inside$"),
    # what it sees of the file system
    "read-only": (f"{RUN} --rm --read-only --tmpfs /tmp box sh -c 'touch /tmp/x && echo writable; touch /x'", 1,
                  r"(?s)(?=.*writable).*Read-only file system"),
    "bind": (f"{RUN} --rm -v /etc:/host:ro box cat /host/debian_version", 0, r"."),
    "volume": (f"{RUN} --rm -v vol:/v box sh -c 'echo kept >/v/f' && {RUN} --rm -v vol:/v:ro box sh -c 'cat /v/f; touch /v/g'",
               1, r"(?s)(?=.*kept).*Read-only file system"),
    "tmpfs": (f"{RUN} --rm --mount type=tmpfs,dst=/t,tmpfs-mode=0700 box stat -c %a /t", 0, r"^700$"),
    "shm-size": (f"{RUN} --rm --shm-size 1m box df -k /dev/shm", 0, r"\s1024\s"),
    # namespaces
    "host-network": ("docker run --rm --network host box readlink /proc/self/ns/net; readlink /proc/self/ns/net", 0,
                     r"^(net:\[\d+\])\n\1$"),
    "joined-network": (f"{RUNNING} && docker run --rm --network container:cc box echo joined", 0, r"^joined$"),
    "host-pids": (f"{RUN} --rm --pid=host box cat /proc/1/comm", 0, r"^systemd$"),
    "joined-pids": (f"{RUNNING} && {RUN} --rm --pid=container:cc box cat /proc/1/comm", 0, r"^sleep$"),
    "joined-ipc": (f"{START} --ipc=shareable box sleep 1000 && {RUN} --rm --ipc=container:cc box echo joined", 0, r"^joined$"),
    # what is done to a container that runs
    "exec": (f"{RUNNING} && docker exec -u nobody -w /tmp -e A=b cc sh -c 'id -u; pwd; echo $A; exit 5'", 5, r"^65534\n/tmp\nb$"),
    "exec-terminal": (f"{RUNNING} && script -qec 'docker exec -t cc tty' /dev/null", 0, r"^/dev/pts/0"),
    "exec-no-program": (f"{RUNNING} && docker exec cc no-such-program", 126, r"executable file not found"),
    "exec-not-a-program": (f"{RUNNING} && docker exec cc /etc/passwd", 126, r"permission denied"),
    "exec-detached": (f"{RUNNING} && docker exec -d cc touch /ready && {UNTIL_READY}", 0, r"^/ready$"),
    "top": (f"{RUNNING} && docker top cc", 0, r" sleep 1000$"),
    "logs": (f"{START} box sh -c 'echo out; echo err >&2' && docker wait cc && docker logs cc 2>&1 | sort", 0,
             r"^err\nout$"),
    "logs-follow": (f"{START} box sh -c 'for i in 1 2 3; do echo $i; sleep 0.1; done' && docker logs -f cc", 0, r"^1\n2\n3$"),
    "attach": (f"{START} -i box sh -c 'read word; echo got $word; exit 5' && echo hello | docker attach cc; docker wait cc", 0,
               r"^5$"),
    "copy": (f"{RUNNING} && docker cp /etc/debian_version cc:/v && docker exec cc cat /v", 0, r"."),
    "stats": (f"{RUNNING} && docker stats --no-stream --format '{{{{.Name}}}}' cc", 0, r"^cc$"),
    "update": (f"{RUNNING} && docker update --restart=always cc && docker inspect -f '{{{{.HostConfig.RestartPolicy.Name}}}}' cc",
               0, r"^always$"),
    "pause": (f"{RUNNING} && docker pause cc && {STATUS} && docker unpause cc && {STATUS}", 0, r"^paused\ncc\nrunning$"),
    "kill": (f"{START} box {ON_USR1} && {UNTIL_READY} && docker kill -s USR1 cc && docker wait cc", 0, r"^9$"),
    "kill-stopped": (f"{START} box true && docker wait cc && docker kill cc", 1, r"is not running"),
    "stop": (f"{START} --init box sleep 1000 && docker stop cc && {EXIT_CODE}", 0, r"^143$"),
    "stop-signal": (f"{START} --stop-signal USR1 box {ON_USR1} && {UNTIL_READY} && docker stop cc && {EXIT_CODE}", 0, r"^9$"),
    "stop-by-force": (f"{RUNNING} && docker stop -t 0 cc && {EXIT_CODE}", 0, r"^137$"),
    "restart": (f"{RUNNING} && docker restart -t 0 cc && {STATUS}", 0, r"^running$"),
    "restart-on-failure": (f"{START} --restart=on-failure:1 box sh -c 'echo run; exit 3' && until docker inspect -f"
                           " '{{.State.Status}} {{.RestartCount}}' cc | grep -x 'exited 1'; do sleep 0.1; done; docker logs cc", 0,
                           r"^run\nrun$"),
    "start-again": (f"{START} box echo again && docker wait cc && docker start -a cc", 0, r"^again$"),
    "healthcheck": (f"{START} --health-cmd 'test -e /etc/passwd' --health-interval=1s box sleep 1000 && until docker inspect"
                    " -f '{{.State.Health.Status}}' cc | grep -x healthy; do sleep 0.1; done", 0, r"^healthy$"),
    "commit": (f"{START} box touch /mark && docker wait cc && docker commit cc marked && {RUN} --rm marked ls /mark", 0, r"^/mark$"),
    "build": (f"mkdir -p /tmp/docker-context && printf '{DOCKERFILE}' >/tmp/docker-context/Dockerfile &&"
              f" docker build -q --network=none -t built /tmp/docker-context && {RUN} --rm built cat /f", 0, r"^built$"),
    "info": ("docker info", 0, r"Default Runtime: berth"),
}

# Neither are there tables of addresses to change.
DOCKERD = """
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --iptables=false --ip6tables=false --bridge=none
"""


@pytest.fixture(scope="module")
def docker(machine):
    # the example as it is
    machine.run("mkdir -p /etc/docker && cp /usr/share/doc/berth/examples/docker-daemon.json /etc/docker/daemon.json")
    machine.write("/run/systemd/system/docker.service.d/tests.conf", DOCKERD)
    machine.run("systemctl daemon-reload && systemctl start docker && docker import --change 'ENV PATH=/bin:/usr/bin' /box.tar box")
    yield
    machine.run("systemctl stop docker.socket docker containerd")


@pytest.fixture(autouse=True)
def removed(docker, machine):
    yield
    machine.run("docker ps -aq | xargs -r docker rm -f; docker volume ls -q | xargs -r docker volume rm")


@pytest.mark.parametrize("name", COMMANDS)
def test_command(machine, name):
    check_row(machine, COMMANDS[name])
