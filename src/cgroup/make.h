/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Cgroups that somebody named by path and that no systemd makes. Paths are absolute in the unified hierarchy
 * ("/docker/1234") or start at a descriptor of its root; they never lead out of it. */

#include <stdbool.h>
#include <sys/types.h>

/* Whether path can name a cgroup to make: absolute, not the root, no "." or ".." components. Pure. */
bool cgroup_path_is_valid(const char *path);

/* The uppermost directory of path that does not exist yet ("/docker"); NULL: all of it does. Caller frees.
 * Does not log. -EBUSY: the cgroup exists and has processes. */
int cgroup_first_missing(int root_fd, const char *path, char **ret);

/* Makes the cgroup and what is missing above it, and lets all controllers there are reach down to it, as far
 * as the kernel allows: whether that is enough, the writing of limits tells. Returns a descriptor of it.
 * Logs. -EACCES, -EPERM, -EROFS: no right to; -EAGAIN: cgroup.max.descendants or cgroup.max.depth. Source:
 * cgroup-v2.rst, "Controlling Controllers". */
int cgroup_make(int root_fd, const char *path);

/* Makes the cgroup path ("a" or "a/b") below the one that process pid, our child, is alone in, moves it
 * there, and then lets all controllers reach down: while a cgroup has processes they cannot. Returns a
 * descriptor of it. Logs. */
int cgroup_move_below(int cgroup_fd, const char *path, pid_t pid);

/* Removes the cgroup with all below it, and then the directories above it as far as from, which is path or
 * one of its parents, if nothing else is in them. NULL: nothing is to be removed. Its processes have been
 * killed; their end is waited for, at most timeout_ms. A missing one is success. Logs. -EBUSY: there still
 * are processes. */
int cgroup_remove(int root_fd, const char *path, const char *from, int timeout_ms);
