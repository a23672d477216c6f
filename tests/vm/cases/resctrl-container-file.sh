# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# [Resctrl] of a declared container.

cat >/etc/berth/rdt.container <<'EOF'
[Container]
Rootfs=/srv/rootfs
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'

[Resctrl]
Schemata=L3:0=ff
Schemata=MB:1=50
EOF
systemctl daemon-reload
start rdt
is 'L3 line' "$(schemata rdt L3)" 'L3:0=000ff;1=fffff'
is 'MB line' "$(schemata rdt MB)" 'MB:0=100;1=50'
all_in rdt rdt
stop rdt
rm /etc/berth/rdt.container
systemctl daemon-reload
