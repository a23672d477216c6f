# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pods of Podman with berth as their runtime: containers that share namespaces, and files of Kubernetes."""

import pytest

from rows import check_row

PODMAN = "podman --runtime berth"
INFRA = "--network=none --name p --infra-image box --infra-command 'sleep 1000'"
POD = f"{PODMAN} pod create {INFRA} && {PODMAN} run -d --pod p --name c box sleep 77"
PLAY = "podman --runtime berth kube play --quiet /tmp/pod.yaml"
YAML = """
apiVersion: v1
kind: Pod
metadata:
  name: p
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 0
  volumes:
  - name: shared
    emptyDir: {}
  containers:
  - name: one
    image: localhost/box:latest
    command: [sh, -c, "echo written >/shared/f; exec sleep 1000"]
    volumeMounts: [{name: shared, mountPath: /shared}]
  - name: two
    image: localhost/box:latest
    command: [sleep, "1000"]
    env: [{name: COLOUR, value: a b}]
    volumeMounts: [{name: shared, mountPath: /shared}]
    securityContext: {readOnlyRootFilesystem: true, runAsUser: 65534}
"""

COMMANDS = {
    "shared": (f"{POD} && for i in net ipc uts; do for c in $(podman ps -q); do podman exec $c readlink /proc/self/ns/$i; done; done"
               " | sort | uniq -c | grep -c '^ *2 '", 0, r"^3$"),
    "pids": (f"{PODMAN} pod create --share pid,ipc,net,uts {INFRA} && {PODMAN} run -d --pod p box sleep 77 &&"
             f" {PODMAN} run --rm --pod p box sh -c 'cat /proc/1/comm; ps | grep -c \"sleep [7]7\"'", 0, r"^sleep\n1$"),
    "stop-start": (f"{POD} && podman pod stop -t 0 p && podman pod start p && podman exec c cat /proc/1/comm", 0, r"^sleep$"),
    "pause": (f"{POD} && podman pod pause p && podman inspect -f '{{{{.State.Status}}}}' c && podman pod unpause p &&"
              " podman exec c echo goes on", 0, r"^paused\n(.*\n)+goes on$"),
    "kill": (f"{POD} && podman pod kill p && podman wait c", 0, r"^137$"),
    "init-container": (f"{PODMAN} pod create {INFRA} && {PODMAN} create --init-ctr=once --pod p box touch /dev/shm/before &&"
                       f" {PODMAN} create --pod p --name c box ls /dev/shm/before && podman pod start p && podman wait c &&"
                       " podman logs c", 0, r"^/dev/shm/before$"),
    "kube-play": (f"{PLAY} && podman exec p-two sh -c 'id -u; echo $COLOUR; cat /shared/f; touch /f'; podman kube down /tmp/pod.yaml",
                  0, r"(?s)^65534\na b\nwritten\n.*touch: /f: Read-only file system"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command(machine, name):
    machine.write("/tmp/pod.yaml", YAML)
    check_row(machine, COMMANDS[name])
