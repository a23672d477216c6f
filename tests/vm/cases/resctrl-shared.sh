# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Two containers with one closID: the first makes the group, the last removes it.

rdt='.linux.intelRdt = { closID: "gold", l3CacheSchema: "L3:0=f;1=f" }'
bundle one "$rdt" "${SLEEP[@]}"
bundle two "$rdt" "${SLEEP[@]}"
bundle other '.linux.intelRdt = { closID: "gold", l3CacheSchema: "L3:0=ff" }' "${SLEEP[@]}"

start one
start two
all_in gold one two
not_started other
contains 'reason' "$(messages other)" "'gold' exists with a different configuration: expected 'L3:0=ff'"
stop one
all_in gold two
is 'schemata' "$(schemata gold L3)" 'L3:0=0000f;1=0000f'
stop two
[ ! -e /sys/fs/resctrl/gold ] || fail 'the group is still there'
