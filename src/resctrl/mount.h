/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the kernel's resctrl file system is mounted. Does not log. */

/* Opens the root directory of resctrl: root when it is not NULL (taken as it is: tests have trees of their
 * own), else /sys/fs/resctrl when resctrl is mounted there, else the first mount point of it in
 * /proc/self/mountinfo. ret_path (may be NULL) is the path; the caller closes and frees. -ENODEV: resctrl is
 * not mounted. */
int resctrl_open(const char *root, int *ret_fd, char **ret_path);

/* The mount point of the first whole resctrl (no bind mount of one group) in the text of a mountinfo file,
 * or NULL. Pure; proc_pid_mountinfo(5). Caller frees. */
char *resctrl_find_mount(const char *mountinfo);
