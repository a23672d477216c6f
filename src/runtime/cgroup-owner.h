/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may manage the container's cgroup from the inside: runtime-spec config-linux.md, "Cgroup ownership".
 */

#include <stdbool.h>

#include "spec/spec.h"

/* Whether the configuration asks for it. Pure. */
bool cgroup_owner_wanted(const Spec *spec);

/* Gives the cgroup to the payload's user, when it has a cgroup namespace of its own and mounts the cgroup
 * file system writable; otherwise does nothing. Logs. */
int cgroup_owner_apply(const Spec *spec, int cgroup_fd);

/* Gives the cgroup to the container's root. Logs. */
int cgroup_owner_delegate(const Spec *spec, int cgroup_fd);
