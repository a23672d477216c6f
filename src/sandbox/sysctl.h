/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* linux.sysctl: values below /proc/sys. Which ones a container may set has been decided before. */

#include "spec/spec.h"

/* Child: writes the values in their order. proc_fd: a procfs mounted without subset=pid, made by a process
 * in the container's namespaces. Logs. */
int sysctl_apply(const SpecPairs *sysctl, int proc_fd);

/* Path below sys/ of a key: dots become slashes, and slashes dots where the key has slashes after dots
 * ("net.ipv4.conf.eth0/100.forwarding": "net/ipv4/conf/eth0.100/forwarding"); a key whose first separator is
 * a slash is a path already (sysctl(8)). -EINVAL: empty, or leads elsewhere. Caller frees. Pure. */
int sysctl_path(const char *key, char **ret);
