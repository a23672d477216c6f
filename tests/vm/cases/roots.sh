# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Roots that are mounts of their own, with this kernel, whose overlayfs takes no layer that is mounted nowhere (before
# Linux 6.15): ids that are mapped, and a file system in a file, below an overlay and alone.

mke2fs -q -t ext4 -d /srv/rootfs /srv/root.ext4 32M 2>/dev/null
sum=$(sha256sum </srv/root.ext4)

# run_root KEYS: what a container with them says of its root, to which it writes
run_root() {
        printf '[Container]\n%s\n%s\n' "$1" "Exec=sh -c 'stat -c %%u /bin/busybox; echo x >/new; stat -c %%u /new'" \
                >/etc/berth/rooted.container
        systemctl daemon-reload
        start rooted
        # shellcheck disable=SC2016 # for wait_until to expand
        wait_until '[ "$(systemctl show -P SubState container@rooted)" = dead ]'
        journalctl --quiet --output=cat --lines=2 CONTAINER_NAME=rooted SYSLOG_IDENTIFIER=rooted | tr '\n' ' '
}

is 'ids below an overlay' "$(run_root $'Rootfs=/srv/rootfs:O\nUserNS=auto')" '0 0 '
is 'what was written' "$(ls /srv/rootfs/new 2>/dev/null || echo nothing)" nothing
is 'an image below an overlay' "$(run_root $'RootImage=/srv/root.ext4\nEphemeral=yes\nUserNS=auto')" '0 0 '
is 'the image' "$(sha256sum </srv/root.ext4)" "$sum"
is 'an image that is written to' "$(run_root $'RootImage=/srv/root.ext4\nUserNS=auto')" '0 0 '
is 'loop devices' "$(losetup --list --noheadings)" ''

rm /etc/berth/rooted.container /srv/root.ext4
systemctl daemon-reload
