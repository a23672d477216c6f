# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# resctrl is not mounted but asked for: said before anything is started.

bundle rdt '.linux.intelRdt = {}' "${SLEEP[@]}"
umount /sys/fs/resctrl
not_started rdt
mount -t resctrl resctrl /sys/fs/resctrl
contains 'reason' "$(messages rdt)" 'the resctrl file system is not mounted'
