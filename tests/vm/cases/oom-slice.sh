# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Killed for want of memory, because of the limit of the slice that the container is in.

since=$(cursor)
hungry 'tail /dev/zero' Slice=small.slice
systemctl set-property --runtime small.slice MemoryMax=48M
start hungry
wait_failed hungry
is 'result in a slice' "$(show hungry Result)" oom-kill
contains 'which limit' "$(said "$since")" 'MemoryMax=48M of small.slice, which the container is in, was reached'
systemctl reset-failed container@hungry
systemctl stop small.slice

rm /etc/berth/hungry.container
rm -rf /run/systemd/system.control/small.slice.d
systemctl daemon-reload
