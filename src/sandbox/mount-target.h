/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a mount of the configuration goes, in a root that somebody else may be changing. */

#include "spec/spec.h"

/* Opens the destination of what is behind mount_fd, making what is missing of it. Refused are symbolic links
 * as the destination of a procfs or sysfs, which everybody will look for elsewhere, and ways into the
 * container's procfs that the configuration does not show. Returns a descriptor (O_PATH). Logs. */
int mount_target_open(const SpecMount *m, int root_fd, int mount_fd);
