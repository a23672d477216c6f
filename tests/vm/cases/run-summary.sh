# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What berth-run --wait says that a container has used.

# summary OPTION...: what it says, and its exit status in $status
summary() {
        status=0
        text=$(berth-run --wait --collect --unit=hungry "$@" 2>&1) || status=$?
}

summary -p MemoryMax=24M -p MemorySwapMax=0 -p OOMPolicy=continue --rootfs=/srv/rootfs -- sh -c 'tail /dev/zero; exit 5'
is 'exit status' "$status" 5
contains 'end' "$text" $'Finished with result: exit-code\nMain processes terminated with: code=exited, status=5\n'
contains 'runtime' "$text" $'\nService runtime: '
contains 'CPU time' "$text" $'\nCPU time consumed: '
contains 'peak' "$text" $'\nMemory peak: 2[34].?M'
contains 'kills' "$text"$'\n' $'\nOOM kills: 1\n'

summary --rootfs=/srv/rootfs -- true
is 'exit status' "$status" 0
contains 'result' "$text" $'Finished with result: success\n'
[[ $text != *OOM* ]] || fail "OOM kills of true: $text"

summary -p MemoryMax=24M -p MemorySwapMax=0 --rootfs=/srv/rootfs -- tail /dev/zero
is 'exit status' "$status" 137
contains 'result' "$text" $'Finished with result: oom-kill\nMain processes terminated with: code=killed, status=9/KILL\n'
contains 'kills' "$text"$'\n' $'\nOOM kills: 1\n'

summary -p IPAccounting=yes --rootfs=/srv/rootfs -- sh -c 'nc 127.0.0.1 9; echo tried'
contains 'traffic' "$text" $'\nIP traffic received: '
contains 'both ways' "$text" ', sent: '

bundle hungry '.linux.intelRdt = {enableMonitoring: true}' sh -c 'echo here'
summary --bundle=/var/lib/berth/hungry
is 'exit status' "$status" 0
contains 'cache' "$text" $'\nLLC occupancy: '
contains 'bandwidth' "$text" $'\nMemory bandwidth total: '
