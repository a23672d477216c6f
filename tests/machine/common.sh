# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What boot, enter, stop and root share: where a machine keeps its state, and who its pid 1 is. Sourced, never run.

machines=${BERTH_MACHINES:-/var/tmp/berth-machines}

die() {
        echo "${0##*/}: $*" >&2
        exit 1
}

# machine_dir NAME: the directory of a machine: nspawn.pid, console.log, and the overlay (upper, work, root)
machine_dir() {
        [[ $1 =~ ^[a-zA-Z0-9][a-zA-Z0-9-]*$ ]] || die "'$1' is no name for a machine (letters, digits, dashes)"
        echo "$machines/$1"
}

# machine_cgroups NAME: on a host without systemd, the directories of the cgroup that holds the machine: one in the v2
# hierarchy and, where v1 is in use too, one in systemd's v1 hierarchy. nspawn makes "payload" and "supervisor" below its own
# cgroup, so two machines in the same one would share their whole tree.
machine_cgroups() {
        local mount
        [[ ! -d /run/systemd/system ]] || return 0
        while read -r mount; do
                echo "$mount/berth-machine-$1"
        done < <(awk '$3 == "cgroup2" || $3 == "cgroup" && $4 ~ /name=systemd/ { print $2 }' /proc/mounts)
}

# machine_leader NAME: the machine's pid 1 as the host sees it; fails when the machine does not run
machine_leader() {
        local nspawn comm='' leader=''
        nspawn=$(cat "$(machine_dir "$1")/nspawn.pid" 2>/dev/null) || return 1
        # a pid file that outlived a reboot names some other process
        read -r comm 2>/dev/null <"/proc/$nspawn/comm" && [[ $comm == systemd-nspawn ]] || return 1
        # the oldest child; pgrep would look at every process of the host
        read -r leader _ 2>/dev/null <"/proc/$nspawn/task/$nspawn/children" || :
        [[ -n $leader ]] && echo "$leader"
}
