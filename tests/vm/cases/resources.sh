# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Resources of config.json in a scope: what has no property, what only cgroup v1 has, and what cannot be done.

# make ID FILTER: a container that sleeps, with these resources
make() {
        bundle "$1" ".linux.resources += $2" sleep 1000
        berth --systemd-cgroup run --detach --bundle "/var/lib/berth/$1" "$1" >/dev/null
        cd "/sys/fs/cgroup/machine.slice/berth-$1.scope" || exit
}

end() {
        cd /
        berth delete --force "$1"
}

# refused ID FILTER WORDS: the same, which fails and leaves nothing
refused() {
        local said
        bundle "$1" ".linux.resources += $2" "${SLEEP[@]}"
        if said=$(berth --systemd-cgroup create --bundle "/var/lib/berth/$1" "$1" 2>&1); then
                fail "$1: was taken"
        fi
        contains "$1" "$said" "$3"
        [ ! -e "/sys/fs/cgroup/machine.slice/berth-$1.scope" ] || fail "$1: the scope is left"
        [ ! -e "/run/berth/$1" ] || fail "$1: the state is left"
}

make files '{
        cpu: { quota: 50000, period: 100000, burst: 20000, realtimeRuntime: 100, realtimePeriod: 1000 },
        memory: { limit: 67108864, swap: 100663296, kernel: 1000, kernelTCP: 1000, swappiness: 10, disableOOMKiller: true },
        network: { classID: 5 }, hugepageLimits: [ { pageSize: "2MB", limit: 4194304 } ], pids: { limit: 0 },
        unified: { "memory.oom.group": "1", "io.max": "254:0 rbps=2097152\n254:0 wiops=100", "cpu.weight": "77" } }'
is cpu.max.burst "$(cat cpu.max.burst)" 20000
is memory.max "$(cat memory.max)" 67108864
is memory.swap.max "$(cat memory.swap.max)" 33554432
is hugetlb.2MB.max "$(cat hugetlb.2MB.max)" 4194304
is hugetlb.2MB.rsvd.max "$(cat hugetlb.2MB.rsvd.max)" 4194304
is memory.oom.group "$(cat memory.oom.group)" 1
is cpu.weight "$(cat cpu.weight)" 77
contains io.max "$(cat io.max)" 'rbps=2097152 wbps=max riops=max wiops=100'
is pids.max "$(cat pids.max)" 1
end files

make unlimited '{ memory: { limit: -1, swap: -1, reservation: -1 }, cpu: { quota: -1, period: 50000, idle: 1 }, pids: { limit: -1 } }'
is memory.max "$(cat memory.max)" max
is memory.swap.max "$(cat memory.swap.max)" max
is memory.low "$(cat memory.low)" max
is 'quota' "$(cut -d' ' -f1 cpu.max)" max
is cpu.idle "$(cat cpu.idle)" 1
is pids.max "$(cat pids.max)" max
end unlimited

make noswap '{ memory: { limit: 67108864, swap: 67108864 }, cpu: { shares: 2, cpus: "0-1" } }'
is memory.swap.max "$(cat memory.swap.max)" 0
is cpu.weight "$(cat cpu.weight)" 1
is cpuset.cpus "$(cat cpuset.cpus)" 0-1
end noswap

refused nosuch '{ unified: { "memory.nosuch": "1" } }' 'controllers available here'
refused nocontroller '{ unified: { "nosuch.max": "1" } }' 'controllers available here'
refused badvalue '{ unified: { "memory.oom.group": "7" } }' 'memory.oom.group'
refused nohuge '{ hugepageLimits: [ { pageSize: "3MB", limit: 1 } ] }' 'hugetlb.3MB.max'

# A rule that systemd has no words for, beside its own filter.
bundle devices '.linux.resources.devices = [ { allow: true, access: "rwm" },
        { allow: false, type: "b", major: 254, minor: 0, access: "rw" } ] |
        .process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"] |
        .process.capabilities.permitted += ["CAP_MKNOD"]' \
        sh -c 'mknod /dev/disk b 254 0; (exec 9</dev/disk) || echo refused'
contains 'the disk' "$(berth --systemd-cgroup run --bundle /var/lib/berth/devices devices 2>/dev/null)" refused
