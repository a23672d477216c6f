/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts by descriptors, so that no path can be exchanged between looking and mounting: open_tree(2),
 * move_mount(2), mount_setattr(2). Nothing here logs; results are negative errnos. */

#include <stdbool.h>

/* A detached copy of what fd (O_PATH will do) refers to, with what is mounted below it if recursive. Returns
 * a descriptor. */
int mount_fd_clone(int fd, bool recursive);

/* Attaches a detached mount on top of what target_fd refers to. */
int mount_fd_attach(int mount_fd, int target_fd);

/* Makes this one mount read-only; its other attributes stay. */
int mount_fd_set_readonly(int mount_fd);

/* Opens (O_PATH) the file name in a directory to mount something on it, making an empty one when there is
 * nothing. Never follows a symlink: -ELOOP; a directory is -EISDIR. */
int mount_fd_file_target(int dir_fd, const char *name);
