# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# checkpoint and restore with what the kernel of a machine may lack: memory that is tracked between dumps, and sockets whose
# options the CRIU of this release knows.

# save OPTION...: checkpoint, telling CRIU's errors
save() {
        berth checkpoint --work-path /tmp/work "$@" saved || fail "$(grep Error /tmp/work/dump.log)"
}

# shellcheck disable=SC2016 # for the payload
bundle saved '.mounts += [ { destination: "/run", type: "tmpfs", source: "tmpfs" } ]' sh -c \
        'i=0; while :; do i=$((i + 1)); echo $i >/run/n; mv /run/n /run/count; echo yes | nc -l -p 7777 -w 1; done'
# shellcheck disable=SC2016 # for wait_until
count='/proc/$(berth state saved | jq .pid)/root/run/count'
berth run --detach --bundle /var/lib/berth/saved saved </dev/null >/dev/null 2>&1
wait_until "[ -s $count ]"

# Two dumps of memory, the second one knowing the first, and then all of it.
save --pre-dump --image-path /tmp/images/1
save --pre-dump --image-path /tmp/images/2 --parent-path ../1
is 'state after it' "$(berth state saved | jq -r .status)" running
wait_until "nsenter -t \$(berth state saved | jq .pid) -n ss -lnt | grep -q 7777"
save --image-path /tmp/images/3 --parent-path ../2 --tcp-established
contains 'the image' "$(readlink /tmp/images/3/parent)" '../2'
[ -s /tmp/images/1/pages-1.img ] || fail 'no memory in the first image'
[ ! -e /run/berth/saved ] || fail 'the container is there'

berth restore --detach --bundle /var/lib/berth/saved --image-path /tmp/images/3 --work-path /tmp/work --tcp-established \
        saved </dev/null >/dev/null 2>&1 || fail "$(grep Error /tmp/work/restore.log)"
pid=$(berth state saved | jq .pid)
is 'cgroup' "$(cat "/proc/$pid/cgroup")" 0::/machine.slice/berth-saved.scope
is 'state' "$(berth state saved | jq -r .status)" running
now=$(eval "cat $count")
contains 'sockets' "$(nsenter -t "$pid" -n ss -lnt)" ':7777'
is 'what it answers' "$(nsenter -t "$pid" -n busybox nc -w 5 127.0.0.1 7777 </dev/null)" yes
wait_until "[ \$(cat $count) -gt $now ]"
berth delete --force saved
rm -r /tmp/images /tmp/work
