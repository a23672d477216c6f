/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts that show files as somebody else's (mount_setattr(2), "ID-mapped mounts"). */

#include "spec/spec.h"

/* Whether the mount asks for it. */
bool idmap_wanted(const SpecMount *mount);

/* In the parent, for a detached tree that nobody uses yet: maps its ids by the mount's own mapping, else by
 * that of the container's user namespace. -EINVAL: the file system does not support it; -EPERM: we have not
 * the right, or it is mapped already. Logs. */
int idmap_apply(const Spec *spec, const SpecMount *mount, int mount_fd);

/* Its two halves: the user namespace that stands for the mapping (logs; returns the descriptor), and the
 * mapping itself (does not log). */
int idmap_open_userns(const Spec *spec, const SpecMount *mount);
int idmap_set(const SpecMount *mount, int userns_fd, int mount_fd);
