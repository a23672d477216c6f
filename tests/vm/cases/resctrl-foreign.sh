# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A group that the administrator made is used and stays; one that does not exist is not made without schemata.

bundle user '.linux.intelRdt = { closID: "admin", enableMonitoring: true }' "${SLEEP[@]}"
not_started user
contains 'reason' "$(messages user)" "'admin' does not exist"

mkdir /sys/fs/resctrl/admin
start user
all_in admin user
all_in admin/mon_groups/user user
stop user
[ -e /sys/fs/resctrl/admin ] || fail 'the group is gone'
[ ! -e /sys/fs/resctrl/admin/mon_groups/user ] || fail 'the monitoring group is still there'
rmdir /sys/fs/resctrl/admin
