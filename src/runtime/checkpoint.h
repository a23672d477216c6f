/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Saving the processes of a container in a directory, by CRIU. */

#include "runtime/criu-flags.h"

typedef struct CheckpointOptions {
        const char *root;
        const char *id;
        const char *criu; /* name or path of the program; NULL: criu */
        CriuFlags flags;
} CheckpointOptions;

/* Saves the container; then it is deleted, unless it is to go on (leave_running, pre_dump). After a failure
 * it goes on. Logs. -ENOENT: no such container, or no CRIU; -EBUSY: it is not running; -EREMOTEIO: CRIU
 * failed. */
int container_checkpoint(const CheckpointOptions *options);
