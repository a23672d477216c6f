/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of a cgroup that limit something and that systemd has no property for. */

/* Writes settings "file=value" in order; "-file=value" where a file that does not exist is no error.
 * settings is NULL-terminated and may be NULL. Logs one message with the kernel's answer, which for a file
 * that does not exist lists the controllers of this cgroup. Returns the negative errno of the first that
 * failed: -ENOENT no such file, -EINVAL and -ERANGE values the kernel refuses. What was written before
 * stays: who made the cgroup removes it. */
int cgroup_write_settings(int cgroup_fd, const char *const *settings);

/* Lets controllers reach a cgroup that is there, when a file of the settings is missing: systemd enables
 * only those that it has properties for (not hugetlb, rdma, misc). What cannot be had, the writing tells.
 * Logs. */
int cgroup_reach_settings(int cgroup_fd, const char *path, const char *const *settings);
