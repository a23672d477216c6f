/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a declaration names and only the start of the container knows: users of the root, files of variables.
 */

#include "config/container-values.h"
#include "config/to-json.h"
#include "runtime/prepare-userns.h"

/* The tree that becomes the container's root. */
typedef struct PreparedRoot {
        const char *name; /* for messages */
        const char *path; /* of the directory that is it, or stands for it */
        int fd;
        const PreparedUserns *userns;
        bool trial; /* nobody starts the container now: what starts before it need not run */
} PreparedRoot;

/* unit_dir: where files made for it will be. Changes nothing. Logs what is wrong, file:line. */
int prepare_facts(
                const ContainerFile *container, const PreparedRoot *root, const char *unit_dir,
                ContainerFacts *ret);
