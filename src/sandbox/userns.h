/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Id mappings of a new user namespace (user_namespaces(7)). All functions log. */

#include <stdbool.h>
#include <sys/types.h>

#include "spec/spec.h"

/* Whether the container gets a user namespace of its own, new or joined. */
bool userns_wanted(const Spec *spec);

/* In the parent: writes uid_map and gid_map of the child; without the right to, through newuidmap(1) and
 * newgidmap(1). */
int userns_write_maps(const SpecIdMap *map, pid_t pid);

/* The id outside of who is uid inside of a new user namespace. -ESRCH: nobody is. Does not log. */
int userns_outside_uid(const SpecIdMap *map, uint32_t uid, uid_t *ret);

/* In the child, when the maps are written: becomes root of the namespace, if it has one. */
int userns_become_root(const Spec *spec);
