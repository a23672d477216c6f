/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The mounts of a container that exists, as crun's command of that name has them. */

#include <stdbool.h>

/* Adds the mounts that a file lists (a JSON array as /mounts of the configuration), all or none of them; or
 * removes what is mounted on their destinations. Neither changes the recorded configuration. Logs. -ENOENT:
 * no such container or file; -ESRCH: it does not run; -EINVAL: not such a list. */
int container_mounts_change(const char *root, const char *id, const char *file, bool is_add);
