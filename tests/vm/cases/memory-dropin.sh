# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# MemoryMax= among the settings of the service: it counts where the payload is, in the scope.

bundle dropin . tail /dev/zero
mkdir -p /run/systemd/system/container@dropin.service.d
cat >/run/systemd/system/container@dropin.service.d/memory.conf <<'EOF'
[Service]
MemoryMax=32M
EOF
systemctl daemon-reload
start dropin
wait_failed dropin
is 'result' "$(show dropin Result)" oom-kill
systemctl reset-failed container@dropin
rm -r /run/systemd/system/container@dropin.service.d
systemctl daemon-reload
