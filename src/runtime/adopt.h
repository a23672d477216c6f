/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* New supervisors for containers that run: after an upgrade, the old programs would stay until the
 * containers end. */

#include <sys/types.h>

typedef struct Adoption {
        pid_t old_pid, new_pid; /* of the supervisors */
} Adoption;

/* Has the supervisor of a container's unit replaced, and waits until the new one has taken over. The payload
 * does not notice. Logs. -ENOENT: no unit runs a container of that name; -ETIMEDOUT: the unit was not back
 * within 30 s; -EIO: the unit ended instead. */
int container_adopt(const char *id, Adoption *ret);

/* The ids of all containers that have a unit, sorted. Caller frees. Logs. */
int adopt_list(char ***ret);
