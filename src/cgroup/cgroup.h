/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories of the unified cgroup hierarchy. Functions take a descriptor of the cgroup's directory: it
 * keeps meaning the same cgroup, whatever happens to the name, and operations on a removed one are -ENODEV
 * or -ENOENT. Nothing here logs. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/cleanup.h"

/* Opens the root of the unified hierarchy: /sys/fs/cgroup, /sys/fs/cgroup/unified, or where else it is
 * mounted. Returns a descriptor; -EOPNOTSUPP: it is not mounted; or the errno of opening. */
int cgroup_open_root(void);

/* Opens a cgroup by the path that /proc/PID/cgroup tells ("/machine.slice/x.scope"). Returns a descriptor;
 * -ENOENT: no such cgroup; -EINVAL: the path is not absolute; or as cgroup_open_root(). */
int cgroup_open(const char *path);

/* Reads the value of key in a file of lines "key value" ("populated" in "cgroup.events", "oom_kill" in
 * "memory.events"). -ENOENT: no such file; -ENXIO: no such key; -EINVAL: not a number. */
int cgroup_read_key(int cgroup_fd, const char *file, const char *key, uint64_t *ret);

/* Whether processes are in it or below. Returns 1, 0 (also when it has been removed) or a negative errno. */
int cgroup_is_populated(int cgroup_fd);

/* Waits until there are no processes in it and below, or it is removed; at most timeout_ms (-1: forever).
 * -ETIMEDOUT. */
int cgroup_wait_empty(int cgroup_fd, int timeout_ms);

/* SIGKILL for all processes in it and below, also for those that fork at this moment. Where cgroup.kill is
 * not available, they are frozen first. Does not wait for their end. A removed cgroup is success. */
int cgroup_kill(int cgroup_fd);

/* Sends sig to each process that is in it or below at this moment. */
int cgroup_signal(int cgroup_fd, int sig);

/* Freezes it, or thaws it, and waits until the kernel says so; at most timeout_ms (-1: forever). A freeze
 * that fails or takes too long (-ETIMEDOUT: a process is stuck in the kernel) is undone. */
int cgroup_freeze(int cgroup_fd, bool freeze, int timeout_ms);

/* Whether it is frozen, by itself or from above. Returns 1, 0 or a negative errno. */
int cgroup_is_frozen(int cgroup_fd);

/* The nearest cgroup above path that was frozen itself, and with it all below. Returns 1 and its path (the
 * caller frees), 0 when there is none, or a negative errno. */
int cgroup_frozen_above(const char *path, char **ret);

/* Pids in it and below, in this process's pid namespace; those of others are left out. Caller frees. */
int cgroup_pids(int cgroup_fd, pid_t **ret, size_t *ret_n);
