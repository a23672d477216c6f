# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A container that wants more than it may have is killed, and cannot fork. (That memory was the reason, OOMKilled, Debian 12's
# Podman says with no runtime.)

podman_setup
status=0
podman run --name c --memory 24m --rootfs /srv/rootfs tail /dev/zero || status=$?
is 'status after too much memory' "$status" 137
is 'exit code' "$(podman inspect -f '{{.State.ExitCode}}' c)" 137
contains 'journal' "$(journalctl -q -o cat _PID=1 | tail -n 20)" 'killed by the OOM killer'
podman rm c

# shellcheck disable=SC2016
said=$(podman run --rm --pids-limit 5 --rootfs /srv/rootfs sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; echo all' 2>&1 || :)
contains 'too many processes' "$said" 'Resource temporarily unavailable'
