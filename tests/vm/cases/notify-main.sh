# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The main process of a payload, where the kernel (before 6.11) does not translate numbers out of a pid namespace, and where it
# tells of a sender no more than its number (before 6.5).

# shellcheck disable=SC2016
main='trap "echo main stops; exit 0" TERM; /usr/bin/systemd-notify MAINPID=$$ READY=1 STATUS=up; while :; do sleep 1000 & wait $!; done'
# shellcheck disable=SC2016
init='trap "echo init stops; exit 0" TERM; sh -c "$0" & while :; do sleep 1000 & wait $!; done'
bundle notifier '.mounts += [["/usr", "/lib", "/lib64"][] |
                {destination: ., type: "bind", source: ., options: ["bind", "ro"]}] |
                .annotations["berth.notify"] = "ready"' sh -c "$init" "$main"
start notifier
is StatusText "$(systemctl show -P StatusText container@notifier)" up
is 'main process' "$(cat "/proc/$(systemctl show -P MainPID container@notifier)/comm")" berth-supervise
stop notifier
journalctl --sync
is journal "$(journalctl -q -u container@notifier -o cat | grep -x '.* stops' | paste -sd, -)" 'main stops,init stops'
