/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directory with the payload's notification socket, as the container sees it. All functions log. */

/* Where the container has it. */
#define NOTIFY_MOUNT_DIRECTORY "/run/notify"

/* In the parent: a detached mount of the directory in which nothing can be made or executed. Returns its
 * descriptor; without rights over the mount namespace, one of the directory. */
int notify_mount_open(int dir_fd);

/* In the child, when the parent had no right to and got a descriptor of the directory itself instead. */
int notify_mount_open_inside(int dir_fd);

/* In the child, over all mounts of the configuration: makes the mount point and attaches it. */
int notify_mount_attach(int mount_fd, int root_fd);
