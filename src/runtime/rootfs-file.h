/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading files of a tree that somebody else may control. */

/* Reads a regular file in the tree that root_fd is the top of, without following a link out of it. Does not
 * log. -EINVAL: it is something else; -ENOENT and others as of openat2(2). */
int rootfs_file_read(int root_fd, const char *path, char **ret);
