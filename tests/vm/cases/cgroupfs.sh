# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A cgroup path instead of a scope: its limits are in the files, and bite.

bundle files '.linux.cgroupsPath = "/engine/files" | .linux.resources += {
        cpu: { shares: 2048, quota: 50000, period: 100000, burst: 10000, cpus: "1", mems: "0" },
        memory: { limit: 67108864, reservation: 33554432, swap: 100663296 },
        pids: { limit: 77 },
        blockIO: { weight: 500, throttleReadBpsDevice: [ { major: 254, minor: 0, rate: 1048576 } ] },
        hugepageLimits: [ { pageSize: "2MB", limit: 4194304 } ],
        unified: { "memory.high": "50331648" } }' "${SLEEP[@]}"
berth run --detach --bundle /var/lib/berth/files files >/dev/null
cd /sys/fs/cgroup/engine/files || exit
is cpu.weight "$(cat cpu.weight)" 174
is cpu.max "$(cat cpu.max)" '50000 100000'
is cpu.max.burst "$(cat cpu.max.burst)" 10000
is cpuset.cpus "$(cat cpuset.cpus)" 1
is cpuset.mems "$(cat cpuset.mems)" 0
is memory.max "$(cat memory.max)" 67108864
is memory.low "$(cat memory.low)" 33554432
is memory.high "$(cat memory.high)" 50331648
is memory.swap.max "$(cat memory.swap.max)" 33554432
is pids.max "$(cat pids.max)" 77
contains io.max "$(cat io.max)" '254:0 rbps=1048576'
is hugetlb.2MB.max "$(cat hugetlb.2MB.max)" 4194304
is 'cpus of the payload' "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(head -n1 cgroup.procs)/status")" 1
cd /
berth delete --force files
[ ! -e /sys/fs/cgroup/engine ] || fail 'the cgroup is left'

# One process too many, from the first one on.
bundle few '.linux.cgroupsPath = "/few" | .linux.resources.pids.limit = 3' \
        sh -c 'sleep 1000 & sleep 1000 & sleep 1000 & wait'
status=0
said=$(berth run --bundle /var/lib/berth/few few 2>&1) || status=$?
is 'exit status' "$status" 2
contains 'what the payload said' "$said" "can't fork"

# Too much memory.
bundle much '.linux.cgroupsPath = "/much" | .linux.resources.memory.limit = 33554432' tail /dev/zero
status=0
berth run --bundle /var/lib/berth/much much || status=$?
is 'exit status' "$status" 137
contains 'journal' "$(journalctl -q -k -o cat)" 'oom_memcg=/much'

# Devices: what is denied later wins.
bundle devices '.linux.cgroupsPath = "/devices" | .linux.resources.devices = [ { allow: false, access: "rwm" },
        { allow: true, type: "b", major: 254, access: "rw" }, { allow: false, type: "b", major: 254, access: "w" } ] |
        .process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"] |
        .process.capabilities.permitted += ["CAP_MKNOD"]' \
        sh -c 'mknod /dev/disk b 254 0; (exec 9</dev/disk) && echo read; (exec 9>>/dev/disk) || echo not written'
said=$(berth run --bundle /var/lib/berth/devices devices 2>&1) || fail "devices: $said"
contains 'devices' "$said" 'read'
contains 'devices' "$said" 'not written'
for path in /sys/fs/cgroup/few /sys/fs/cgroup/much /sys/fs/cgroup/devices; do
        [ ! -e "$path" ] || fail "$path is left"
done
