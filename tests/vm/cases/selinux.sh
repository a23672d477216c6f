# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# process.selinuxLabel and linux.mountLabel, with a policy that has three types and forbids nothing.

sids=(kernel security unlabeled fs file file_labels init any_socket port netif netmsg node igmp_packet icmp_socket tcp_socket
        sysctl_modprobe sysctl sysctl_fs sysctl_kernel sysctl_net sysctl_net_unix sysctl_vm sysctl_dev kmod policy scmp_packet
        devnull)
{
        printf 'class %s\n' process filesystem file dir
        printf 'sid %s\n' "${sids[@]}"
        echo 'class process { transition dyntransition }'
        echo 'class filesystem { mount }'
        echo 'class file { execute }'
        echo 'class dir { search }'
        echo 'type base_t; type payload_t; type data_t;'
        echo 'role base_r; role base_r types { base_t payload_t };'
        echo 'allow base_t payload_t:process { transition dyntransition };'
        echo 'allow { base_t payload_t } { base_t payload_t data_t }:file execute;'
        echo 'allow { base_t payload_t } { base_t payload_t data_t }:dir search;'
        echo 'allow { base_t payload_t } { base_t payload_t data_t }:filesystem mount;'
        echo 'user base_u roles { base_r };'
        printf 'sid %s base_u:base_r:base_t\n' "${sids[@]}"
        printf 'fs_use_xattr %s base_u:object_r:base_t;\n' ext4
        printf 'fs_use_trans %s base_u:object_r:base_t;\n' devpts devtmpfs mqueue tmpfs
        printf 'genfscon %s / base_u:object_r:base_t\n' cgroup2 proc sysfs
} >/tmp/policy.conf
checkpolicy -U allow -o /tmp/policy /tmp/policy.conf
dd if=/tmp/policy of=/sys/fs/selinux/load bs=4M status=none

# A change of domain under no_new_privs would need more of the policy.
labels='.process.noNewPrivileges = false | .process.selinuxLabel = "base_u:base_r:payload_t" | .linux.mountLabel = "base_u:object_r:data_t"'
bundle labelled "$labels" sh -c 'cat /proc/self/attr/current; echo; cat /proc/self/attr/keycreate; grep " / \| /dev " /proc/mounts'
output=$(berth run --bundle /var/lib/berth/labelled labelled 2>&1)
contains 'label of the payload' "$output" 'base_u:base_r:payload_t'
contains 'label of a mount' "$(grep ' /dev ' <<<"$output")" 'context=base_u:object_r:data_t'
is 'label of later keys' "$(sed -n 2p <<<"$output" | tr -d '\0' | grep -c base_u || :)" 0

bundle labelled "$labels" sleep 1000
berth run --detach --bundle /var/lib/berth/labelled labelled >/dev/null 2>&1 </dev/null
contains 'label of exec' "$(berth exec labelled cat /proc/self/attr/current)" 'base_u:base_r:payload_t'
berth delete --force labelled

bundle wrong '.process.selinuxLabel = "no such label"' true
output=$(berth run --bundle /var/lib/berth/wrong wrong 2>&1) && fail 'it started with a label that is none'
contains 'error' "$output" "no such label"
