# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# events: statistics are what the kernel's files say, and a process that is killed for want of memory is told.

bundle watched '.linux.resources += { memory: { limit: 33554432 }, pids: { limit: 55 } }' \
        sh -c 'trap "exit 0" TERM; while [ ! -e /tmp/go ]; do sleep 0.2; done; tail /dev/zero; sleep 1000 & wait'
berth run --detach --bundle /var/lib/berth/watched watched >/tmp/watched.log 2>&1

berth events --stats watched >/tmp/stats
is 'limit of memory' "$(jq .data.memory.usage.limit /tmp/stats)" 33554432
is 'limit of pids' "$(jq .data.pids.limit /tmp/stats)" 55
is 'numbers that are there' "$(jq '[.data | .memory.usage.usage, .memory.raw.anon, .pids.current, .cpu.usage.total] | all(. > 0)' /tmp/stats)" true
is 'pressure' "$(jq -c '.data | [.cpu, .memory, .blkio] | map(.psi.some | has("avg10"))' /tmp/stats)" '[true,true,true]'
is 'cpus' "$(jq -c .data.cpuset.cpus /tmp/stats)" "[$(seq -s, 0 $(($(nproc) - 1)))]"

berth events --interval 1h watched >/tmp/events &
watcher=$!
wait_until "[ -e /proc/$watcher/fd/4 ] && [ \"\$(cat /proc/$watcher/comm)\" = berth ]"
wait_until "ls -l /proc/$watcher/fd | grep -q memory.events"
touch /srv/rootfs/tmp/go
wait_until 'grep -q oom /tmp/events'
is 'the event' "$(head -n1 /tmp/events)" '{"type":"oom","id":"watched"}'
berth kill watched KILL
wait "$watcher"
berth delete watched
rm /srv/rootfs/tmp/go
