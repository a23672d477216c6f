/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root of a container with a user namespace, as if its files had been given to the ids of that
 * (SpecRoot.root_idmap). */

#include "spec/spec.h"

typedef struct RootIdmap {
        const Spec *spec;
        int userns_fd; /* negative: not made yet */
} RootIdmap;

#define ROOT_IDMAP_NULL ((RootIdmap) { .userns_fd = -EBADF })

void root_idmap_done(RootIdmap *map);

/* Whether a directory is to be mapped: it does not belong to the container's root as it is. */
bool root_idmap_wanted(const Spec *spec, int fd);

/* Maps the ids of a detached mount, alone; path is for messages. -EINVAL: its file system cannot do that.
 * Logs. */
int root_idmap_apply(RootIdmap *map, const char *path, int mount_fd);

/* In the place of a descriptor of a directory one of a detached mount of it, with ids mapped. Logs. */
int root_idmap_clone(RootIdmap *map, const char *path, int *fd);

/* Whether all directories of a root that exist can be mapped. Changes nothing. Logs, name: of what says so.
 */
int root_idmap_check(const Spec *spec, const char *name);
