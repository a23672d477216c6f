# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The machine itself: systemd is up, the kernel has all controllers and a resctrl that works.

contains 'controllers' "$(cat /sys/fs/cgroup/cgroup.controllers)" 'cpuset cpu io memory'
contains 'features of the CPU' "$(grep -m1 ^flags /proc/cpuinfo)" ' cat_l3 '
mkdir /sys/fs/resctrl/proof
echo 'L3:0=ff' >/sys/fs/resctrl/proof/schemata
is 'schemata' "$(schemata proof L3)" 'L3:0=000ff;1=fffff'
sleep 1000 &
echo $! >/sys/fs/resctrl/proof/tasks
is 'group of the process' "$(head -n1 /proc/$!/cpu_resctrl_groups)" 'res:proof'
kill $!
rmdir /sys/fs/resctrl/proof
