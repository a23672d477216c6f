/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where volumes and devices of a declaration are on this machine, and making those directories that are
 * ours. */

#include "config/to-json.h"

/* A directory that has to be there before the container is made. */
typedef struct PreparedVolume {
        char *path;
        char *lower;    /* of an overlay, for which path gets upper and work; NULL: a volume of ours */
        bool anonymous; /* new each time, in the place of what is there */
        int root_fd;    /* a new volume begins with what destination is in there; negative: empty */
        char *destination;
        bool has_owner;
        uint32_t uid, gid;
} PreparedVolume;

/* Fills in sources, overlays, nodes and volumes of facts. root_fd and root: the container's root. Changes
 * nothing. Logs all that is wrong, file:line. */
int prepare_volumes(
                const ContainerFile *container, int root_fd, const char *root, const char *unit_dir,
                ContainerFacts *facts);

/* Makes them: of PreparedVolume*, may be NULL. Logs. */
int prepare_volumes_make(const GPtrArray *volumes);
