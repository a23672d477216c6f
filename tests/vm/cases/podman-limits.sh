# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What an engine is told about limits is what the kernel has, from the first command on, and what the engine shows.

podman_setup
podman run -d --name c --memory 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 1 --rootfs /srv/rootfs sleep 1000
cd "$(podman_cgroup c)" || exit
is memory.max "$(cat memory.max)" 67108864
is pids.max "$(cat pids.max)" 50
is cpu.max "$(cat cpu.max)" '50000 100000'
is cpuset.cpus "$(cat cpuset.cpus.effective)" 1
contains 'podman stats' "$(podman stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' c)" '67.11MB 1'

podman update --memory 128m --cpus 0.25 c
is memory.max "$(cat memory.max)" 134217728
is cpu.max "$(cat cpu.max)" '25000 100000'
is pids.max "$(cat pids.max)" 50
cd /
podman rm -f -t 0 c
