# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the cases have in common. They run in the guest with "set -euo pipefail"; the first command that fails ends the
# case. Speed is that of an emulated CPU, so everything waits for conditions.

# A payload that runs until it is told to stop: pid 1 of a pid namespace gets only signals that it handles.
# shellcheck disable=SC2034
SLEEP=(sh -c 'trap "exit 0" TERM; sleep 1000 & wait')

fail() {
        echo "FAILED: $*"
        exit 1
}

# is WHAT GOT WANTED
is() {
        [ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
        echo "ok: $1 is '$2'"
}

# contains WHAT TEXT PATTERN: a pattern of the shell
contains() {
        # shellcheck disable=SC2053
        [[ $2 == *$3* ]] || fail "$1: got '$2', expected something with '$3'"
        echo "ok: $1 has '$3'"
}


# wait_until COMMAND: a line of shell, until it succeeds
wait_until() {
        local end=$((SECONDS + 45))

        until eval "$1"; do
                [ "$SECONDS" -lt "$end" ] || fail "still not so: $1"
                sleep 0.2
        done
}

# bundle ID FILTER COMMAND...: make /var/lib/berth/ID from what `berth spec` writes, changed by a filter of jq
bundle() {
        local id=$1 filter=$2
        shift 2

        [ -e /tmp/spec/config.json ] || (mkdir -p /tmp/spec && cd /tmp/spec && berth spec)
        mkdir -p "/var/lib/berth/$id"
        # The command comes as raw input, a word each line: jq would take its options for jq's own.
        printf '%s\n' "$@" | jq -Rn --slurpfile spec /tmp/spec/config.json "\$spec[0] | .process.args = [inputs] |
                .process.terminal = false | .root.path = \"/srv/rootfs\" | $filter" >"/var/lib/berth/$id/config.json"
}

start() {
        systemctl start "container@$1"
}

stop() {
        systemctl stop "container@$1"
        is "container@$1" "$(systemctl is-active "container@$1" || :)" inactive
}

# wait_failed ID
wait_failed() {
        wait_until "[ \"\$(show $1 ActiveState)\" = failed ]"
}

# show ID PROPERTY
show() {
        systemctl show -p "$2" --value "container@$1"
}

# The scope's directory in the cgroup file system; a path that does not exist when there is no such scope.
scope() {
        echo "/sys/fs/cgroup$(systemctl show -p ControlGroup --value "berth-$1.scope" | sed "s|^$|/no-scope-of-$1|")"
}

# payload ID: the process id of the payload
payload() {
        head -n1 "$(scope "$1")/cgroup.procs"
}

# in_scopes ID...: the processes of these containers, sorted
in_scopes() {
        local id

        for id; do
                cat "$(scope "$id")/cgroup.procs"
        done | sort
}

# all_in GROUP ID...: exactly the processes of these containers are in the resctrl group
all_in() {
        local group=$1 tries=50 wanted
        shift

        # More than once, since the payloads fork in between.
        until wanted=$(in_scopes "$@") && [ -n "$wanted" ] && [ "$(sort "/sys/fs/resctrl/$group/tasks")" = "$wanted" ]; do
                sleep 0.1
                ((--tries > 0)) || fail "group $group: got $(xargs <"/sys/fs/resctrl/$group/tasks"), expected ${wanted//$'\n'/ }"
        done
        echo "ok: group $group has ${wanted//$'\n'/ }"
}

# messages ID: what berth and the payload said
messages() {
        journalctl --sync
        journalctl -q -o cat -u "container@$1"
}

# schemata GROUP RESOURCE: the line without the blanks that the kernel pads it with
schemata() {
        sed -n "s/ //g; /^$2:/p" "/sys/fs/resctrl/$1/schemata"
}

# not_started ID: the start fails, and there is no group of the container's name
not_started() {
        if start "$1"; then
                fail "container@$1 started"
        fi
        is "state of container@$1" "$(show "$1" ActiveState)" failed
        systemctl reset-failed "container@$1"
        [ ! -e "/sys/fs/resctrl/$1" ] || fail "the group $1 is there"
}

# podman_setup: the engine uses berth, no network and no image
podman_setup() {
        mkdir -p /etc/containers/containers.conf.d
        cp /usr/share/doc/berth/examples/podman-berth.conf /etc/containers/containers.conf.d/
        printf '[containers]\nnetns = "none"\n[engine]\nruntime = "berth"\n' >/etc/containers/containers.conf.d/tests.conf
        printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >/etc/containers/storage.conf
}

# podman_cgroup NAME: the directory of the container's cgroup
podman_cgroup() {
        echo "/sys/fs/cgroup$(podman inspect -f '{{.State.CgroupPath}}' "$1")"
}

# A shell whose child is killed for want of memory, and that goes on and handles SIGTERM.
# shellcheck disable=SC2034
HUNGRY_CHILD="sh -c 'trap \"echo got TERM; exit 0\" TERM; tail /dev/zero; echo lost a child; sleep 1000 & wait'"

# hungry COMMAND SETTING...: declare container@hungry
hungry() {
        printf '[Container]\nRootfs=/srv/rootfs\nExec=%s\n[Service]\n' "$1" >/etc/berth/hungry.container
        shift
        printf '%s\n' "$@" >>/etc/berth/hungry.container
        systemctl daemon-reload
}

cursor() {
        journalctl --sync
        journalctl -q -n1 --show-cursor | sed -n 's/^-- cursor: //p'
}

# said SINCE
said() {
        journalctl --sync
        journalctl -q -o cat --after-cursor="$1" -u container@hungry
}
