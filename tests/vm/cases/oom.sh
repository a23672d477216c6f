# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Killed for want of memory: the result of the unit, and what the journal says.

# init itself
since=$(cursor)
hungry 'tail /dev/zero' MemoryMax=24M MemorySwapMax=0
start hungry
wait_failed hungry
is 'result of init' "$(show hungry Result)" oom-kill
text=$(said "$since")
contains 'which process' "$text" ' (tail) of the container for want of memory'
contains 'which limit' "$text" 'MemoryMax=24M with MemorySwapMax=0 of berth-hungry.scope was reached'
contains 'how to raise it' "$text" "'systemctl set-property berth-hungry.scope MemoryMax=...'"
killed=$(journalctl -q -k -o cat --after-cursor="$since" | sed -n 's/.*task=tail,pid=\([0-9]*\),.*/\1/p' | tail -n1)
contains 'its number on the host' "$text" "process $killed (tail)"
systemctl reset-failed container@hungry

# a child of it: the unit is stopped
since=$(cursor)
hungry "$HUNGRY_CHILD" MemoryMax=24M
start hungry
wait_failed hungry
is 'result of a child' "$(show hungry Result)" oom-kill
contains 'stop signal' "$(said "$since")" 'got TERM'
systemctl reset-failed container@hungry

# the payload is not protected as the supervisor is
hungry 'sleep 1000'
start hungry
is 'of the supervisor' "$(cat "/proc/$(show hungry MainPID)/oom_score_adj")" -900
is 'of the payload' "$(cat "/proc/$(payload hungry)/oom_score_adj")" 0
stop hungry

rm /etc/berth/hungry.container
systemctl daemon-reload
