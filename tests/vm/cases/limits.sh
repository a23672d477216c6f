# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Limits of config.json as the kernel has them in the scope's cgroup.

bundle limits '.linux.resources += {
        cpu: { shares: 2048, quota: 50000, period: 100000, cpus: "1", mems: "0" },
        memory: { limit: 67108864, reservation: 33554432 },
        pids: { limit: 77 },
        blockIO: { weight: 500, throttleReadBpsDevice: [ { major: 254, minor: 0, rate: 1048576 } ] },
        unified: { "memory.high": "50331648" } }' "${SLEEP[@]}"
is 'disk' "$(cat /sys/block/vda/dev)" 254:0
start limits
cd "$(scope limits)" || exit
is cpu.max "$(cat cpu.max)" '50000 100000'
is cpuset.cpus "$(cat cpuset.cpus)" 1
is cpuset.mems "$(cat cpuset.mems)" 0
is memory.max "$(cat memory.max)" 67108864
is memory.low "$(cat memory.low)" 33554432
is memory.high "$(cat memory.high)" 50331648
is pids.max "$(cat pids.max)" 77
contains io.max "$(cat io.max)" '254:0 rbps=1048576'
is cpu.weight "$(cat cpu.weight)" 174
# the one from which systemd computes a BFQ weight of 500
is IOWeight "$(systemctl show -p IOWeight --value berth-limits.scope)" 4500
is 'cpus of the payload' "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(payload limits)/status")" 1

# The same numbers in systemd, so that a reload does not lose them.
systemctl daemon-reload
is cpu.max "$(cat cpu.max)" '50000 100000'
is pids.max "$(cat pids.max)" 77
is TasksMax "$(systemctl show -p TasksMax --value berth-limits.scope)" 77
is CPUQuota "$(systemctl show -p CPUQuotaPerSecUSec --value berth-limits.scope)" 500ms
is AllowedCPUs "$(systemctl show -p AllowedCPUs --value berth-limits.scope)" 1
cd /
stop limits
