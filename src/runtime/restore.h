/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Making a container of the processes that a checkpoint has saved. */

#include "runtime/criu-flags.h"
#include "runtime/placement.h"

typedef struct RestoreOptions {
        const char *root;
        const char *id;
        const char *bundle;
        const char *config;         /* NULL: config.json in the bundle */
        const char *pid_file;       /* NULL: none */
        const char *console_socket; /* NULL: none */
        const char *criu;           /* name or path of the program; NULL: criu */
        CgroupManager cgroup_manager;
        bool detach;
        CriuFlags flags;
} RestoreOptions;

/* Restores; without detach also waits for the end of the container, and deletes it. On failure nothing is
 * left but what CRIU wrote to its log. *ret_status is the exit status for the caller. Logs. The outcomes of
 * creation_new(); -ENOENT: no image, or no CRIU; -EREMOTEIO: CRIU failed. */
int container_restore(const RestoreOptions *options, int *ret_status);
