# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A group from linux.intelRdt: named after the container, as asked, with the payload in it from its first instruction,
# gone at the end.

bundle rdt '.linux.intelRdt = { l3CacheSchema: "L3:0=ff", memBwSchema: "MB:0=33;1=70", schemata: [ "L3:1=f0" ] }' \
        sh -c 'cat /proc/self/cpu_resctrl_groups; trap "exit 0" TERM; sleep 1000 & wait'
start rdt
is 'L3 line' "$(schemata rdt L3)" 'L3:0=000ff;1=000f0'
is 'MB line' "$(schemata rdt MB)" 'MB:0=40;1=70'
wait_until 'messages rdt | grep ^mon:'
contains 'what the payload said first' "$(messages rdt)" 'res:rdt'
all_in rdt rdt
stop rdt
[ ! -e /sys/fs/resctrl/rdt ] || fail 'the group is still there'
