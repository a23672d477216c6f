/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Network interfaces of the host that become the container's (config-linux.md, "Network Devices";
 * rtnetlink(7)). All functions log. */

#include "spec/spec.h"

/* In the parent, before anything is made. -ENODEV: there is no such interface. */
int net_devices_check(const Spec *spec);

/* In the parent: moves the interfaces into the network namespace of that process, under their new names,
 * with their permanent addresses of global scope, and sets them up. When the namespace ends, the kernel
 * returns hardware to the host and removes what is virtual. */
int net_devices_move(const Spec *spec, pid_t pid);
