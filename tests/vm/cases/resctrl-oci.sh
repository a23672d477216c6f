# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The OCI verbs: a group that `create` made is removed by `delete`, another process, unless a closID names it.

bundle own '.linux.intelRdt = { l3CacheSchema: "L3:0=ff" }' "${SLEEP[@]}"
berth create --bundle /var/lib/berth/own own
is 'processes in the group' "$(cat /sys/fs/resctrl/own/tasks)" "$(berth state own | jq .pid)"
berth start own
berth delete --force own
[ ! -e /sys/fs/resctrl/own ] || fail 'the group is still there'

bundle named '.linux.intelRdt = { closID: "gold", l3CacheSchema: "L3:0=ff", enableMonitoring: true }' "${SLEEP[@]}"
berth create --bundle /var/lib/berth/named named
is 'processes in the group' "$(cat /sys/fs/resctrl/gold/tasks)" "$(berth state named | jq .pid)"
berth start named
berth exec named true
berth delete --force named
[ ! -e /sys/fs/resctrl/gold/mon_groups/named ] || fail 'the monitoring group is still there'
[ -e /sys/fs/resctrl/gold ] || fail 'the group is gone'
rmdir /sys/fs/resctrl/gold

bundle bad '.linux.intelRdt = { l3CacheSchema: "L3:0=5" }' "${SLEEP[@]}"
if berth create --bundle /var/lib/berth/bad bad 2>/tmp/error; then
        fail 'bad schemata were taken'
fi
contains 'reason' "$(cat /tmp/error)" 'non-consecutive'

# What a create made that fails later is undone, even a group that a delete would leave.
bundle absent '.linux.intelRdt = { closID: "gold", l3CacheSchema: "L3:0=ff", enableMonitoring: true }' /no/such/program
if berth create --bundle /var/lib/berth/absent absent; then
        fail 'a program that does not exist was taken'
fi
[ ! -e /sys/fs/resctrl/gold ] || fail 'the group is still there'
