# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The example of a declaration with [Resctrl].

mkdir /srv/busybox
mount --bind /srv/rootfs /srv/busybox
cp /usr/share/doc/berth/examples/resctrl.container /etc/berth/
berth verify resctrl
is 'verify says nothing' $? 0
systemctl daemon-reload
start resctrl
is 'L3 line' "$(schemata batch L3)" 'L3:0=0000f;1=fffff'
is 'MB line' "$(schemata batch MB)" 'MB:0=50;1=100'
stop resctrl
umount /srv/busybox
rm -r /etc/berth/resctrl.container /srv/busybox
systemctl daemon-reload
