# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Cgroups below the scope: the limits are the scope's, and bite; all controllers reach down to the payload.

bundle below '.linux.resources += { memory: { limit: 33554432 }, pids: { limit: 55 } } |
        .linux.namespaces += [ { type: "cgroup" } ] | .linux.namespaces |= unique_by(.type) |
        .annotations = { "run.oci.systemd.subgroup": "sub", "run.oci.delegate-cgroup": "mine" }' "${SLEEP[@]}"
berth run --detach --bundle /var/lib/berth/below below >/tmp/below.log 2>&1 || fail "$(cat /tmp/below.log)"
mine=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(berth state below | jq .pid)/cgroup")
sub=${mine%/mine}
scope=${sub%/sub}
is 'the place' "$mine" "${scope%.scope}.scope/sub/mine"
is memory.max "$(cat "$scope/memory.max")" 33554432
is 'memory.max of the subgroup' "$(cat "$sub/memory.max")" max
is 'memory.max of the delegated cgroup' "$(cat "$mine/memory.max")" max
is 'controllers of the subgroup' "$(cat "$sub/cgroup.controllers")" "$(cat "$scope/cgroup.controllers")"
is 'controllers of the delegated cgroup' "$(cat "$mine/cgroup.controllers")" "$(cat "$scope/cgroup.controllers")"
is 'type of the scope' "$(cat "$scope/cgroup.type")" domain
berth exec below true

berth update --pids-limit 40 --memory 50331648 below
is memory.max "$(cat "$scope/memory.max")" 50331648
is pids.max "$(cat "$scope/pids.max")" 40
is 'pids.max of the subgroup' "$(cat "$sub/pids.max")" max
berth events --stats below >/tmp/stats
is 'limit of memory' "$(jq .data.memory.usage.limit /tmp/stats)" 50331648
is 'limit of pids' "$(jq .data.pids.limit /tmp/stats)" 40
is 'numbers that are there' "$(jq '[.data | .memory.usage.usage, .pids.current, .cpu.usage.total] | all(. > 0)' /tmp/stats)" true
berth delete --force below
[ ! -e "$scope" ] || fail 'the scope is left'

# Too much memory, and the same without a scope.
for path in '' /named; do
        bundle much ".linux.cgroupsPath = \"$path\" | .linux.resources.memory.limit = 33554432 |
                .annotations = { \"run.oci.systemd.subgroup\": \"sub\", \"run.oci.delegate-cgroup\": \"mine\" }" tail /dev/zero
        status=0
        berth run --bundle /var/lib/berth/much much || status=$?
        is 'exit status' "$status" 137
done
[ ! -e /sys/fs/cgroup/named ] || fail 'the cgroup is left'
