# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What cannot be had is an error with the kernel's reason, and leaves no group.

# refused SCHEMATA REASON
refused() {
        rm -rf /var/lib/berth/bad
        bundle bad ".linux.intelRdt = { schemata: [ \"$1\" ] }" "${SLEEP[@]}"
        not_started bad
        contains "reason for $1" "$(messages bad)" "$2"
}

refused 'L3:0=5' 'The mask 5 has non-consecutive 1-bits'
refused 'L3:0=fffffff' 'Mask out of range'
refused 'MB:0=5' 'MB value 5 out of range'
refused 'L3:9=f' "no domain 9 of 'L3'"
refused 'L2:0=f' "no resource 'L2' (it has: L3 MB)"

for i in $(seq 15); do
        mkdir "/sys/fs/resctrl/full$i"
done
refused 'L3:0=f' 'info/L3/num_closids is 16'
rmdir /sys/fs/resctrl/full*
