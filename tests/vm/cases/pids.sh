# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# pids.limit bites: the payload cannot make more processes, and its shell gives up.

bundle pids '.linux.resources.pids.limit = 3' sh -c 'sleep 1000 & sleep 1000 & sleep 1000 & wait'
start pids
wait_failed pids
is 'exit status' "$(show pids ExecMainStatus)" 2
contains 'what the payload said' "$(messages pids)" "can't fork"
systemctl reset-failed container@pids
