/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The container's root directory: a detached copy of the bundle's, attached in the container's mount
 * namespace, at last made
 * "/". All functions log. */

#include <stdbool.h>

#include "spec/spec.h"

/* In the parent, with all its rights and before anything is made: a detached mount tree of root.path, which
 * no longer depends on what happens to the path. Returns a descriptor. -ENOENT, -ENOTDIR: no such directory.
 * -EPERM, which is not logged: only who has rights over the mount namespace may, so init does it in its own.
 */
int rootfs_open(const Spec *spec);

/* In the child: no mount event of ours may reach the host. */
int rootfs_isolate(const Spec *spec);

/* In the child: attaches the tree; from here on it can be mounted on. */
int rootfs_attach(int root_fd);

/* In the child: makes the tree "/" and lets go of everything else. no_pivot: for roots on an initial ramfs,
 * where pivot_root(2) is refused. */
int rootfs_pivot(int root_fd, bool no_pivot);

/* In the child, last: rootfsPropagation and root.readonly. */
int rootfs_finish(const Spec *spec, int root_fd);
