/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths that the payload must not see or write (config-linux.md, "Masked Paths" and "Readonly Paths"). */

/* Hides paths: /dev/null of the container over files, one shared empty read-only tmpfs (with that SELinux
 * label, NULL: none) over directories. Missing paths are ignored. NULL is an empty list. Logs. */
int masks_hide(int root_fd, char **paths, const char *mount_label);

/* Makes paths read-only, each as a mount of its own; what is mounted below a path stays as it is. Missing
 * ones are ignored. NULL is an empty list. Logs. */
int masks_make_readonly(int root_fd, char **paths);
