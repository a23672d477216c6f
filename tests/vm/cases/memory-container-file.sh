# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# MemoryMax= of a declared container: it is in the scope, and it bites.

cat >/etc/berth/declared.container <<'EOF'
[Container]
Rootfs=/srv/rootfs
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'

[Service]
MemoryMax=32M
EOF
systemctl daemon-reload
start declared
is 'memory.max' "$(cat "$(scope declared)/memory.max")" 33554432
stop declared

sed -i 's|^Exec=.*|Exec=tail /dev/zero|' /etc/berth/declared.container
systemctl daemon-reload
start declared
wait_failed declared
is 'result' "$(show declared Result)" oom-kill
systemctl reset-failed container@declared
rm /etc/berth/declared.container
systemctl daemon-reload
