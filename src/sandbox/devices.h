/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Device nodes and links in the container's /dev (config-linux.md, "Devices" and "Default Devices"). */

#include <stdbool.h>

#include "spec/spec.h"

/* Whether /dev is ours to fill: not when it is a bind mount. */
bool devices_wanted(const Spec *spec);

/* Makes the nodes of the specification and the default ones that it does not list. With bind (user
 * namespaces, where mknod(2) is denied) nodes of the host are mounted instead; also where mknod(2) answers
 * EPERM. Before the change of root: the host's /dev has to be in place. An existing node of the right type
 * and number is kept. Logs. */
int devices_create(int root_fd, const SpecLinux *linux_, bool bind);

/* Makes fd, stdin, stdout, stderr, core and ptmx. Links that exist are kept, but for ptmx. Logs. */
int devices_link(int root_fd);
