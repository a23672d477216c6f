/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* New file systems of the configuration as detached mounts. */

#include <stdbool.h>

#include "spec/spec.h"

bool mount_is_tmpfs(const SpecMount *m);
bool mount_is_cgroup(const SpecMount *m);

/* What is empty at first has yet to get mount points, devices or copies: it becomes read-only at the end. */
bool mount_is_readonly_late(const SpecMount *m);

/* Whether one of the file system's own options begins with prefix. */
bool mount_has_option(const SpecMount *m, const char *prefix);

/* A new mount, with its final attributes but for a tmpfs that will be read-only. root_fd: for a tmpfs
 * without a mode, the root in which its destination is. Logs. Returns the descriptor. */
int mount_make(const Spec *spec, const SpecMount *m, int root_fd);
