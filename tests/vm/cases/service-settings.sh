# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Settings of [Service] as the kernel has them in the scope's cgroup, changed while the container runs, and through a reload.

cat >/etc/berth/settings.container <<'END'
[Container]
Rootfs=/srv/rootfs
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'

[Service]
AllowedCPUs=1
CPUQuota=40%
CPUWeight=77
IOWeight=55
MemoryHigh=48M
MemoryLow=8M
MemoryMax=64M
MemoryMin=4M
MemorySwapMax=1M
TasksMax=33
Slice=tenant.slice
END
systemctl daemon-reload
start settings
cd /sys/fs/cgroup/tenant.slice/berth-settings.scope || exit
is cpuset.cpus "$(cat cpuset.cpus)" 1
is cpu.max "$(cat cpu.max)" '40000 100000'
is cpu.weight "$(cat cpu.weight)" 77
contains io.weight "$(cat io.weight io.bfq.weight 2>/dev/null)" 'default 55'
is memory.high "$(cat memory.high)" 50331648
is memory.low "$(cat memory.low)" 8388608
is memory.max "$(cat memory.max)" 67108864
is memory.min "$(cat memory.min)" 4194304
is memory.swap.max "$(cat memory.swap.max)" 1048576
is pids.max "$(cat pids.max)" 33

systemctl set-property --runtime berth-settings.scope TasksMax=22 MemoryMax=72M
berth update --cpu-quota 20000 settings
for again in no yes; do
        is pids.max "$(cat pids.max)" 22
        is memory.max "$(cat memory.max)" 75497472
        is cpu.max "$(cat cpu.max)" '20000 100000'
        is memory.low "$(cat memory.low)" 8388608
        [[ $again == yes ]] || systemctl daemon-reload
done
cd /
stop settings
rm /etc/berth/settings.container

# The limit of tasks counts for the payload, and what makes the container fits below it.
cat >/etc/berth/tasks.container <<'END'
[Container]
Rootfs=/srv/rootfs
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & wait'

[Service]
TasksMax=5
END
systemctl daemon-reload
start tasks
wait_until "journalctl -u container@tasks -o cat | grep -q \"can't fork\""
wait_failed tasks
systemctl reset-failed container@tasks
rm /etc/berth/tasks.container
systemctl daemon-reload
