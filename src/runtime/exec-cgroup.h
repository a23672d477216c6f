/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where in the unified hierarchy a further process of a container belongs. */

#include "runtime/state.h"

/* Opens the cgroup for a process of exec. Without words it is the one that init is in now: it may have moved
 * itself below its scope. Otherwise one word, as of exec --cgroup: a path below the container's own cgroup,
 * or its subgroup, with or without a slash in front ("", "/": that cgroup itself). *ret_fd is -EBADF and
 * *ret_path NULL for a container without a cgroup of its own, whose processes stay in ours. Logs. -EINVAL:
 * no such path can be meant; -ENOENT: it is not there. */
int exec_cgroup_open(const State *state, pid_t init, char **words, int *ret_fd, char **ret_path);
