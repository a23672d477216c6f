/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Registration with systemd-machined (org.freedesktop.machine1(5)). It forgets a machine when its scope is
 * gone. */

#include <stdbool.h>
#include <sys/types.h>

typedef struct MachineOptions {
        const char *name;  /* of the machine */
        const char *scope; /* that the leader is in */
        pid_t leader;
        const char *root; /* directory on the host */
} MachineOptions;

/* Whether machined takes it as a name: that of a host, at most 64 characters. Pure. */
bool machine_name_is_valid(const char *name);

/* Registers a container, over the system bus; waits for the answer. One of that name whose scope was this
 * one has ended, and is replaced. Logs. -EEXIST: there is another machine of that name. */
int machine_register(const MachineOptions *options);
