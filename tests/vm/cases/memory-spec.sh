# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# linux.resources.memory.limit: the kernel kills what overruns it, and the unit says so.

bundle overrun '.linux.resources.memory.limit = 33554432' tail /dev/zero
start overrun
wait_failed overrun
is 'result' "$(show overrun Result)" oom-kill
contains 'journal' "$(journalctl -q -k -o cat)" 'oom_memcg=/machine.slice/berth-overrun.scope'
systemctl reset-failed container@overrun
