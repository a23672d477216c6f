# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# process.apparmorProfile confines the payload and what exec adds to it; a profile that is not loaded is an error.

apparmor_parser --replace --skip-cache <<'END'
profile berth-case flags=(attach_disconnected,mediate_deleted) {
        file,
        capability,
        signal,
        deny /etc/denied r,
}
END
echo secret >/srv/rootfs/etc/denied

bundle confined '.process.apparmorProfile = "berth-case"' sh -c 'cat /proc/self/attr/current; cat /etc/denied'
output=$(berth run --bundle /var/lib/berth/confined confined 2>&1) || :
contains 'label of the payload' "$output" 'berth-case (enforce)'
contains 'what it may not read' "$output" 'Permission denied'

bundle confined '.process.apparmorProfile = "berth-case"' sleep 1000
berth run --detach --bundle /var/lib/berth/confined confined >/dev/null 2>&1 </dev/null
contains 'label of exec' "$(berth exec confined cat /proc/self/attr/current)" 'berth-case (enforce)'
berth delete --force confined

bundle absent '.process.apparmorProfile = "berth-absent"' true
output=$(berth run --bundle /var/lib/berth/absent absent 2>&1) && fail 'it started without its profile'
contains 'error' "$output" "AppArmor profile 'berth-absent': it is not loaded"

bundle selinux '.process.selinuxLabel = "a_u:b_r:c_t"' true
output=$(berth run --bundle /var/lib/berth/selinux selinux 2>&1) && fail 'it started without SELinux'
contains 'error' "$output" 'SELinux'

rm /srv/rootfs/etc/denied
echo 'profile berth-case {}' | apparmor_parser --remove
