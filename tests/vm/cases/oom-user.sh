# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Killed for want of memory in the systemd of a user: the result, and what can be said without the kernel's log.

UID_=1500
useradd --create-home --uid $UID_ alice
home=/home/alice/.local/share/berth/hungry
mkdir -p $home /home/alice/.config/systemd/user/container@hungry.service.d
cp -a /srv/rootfs $home/rootfs
printf '[Service]\nMemoryMax=24M\nMemorySwapMax=0\n' >/home/alice/.config/systemd/user/container@hungry.service.d/limit.conf
chown -R $UID_:$UID_ /home/alice
systemctl unmask --quiet systemd-logind
systemctl start dbus.socket systemd-logind "user@$UID_"
wait_until "[ -S /run/user/$UID_/systemd/private ]"

alice() {
        setpriv --reuid $UID_ --regid $UID_ --clear-groups env HOME=/home/alice XDG_RUNTIME_DIR=/run/user/$UID_ "$@"
}

cd $home || exit
alice berth spec --rootless
jq '.process.terminal = false | .process.args = ["tail", "/dev/zero"]' config.json >hungry.json
mv hungry.json config.json
chown $UID_ config.json
since=$(cursor)
alice systemctl --user start container@hungry
wait_until "[ \"\$(alice systemctl --user show -p ActiveState --value container@hungry)\" = failed ]"
is 'result' "$(alice systemctl --user show -p Result --value container@hungry)" oom-kill
journalctl --sync
said=$(journalctl -q -o cat --after-cursor="$since" _UID=$UID_)
contains 'how many' "$said" 'The kernel killed 1 process(es) of the container for want of memory'
contains 'which limit' "$said" 'MemoryMax=24M with MemorySwapMax=0 of berth-hungry.scope was reached'
contains 'how to raise it' "$said" "'systemctl --user set-property berth-hungry.scope MemoryMax=...'"

cd /
systemctl stop "user@$UID_" systemd-logind
systemctl mask --quiet systemd-logind
userdel --remove alice 2>/dev/null
