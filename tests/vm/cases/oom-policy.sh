# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Killed for want of memory: what OOMPolicy= of the unit makes of it.

# it may go on
since=$(cursor)
hungry "$HUNGRY_CHILD" MemoryMax=24M OOMPolicy=continue
start hungry
wait_until "said '$since' | grep -q 'lost a child'"
wait_until "said '$since' | grep -q '(tail) of the container for want of memory'"
is 'state' "$(show hungry ActiveState)" active
stop hungry
is 'result of one that went on' "$(show hungry Result)" success

# all of it has to go
since=$(cursor)
hungry "$HUNGRY_CHILD" MemoryMax=24M OOMPolicy=kill
start hungry
wait_failed hungry
is 'result of all' "$(show hungry Result)" oom-kill
if said "$since" | grep -e 'got TERM' -e 'lost a child'; then fail 'somebody was left'; fi
systemctl reset-failed container@hungry

rm /etc/berth/hungry.container
systemctl daemon-reload
