# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# update, as the kernel has it then: cgroup files with and without a property, the resctrl group, and the way back.

bundle changed '.linux.resources += { cpu: { quota: 50000, period: 100000 }, memory: { limit: 67108864, swap: 134217728 } } |
        .linux.intelRdt = { l3CacheSchema: "L3:0=ff" }' "${SLEEP[@]}"
berth run --detach --bundle /var/lib/berth/changed changed >/tmp/changed.log 2>&1
cd "$(scope changed)" || exit

berth update --cpu-quota 20000 --cpu-burst 10000 --pids-limit 33 changed
is cpu.max "$(cat cpu.max)" '20000 100000'
is cpu.max.burst "$(cat cpu.max.burst)" 10000
is pids.max "$(cat pids.max)" 33
is memory.max "$(cat memory.max)" 67108864

berth update --memory 96M changed
is memory.max "$(cat memory.max)" 100663296
is memory.swap.max "$(cat memory.swap.max)" 67108864
is cpu.max.burst "$(cat cpu.max.burst)" 10000

# the burst may not be more than the quota
if echo '{ "pids": { "limit": 44 }, "unified": { "cpu.max.burst": "9000000" } }' | berth update -r - changed 2>/tmp/error; then
        fail 'a burst above the quota was taken'
fi
contains 'reason' "$(cat /tmp/error)" cpu.max.burst
is cpu.max.burst "$(cat cpu.max.burst)" 10000
is pids.max "$(cat pids.max)" 33

if echo '{ "memory": { "limit": 4096, "swap": 4096, "checkBeforeUpdate": true } }' | berth update -r - changed 2>/tmp/error; then
        fail 'a limit below what is in use was taken'
fi
contains 'reason' "$(cat /tmp/error)" 'in use'
is memory.max "$(cat memory.max)" 100663296

systemctl daemon-reload
is memory.max "$(cat memory.max)" 100663296
is pids.max "$(cat pids.max)" 33

berth update --l3-cache-schema 'L3:0=f;1=ff' --mem-bw-schema 'MB:0=50' changed
is L3 "$(schemata changed L3)" 'L3:0=0000f;1=000ff'
contains MB "$(schemata changed MB)" 'MB:0=50'
if berth update --l3-cache-schema 'L3:0=5' changed 2>/tmp/error; then
        fail 'a bad mask was taken'
fi
contains 'reason' "$(cat /tmp/error)" 'non-consecutive'
is L3 "$(schemata changed L3)" 'L3:0=0000f;1=000ff'
berth events --stats changed | jq -c .data.intel_rdt >/tmp/rdt
is 'schema in the statistics' "$(jq -r .l3_cache_schema /tmp/rdt | tr -d ' ')" 'L3:0=0000f;1=000ff'
is 'kinds of monitoring data' "$(jq -r '[.mbm_stats, .cmt_stats] | map(length) | join(" ")' /tmp/rdt)" '2 2'

cd /
berth delete --force changed

bundle plain . "${SLEEP[@]}"
berth run --detach --bundle /var/lib/berth/plain plain >/tmp/plain.log 2>&1
if berth update --l3-cache-schema 'L3:0=f' plain 2>/tmp/error; then
        fail 'a group was made by update'
fi
contains 'reason' "$(cat /tmp/error)" 'updating a non-existent Intel RDT configuration is not supported'
berth delete --force plain

# A cgroup that is not systemd's: the same limits, by files alone.
bundle named '.linux.cgroupsPath = "/berth-test/named" | .linux.resources.memory.limit = 67108864' "${SLEEP[@]}"
berth --cgroup-manager cgroupfs run --detach --bundle /var/lib/berth/named named >/tmp/named.log 2>&1
berth update --memory 96M --pids-limit 33 named
is memory.max "$(cat /sys/fs/cgroup/berth-test/named/memory.max)" 100663296
is pids.max "$(cat /sys/fs/cgroup/berth-test/named/pids.max)" 33
berth update --cpu-share 2048 named
is cpu.weight "$(cat /sys/fs/cgroup/berth-test/named/cpu.weight)" 174
berth delete --force named
