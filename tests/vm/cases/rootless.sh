# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Limits in a container of an ordinary user bite, as far as systemd delegates their controllers to users.

UID_=1500
useradd --create-home --uid $UID_ alice
mkdir -p /home/alice/bundle
cp -a /srv/rootfs /home/alice/bundle/rootfs
chown -R $UID_:$UID_ /home/alice
systemctl unmask --quiet systemd-logind
systemctl start dbus.socket systemd-logind "user@$UID_"
wait_until "[ -S /run/user/$UID_/systemd/private ]"

alice() {
        setpriv --reuid $UID_ --regid $UID_ --clear-groups env HOME=/home/alice XDG_RUNTIME_DIR=/run/user/$UID_ "$@"
}

cd /home/alice/bundle || exit
alice berth spec --rootless
jq '.process.terminal = false | .process.args = ["sh", "-c", "sleep 1000 & sleep 1000 & sleep 1000 & wait"] |
        .linux.resources = { pids: { limit: 3 }, memory: { limit: 67108864 } }' config.json >limited.json
jq '.linux.resources.pids.limit = 30' limited.json >wide.json

status=0
said=$(alice berth run --config limited.json few 2>&1) || status=$?
is 'exit status' "$status" 2
contains 'what the payload said' "$said" "can't fork"

alice berth run --detach --config wide.json wide >/tmp/wide.log 2>&1 || fail "$(cat /tmp/wide.log)"
cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(alice berth ps --format=json wide | jq '.[0]')/cgroup")
is memory.max "$(cat "$cgroup/memory.max")" 67108864
is pids.max "$(cat "$cgroup/pids.max")" 30
alice berth update --pids-limit 40 --memory 33554432 wide
is pids.max "$(cat "$cgroup/pids.max")" 40
is memory.max "$(cat "$cgroup/memory.max")" 33554432
alice berth events --stats wide >/tmp/stats
is 'limit of memory' "$(jq .data.memory.usage.limit /tmp/stats)" 33554432
is 'processes' "$(jq .data.pids.current /tmp/stats)" 4
alice berth delete --force wide
[ ! -e "$cgroup" ] || fail 'the cgroup is left'

cd /
systemctl stop "user@$UID_" systemd-logind
systemctl mask --quiet systemd-logind
userdel --remove alice 2>/dev/null
