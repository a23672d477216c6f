/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A container's cgroup when it is not systemd's: found by path, made, limited, removed. */

#include <stdbool.h>

#include "runtime/state.h"
#include "spec/spec.h"

/* The cgroup for linux.cgroupsPath: an absolute path as it is; a relative one, or the id when there is none,
 * beside the cgroup that this process is in, as with runc. *ret_made: the uppermost directory that will have
 * to be made, NULL: none. No side effects. Logs. -EINVAL: not a path; -EBUSY: it has processes; -EOPNOTSUPP:
 * no unified hierarchy is mounted. Callers free. */
int own_cgroup_find(const char *cgroups_path, const char *id, char **ret_path, char **ret_made);

/* Whether we may make one beside ours, and clone processes into it. Does not log. */
bool own_cgroup_is_possible(void);

/* Makes it, writes settings ("file=value") and lets only the devices through that resources allow. Returns a
 * descriptor. Logs. */
int own_cgroup_make(const char *path, const SpecResources *resources, const char *const *settings);

/* Kills what is in it, with kill, and waits for the end of that; then removes what the state says that we
 * made. Without kill, a cgroup with processes is left alone: they may be somebody else's. Logs. */
int own_cgroup_end(const State *state, bool kill);
